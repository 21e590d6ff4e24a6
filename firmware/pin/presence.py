"""Whether what the depth sensor sees is a hand, and not a table's edge, a face or a cup.

Only an open palm is believed; what follows from it may take any shape for a while. A cup looks like a fist,
so a fist alone never counts.
"""

from array import array

from .pose import log_distance
from .pose import read_features as read_pose_features
from .pose_cost import normal_cost
from .thing_model import KINDS

MIN_ZONES = 6  # a fist at 400 mm has 8
MAX_RESIDUAL_16 = 18 * 16  # a hand in mid-motion; beyond, it is no one surface
SIZES = (-218, 165)  # 0.43 to 1.9 times the area of the median open hand, as log ratio times 256
ENTER_SIZES = (-110, 165)
ENTER_SLOPE = 800  # 38 degrees
FULL_BORDER = 25  # of 28 zones: it fills the field; a table, a wall
# Zones on the edge of the field: the nearer a hand, the more. Beyond USUAL (17 at 170 mm, 10 at 350) it has
# to have a hand's relief, beyond MOST it is none.
BORDER_USUAL, BORDER_MOST, BORDER_NEAR = 4, 7, 2300
SURFACE_FLAT_256 = 244
CORNERS_FROM_MM = 210  # nearer, a hand fills the field to its corners

FEATURES = 12
NEAR_MM = 230  # nearer, things are cut off by the field, and look different
ENTER_MM = (145, 405)  # 150 to 400, and the sensor's own error
_NUMBERS = 1 + 2 * FEATURES + FEATURES * (FEATURES + 1) // 2  # of one distribution
_RAISED = 32768

# Evidence in 1/16 nat: log odds of an open palm against the likeliest other thing, added up.
ENOUGH = 112  # 7 nats: 1 in 1000 of what is no hand, if it looked different each time
MOST_UP = 112  # one clear frame is enough
YOUNG = 200  # less evidence than that is doubted more than twice as fast
DOWN_YOUNG, DOWN = 24, 10
TRUST = 600  # 4 s: how long a palm, seen clearly, is believed in while a fist hides it
GRACE_FRAMES = 2  # an implausible shape in mid-motion
TRUSTED_GRACE_FRAMES = 5  # the same, of a palm seen clearly: a third of a second, half out of the field


def read_features(plane, out):
    """What tells a palm from things, of a `Plane` that was fitted, into `out`."""
    read_pose_features(plane, out)
    area = max(1, plane.area_mm2)
    out[7] = 256 * plane.flat_mm2 // area
    out[8] = 16 * plane.sides
    out[9] = 30 * plane.corners
    edges = plane.edges
    most = 0
    for _ in range(4):
        most = max(most, edges & 15)
        edges >>= 4
    out[10] = 16 * most
    out[11] = plane.major // 3


class PalmOdds:
    """`of` a fitted plane: log odds of an open palm against the likeliest other thing, in 1/16 nat."""

    def __init__(self):
        self._model = array("H", [value + _RAISED for value in KINDS])
        self._features = array("i", [0] * FEATURES)
        self._raised = array("H", [0] * FEATURES)
        self._scratch = array("i", [0] * FEATURES)

    def of(self, plane):
        features = self._features
        read_features(plane, features)
        for i in range(FEATURES):
            self._raised[i] = max(0, min(65535, features[i] + _RAISED))
        far = 0 if plane.z < NEAR_MM else _NUMBERS
        log_mm = log_distance(plane.z)
        hand = min(self._cost(far, log_mm), self._cost(2 * _NUMBERS + far, log_mm))
        least = 1 << 28
        at = 4 * _NUMBERS  # after small and large hands
        while at < len(self._model):  # a range with such a step would be allocated
            least = min(least, self._cost(at + far, log_mm))
            at += 2 * _NUMBERS
        return least - hand

    def _cost(self, at, log_mm):
        return normal_cost(self._model, at, self._raised, FEATURES, log_mm, self._scratch)


class Presence:
    """`update` after each fit of a `Plane`; `present` is the answer."""

    def __init__(self):
        self._odds = PalmOdds()
        self.leave()

    def leave(self):
        self.present = False
        self._evidence = 0
        self._strange = 0

    def update(self, plane, size, flat_256, slope):
        """`size` of `pose.log_size`, share of the blob on its plane in 1/256, slope in 1/1024."""
        if _is_surface(plane, flat_256) or not _may_be_hand(plane, size, self._evidence < YOUNG):
            self._strange += 1
            grace = GRACE_FRAMES if self._evidence < YOUNG else TRUSTED_GRACE_FRAMES
            if self._strange > grace or not self.present:
                self.leave()
            return
        self._strange = 0
        odds = -DOWN_YOUNG
        if ENTER_SIZES[0] <= size <= ENTER_SIZES[1] and slope <= ENTER_SLOPE:
            odds = self._odds.of(plane)
        down = DOWN_YOUNG if self._evidence < YOUNG else DOWN
        self._evidence = max(0, min(TRUST, self._evidence + max(-down, min(MOST_UP, odds))))
        self.present = self._evidence >= (1 if self.present else ENOUGH)


def _is_surface(plane, flat_256):
    """A table or a wall goes on beyond the field, on more sides than a hand and its arm."""
    if plane.border >= FULL_BORDER or plane.border > BORDER_MOST + BORDER_NEAR // plane.z:
        return True
    far_corners = plane.corners >= 2 and plane.z > CORNERS_FROM_MM
    if far_corners or plane.border > BORDER_USUAL + BORDER_NEAR // plane.z:
        return flat_256 >= SURFACE_FLAT_256
    return False


def _may_be_hand(plane, size, is_young):
    if plane.zones < MIN_ZONES or (is_young and 2 * plane.border > plane.zones):
        return False
    return plane.residual <= MAX_RESIDUAL_16 and SIZES[0] <= size <= SIZES[1]
