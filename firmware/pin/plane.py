"""The nearest thing before the depth sensor, and the plane that fits it: integers only, nothing allocated.

A zone's distance is perpendicular to the sensor (the VL53L5CX converts it), so zone (row, column) at z lies at
x = z (2 column - 7) tan(22.5 deg) / 8, y likewise. Floats would be allocated by MicroPython at each operation.
All products stay below 2**30, what an ESP32 holds without allocating.
"""

from array import array

SIDE = 8
ZONES = 64
NEAR_MM = 30  # nearer returns come from the cover glass
FAR_MM = 700  # beyond an arm: never part of a hand
BLOB_DEPTH_MM = 120  # a hand and its wrist; the wearer's body is farther behind
MIN_BLOB_ZONES = 4  # less is a finger, or cross-talk
BLOBS_TRIED = 3

_FITS = 4  # the first without weights; then the slope no longer moves by a degree
_HUNDRED = 100  # square of the residual in mm at which a zone's weight is halved
FRONT_MM = 30  # the palm's own relief: what lies deeper is wrist, or fingers bent over

# `Plane.out`, as `_moments` leaves it
_N, _MX, _MY, _MZ, _XX, _XY, _YY, _XZ, _YZ = range(9)


class Plane:
    """`fit` measures one frame; the attributes hold what it found, in mm unless named otherwise.

    x goes right, y down, z away, as the sensor sees it. Slopes are dz/dx and dz/dy in 1/1024.
    """

    def __init__(self):
        self.zones = 0  # of the blob; 0 if there is none
        self.x = self.y = self.z = 0  # of the plane's middle
        self.slope_x = self.slope_y = 0
        self.residual = 0  # mean distance of the blob's zones from the plane, at most 30 mm each, in 1/16 mm
        self.area_mm2 = 0
        self.front_mm2 = 0  # of what is within FRONT_MM of the plane's near side
        self.flat_mm2 = 0  # of what lies on the plane
        self.major = self.minor = 0  # standard deviations along and across, in 1/8 mm
        self.border = 0  # zones on the edge of the field
        self.sides = 0  # edges of the field that the blob reaches with at least two zones
        self.corners = 0  # of the field
        self.rounding = 0  # how much farther its rim lies than its middle, against the plane, in 1/16 mm
        self.mask = bytearray(ZONES)
        self._weights = bytearray(ZONES)
        self._out = array("i", [0] * 9)
        self._about = array("i", [0] * 8)

    def fit(self, distance):
        """Reads `distance`: array("i") of 64 mm, 0 where the zone saw nothing. Returns whether there is a blob."""
        self.zones = 0
        mask = self.mask
        for i in range(ZONES):
            mask[i] = 0
        for _ in range(BLOBS_TRIED):
            count = _nearest(distance, mask)
            if count >= MIN_BLOB_ZONES or count == 0:
                break
            count = 0
        if count == 0:
            return False
        for i in range(ZONES):
            self._weights[i] = 16 if mask[i] == 1 else 0
        self.zones = count
        for turn in range(_FITS):
            _moments(distance, self._weights, self._out)
            if turn == 0:
                self._axes()
            self._solve()
            self._set_about()
            self.residual = _reweigh(distance, mask, self._weights, self._about) // count
        self._areas(distance)
        return True

    def _axes(self):
        out = self._out
        n = out[_N]
        half_sum = (out[_XX] + out[_YY]) // (2 * n)
        half_difference = (out[_XX] - out[_YY]) // (2 * n)
        mixed = out[_XY] // n
        root = isqrt(half_difference * half_difference + mixed * mixed)
        self.major = isqrt(64 * (half_sum + root))
        self.minor = isqrt(64 * max(0, half_sum - root))

    def _solve(self):
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
        about = self._about
        about[0] = self.x + 1024
        about[1] = self.y + 1024
        about[2] = self.z
        about[3] = self.slope_x + 4096
        about[4] = self.slope_y + 4096

    def _areas(self, distance):
        about = self._about
        _spread(distance, self.mask, about)
        self.area_mm2 = about[5]
        self.flat_mm2 = about[6]
        self.front_mm2 = about[7]
        self.rounding = _rounding(distance, self.mask, about)
        mask = self.mask
        self.corners = (mask[0] & 1) + (mask[7] & 1) + (mask[56] & 1) + (mask[63] & 1)
        packed = _edges(mask)
        self.border = packed & 63
        self.sides = packed >> 6


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

    Rajan et al., "Efficient Approximations for the Arctangent Function", IEEE Signal Processing Magazine 23(3), 2006.
    """
    size = abs(slope)
    if size > 1024:
        angle = 9000 - _atan_cdeg(1024 * 1024 // size)
    else:
        angle = _atan_cdeg(size)
    return angle if slope >= 0 else -angle


def _atan_cdeg(size):
    return size * (4500 + 1564 * (1024 - size) // 1024) // 1024


def _within(value, limit):
    return max(-limit, min(limit, value))


@micropython.viper
def _nearest(distance: ptr32, mask: ptr8) -> int:
    """Marks with 1 the zones connected to the nearest unmarked one; what was 1 becomes 2. Returns how many."""
    nearest = 100000
    seed = 0
    for i in range(64):
        if mask[i] == 1:
            mask[i] = 2
        z = int(distance[i])
        if mask[i] == 0 and z >= 30 and z <= 700 and z < nearest:
            nearest = z
            seed = i
    if nearest == 100000:
        return 0
    far = nearest + 120
    mask[seed] = 1
    count = 1
    grown = 1
    while grown:
        grown = 0
        for i in range(64):
            z = int(distance[i])
            if mask[i] != 0 or z < nearest or z > far:
                continue
            row = i >> 3
            column = i & 7
            touches = 0
            for dy in range(-1, 2):
                for dx in range(-1, 2):
                    r = row + dy
                    c = column + dx
                    if r >= 0 and r < 8 and c >= 0 and c < 8:
                        if mask[8 * r + c] == 1:
                            touches = 1
            if touches:
                mask[i] = 1
                count += 1
                grown = 1
    return count


@micropython.viper
def _moments(distance: ptr32, weights: ptr8, out: ptr32):
    """Weight, means, and sums of products about the means (mm, weights of 16) into `out`."""
    n = 0
    sx = 0
    sy = 0
    sz = 0
    for i in range(64):
        w = int(weights[i])
        if w:
            z = int(distance[i])
            n += w
            sx += w * (z * (2 * (i & 7) - 7) * 53 >> 10)
            sy += w * (z * (2 * (i >> 3) - 7) * 53 >> 10)
            sz += w * z
    if n == 0:
        n = 1
    # Rounded towards zero alike with and without a machine's own division of negative numbers.
    mx = ((sx + n * 1024) // n) - 1024
    my = ((sy + n * 1024) // n) - 1024
    mz = sz // n
    xx = 0
    xy = 0
    yy = 0
    xz = 0
    yz = 0
    for i in range(64):
        w = int(weights[i])
        if w:
            z = int(distance[i])
            x = (z * (2 * (i & 7) - 7) * 53 >> 10) - mx
            y = (z * (2 * (i >> 3) - 7) * 53 >> 10) - my
            z -= mz
            xx += w * x * x
            xy += w * x * y
            yy += w * y * y
            xz += w * x * z
            yz += w * y * z
    out[0] = n
    out[1] = mx
    out[2] = my
    out[3] = mz
    out[4] = xx
    out[5] = xy
    out[6] = yy
    out[7] = xz
    out[8] = yz


@micropython.viper
def _reweigh(distance: ptr32, mask: ptr8, weights: ptr8, about: ptr32) -> int:
    """New weights by the distance from the plane (Cauchy's: 1 / (1 + (r / 10 mm)^2)).

    Returns the sum of |r| in 1/16 mm, each at most 30 mm: farther ones are half background.
    """
    mx = int(about[0]) - 1024
    my = int(about[1]) - 1024
    mz = int(about[2])
    a = int(about[3]) - 4096
    b = int(about[4]) - 4096
    total = 0
    for i in range(64):
        if mask[i] != 1:
            continue
        z = int(distance[i])
        x = (z * (2 * (i & 7) - 7) * 53 >> 10) - mx
        y = (z * (2 * (i >> 3) - 7) * 53 >> 10) - my
        r = ((z - mz) << 4) - ((a * x + b * y) >> 6)
        if r < 0:
            r = 0 - r
        total += r if r < 480 else 480
        r = (r + 8) >> 4
        if r > 250:
            r = 250
        weights[i] = 1600 // (100 + r * r)
    return total


@micropython.viper
def _spread(distance: ptr32, mask: ptr8, about: ptr32):
    """Areas in mm2 into about[5..7]: the blob's, of zones within 12 mm of the plane, of the nearest layer."""
    mx = int(about[0]) - 1024
    my = int(about[1]) - 1024
    mz = int(about[2])
    a = int(about[3]) - 4096
    b = int(about[4]) - 4096
    # The third nearest zone: one or two may be wrong.
    first = 100000
    second = 100000
    third = 100000
    for i in range(64):
        if mask[i] == 1:
            z = int(distance[i])
            if z < first:
                third = second
                second = first
                first = z
            elif z < second:
                third = second
                second = z
            elif z < third:
                third = z
    area = 0
    flat = 0
    front = 0
    for i in range(64):
        if mask[i] != 1:
            continue
        z = int(distance[i])
        square = z * z
        area += square
        if z <= third + 30:
            front += square
        x = (z * (2 * (i & 7) - 7) * 53 >> 10) - mx
        y = (z * (2 * (i >> 3) - 7) * 53 >> 10) - my
        r = z - mz - ((a * x + b * y) >> 10)
        if r <= 12 and r >= 0 - 12:
            flat += square
    # A zone is z * 2 tan(22.5 deg) / 8 wide.
    about[5] = area * 11 >> 10
    about[6] = flat * 11 >> 10
    about[7] = front * 11 >> 10


@micropython.viper
def _rounding(distance: ptr32, mask: ptr8, about: ptr32) -> int:
    """Mean height over the plane of the blob's inner zones less that of its rim, in 1/16 mm; 40 mm a zone at most."""
    mx = int(about[0]) - 1024
    my = int(about[1]) - 1024
    mz = int(about[2])
    a = int(about[3]) - 4096
    b = int(about[4]) - 4096
    rim = 0
    rims = 0
    inner = 0
    inners = 0
    for i in range(64):
        if mask[i] != 1:
            continue
        row = i >> 3
        column = i & 7
        z = int(distance[i])
        x = (z * (2 * column - 7) * 53 >> 10) - mx
        y = (z * (2 * row - 7) * 53 >> 10) - my
        r = ((z - mz) << 4) - ((a * x + b * y) >> 6)
        if r > 640:
            r = 640
        if r < 0 - 640:
            r = 0 - 640
        # What goes on beyond the field has no rim there.
        outside = 0
        if row > 0 and mask[i - 8] != 1:
            outside = 1
        if row < 7 and mask[i + 8] != 1:
            outside = 1
        if column > 0 and mask[i - 1] != 1:
            outside = 1
        if column < 7 and mask[i + 1] != 1:
            outside = 1
        # Raised to be positive: machines divide negative numbers differently.
        r += 640
        if outside:
            rim += r
            rims += 1
        else:
            inner += r
            inners += 1
    if rims == 0 or inners == 0:
        return 0
    return rim // rims - inner // inners


@micropython.viper
def _edges(mask: ptr8) -> int:
    """Zones of the blob on the field's edge, and times 64 the sides that it reaches with two or more."""
    count = 0
    top = 0
    bottom = 0
    left = 0
    right = 0
    for i in range(64):
        if mask[i] != 1:
            continue
        row = i >> 3
        column = i & 7
        if row == 0:
            top += 1
        if row == 7:
            bottom += 1
        if column == 0:
            left += 1
        if column == 7:
            right += 1
        if row == 0 or row == 7 or column == 0 or column == 7:
            count += 1
    sides = 0
    if top > 1:
        sides += 1
    if bottom > 1:
        sides += 1
    if left > 1:
        sides += 1
    if right > 1:
        sides += 1
    return count + 64 * sides
