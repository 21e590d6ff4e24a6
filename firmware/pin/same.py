"""Whether what is seen now is the thing that was seen in the frame before.

A hand that was trusted may close, tilt and move, but it cannot become another thing: between two frames,
67 ms apart, most of its zones stay where they are. A cup, a face or a table in its place does not fit.
"""

from array import array

ZONES = 64
OTHER, SUSPECT, WEAK, STRONG = range(4)  # how sure it is
# Shares of 256. Of virtual hands that close, tilt, swipe and push, 999 frames in 1000 keep 160 of the smaller
# one's zones and 180 of the area.
KEPT, KEPT_WEAK, KEPT_STRONG = 115, 184, 218
# A closing hand keeps half of its area in one frame at least, and comes nearer: a thing that shrinks to less
# than the first of these shares, and is that many mm farther away on average, is no fist.
SHRUNK = ((128, -1000), (150, -4), (205, 12))
STRONG_AREA = 180
NEARER_MM = -4  # a fist comes nearer, and its fingers move: what does is not suspect
LATE_MS = 200  # after that much anything may have happened


class Sameness:
    """`update` takes each frame's distances and the `mask` of the nearest thing (1 where it is)."""

    def __init__(self):
        self._before = array("i", [0] * ZONES)
        self._found = array("i", [0] * 3)
        self._zones = self._area = 0

    def forget(self):
        self._zones = 0

    def update(self, distance, mask, area_mm2, dt_ms):
        """OTHER, SUSPECT, WEAK or STRONG; OTHER for the first."""
        found = self._found
        zones = compare(distance, mask, self._before, found)
        zones_before, area_before = self._zones, self._area
        self._zones = zones
        self._area = area_mm2
        if not zones_before or dt_ms > LATE_MS:
            return OTHER
        kept = 256 * found[1] // max(1, min(zones_before, zones))
        area = 256 * area_mm2 // max(1, area_before)
        farther_mm = found[2] // max(1, found[0]) - 1000
        if kept < KEPT:
            return OTHER
        for share, least_mm in SHRUNK:
            if area < share and farther_mm > least_mm:
                return OTHER
        if kept < KEPT_WEAK and farther_mm > NEARER_MM:
            return SUSPECT
        if kept < KEPT_STRONG or not STRONG_AREA <= area <= 65536 // STRONG_AREA:
            return WEAK
        return STRONG


@micropython.viper
def compare(distance: ptr32, mask: ptr8, before: ptr32, found: ptr32) -> int:
    """Into `found`: zones of both, those not 45 mm farther or 75 mm nearer,
    and the sum of how much farther (raised by 1000 each).

    Returns the zones of `mask`. `before` gets this frame's distances, 0 where the thing is not.
    """
    zones = 0
    both = 0
    kept = 0
    farther = 0
    for i in range(64):
        z = int(distance[i]) if mask[i] == 1 else 0
        was = int(before[i])
        if z:
            zones += 1
        if z and was:
            both += 1
            off = z - was
            if off <= 45 and off >= 0 - 75:
                kept += 1
            farther += off + 1000
        before[i] = z
    found[0] = both
    found[1] = kept
    found[2] = farther
    return zones
