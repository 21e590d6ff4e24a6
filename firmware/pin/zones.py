"""The loops over the depth sensor's zones, as machine code.

Words are unsigned to viper on 64-bit machines, so what is read from `about` is shifted to be positive.
`distance` is 64 mm, 0 where the zone saw nothing; a zone is the blob's where `mask` is 1.
"""


@micropython.viper
def nearest(distance: ptr32, mask: ptr8) -> int:
    """Marks with 1 the zones connected to the nearest unmarked one; what was 1 becomes 2. Returns how many.

    Nearer than 30 mm is the cover glass, farther than 700 no hand. A hand and its wrist are 120 mm deep; the
    wearer's body is farther behind.
    """
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
                    if r >= 0 and r < 8 and c >= 0 and c < 8 and mask[8 * r + c] == 1:
                        touches = 1
            if touches:
                mask[i] = 1
                count += 1
                grown = 1
    return count


@micropython.viper
def mend(distance: ptr32):
    """Gives a zone that failed (1 mm) the mean of its neighbours, if three at least saw the same thing.

    A hole in a hand would be taken for a smaller hand. What is still 1 mm afterwards counts for nothing.
    """
    for i in range(64):
        if int(distance[i]) != 1:
            continue
        column = i & 7
        n = 0
        total = 0
        low = 100000
        high = 0
        for side in range(4):
            at = i
            if side == 0 and i >= 8:
                at = i - 8
            if side == 1 and i < 56:
                at = i + 8
            if side == 2 and column > 0:
                at = i - 1
            if side == 3 and column < 7:
                at = i + 1
            z = int(distance[at])
            if at != i and z >= 30 and z < 10000:
                n += 1
                total += z
                if z < low:
                    low = z
                if z > high:
                    high = z
        if n >= 3 and high - low <= 60:
            distance[i] = 10000 + total // n  # raised, so that no mended zone mends another
    for i in range(64):
        if int(distance[i]) >= 10000:
            distance[i] = int(distance[i]) - 10000


@micropython.viper
def moments(distance: ptr32, weights: ptr8, out: ptr32):
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
def reweigh(distance: ptr32, mask: ptr8, weights: ptr8, about: ptr32) -> int:
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
def spread(distance: ptr32, mask: ptr8, about: ptr32):
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
        if z <= third + 40:
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
def rounding(distance: ptr32, mask: ptr8, about: ptr32) -> int:
    """How much farther the blob's rim lies than its inner zones, against the plane, in 1/16 mm.

    40 mm a zone at most: more is background.
    """
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
def outline(mask: ptr8) -> int:
    """How many sides of the blob's zones meet a zone that is not the blob's. The field's edge is none."""
    sides = 0
    for i in range(64):
        here = 1 if mask[i] == 1 else 0
        if i & 7 < 7:
            right = 1 if mask[i + 1] == 1 else 0
            if right != here:
                sides += 1
        if i < 56:
            below = 1 if mask[i + 8] == 1 else 0
            if below != here:
                sides += 1
    return sides


@micropython.viper
def edges(mask: ptr8) -> int:
    """Zones of the blob on the field's top, bottom, left and right edge, 4 bits each."""
    top = 0
    bottom = 0
    left = 0
    right = 0
    for i in range(8):
        if mask[i] == 1:
            top += 1
        if mask[56 + i] == 1:
            bottom += 1
        if mask[8 * i] == 1:
            left += 1
        if mask[8 * i + 7] == 1:
            right += 1
    return top + (bottom << 4) + (left << 8) + (right << 12)
