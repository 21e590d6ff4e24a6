"""The wearer's hand: from the depth sensor's frames to what it says, one event a frame.

To the gestures of `gestures` it adds RAISED: an open palm that came into view and was held flat and steady.
That is the one movement which counts as asking for light (docs/laser-safety.md).
"""

from pin import depth, gestures
from pin.clock import Deadline, ticks_diff, ticks_ms
from pin.palm import Tracker

RAISED = "raised"

RAISE_MS = 330  # five more frames that agree: what passes by, or is carried past, is not held so long
RAISE_TILT_CDEG = 3000  # a palm that is to be read faces the pin
RAISE_MOVE_MM = 40  # in RAISE_MS: slower than any arm that swings
AWAY_MS = 500  # a palm that was lost for less was there all the time
LOOK_MS = 3000  # something new in reach is looked at so long, whatever it is

# Has a palm been raised? What was there when the pin started, or stayed since, has not.
UNKNOWN, ABSENT, COMING, THERE, LOST = "unknown", "absent", "coming", "there", "lost"
SEEN, UNSEEN, HELD, TIME = "seen", "unseen", "held", "time"
RAISES = {
    (UNKNOWN, SEEN): THERE,
    (UNKNOWN, TIME): ABSENT,  # nothing for AWAY_MS
    (ABSENT, SEEN): COMING,
    (COMING, UNSEEN): ABSENT,
    (COMING, HELD): THERE,  # this is RAISED
    (THERE, UNSEEN): LOST,
    (LOST, SEEN): THERE,
    (LOST, TIME): ABSENT,
}


class Raising:
    """`update` once a frame; True in the frame in which a palm was raised."""

    def __init__(self, tracker):
        self.state = UNKNOWN
        self._tracker = tracker
        self._since_ms = None
        self._near_mm = self._far_mm = 0

    def update(self, now_ms):
        if self._since_ms is None:
            self._since_ms = now_ms
        old = self.state
        event = self._event(now_ms)
        new = RAISES.get((old, event))
        if new is None:
            return False
        self.state = new
        self._begin(now_ms)
        return old == COMING and new == THERE

    def _event(self, now_ms):
        tracker = self._tracker
        waited_ms = ticks_diff(now_ms, self._since_ms)
        if not tracker.present:
            if self.state in (UNKNOWN, LOST):
                return TIME if waited_ms >= AWAY_MS else None
            return UNSEEN
        if self.state != COMING:
            return SEEN
        self._near_mm = min(self._near_mm, tracker.distance_mm)
        self._far_mm = max(self._far_mm, tracker.distance_mm)
        flat = tracker.pose == "open" and tracker.tilt_cdeg <= RAISE_TILT_CDEG
        if not flat or self._far_mm - self._near_mm > RAISE_MOVE_MM:
            self._begin(now_ms)
            return None
        return HELD if waited_ms >= RAISE_MS else None

    def _begin(self, now_ms):
        self._since_ms = now_ms
        self._near_mm = self._far_mm = self._tracker.distance_mm or 0


class Hand:
    """`sensor` is a Depth. `tracker` is what the guard looks at; `step` is how far the hand is tilted."""

    def __init__(self, sensor, clock_ms=ticks_ms):
        self.sensor = sensor
        self.tracker = Tracker(clock_ms)
        self.gestures = gestures.Gestures(self.tracker)
        self.raising = Raising(self.tracker)
        self._look = Deadline()
        self._seen = False
        self._then = None

    @property
    def failures(self):
        """Of the sensor, so far."""
        return self.sensor.failures

    def rest(self):
        """No frames: the pin sleeps."""
        self.sensor.want(depth.OFF)
        self.sensor.frame(0)

    def poll(self, now_ms, needed):
        """What the hand says, or None. `needed`: something waits for a palm, so look as fast as it goes."""
        if self._then is not None:  # what the last frame said besides
            event, self._then = self._then, None
            return event
        looking = needed or self.tracker.present or (self._look.set and not self._look.passed(now_ms))
        self.sensor.want(depth.FAST if looking else depth.SLOW)
        frame = self.sensor.frame(now_ms)
        if frame is None:
            return None
        tracker = self.tracker
        tracker.update(now_ms, frame[0], frame[1])
        if tracker.seen and not self._seen:
            self._look.after(LOOK_MS, now_ms)
        self._seen = tracker.seen
        event = self.gestures.update(now_ms)
        if self.raising.update(now_ms):
            self._then = event
            return RAISED
        return event


class NoHand:
    """In place of a hand, where a board has no depth sensor: no palm is seen, so the guard gives no light."""

    present = False
    failures = 0

    def __init__(self):
        self.tracker = self

    def age_ms(self):
        return 0

    def rest(self):
        pass

    def poll(self, now_ms, needed):
        return None
