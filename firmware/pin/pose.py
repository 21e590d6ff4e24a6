"""Open, fist or other, for a hand of unknown size.

A small hand's palm is as large as a big hand's fist, so size is compared with this wearer's own. Nobody says
how large that is: the filter follows every size in SIZES at once, each with its own best history of poses (a
Viterbi filter), and learns which size explains best what it sees. Shown both poses, only one does; the prior
decides until then. All numbers are integers: logarithms in 1/256, costs (negative log likelihoods) in 1/16.
"""

from array import array

from .plane import atan_cdeg, isqrt
from .pose_cost import pose_costs
from .pose_model import SHAPES

POSES = ("open", "fist", "other")
OPEN, FIST, OTHER = range(3)

SIZES = 9  # of hands, _SIZE_STEP apart: 0.75 to 1.33 of the median's area, near all adults
_SIZE_STEP = 18  # 7 %
_SIZE_SPREAD = 46  # 18 %: standard deviation of adults' palm areas, roughly
_LEARNING = 3  # a size is learned from an eighth of the evidence: a still hand says the same again and again
_UNLIKELY = 240  # the most that can be held against a size: another wearer is learned in seconds
_NEVER = 1 << 28

# What a change of pose costs: little when the area has just jumped, as it does when a hand closes.
_SWITCH = 40
_SWITCH_AT_JUMP = 8
_JUMP = (33, 72)  # of the log area, against one of the three frames before: from a doubtful to a sure one
_BEFORE = 3

FEATURES = 7
_USUAL_LOG = 1442  # log_256(280): distances are against that
_ZERO = 32768  # what is added for machine code


def log_256(value):
    """Natural logarithm of an integer > 0, times 256; within 2 of the truth."""
    shift = 0
    scaled = value << 8
    while scaled >= 512:
        scaled >>= 1
        shift += 1
    part = scaled - 256
    # log2(1 + p) is p + 0.344 p (1 - p), within 0.008.
    log2 = (shift << 8) + part + (88 * part * (256 - part) >> 16)
    return log2 * 177 >> 8


def log_distance(distance_mm):
    """Against 280 mm, the usual distance."""
    return log_256(distance_mm) - _USUAL_LOG


def read_features(plane, out):
    """What tells the poses apart, of a `Plane` that was fitted, into `out`.

    Logarithms of area and minor axis, tilt in 0.1 degree, residual in 1/16 mm, share of the nearest layer in
    1/256, how far the rim lies back in 1/16 mm, zones at the field's edge times 16.
    """
    area = max(1, plane.area_mm2)
    slope = isqrt(plane.slope_x * plane.slope_x + plane.slope_y * plane.slope_y)
    out[0] = log_256(area)
    out[1] = log_256(plane.minor + 1)
    out[2] = atan_cdeg(slope) // 10
    out[3] = plane.residual
    out[4] = 256 * plane.front_mm2 // area
    out[5] = plane.rounding
    out[6] = 16 * plane.border


def log_size(area_mm2, border, distance_mm, slope):
    """How large a hand looks, against the median open hand at that distance: log ratio times 256.

    A zone that is covered in part reports the hand as well, so the area of the same hand grows with the
    zones' size; most of what the field cuts off at its edge is put back, and what a tilt (`slope` in 1/1024)
    hides.
    """
    zone_mm2 = distance_mm * distance_mm * 11 >> 10
    usual_mm2 = 6500 + 65 * distance_mm
    area_mm2 += border * zone_mm2 * 3 // 4
    # 1 / cos = sqrt(1 + slope^2), so half the logarithm of the square.
    tilt = (log_256(1024 + (slope * slope >> 10)) - log_256(1024)) // 2
    return log_256(max(1, area_mm2)) - log_256(usual_mm2) + tilt


class PoseFilter:
    """`update` takes each fitted plane; `pose` and `certainty` (0 to 255) are its opinion.

    `size` is the likeliest size of this wearer's hand: log of its area against the median, times 256.
    `fist_odds` is what the latest frame alone says for a fist against a palm, were it a median hand: log odds
    in 1/16. Its change is the same for all sizes.
    """

    def __init__(self):
        self._model = array("H", [value + _ZERO for value in SHAPES])
        self._features = array("i", [0] * FEATURES)
        self._raised = array("H", [0] * FEATURES)
        self._scratch = array("i", [0] * 21)
        self._frame = array("i", [0] * (3 * SIZES))  # costs of the poses in this frame, by size
        self._poses = array("i", [0] * (3 * SIZES))  # the same of the whole history
        self._sizes = array("i", [0] * SIZES)  # costs of the sizes
        self._areas = array("i", [0] * _BEFORE)
        self.fist_odds = 0
        self.forget()

    def forget(self):
        """A new wearer."""
        for size in range(SIZES):
            self._sizes[size] = _size_prior(size)
        self.pause()
        self.size = 0

    def pause(self):
        """The hand is gone: any pose may come next, the size stays."""
        for i in range(3 * SIZES):
            self._poses[i] = 0
        self._count = 0
        self.pose = OTHER
        self.certainty = 0

    def update(self, plane):
        features = self._features
        read_features(plane, features)
        for i in range(FEATURES):
            self._raised[i] = max(0, min(65535, features[i] + _ZERO))
        pose_costs(self._model, self._raised, log_distance(plane.z), self._scratch, self._frame)
        usual = 3 * (SIZES // 2)
        self.fist_odds = self._frame[usual + OPEN] - self._frame[usual + FIST]
        switch = self._switch_cost(features[0])
        for hand in range(SIZES):
            self._sizes[hand] += self._follow(hand, switch) >> _LEARNING
        self._decide()

    def _switch_cost(self, area):
        jump = 0
        for i in range(min(self._count, _BEFORE)):
            jump = max(jump, abs(area - self._areas[i]))
        self._areas[self._count % _BEFORE] = area
        self._count += 1
        jump = max(0, min(_JUMP[1], jump) - _JUMP[0])
        return _SWITCH - (_SWITCH - _SWITCH_AT_JUMP) * jump // (_JUMP[1] - _JUMP[0])

    def _follow(self, hand, switch):
        """One frame for one size of hand; returns what its best explanation costs."""
        poses = self._poses
        at = 3 * hand
        least = _NEVER
        for pose in range(3):
            # The best is always 0, so `switch` is what it takes to come here from there.
            cost = min(poses[at + pose], switch) + self._frame[at + pose]
            poses[at + pose] = cost
            least = min(least, cost)
        for pose in range(3):
            poses[at + pose] -= least
        return least

    def _decide(self):
        """The pose of the likeliest explanation. No size becomes impossible, so a new hand can be learned."""
        sizes = self._sizes
        lowest = _NEVER
        for hand in range(SIZES):
            if sizes[hand] < lowest:
                lowest = sizes[hand]
                self.size = (hand - SIZES // 2) * _SIZE_STEP
        best = second = _NEVER
        for hand in range(SIZES):
            sizes[hand] = min(_UNLIKELY, sizes[hand] - lowest)
        for pose in range(3):
            least = _NEVER
            for hand in range(SIZES):
                least = min(least, sizes[hand] + self._poses[3 * hand + pose])
            if least < best:
                second = best
                best = least
                self.pose = pose
            elif least < second:
                second = least
        self.certainty = min(255, 4 * (second - best))


def _size_prior(size):
    offset = (size - SIZES // 2) * _SIZE_STEP
    return 8 * offset * offset // (_SIZE_SPREAD * _SIZE_SPREAD)
