"""Whether a hand closed, against itself a moment ago.

A hand that tilts, turns or moves stays rigid: seen against its own plane each zone keeps its relief, and the
plane's middle stays where it is. A hand that closes loses zones and gains none, shrinks, leaves the field's
edge, its relief changes, and its middle comes nearer by a finger's thickness. The same hand a moment ago is a
better measure than any hand's usual shape: no wearer need be learned.
"""

from array import array

ZONES = 64

# What a frame says for a fist, in 1/256 nat: a logistic regression over virtual hands that close, tilt, move
# and idle. Of the area (log ratio times 256), zones on the field's edge, the relief's change (1/16 mm), how
# far the middle came nearer (mm), zones gained and lost, and the distance (mm).
SIZE, BORDER, RELIEF, NEARER, GAINED, LOST, DISTANCE = -7, -225, 10, 57, -160, -47, -4
BIAS = -850
FURTHER_MM, NEAREST_MM = -60, 24  # fists come nearer by 9 to 35 mm, half of them by 19
APPROACH_MM = 54  # a hand that came this much nearer moved: what counts falls again towards it
MOST = 1000  # one frame says no more than that: it takes two
CLOSED = 1500
FULL = 2000  # the sum is no more, so that two frames open it
QUIET = -600  # a frame that says less is an open hand, and becomes the measure
LEARN_SHIFT = 2  # a quarter of each: a hand that tilts in 0.3 s is followed, one that closes is not
FIRST_FRAMES = 5  # of a hand, whatever it does: the measure has to come from somewhere
NOTHING = 16  # a shift that learns nothing


class Closing:
    """`update` once a frame. `evidence` is the sum, 0 for an open hand that is open."""

    def __init__(self, tracker):
        self._tracker = tracker
        self._measure = array("H", [0] * ZONES)  # the open hand, as `against` has it
        self._found = array("i", [0] * 4)
        self.reset()

    def reset(self):
        """Another hand."""
        self.closed = False
        self.evidence = 0
        self._frames = 0
        self._size_16 = self._border_16 = 0
        self._x_16 = self._y_16 = self._z_16 = 0  # the middle of its plane
        for i in range(ZONES):
            self._measure[i] = 0

    def update(self):
        """Whether it is closed."""
        if self._frames < FIRST_FRAMES:
            self._learn(1 if self._frames else 0)
            self._frames += 1
            return False
        says = self._says()
        self.evidence = max(0, min(FULL, self.evidence + max(-MOST, min(MOST, says))))
        self.closed = self.evidence >= (1 if self.closed else CLOSED)
        if self.evidence == 0 and says < QUIET:
            self._learn(LEARN_SHIFT)
        return self.closed

    def _says(self):
        tracker = self._tracker
        hand = tracker.plane.hand
        found = self._found
        against(tracker.distances, tracker.plane.mask, hand.about, self._measure, found, NOTHING)
        # This frame's plane where the open hand had its middle: a tilt leaves it there.
        x = (self._x_16 >> 4) - hand.x
        y = (self._y_16 >> 4) - hand.y
        nearer = (self._z_16 >> 4) - hand.z - ((x * hand.slope_x + y * hand.slope_y) >> 10)
        nearer = max(FURTHER_MM, min(nearer, NEAREST_MM, APPROACH_MM - nearer))
        says = SIZE * (16 * tracker.size - self._size_16) + BORDER * (16 * tracker.border - self._border_16)
        says = (says >> 4) + RELIEF * found[3] // max(1, found[0]) + NEARER * nearer
        return says + GAINED * found[1] + LOST * found[2] + DISTANCE * tracker.distance_mm + BIAS

    def _learn(self, shift):
        tracker = self._tracker
        hand = tracker.plane.hand
        against(tracker.distances, tracker.plane.mask, hand.about, self._measure, self._found, shift)
        self._size_16 += (16 * tracker.size - self._size_16) >> shift
        self._border_16 += (16 * tracker.border - self._border_16) >> shift
        self._x_16 += (16 * hand.x - self._x_16) >> shift
        self._y_16 += (16 * hand.y - self._y_16) >> shift
        self._z_16 += (16 * hand.z - self._z_16) >> shift


@micropython.viper
def against(distance: ptr32, mask: ptr8, about: ptr32, measure: ptr16, found: ptr32, shift: int):
    """Into `found`: zones that the hand covers now and in `measure`, those gained and lost, and the sum of
    how much the relief of the first ones changed, in 1/16 mm. With a `shift` below 16, `measure` is brought
    nearer to this frame, by 1 / 2 ** shift.

    Relief is a zone's distance from the plane `about` (as `plane.Fit` has it), at most 40 mm; in `measure` it
    is raised by 640, and 2048 times how surely the zone is covered (0 to 8, from 4 on it counts) are added:
    a zone that comes and goes is no part of it.
    """
    mx = int(about[0]) - 1024
    my = int(about[1]) - 1024
    mz = int(about[2])
    a = int(about[3]) - 4096
    b = int(about[4]) - 4096
    both = 0
    gained = 0
    lost = 0
    changed = 0
    for i in range(64):
        sure = int(measure[i]) >> 11
        was = int(measure[i]) & 2047
        if mask[i] != 1:
            if sure >= 4:
                lost += 1
            if shift < 16:
                measure[i] = (sure - 2 << 11) + was if sure > 2 else 0
            continue
        z = int(distance[i])
        x = (z * (2 * (i & 7) - 7) * 53 >> 10) - mx
        y = (z * (2 * (i >> 3) - 7) * 53 >> 10) - my
        r = ((z - mz) << 4) - ((a * x + b * y) >> 6)
        if r > 640:
            r = 640
        if r < 0 - 640:
            r = 0 - 640
        r += 640
        if sure >= 4:
            both += 1
            changed += r - was if r >= was else was - r
        else:
            gained += 1
        if shift < 16:
            if sure:
                r = was + (r - was >> shift)
            measure[i] = ((sure + 2 if sure < 8 else 8) << 11) + r
    found[0] = both
    found[1] = gained
    found[2] = lost
    found[3] = changed
