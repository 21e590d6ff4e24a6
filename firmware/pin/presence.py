"""Whether what the depth sensor sees is a hand, and not a table's edge, a face or a cup.

Only an open palm is believed; what follows from it may take any shape for a while. A cup looks like a fist,
so a fist alone never counts.
"""

from array import array

from .pose import log_distance
from .pose import read_features as read_pose_features
from .pose_cost import normal_cost
from .same import OTHER, STRONG, SUSPECT, WEAK
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
# Kinds of `thing_model.KINDS`: the first ones are open palms, then tilted and shifted ones, then closed ones.
PALMS, SPREAD, HANDS = 2, 5, 7
NEAR_MM = 230  # nearer, things are cut off by the field, and look different
ENTER_MM = (145, 405)  # 150 to 400, and the sensor's own error
_NUMBERS = 1 + 2 * FEATURES + FEATURES * (FEATURES + 1) // 2  # of one distribution
_RAISED = 32768

# Evidence in 1/16 nat: log odds of an open palm against the likeliest other thing, added up.
ENOUGH = 96  # 6 nats
MOST_UP = 112  # one clear frame is enough
DOUBT = 24  # a thing that looks a little like a palm does so in every frame: that much is not added
TRUST = 600
# A fist hides the palm and looks like a cup: it is believed for at most 1.3 s, a tilted palm for 4 s.
DOWN_DOUBTED, DOWN = 30, 10
YOUNG = 200  # less evidence than that
# A trusted hand may tilt, close and be cut off by the field. A frame in which a thing is likelier than any of
# these is a strike: several, or one that is plain, and it is gone. How many depends on the weakest
# link of `same` since the palm was last clear: OTHER, SUSPECT, WEAK, STRONG. Two frames are 133 ms.
STRIKE = (16, 16, -16, -16)
STRIKES = (1, 2, 2, 3)
PLAIN = (-120, -120, -120, -160)
CLEAR_FRAMES = 4
CALM_FRAMES = 3  # after as many without a strike, strikes are forgotten
CLEAR = 64  # 4 nats: a hand, whatever its edges and corners say


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


class Odds:
    """After `weigh`: log odds against the likeliest thing, in 1/16 nat, of an open palm before the sensor
    (`palm`), of one that may be tilted or half out of the field (`spread`), or closed as well (`hand`)."""

    def __init__(self):
        self._model = array("H", KINDS)
        self._features = array("i", [0] * FEATURES)
        self._raised = array("H", [0] * FEATURES)
        self._scratch = array("i", [0] * FEATURES)
        self.palm = self.spread = self.hand = 0

    def weigh(self, plane):
        features = self._features
        read_features(plane, features)
        for i in range(FEATURES):
            self._raised[i] = max(0, min(65535, features[i] + _RAISED))
        at = 0 if plane.z < NEAR_MM else _NUMBERS
        log_mm = log_distance(plane.z)
        palm = spread = fist = thing = 1 << 28
        kind = 0
        while at < len(self._model):  # a range with such a step would be allocated
            cost = normal_cost(self._model, at, self._raised, FEATURES, log_mm, self._scratch)
            if kind < PALMS:
                palm = min(palm, cost)
            if kind < SPREAD:
                spread = min(spread, cost)
            elif kind < HANDS:
                fist = min(fist, cost)
            else:
                thing = min(thing, cost)
            kind += 1
            at += 2 * _NUMBERS
        self.palm = thing - palm
        self.spread = thing - spread
        self.hand = thing - min(spread, fist)


class Presence:
    """`update` after each fit of a `Plane`; `present` is the answer."""

    def __init__(self):
        self._odds = Odds()
        self.leave()

    def leave(self):
        self.present = False
        self._evidence = 0
        self._strikes = self._calm = 0
        self._link = STRONG  # the weakest since the palm was clear
        self._clear = 0  # frames

    def update(self, plane, size, flat_256, slope, link):
        """`size` of `pose.log_size`, share of the blob on its plane in 1/256, slope in 1/1024, `link` of
        `same.Sameness`."""
        if link == OTHER:  # nothing that is known counts for it
            self.leave()
        if link != STRONG:
            self._clear = 0
        self._link = min(self._link, link if self.present else WEAK)
        odds = self._odds
        odds.weigh(plane)
        hand = odds.spread if self._link == SUSPECT else odds.hand
        strange = _is_surface(plane, flat_256) or not _may_be_hand(plane, size, self._evidence < YOUNG)
        if self.present and hand >= CLEAR:
            strange = False
        if strange or hand < STRIKE[self._link]:
            self._strikes += 1
            self._calm = 0
            if not self.present or self._strikes >= STRIKES[self._link] or hand < PLAIN[self._link]:
                self.leave()
                return
        else:
            self._calm += 1
            if self._link == STRONG or self._calm >= CALM_FRAMES:
                self._strikes = 0
        if strange:
            return
        palm = -DOWN_DOUBTED
        if ENTER_SIZES[0] <= size <= ENTER_SIZES[1] and slope <= ENTER_SLOPE:
            palm = odds.palm
        self._clear = self._clear + 1 if palm > 0 else 0
        if self._clear >= CLEAR_FRAMES:
            self._link = STRONG
            self._strikes = 0
        if not self.present:
            palm -= DOUBT
        down = DOWN if self._link == STRONG else DOWN_DOUBTED
        self._evidence = max(0, min(TRUST, self._evidence + max(-down, min(MOST_UP, palm))))
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
