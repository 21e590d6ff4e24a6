"""The nearest thing before the depth sensor, and the plane that fits it: integers only, nothing allocated.

A zone's distance is perpendicular to the sensor (the VL53L5CX converts it), so zone (row, column) at z lies
at x = z (2 column - 7) tan(22.5 deg) / 8, y likewise. MicroPython would allocate floats at each operation.
All products stay below 2**30, what an ESP32 holds without allocating.
"""

from array import array

from .wrist import FADE_MM, HAND_MM, MIN_SHARE, cut_arm, fade
from .zones import edges, moments, nearest, outline, reweigh, rounding, spread

ZONES = 64
MIN_BLOB_ZONES = 4  # less is a finger, or cross-talk
BLOBS_TRIED = 3

_FITS = 4  # the first without weights; then the slope no longer moves by a degree

NARROWER = 10

# `Plane.out`, as `moments` leaves it
_N, _MX, _MY, _MZ, _XX, _XY, _YY, _XZ, _YZ = range(9)


class Fit:
    """A robust plane through the zones of a mask: z = x slope_x + y slope_y, about the zones' middle."""

    def __init__(self):
        self.x = self.y = self.z = 0  # of the plane's middle
        self.slope_x = self.slope_y = 0
        self.residual = 0
        self.major = self.minor = 0
        self.about = array("i", [0] * 8)  # the plane, as the loops of `zones` read it
        self._weights = bytearray(ZONES)
        self._out = array("i", [0] * 9)

    def run(self, distance, mask, count, narrower=0, shares=None):
        """Of `count` zones, marked 1 in `mask`; of each as much as `shares` says, in 1/16.

        A zone that is covered in part stands for its middle, so a thing looks wider, and less tilted, than it
        is: `narrower` is how much variance that adds along each axis, in zones squared, 1/64.
        """
        for i in range(ZONES):
            self._weights[i] = 16 if mask[i] == 1 else 0
        for turn in range(_FITS):
            if shares is not None:
                fade(self._weights, shares)
            moments(distance, self._weights, self._out)
            if turn == 0:
                self._axes()
            self._solve(narrower)
            self._set_about()
            self.residual = reweigh(distance, mask, self._weights, self.about) // count

    def _axes(self):
        out = self._out
        n = out[_N]
        half_sum = (out[_XX] + out[_YY]) // (2 * n)
        half_difference = (out[_XX] - out[_YY]) // (2 * n)
        mixed = out[_XY] // n
        root = isqrt(half_difference * half_difference + mixed * mixed)
        self.major = isqrt(64 * (half_sum + root))
        self.minor = isqrt(64 * max(0, half_sum - root))

    def _solve(self, narrower):
        """Least squares about the mean, with sums cut to 14 bits so that their products fit."""
        out = self._out
        self.x = out[_MX]  # one by one: a tuple would be allocated
        self.y = out[_MY]
        self.z = out[_MZ]
        xx = out[_XX]
        xy = out[_XY]
        yy = out[_YY]
        xz = out[_XZ]
        yz = out[_YZ]
        if narrower:
            zone = self.z * 106 >> 10
            added = out[_N] * (zone * zone * narrower >> 6)
            xx = max(xx >> 1, xx - added)
            yy = max(yy >> 1, yy - added)
        shift = 0
        most = max(xx, yy, abs(xz), abs(yz))
        while most >> shift >= 1 << 14:
            shift += 1
        xx >>= shift
        xy >>= shift
        yy >>= shift
        xz >>= shift
        yz >>= shift
        determinant = (xx * yy - xy * xy) >> 10
        if determinant <= 0:  # a line of zones has no plane
            self.slope_x = self.slope_y = 0
            return
        self.slope_x = _within((xz * yy - yz * xy) // determinant, 4095)
        self.slope_y = _within((yz * xx - xz * xy) // determinant, 4095)

    def _set_about(self):
        # Viper reads words without a sign on 64-bit machines: shifted to be positive.
        about = self.about
        about[0] = self.x + 1024
        about[1] = self.y + 1024
        about[2] = self.z
        about[3] = self.slope_x + 4096
        about[4] = self.slope_y + 4096


class Plane:
    """`fit` measures one frame; the attributes hold what it found, in mm unless named otherwise.

    x goes right, y down, z away, as the sensor sees it. Slopes are dz/dx and dz/dy in 1/1024. `hand` is the
    plane through the hand without its arm.
    """

    def __init__(self):
        self.zones = 0  # of the blob; 0 if there is none
        self.x = self.y = self.z = 0  # of the plane's middle
        self.slope_x = self.slope_y = 0
        self.residual = 0  # mean distance of the blob's zones from the plane, at most 30 mm each, in 1/16 mm
        self.area_mm2 = 0
        self.front_mm2 = 0  # of the nearest layer, 40 mm deep: deeper lies wrist, or fingers bent over
        self.flat_mm2 = 0  # of what lies on the plane
        self.major = self.minor = 0  # standard deviations along and across, in 1/8 mm
        self.border = 0  # zones on the edge of the field
        self.outline = 0  # sides of zones between the blob and what is not
        self.edges = 0  # zones on the top, bottom, left and right edge, 4 bits each
        self.sides = 0  # edges of the field that the blob reaches with at least two zones
        self.corners = 0  # of the field
        self.rounding = 0  # how much farther its rim lies than its middle, against the plane, in 1/16 mm
        self.mask = bytearray(ZONES)
        self.hand = Fit()
        self._shares = bytearray(ZONES)
        self._blob = Fit()

    def fit(self, distance):
        """Reads `distance`: array("i") of 64 mm, 0 where the zone saw nothing. Whether there is a blob."""
        self.zones = 0
        mask = self.mask
        for i in range(ZONES):
            mask[i] = 0
        for _ in range(BLOBS_TRIED):
            count = nearest(distance, mask)
            if count >= MIN_BLOB_ZONES or count == 0:
                break
            count = 0
        if count == 0:
            return False
        self.zones = count
        blob = self._blob
        blob.run(distance, mask, count)
        self.x = blob.x  # one by one: a tuple would be allocated
        self.y = blob.y
        self.z = blob.z
        self.slope_x = blob.slope_x
        self.slope_y = blob.slope_y
        self.residual = blob.residual
        self.major = blob.major
        self.minor = blob.minor
        self._areas(distance)
        kept = cut_arm(distance, mask, self._shares, HAND_MM, FADE_MM)
        shares = self._shares if kept >= MIN_SHARE else None
        self.hand.run(distance, mask, count, NARROWER, shares)
        return True

    def _areas(self, distance):
        about = self._blob.about
        spread(distance, self.mask, about)
        self.area_mm2 = about[5]
        self.flat_mm2 = about[6]
        self.front_mm2 = about[7]
        self.rounding = rounding(distance, self.mask, about)
        mask = self.mask
        self.corners = (mask[0] & 1) + (mask[7] & 1) + (mask[56] & 1) + (mask[63] & 1)
        self.outline = outline(mask)
        reached = edges(mask)
        self.edges = reached
        self.border = -self.corners  # each lies on two edges
        self.sides = 0
        for _ in range(4):
            self.border += reached & 15
            self.sides += (reached & 15) > 1
            reached >>= 4


def isqrt(value):
    """Floor of the square root, by bits."""
    root = 0
    bit = 1 << 28
    while bit > value:
        bit >>= 2
    while bit:
        if value >= root + bit:
            value -= root + bit
            root = (root >> 1) + bit
        else:
            root >>= 1
        bit >>= 2
    return root


def atan_cdeg(slope):
    """Arc tangent of slope/1024 in hundredths of a degree, within 0.25 degrees.

    Rajan et al., "Efficient Approximations for the Arctangent Function", IEEE Signal Processing Magazine
    23(3), 2006.
    """
    size = abs(slope)
    angle = 9000 - _atan_cdeg(1024 * 1024 // size) if size > 1024 else _atan_cdeg(size)
    return angle if slope >= 0 else -angle


def _atan_cdeg(size):
    return size * (4500 + 1564 * (1024 - size) // 1024) // 1024


def _within(value, limit):
    return max(-limit, min(limit, value))
