"""What the hand says: one gesture at most for each frame of the palm tracker.

Each gesture is a small machine of its own with its times and hysteresis named below; `Gestures.update` runs
them in order. All of them start anew when the hand leaves.
"""

from array import array

from .clock import ticks_diff
from .closing import CLOSED, Closing

SHOWN = "shown"
GONE = "gone"
SELECT = "select"
BACK = "back"
HOME = "home"
UP, DOWN, LEFT, RIGHT = "up", "down", "left", "right"  # focus: the edge of the hand that comes nearer
LOUDER, SOFTER = "louder", "softer"
NEXT, PREVIOUS = "next", "previous"

SHOWN_MS = 60  # a second frame must agree; a thing that passes by is seen once
SETTLE_MS = 200  # a hand that comes in still turns; tilts are measured from where it rests for so long
SETTLE_CDEG = 1000  # more is no rest

TILT_DEAD_CDEG = 1100  # a hand at rest wanders by less; half a detent more than the palm's own error
TILT_DETENT_CDEG = 1000  # each further step; three items lie within a wrist's comfort
TILT_HYSTERESIS_CDEG = 400  # to go back takes that much more
TILT_HOLD_MS = 180  # three frames: a hand that closes or moves seems to tilt for two
NOISE_CDEG = 250  # from frame to frame; a hand that seems to turn more has to tilt farther, by twice the rest
NOISE_SHIFT = 5  # over two seconds: a tilt adds half a degree
DRIFT_SHIFT = 5  # an untilted hand's pose becomes the reference, in 32 frames
DRIFT_CDEG = 10  # but no faster than 1.5 degrees a second: a tilt is none
VOLUME_DETENT_CDEG = 700

CLOSING = CLOSED // 2  # a hand that may be closing says nothing else
LONG_FIST_MS = 800  # opened later than that it was no choice: back

PUSH_MM = 60  # away, within PUSH_MS
PUSH_MS = 500
PUSH_REST_MM_S = 140  # it ends at rest, still in view: a hand that only leaves is no push
OUT_MM = 360  # or beyond what is a palm's reach, which ends at 400: nobody draws a hand back from there
OUT_ASIDE_MM = 40

# Sideways, within SWIPE_MS, in 1/256 of the distance: the field cuts off most of a near hand's way, and a
# zone that comes and goes moves a far hand's middle.
SWIPE_256 = 37
SWIPE_MS = 300
SWIPE_STAYS_MS = 190  # still in view three frames later: a hand that leaves at 0.5 m/s is not
SWIPE_OUT_256 = 24  # of one that leaves the field
SWIPE_OUT_MS = 700  # and is back so soon: longer is a hand that went away
SWIPE_BACK_MS = 1000  # from one's beginning to the next's: the way back is none
QUIET_MS = 400  # after coming, opening, a push or a swipe: the hand goes back to where it was

_PAST = 8  # frames remembered: 530 ms


class Gestures:
    """`update` after each `Tracker.update`. In a volume card set `volume`: rolling the wrist then turns it.

    `step_x` and `step_y` are the detents that the hand is tilted by now, from its pose when it came.
    `closing` tells whether the hand is a fist.
    """

    def __init__(self, tracker, closing=None):
        self._tracker = tracker
        self._closing = closing or Closing(tracker)
        self.volume = False
        self._times = array("i", [0] * _PAST)
        self._xs = array("i", [0] * _PAST)
        self._ys = array("i", [0] * _PAST)
        self._zs = array("i", [0] * _PAST)
        self.shown = False
        self._then = None  # what the next frame says
        self._lost_ms = 0
        self._lost = None  # the swipe that the hand was lost in
        self._forget(0)

    def _forget(self, now_ms):
        self._since_ms = now_ms  # of this hand
        self._moved_ms = now_ms
        self._count = 0
        self._settled = False
        self._reference_x = self._reference_y = 0
        self.step_x = self.step_y = 0  # detents away from the reference
        self._tilt = None  # the one that may be
        self._tilt_since_ms = now_ms
        self._turned = self._noise_32 = 0
        self._fist_since_ms = None
        self._closing.reset()
        self._swipe_ms = now_ms
        self._pushing = self._swiping = False
        self._sideways = 0

    def update(self, now_ms):
        """The frame's gesture, or None."""
        if self._then is not None:
            event, self._then = self._then, None
            return event
        if not self._tracker.present:
            event = self._lose(now_ms) if self.shown else None
            self._forget(now_ms)
            return event
        if self._count == 0:
            self._since_ms = now_ms
        self._remember(now_ms)
        closed = self._closing.update()
        if not self.shown:
            return self._show(now_ms) if ticks_diff(now_ms, self._since_ms) >= SHOWN_MS else None
        if closed or self._fist_since_ms is not None:
            return self._fist(closed, now_ms)
        if self._closing.evidence > CLOSING:  # the next frame tells
            self._tilt = None
            return None
        return self._swipe(now_ms) or self._push(now_ms) or self._turn(now_ms)

    def _show(self, now_ms):
        self.shown = True
        if self._lost is not None and ticks_diff(now_ms, self._lost_ms) <= SWIPE_OUT_MS:
            self._then = self._lost
            self._swipe_ms = now_ms  # its way back is no other
            self._sideways = 1
        self._lost = None
        return SHOWN

    def _lose(self, now_ms):
        """Gone; but a push may go beyond a palm's reach, and a swipe out of the field and back."""
        self.shown = False
        if self._is_out(now_ms):
            self._then = GONE
            return HOME
        if self._fist_since_ms is None and not self._is_quiet(now_ms):
            sideways = self._aside(now_ms)
            if sideways and 256 * abs(sideways) >= SWIPE_OUT_256 * self._zs[self._back(0)]:
                self._lost = NEXT if sideways < 0 else PREVIOUS
                self._lost_ms = now_ms
        return GONE

    def _remember(self, now_ms):
        at = self._count % _PAST
        self._times[at] = now_ms
        self._xs[at] = self._tracker.x_mm
        self._ys[at] = self._tracker.y_mm
        self._zs[at] = self._tracker.distance_mm
        self._count += 1

    def _back(self, frames):
        """Index of what was remembered `frames` before the latest."""
        return (self._count - 1 - min(frames, self._count - 1, _PAST - 1)) % _PAST

    def _frames_within(self, now_ms, ms):
        frames, most = 0, min(_PAST, self._count) - 1
        while frames < most and ticks_diff(now_ms, self._times[self._back(frames + 1)]) <= ms:
            frames += 1
        return frames

    def _fist(self, closed, now_ms):
        """A closed hand selects, and says nothing else until it was opened."""
        since_ms = self._fist_since_ms
        if closed:
            if since_ms is None:
                self._fist_since_ms = now_ms
                self._pushing = self._swiping = False
                return SELECT
            return None
        self._fist_since_ms = self._tilt = None
        self._moved_ms = now_ms
        return BACK if ticks_diff(now_ms, since_ms) >= LONG_FIST_MS else None

    def _is_quiet(self, now_ms):
        return ticks_diff(now_ms, self._moved_ms) < QUIET_MS

    def _way(self, now_ms):
        """How far the hand is from where it was nearest, lately."""
        zs = self._zs
        here = zs[self._back(0)]
        nearest = here
        for i in range(self._frames_within(now_ms, PUSH_MS) + 1):
            nearest = min(nearest, zs[self._back(i)])
        return here - nearest

    def _is_out(self, now_ms):
        """Whether the hand that is lost now was pushed away, to beyond a palm's reach."""
        if self._count == 0 or self._fist_since_ms is not None or self._is_quiet(now_ms):
            return False
        here, before = self._back(0), self._back(self._frames_within(now_ms, PUSH_MS))
        aside = abs(self._xs[here] - self._xs[before]) + abs(self._ys[here] - self._ys[before])
        return self._zs[here] >= OUT_MM and self._way(now_ms) >= PUSH_MM // 2 and aside <= OUT_ASIDE_MM

    def _push(self, now_ms):
        if self._is_quiet(now_ms):
            return None
        way = self._way(now_ms)
        if way >= PUSH_MM:
            self._pushing = True
        if self._pushing and self._speed(self._zs, now_ms) < PUSH_REST_MM_S:
            self._pushing = False
            if way >= PUSH_MM // 2:
                self._moved_ms = now_ms
                self._swiping = False
                return HOME
        return None

    def _speed(self, values, now_ms):
        """Of the latest frame, in units a second, without a sign."""
        before = self._back(1)
        passed_ms = max(1, ticks_diff(now_ms, self._times[before]))
        return abs(values[self._back(0)] - values[before]) * 1000 // passed_ms

    def _swipe(self, now_ms):
        if self._swiping:
            if ticks_diff(now_ms, self._swipe_ms) < SWIPE_STAYS_MS:
                return None
            self._swiping = False
            self._moved_ms = now_ms
            return NEXT if self._sideways < 0 else PREVIOUS
        if self._is_quiet(now_ms):
            return None
        if self._sideways and ticks_diff(now_ms, self._swipe_ms) < SWIPE_BACK_MS:
            return None
        sideways = self._aside(now_ms)
        if sideways and 256 * abs(sideways) >= SWIPE_256 * self._zs[self._back(0)]:
            self._swiping = True
            self._swipe_ms = now_ms
            self._sideways = sideways
        return None

    def _aside(self, now_ms):
        """How far the hand moved to the right, or down if that is more; 0 if farther away or nearer."""
        here, past = self._back(0), self._back(self._frames_within(now_ms, SWIPE_MS))
        sideways = self._xs[here] - self._xs[past]
        along = self._ys[here] - self._ys[past]
        if abs(along) > abs(sideways):
            sideways = along
        return sideways if abs(sideways) > abs(self._zs[here] - self._zs[past]) else 0

    def _turn(self, now_ms):
        about_x = self._tracker.tilt_x_cdeg - self._reference_x
        about_y = self._tracker.tilt_y_cdeg - self._reference_y
        turned = about_x + about_y
        self._noise_32 += abs(turned - self._turned) - (self._noise_32 >> NOISE_SHIFT)
        self._turned = turned
        if not self._settled:
            self._noise_32 = 0
            self._reference_x += about_x >> 1
            self._reference_y += about_y >> 1
            if abs(about_x) + abs(about_y) > SETTLE_CDEG:
                self._since_ms = now_ms
            self._settled = ticks_diff(now_ms, self._since_ms) >= SETTLE_MS
            return None
        if self._pushing or self._swiping or self._is_quiet(now_ms):
            self._tilt = None
            return None
        detent = VOLUME_DETENT_CDEG if self.volume else TILT_DETENT_CDEG
        dead = TILT_DEAD_CDEG + 2 * max(0, (self._noise_32 >> NOISE_SHIFT) - NOISE_CDEG)
        x = 0 if self.volume else _detent(about_x, self.step_x, detent, dead)
        y = _detent(about_y, self.step_y, detent, dead)
        if x == self.step_x and y == self.step_y:
            self._tilt = None
            if x == 0 and y == 0:
                self._reference_x += _drift(about_x)
                self._reference_y += _drift(about_y)
            return None
        # One axis and one step at a time: the one that turned farther.
        along = x != self.step_x and (y == self.step_y or abs(about_x) >= abs(about_y))
        rising = x > self.step_x if along else y > self.step_y
        if along:
            tilt = UP if rising else DOWN
        elif self.volume:
            tilt = LOUDER if rising else SOFTER
        else:
            tilt = LEFT if rising else RIGHT
        if tilt != self._tilt:
            self._tilt = tilt
            self._tilt_since_ms = now_ms
        if ticks_diff(now_ms, self._tilt_since_ms) < TILT_HOLD_MS:
            return None
        if along:
            self.step_x += 1 if rising else -1
        else:
            self.step_y += 1 if rising else -1
        return tilt


def _drift(about_cdeg):
    return max(-DRIFT_CDEG, min(DRIFT_CDEG, about_cdeg >> DRIFT_SHIFT))


def _detent(tilt_cdeg, step, detent_cdeg, dead_cdeg):
    """The detent that a tilt is in, when it was in `step` before."""
    size = abs(tilt_cdeg)
    if step and (tilt_cdeg > 0) == (step > 0) and size < dead_cdeg + (abs(step) - 1) * detent_cdeg:
        size += TILT_HYSTERESIS_CDEG
        if size >= dead_cdeg + (abs(step) - 1) * detent_cdeg:
            return step
    if size < dead_cdeg:
        return 0
    steps = 1 + (size - dead_cdeg) // detent_cdeg
    return steps if tilt_cdeg > 0 else -steps
