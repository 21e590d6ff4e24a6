"""Whether what the depth sensor sees is a hand, and not a table's edge, a face or a cup.

Only an open palm is believed; what follows from it may take any shape for a while. A cup looks like a fist,
so a fist alone never counts.
"""

MIN_ZONES = 6  # a fist at 400 mm has 8
MAX_RESIDUAL_16 = 18 * 16  # a hand in mid-motion; beyond, it is no one surface
SIZES = (-218, 165)  # 0.43 to 1.9 times the area of the median open hand, as log ratio times 256
ENTER_SIZES = (-80, 145)
ENTER_SLOPE = 800  # 38 degrees
FULL_BORDER = 25  # of 28 zones: it fills the field; a table, a wall
# Zones on the edge of the field: the nearer a hand, the more. Beyond USUAL (17 at 170 mm, 10 at 350) it has
# to have a hand's relief, beyond MOST it is none.
BORDER_USUAL, BORDER_MOST, BORDER_NEAR = 4, 7, 2300
SURFACE_FLAT_256 = 244
CORNERS_FROM_MM = 210  # nearer, a hand fills the field to its corners

# Log odds of a palm against each thing that could be taken for one, in 1/1024. By logistic regression on the
# virtual hands and things of host/lapel/virtual/hand.py, but each sign has its reason: a table's edge lies
# along the field's edge, an arm crosses it; faces and cups are round, so their rims lie back and little is on
# one plane; a cup is small.
_NEAR_MM = 180  # farther zones hold more of the rim and of what lies behind it, which is taken out
_TESTS = (
    # against a table's edge, a face, a cup: size, rounding, residual, slope, border, sides, border share,
    # flat, minor axis, constant
    (9, 2, 27, -115, -349, 840, -1285, -1, 169, 1727),
    (5, -20, -18, -179, -156, 1514, -1018, 9, -235, 13106),
    (52, -9, -32, -95, -405, 2344, -767, -12, -242, 12420),
)
CLEAR = 1500  # nine of ten frames of a palm, less than 1 in 1000 of anything else
LIKELY = 300

ENOUGH = 4  # evidence: a clear frame gives that much at once, a likely one 1
TRUST = 60  # frames (4 s) that a palm, seen clearly for a second, is believed in while a fist hides it
YOUNG = 16  # less evidence than that is doubted four times as fast
GRACE_FRAMES = 2  # an implausible shape in mid-motion
TRUSTED_GRACE_FRAMES = (
    5  # the same, of a palm that was seen clearly: a third of a second, half out of the field
)


class Presence:
    """`update` after each fit of a `Plane`; `present` is the answer."""

    def __init__(self):
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
        odds = -1
        if ENTER_SIZES[0] <= size <= ENTER_SIZES[1] and slope <= ENTER_SLOPE:
            odds = palm_odds(plane, size, flat_256, slope)
        if odds >= CLEAR:
            change = ENOUGH
        elif odds >= LIKELY:
            change = 1
        else:
            change = -4 if self._evidence < YOUNG else -1
        self._evidence = max(0, min(TRUST, self._evidence + change))
        self.present = self._evidence >= (1 if self.present else ENOUGH)


def palm_odds(plane, size, flat_256, slope):
    """Log odds of an open palm against the likeliest other thing, in 1/1024."""
    far_mm = max(0, plane.z - _NEAR_MM)
    rounding = plane.rounding - far_mm * 72 // 100
    residual = plane.residual - far_mm * 54 // 100
    slope_deg = slope * 57 // 1024
    border = plane.border * plane.z // 230 - 10
    share = 16 * plane.border // plane.zones
    flat = flat_256 + far_mm * 2 // 5
    minor_mm = plane.minor >> 3
    least = 1 << 28
    for test in _TESTS:
        odds = test[9] + test[0] * size + test[1] * rounding + test[2] * residual + test[3] * slope_deg
        odds += (
            test[4] * border + test[5] * plane.sides + test[6] * share + test[7] * flat + test[8] * minor_mm
        )
        least = min(least, odds)
    return least


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
