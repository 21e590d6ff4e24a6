"""Open, fist or other, for a hand that nobody knows.

A small hand's palm is as large as a big hand's fist, and one wearer tips the fingers where another does not.
So one score says how open a hand looks, people's usual palm 256 and their usual fist -256, and the filter
follows nine wearers at once whose scores lie off by as many steps. Each has its own best history of poses (a
Viterbi filter), and what their histories cost tells which explains best what is seen. Shown both poses, only
one does; the prior decides until then. All numbers are integers: logarithms in 1/256, costs (negative log
likelihoods) and odds in 1/16 nat.
"""

from array import array

from .plane import atan_cdeg, isqrt
from .pose_cost import log_odds
from .pose_model import MIDDLE, OTHER_ODDS, WEIGHTS

POSES = ("open", "fist", "other")
OPEN, FIST, OTHER = range(3)

WEARERS = 9  # _STEP apart: by as much a wearer's score may be off
_STEP = 51  # a fifth of the way from the middle to an open hand
_PRIOR = 2  # times the square of the steps: 16 / 2 of a wearer off by a standard deviation, 2 steps
_DEVIATION = 102  # of the score, of one hand in one pose
_HALF = 4  # frames of a hand that is held still repeat each other: half of what they say counts
_MOST = 72  # real hands have odd frames
_OTHER_COST, _OTHER_MOST = 32, 48  # of a frame whose odds are even, and how far its odds can change that
_LEARNING = 3  # a wearer is learned from an eighth of the evidence
_UNLIKELY = 240  # the most that can be held against a wearer: another one is learned in seconds
_NEVER = 1 << 28

# What a change of pose costs: little when the area has just jumped, as it does when a hand closes.
_SWITCH = 40
_SWITCH_AT_JUMP = 8
_JUMP = (33, 72)  # of the log area, against one of the three frames before: from a doubtful to a sure one
_BEFORE = 3

FEATURES = 7
FRONT, SIZE, MINOR, TILT, RESIDUAL, OUTLINE, BORDER = range(FEATURES)
_STEEP, _ROUGH = 350, 400  # more tilt (0.1 degree) or residual (1/16 mm) says no more
_STEEPEST = 1774  # 60 degrees, as slope in 1/1024: what a steeper thing hides nobody knows
_RAISED = 32768  # what is added for machine code


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
    return log_256(distance_mm) - 1442


def read_features(plane, out):
    """What tells the poses apart, of a `Plane` that was fitted, into `out`.

    Logarithm of the nearest layer's area, against the median open hand; the same of the whole (`log_size`);
    logarithm of the minor axis; tilt in 0.1 degree; residual in 1/16 mm; length of the outline against the
    root of the area, both in zones, times 64; zones at the field's edge times 16.
    """
    slope = isqrt(plane.slope_x * plane.slope_x + plane.slope_y * plane.slope_y)
    out[FRONT] = log_256(max(1, plane.front_mm2)) - log_256(_usual_mm2(plane.z))
    out[SIZE] = log_size(plane.area_mm2, plane.border, plane.z, slope)
    out[MINOR] = log_256(plane.minor + 1)
    out[TILT] = min(_STEEP, atan_cdeg(slope) // 10)
    out[RESIDUAL] = min(_ROUGH, plane.residual)
    out[OUTLINE] = isqrt(4096 * plane.outline * plane.outline // max(1, plane.zones))
    out[BORDER] = 16 * plane.border


def _usual_mm2(distance_mm):
    return 6500 + 65 * distance_mm


def log_size(area_mm2, border, distance_mm, slope):
    """How large a hand looks, against the median open hand at that distance: log ratio times 256.

    A zone that is covered in part reports the hand as well, so the area of the same hand grows with the
    zones' size; most of what the field cuts off at its edge is put back, and what a tilt (`slope` in 1/1024)
    hides.
    """
    zone_mm2 = distance_mm * distance_mm * 11 >> 10
    area_mm2 += border * zone_mm2 * 3 // 4
    # 1 / cos = sqrt(1 + slope^2), so half the logarithm of the square.
    slope = min(slope, _STEEPEST)
    tilt = (log_256(1024 + (slope * slope >> 10)) - log_256(1024)) // 2
    return log_256(max(1, area_mm2)) - log_256(_usual_mm2(distance_mm)) + tilt


class PoseFilter:
    """`update` takes each fitted plane; `pose` and `certainty` (0 to 255) are its opinion.

    `features` are those of the latest frame. `score` is how open the hand looks, `wearer` how far that is off
    for the likeliest one: score - wearer is near 256 for an open hand, -256 for a fist.
    """

    def __init__(self):
        self._model = array("H", OTHER_ODDS)
        self.features = array("i", [0] * FEATURES)
        self._raised = array("H", [0] * FEATURES)
        self._scratch = array("i", [0] * FEATURES)
        self._poses = array("i", [0] * (3 * WEARERS))  # costs of the poses, of the whole history
        self._wearers = array("i", [0] * WEARERS)  # costs of the wearers
        self._areas = array("i", [0] * _BEFORE)
        self.score = 0
        self.forget()

    def forget(self):
        """A new wearer."""
        for i in range(WEARERS):
            self._wearers[i] = _PRIOR * (i - WEARERS // 2) * (i - WEARERS // 2)
        self.pause()
        self.wearer = 0

    def pause(self):
        """The hand is gone: any pose may come next, the wearer stays."""
        for i in range(3 * WEARERS):
            self._poses[i] = 0
        self._count = 0
        self.pose = OTHER
        self.certainty = 0

    def update(self, plane):
        features = self.features
        read_features(plane, features)
        score = -MIDDLE
        for i in range(FEATURES):
            self._raised[i] = max(0, min(65535, features[i] + _RAISED))
            score += WEIGHTS[i] * features[i]
        self.score = score >> 8
        odds = log_odds(self._model, 0, self._raised, FEATURES, self._scratch)
        other = _OTHER_COST - max(-_OTHER_MOST, min(_OTHER_MOST, odds))
        switch = self._switch_cost(log_256(max(1, plane.area_mm2)))
        for i in range(WEARERS):
            self._wearers[i] += self._follow(i, other, switch) >> _LEARNING
        self._decide()

    def _switch_cost(self, area):
        jump = 0
        for i in range(min(self._count, _BEFORE)):
            jump = max(jump, abs(area - self._areas[i]))
        self._areas[self._count % _BEFORE] = area
        self._count += 1
        jump = max(0, min(_JUMP[1], jump) - _JUMP[0])
        return _SWITCH - (_SWITCH - _SWITCH_AT_JUMP) * jump // (_JUMP[1] - _JUMP[0])

    def _follow(self, wearer, other, switch):
        """One frame for one wearer; returns what its best explanation costs."""
        poses = self._poses
        at = 3 * wearer
        off = self.score - _STEP * (wearer - WEARERS // 2)
        least = _NEVER
        for pose in range(3):
            cost = other if pose == OTHER else _cost(off - 256 if pose == OPEN else off + 256)
            # The best is always 0, so `switch` is what it takes to come here from there.
            cost += min(poses[at + pose], switch)
            poses[at + pose] = cost
            least = min(least, cost)
        for pose in range(3):
            poses[at + pose] -= least
        return least

    def _decide(self):
        """The pose of the likeliest explanation. No wearer becomes impossible: a new one can be learned."""
        wearers = self._wearers
        lowest = _NEVER
        for i in range(WEARERS):
            if wearers[i] < lowest:
                lowest = wearers[i]
                self.wearer = (i - WEARERS // 2) * _STEP
        best = second = _NEVER
        for i in range(WEARERS):
            wearers[i] = min(_UNLIKELY, wearers[i] - lowest)
        for pose in range(3):
            least = _NEVER
            for i in range(WEARERS):
                least = min(least, wearers[i] + self._poses[3 * i + pose])
            if least < best:
                second = best
                best = least
                self.pose = pose
            elif least < second:
                second = least
        self.certainty = min(255, 4 * (second - best))


def _cost(off):
    """Of a score that is so far off: 16 / 2 of the square of its deviations, and of that a half."""
    off = min(abs(off), 1000)
    return min(_MOST, _HALF * off * off // (_DEVIATION * _DEVIATION))
