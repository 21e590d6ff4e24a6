"""Open, fist or other, for a hand of unknown size.

A small hand's palm is as large as a big hand's fist, so size is compared with this wearer's own. Nobody says
how large that is: the filter follows every size in SIZES at once, each with its own best history of poses (a
Viterbi filter), and learns which size explains best what it sees. Shown both poses, only one does; the prior
decides until then. All numbers are integers: logarithms in 1/256, costs (negative log likelihoods) in 1/16.
"""

from array import array

POSES = ("open", "fist", "other")
OPEN, FIST, OTHER = range(3)

SIZES = 9  # of hands, _SIZE_STEP apart: 0.75 to 1.33 of the median's area, near all adults
_SIZE_STEP = 18  # 7 %
_SIZE_SPREAD = 41  # 16 %: standard deviation of adults' palm areas, roughly
_LEARNING = 3  # a size is learned from an eighth of the evidence: a still hand says the same again and again
_UNLIKELY = 240  # the most that can be held against a size: another wearer is learned in seconds
_NEVER = 1 << 28

SWITCH = 34  # cost of a change of pose: two clear frames make one, a doubtful frame does not
_SHARE = 6  # of 16: frames that follow each other are no independent evidence
_CAP = 72  # cost of one feature, at 3 standard deviations: no single one may decide

# Mean and standard deviation of: log size, tilt, residual, share on the plane, share of the front layer.
# Between the medians of four people's recordings (open: area 190-280 cm2, tilt 4-12 degrees, residual 5-8 mm;
# fist: 115-185, 14-20, 7-9) and the geometric hand of the virtual pin, which also gave shares and deviations.
_FEATURES = 5
_USUAL_MM = 250  # the distance that these are meant for
_MEANS = (
    (16, 90, 110, 210, 214),
    (-80, 160, 112, 208, 190),
    (-40, 170, 155, 178, 172),
)
_DEVIATIONS = (
    (32, 80, 34, 28, 34),
    (40, 78, 34, 28, 50),
    (56, 110, 46, 32, 46),
)
_PRIOR = (0, 0, 16)  # in each frame: other shapes are rarer, and must be seen clearly


def log_256(value):
    """Natural logarithm of an integer > 0, times 256; within 1 of the truth times 1.06 at worst."""
    shift = 0
    scaled = value << 8
    while scaled >= 512:
        scaled >>= 1
        shift += 1
    part = scaled - 256
    # log2(1 + p) is p + 0.344 p (1 - p), within 0.008.
    log2 = (shift << 8) + part + (88 * part * (256 - part) >> 16)
    return log2 * 177 >> 8


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
    """`update` takes one frame's features; `pose` and `certainty` (0 to 255) are its opinion.

    `size` is the likeliest size of this wearer's hand: log of its area against the median, times 256.
    """

    def __init__(self):
        self._features = array("i", [0] * _FEATURES)
        self._frame = array("i", [0] * 3)  # costs of the poses in this frame, all but the size
        self._poses = array("i", [0] * (3 * SIZES))  # costs of the poses, should the hand have that size
        self._sizes = array("i", [0] * SIZES)  # costs of the sizes
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
        self.pose = OTHER
        self.certainty = 0

    def update(self, size, tilt_cdeg, residual_16, flat_256, front_256, distance_mm):
        """`size` of `log_size`, residual in 1/16 mm, shares of the blob's area in 1/256.

        Zones grow with the distance and hold more of the edge: what follows from that is taken out.
        """
        far_mm = distance_mm - _USUAL_MM
        features = self._features
        features[0] = size
        features[1] = tilt_cdeg // 10
        features[2] = residual_16 * _USUAL_MM // distance_mm
        features[3] = flat_256 + far_mm * 60 // 256
        features[4] = front_256 + far_mm * 26 // 256
        for pose in range(3):
            cost = _WIDTH[pose] + _PRIOR[pose]
            means = _MEANS[pose]
            deviations = _DEVIATIONS[pose]
            for i in range(1, _FEATURES):
                cost += _cost(features[i] - means[i], deviations[i])
            self._frame[pose] = cost
        for hand in range(SIZES):
            self._sizes[hand] += self._follow(hand, size) >> _LEARNING
        self._decide()

    def _follow(self, hand, size):
        """One frame for one size of hand; returns what its best explanation costs."""
        poses = self._poses
        at = 3 * hand
        size -= (hand - SIZES // 2) * _SIZE_STEP
        least = _NEVER
        for pose in range(3):
            seen = self._frame[pose] + 2 * _cost(size - _MEANS[pose][0], _DEVIATIONS[pose][0])
            # The best is always 0, so SWITCH is what it takes to come here from there.
            cost = min(poses[at + pose], SWITCH) + (seen * _SHARE >> 4)
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
            cost = min(_UNLIKELY, sizes[hand] - lowest)
            sizes[hand] = cost
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


def _cost(difference, deviation):
    return min(_CAP, 8 * difference * difference // (deviation * deviation))


def _size_prior(size):
    offset = (size - SIZES // 2) * _SIZE_STEP
    return 8 * offset * offset // (_SIZE_SPREAD * _SIZE_SPREAD)


def _width(deviations):
    """The logarithms of the deviations, against an open palm's: a wide class pays for its width."""
    return sum(log_256(deviations[i]) - log_256(_DEVIATIONS[0][i]) for i in range(_FEATURES)) * 16 // 256


_WIDTH = tuple(_width(deviations) for deviations in _DEVIATIONS)
