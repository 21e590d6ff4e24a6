"""Whether what the depth sensor sees is a hand, and not a table's edge, a face or a cup.

Only an open palm is believed; what follows from it may take any shape for a while. A cup looks like a fist,
so a fist alone never counts.
"""

from array import array

from .pose import FEATURES as POSE_FEATURES
from .pose import SIZE, TILT, log_256, log_distance
from .pose_cost import log_odds
from .same import OTHER, STRONG, SUSPECT, WEAK
from .thing_model import MODELS

MIN_ZONES = 6  # a fist at 400 mm has 8
MAX_RESIDUAL_16 = 18 * 16  # a hand in mid-motion; beyond, it is no one surface
SIZES = (-218, 165)  # 0.43 to 1.9 times the area of the median open hand, as log ratio times 256
ENTER_SIZES = (-110, 165)
ENTER_TILT = 345  # 0.1 degree
FULL_BORDER = 25  # of 28 zones: it fills the field; a table, a wall
# Zones on the edge of the field: the nearer a hand, the more. Beyond USUAL (17 at 170 mm, 10 at 350) it has
# to have a hand's relief, beyond MOST it is none.
BORDER_USUAL, BORDER_MOST, BORDER_NEAR = 4, 7, 2300
SURFACE_FLAT_256 = 244
CORNERS_FROM_MM = 210  # nearer, a hand fills the field to its corners

FEATURES = POSE_FEATURES + 7
ENTER_MM = (145, 405)  # 150 to 400, and the sensor's own error
LEAVE_MM = (130, 425)
NUMBERS = 1 + 3 * FEATURES + FEATURES * (FEATURES + 1) // 2  # of one of `thing_model.MODELS`
_RAISED = 32768

# Evidence in 1/16 nat: log odds of an open palm against the likeliest other thing, added up.
ENOUGH = 48  # 3 nats
MOST_UP = 59  # one clear frame is enough
DOUBT = 12  # a thing that looks a little like a palm does so in every frame: that much is not added
TRUST = 320
# A fist hides the palm and looks like a cup: it is believed for at most 1.3 s, a tilted palm for 4 s.
DOWN_DOUBTED, DOWN = 16, 5
YOUNG = 100  # less evidence than that
# A trusted hand may tilt, close and be cut off by the field. A frame in which a thing is likelier than any of
# these is a strike: several, or one that is plain, and it is gone. How many depends on the weakest
# link of `same` since the palm was last clear: OTHER, SUSPECT, WEAK, STRONG. Two frames are 133 ms.
STRIKE = (0, 0, -20, -20)
STRIKES = (1, 2, 2, 3)
PLAIN = (-40, -40, -60, -110)
CLEAR_FRAMES = 4
CALM_FRAMES = 3  # after as many without a strike, strikes are forgotten
CLEAR = 24  # 1.5 nats: a hand, whatever its edges and corners say


def read_features(plane, pose, out):
    """What tells a palm from things, of a `Plane` that was fitted, into `out`.

    `pose` is what tells the poses: `pose.read_features`. More are the share that lies on the plane, edges and
    corners of the field, the most zones on one edge, the major axis, how far the rim lies back, the distance.
    """
    for i in range(POSE_FEATURES):
        out[i] = pose[i]
    edges = plane.edges
    most = 0
    for _ in range(4):
        most = max(most, edges & 15)
        edges >>= 4
    out[POSE_FEATURES] = 256 * plane.flat_mm2 // max(1, plane.area_mm2)
    out[POSE_FEATURES + 1] = 16 * plane.sides
    out[POSE_FEATURES + 2] = 30 * plane.corners
    out[POSE_FEATURES + 3] = 16 * most
    out[POSE_FEATURES + 4] = log_256(plane.major + 1)
    out[POSE_FEATURES + 5] = plane.rounding
    out[POSE_FEATURES + 6] = log_distance(plane.z)


class Odds:
    """After `weigh`: log odds against the likeliest thing, in 1/16 nat, of an open palm before the sensor
    (`palm`), of one that may be tilted or half out of the field (`spread`), or closed as well (`hand`)."""

    def __init__(self):
        self._model = array("H", MODELS)
        self._raised = array("H", [0] * FEATURES)
        self._features = array("i", [0] * FEATURES)
        self._scratch = array("i", [0] * FEATURES)
        self.palm = self.spread = self.hand = 0

    def weigh(self, plane, pose):
        features = self._features
        read_features(plane, pose, features)
        for i in range(FEATURES):
            self._raised[i] = max(0, min(65535, features[i] + _RAISED))
        self.palm = min(self._against(0), self._against(1), self._against(2))
        self.spread = min(self._against(3), self._against(4))
        self.hand = min(self._against(5), self._against(6))

    def _against(self, thing):
        return log_odds(self._model, thing * NUMBERS, self._raised, FEATURES, self._scratch)


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

    def update(self, plane, pose, link):
        """`pose` of `pose.read_features`, `link` of `same.Sameness`."""
        size = pose[SIZE]
        low, high = LEAVE_MM if self.present else ENTER_MM
        if not low <= plane.z <= high:
            self.leave()
            return
        if link == OTHER:  # nothing that is known counts for it
            self.leave()
        if link != STRONG:
            self._clear = 0
        self._link = min(self._link, link if self.present else WEAK)
        odds = self._odds
        odds.weigh(plane, pose)
        hand = odds.spread if self._link == SUSPECT else odds.hand
        strange = _is_surface(plane) or not _may_be_hand(plane, size, self._evidence < YOUNG)
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
        if ENTER_SIZES[0] <= size <= ENTER_SIZES[1] and pose[TILT] <= ENTER_TILT:
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


def _is_surface(plane):
    """A table or a wall goes on beyond the field, on more sides than a hand and its arm."""
    if plane.border >= FULL_BORDER or plane.border > BORDER_MOST + BORDER_NEAR // plane.z:
        return True
    far_corners = plane.corners >= 2 and plane.z > CORNERS_FROM_MM
    if far_corners or plane.border > BORDER_USUAL + BORDER_NEAR // plane.z:
        return 256 * plane.flat_mm2 >= SURFACE_FLAT_256 * plane.area_mm2
    return False


def _may_be_hand(plane, size, is_young):
    if plane.zones < MIN_ZONES or (is_young and 2 * plane.border > plane.zones):
        return False
    return plane.residual <= MAX_RESIDUAL_16 and SIZES[0] <= size <= SIZES[1]
