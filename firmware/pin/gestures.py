"""What the hand says: one gesture at most for each frame of the palm tracker.

Each gesture is a small machine of its own with its times and hysteresis named below; `Gestures.update` runs
them in order. All of them start anew when the hand leaves.
"""

from array import array

from .clock import ticks_diff
from .closing import Closing

SHOWN = "shown"
GONE = "gone"
SELECT = "select"
BACK = "back"
HOME = "home"
UP, DOWN, LEFT, RIGHT = "up", "down", "left", "right"  # focus: the edge of the hand that comes nearer
LOUDER, SOFTER = "louder", "softer"
NEXT, PREVIOUS = "next", "previous"

SHOWN_MS = 60  # a second frame must agree; a thing that passes by is seen once
SETTLE_MS = 250  # a hand that comes in still turns; tilts are measured from its pose at the end of this

TILT_DEAD_CDEG = 1150  # a hand at rest wanders by less; half a detent more than the palm's own error
TILT_DETENT_CDEG = 1000  # each further step; three items lie within a wrist's comfort
TILT_HYSTERESIS_CDEG = 400  # to go back takes that much more
TILT_HOLD_MS = 180  # three frames: a hand that closes tilts for two
DRIFT_SHIFT = 5  # an untilted hand's pose becomes the reference, in 32 frames
VOLUME_DETENT_CDEG = 700

FIST_STILL_SHARE = (
    14  # of the distance, between two frames: a hand that leaves the field shrinks as well, but moves
)
OPEN_BEFORE_MS = 200  # a fist counts after a palm that was open that long
LONG_FIST_MS = 700  # opened later than that it was no choice: back

PUSH_MM = 60  # away, within PUSH_MS
PUSH_MS = 500
PUSH_REST_MM_S = 140  # it ends at rest, still in view: a hand that only leaves is no push

SWIPE_MM = 36  # sideways, within SWIPE_MS, of what is in the field: it cuts off most of a hand's way
SWIPE_MS = 300
SWIPE_STAYS_MS = 190  # still in view three frames later: a hand that leaves at 0.5 m/s is not
SWIPE_BACK_MS = 1000  # from one's beginning to the next's: the way back is none
CUT_OFF_ZONES = 1  # at the edge of the field, in half a second
QUIET_MS = 400  # after coming, a push or a swipe: the hand goes back to where it was

_PAST = 8  # frames remembered: 530 ms


class Gestures:
    """`update` after each `Tracker.update`. In a volume card set `volume`: rolling the wrist then turns it.

    `step_x` and `step_y` are the detents that the hand is tilted by now, from its pose when it came.
    """

    def __init__(self, tracker):
        self._tracker = tracker
        self._closing = Closing(tracker)
        self.volume = False
        self._times = array("i", [0] * _PAST)
        self._xs = array("i", [0] * _PAST)
        self._ys = array("i", [0] * _PAST)
        self._zs = array("i", [0] * _PAST)
        self._edges = array("i", [0] * _PAST)
        self._forget(0)
        self.shown = False

    def _forget(self, now_ms):
        self._since_ms = now_ms  # of this hand
        self._count = 0
        self._settled = False
        self._reference_x = self._reference_y = 0
        self.step_x = self.step_y = 0  # detents away from the reference
        self._tilt_since_ms = None
        self._open_since_ms = self._last_open_ms = None
        self._fist_since_ms = None
        self._selected = False
        self._closed = False
        self._closing.reset()
        self._swipe_ms = now_ms
        self._pushing = self._swiping = False
        self._moved_ms = now_ms
        self._sideways = 0

    def update(self, now_ms):
        """The frame's gesture, or None."""
        if not self._tracker.present:
            was_shown = self.shown
            self.shown = False
            self._forget(now_ms)
            return GONE if was_shown else None
        if not self.shown:
            if self._count == 0:
                self._since_ms = now_ms
            self._remember(now_ms)
            if ticks_diff(now_ms, self._since_ms) < SHOWN_MS:
                return None
            self.shown = True
            return SHOWN
        self._remember(now_ms)
        self._closed = self._closing.update()
        return self._swipe(now_ms) or self._fist(now_ms) or self._push(now_ms) or self._tilt(now_ms)

    def _remember(self, now_ms):
        at = self._count % _PAST
        self._times[at] = now_ms
        self._xs[at] = self._tracker.x_mm
        self._ys[at] = self._tracker.y_mm
        self._zs[at] = self._tracker.distance_mm
        self._edges[at] = self._tracker.edges
        self._count += 1

    def _back(self, frames):
        """Index of what was remembered `frames` before the latest."""
        return (self._count - 1 - min(frames, self._count - 1, _PAST - 1)) % _PAST

    def _frames_within(self, now_ms, ms):
        frames = 0
        while (
            frames + 1 < min(_PAST, self._count)
            and ticks_diff(now_ms, self._times[self._back(frames + 1)]) <= ms
        ):
            frames += 1
        return frames

    def _fist(self, now_ms):
        if not self._closed:
            self._last_open_ms = now_ms
            held_ms = 0 if self._fist_since_ms is None else ticks_diff(now_ms, self._fist_since_ms)
            self._fist_since_ms = None
            if self._open_since_ms is None:
                self._open_since_ms = now_ms
                self._moved_ms = now_ms
                self._tilt_since_ms = None
            if self._selected:
                self._selected = False
                return BACK if held_ms >= LONG_FIST_MS else None
        else:
            if self._fist_since_ms is None:
                opened = self._open_since_ms
                if opened is None or ticks_diff(now_ms, opened) < OPEN_BEFORE_MS:
                    self._open_since_ms = None
                    return None
                self._fist_since_ms = now_ms
                self._pushing = False
            self._open_since_ms = None
            moves = self._swiping or self._is_cut_off() or not self._is_still()
            if not moves and not self._selected:
                self._selected = True
                return SELECT
        return None

    def _is_still(self):
        here, before = self._back(0), self._back(1)
        sideways = abs(self._xs[here] - self._xs[before])
        return sideways + abs(self._ys[here] - self._ys[before]) <= self._zs[here] // FIST_STILL_SHARE

    def _is_quiet(self, now_ms):
        return self._open_since_ms is None or ticks_diff(now_ms, self._moved_ms) < QUIET_MS

    def _push(self, now_ms):
        if self._is_quiet(now_ms):
            return None
        zs = self._zs
        here = zs[self._back(0)]
        frames = self._frames_within(now_ms, PUSH_MS)
        nearest = here
        for i in range(frames + 1):
            nearest = min(nearest, zs[self._back(i)])
        if here - nearest >= PUSH_MM:
            self._pushing = True
        if self._pushing and self._speed(zs, now_ms) < PUSH_REST_MM_S:
            self._pushing = False
            if here - nearest >= PUSH_MM // 2:
                self._moved_ms = now_ms
                self._swiping = False
                return HOME
        return None

    def _speed(self, values, now_ms):
        """Of the latest frame, in units a second, without a sign."""
        before = self._back(1)
        return (
            abs(values[self._back(0)] - values[before])
            * 1000
            // max(1, ticks_diff(now_ms, self._times[before]))
        )

    def _swipe(self, now_ms):
        xs = self._xs
        if not self._swiping:
            if ticks_diff(now_ms, self._moved_ms) < QUIET_MS or not self._may_swipe(now_ms):
                return None
            if self._sideways and ticks_diff(now_ms, self._swipe_ms) < SWIPE_BACK_MS:
                return None
            past = self._back(self._frames_within(now_ms, SWIPE_MS))
            here = self._back(0)
            sideways = xs[here] - xs[past]
            along = self._ys[here] - self._ys[past]
            if abs(along) > abs(sideways):
                sideways = along
            if abs(sideways) >= SWIPE_MM and abs(sideways) > abs(self._zs[here] - self._zs[past]):
                self._swiping = True
                self._swipe_ms = now_ms
                self._sideways = sideways
            return None
        if self._closed and not self._is_cut_off():  # closing moves a hand's middle, too
            self._swiping = False
            return None
        if ticks_diff(now_ms, self._swipe_ms) < SWIPE_STAYS_MS:
            return None
        self._swiping = False
        self._moved_ms = now_ms
        self._open_since_ms = self._fist_since_ms = None
        return NEXT if self._sideways < 0 else PREVIOUS

    def _may_swipe(self, now_ms):
        """An open hand, or one that shrinks because the field cuts it off."""
        if not self._closed:
            return self._open_since_ms is not None
        return self._last_open_ms is not None and (
            ticks_diff(now_ms, self._last_open_ms) < SWIPE_MS and self._is_cut_off()
        )

    def _is_cut_off(self):
        """Whether the hand came to reach more of one edge of the field than it did."""
        here = self._edges[self._back(0)]
        for i in range(1, min(self._count, _PAST)):
            before = self._edges[self._back(i)]
            for shift in (0, 4, 8, 12):
                if (here >> shift & 15) > (before >> shift & 15) + CUT_OFF_ZONES:
                    return True
        return False

    def _tilt(self, now_ms):
        tracker = self._tracker
        if not self._settled:
            if ticks_diff(now_ms, self._since_ms) < SETTLE_MS:
                return None
            self._settled = True
            self._reference_x = tracker.tilt_x_cdeg
            self._reference_y = tracker.tilt_y_cdeg
        if self._open_since_ms is None or self._pushing or self._swiping:
            self._tilt_since_ms = None
            return None
        about_x = tracker.tilt_x_cdeg - self._reference_x
        about_y = tracker.tilt_y_cdeg - self._reference_y
        detent = VOLUME_DETENT_CDEG if self.volume else TILT_DETENT_CDEG
        x = 0 if self.volume else _detent(about_x, self.step_x, detent)
        y = _detent(about_y, self.step_y, detent)
        if x == self.step_x and y == self.step_y:
            self._tilt_since_ms = None
            if x == 0 and y == 0:
                self._reference_x += about_x >> DRIFT_SHIFT
                self._reference_y += about_y >> DRIFT_SHIFT
            return None
        if self._tilt_since_ms is None:
            self._tilt_since_ms = now_ms
            return None
        if ticks_diff(now_ms, self._tilt_since_ms) < TILT_HOLD_MS:
            return None
        # One axis and one step at a time: the one that turned farther.
        if x != self.step_x and (y == self.step_y or abs(about_x) >= abs(about_y)):
            rising = x > self.step_x
            self.step_x += 1 if rising else -1
            return UP if rising else DOWN
        rising = y > self.step_y
        self.step_y += 1 if rising else -1
        if self.volume:
            return LOUDER if rising else SOFTER
        return LEFT if rising else RIGHT


def _detent(tilt_cdeg, step, detent_cdeg):
    """The detent that a tilt is in, when it was in `step` before."""
    size = abs(tilt_cdeg)
    if step and (tilt_cdeg > 0) == (step > 0) and size < TILT_DEAD_CDEG + (abs(step) - 1) * detent_cdeg:
        size += TILT_HYSTERESIS_CDEG
        if size >= TILT_DEAD_CDEG + (abs(step) - 1) * detent_cdeg:
            return step
    if size < TILT_DEAD_CDEG:
        return 0
    steps = 1 + (size - TILT_DEAD_CDEG) // detent_cdeg
    return steps if tilt_cdeg > 0 else -steps
