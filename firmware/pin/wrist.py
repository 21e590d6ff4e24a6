"""Where the hand ends and the arm begins.

An arm does not tilt with the hand, and a sleeve hides how it turns: a plane through both is a compromise. At
8 x 8 zones no wrist is to be seen; but an arm comes in over the field's edge, and a hand has a length.
"""

HAND_MM = 170
FADE_MM = 48  # over which zones count less and less: a zone that comes and goes must not turn the plane
MIN_SHARE = 6 * 16  # fewer zones hold no plane


@micropython.viper
def cut_arm(distance: ptr32, mask: ptr8, hand: ptr8, length_mm: int, fade_mm: int) -> int:
    """How much of each zone is hand, in 1/16: by its distance from the blob's end that is away from the arm.

    The arm is where the blob reaches the field's edge. Returns the sum: of the whole blob if it reaches none.
    """
    n = 0
    sx = 0
    sy = 0
    m = 0
    ex = 0
    ey = 0
    for i in range(64):
        hand[i] = 0
        if mask[i] == 1:
            hand[i] = 16
            z = int(distance[i])
            row = i >> 3
            column = i & 7
            x = (z * (2 * column - 7) * 53 >> 10) + 1024
            y = (z * (2 * row - 7) * 53 >> 10) + 1024
            n += 1
            sx += x
            sy += y
            # Deeper zones of the edge weigh more: fingertips may reach the edge, too.
            if row == 0 or row == 7 or column == 0 or column == 7:
                m += z
                ex += z * x
                ey += z * y
    if n == 0 or m == 0:
        return n * 16
    ux = (ex // m) - (sx // n)
    uy = (ey // m) - (sy // n)
    size = 1
    while size * size < ux * ux + uy * uy:
        size += 1
    if size < 15:  # on all sides: no arm to be told
        return n * 16
    # Along the arm, in 4 mm; the third zone from the end, as one or two may be wrong.
    first = 255
    second = 255
    third = 255
    for i in range(64):
        if mask[i] == 1:
            z = int(distance[i])
            x = z * (2 * (i & 7) - 7) * 53 >> 10
            y = z * (2 * (i >> 3) - 7) * 53 >> 10
            s = (x * ux + y * uy + 512 * size) // size >> 2
            hand[i] = s
            if s < first:
                third = second
                second = first
                first = s
            elif s < second:
                third = second
                second = s
            elif s < third:
                third = s
    kept = 0
    for i in range(64):
        if mask[i] == 1:
            over = (int(hand[i]) - third) * 4 - length_mm
            share = 16 - over * 16 // fade_mm if over > 0 else 16
            if share < 0:
                share = 0
            hand[i] = share
            kept += share
    return kept


@micropython.viper
def fade(weights: ptr8, hand: ptr8):
    """Weights of the zones by how much of each is hand."""
    for i in range(64):
        weights[i] = int(weights[i]) * int(hand[i]) >> 4
