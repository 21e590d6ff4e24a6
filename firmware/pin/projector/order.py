"""In which order, and from which end, strokes are drawn: a ring with little blank travel.

A tip is 2 * stroke + end; `tips` has four numbers for each: x, y, and x, y of where the stroke would run on.
The distance of two tips is between the points where they lead, the larger axis counting full and the smaller
3/8: about the time that mirrors with independent axes need. Integers throughout.
"""

ROUNDS = 12  # of turning and moving; more has not been seen to help


def shorten(tips, order, strokes):
    """Fills `order` with the tip at which each stroke in turn is entered.

    Nearest neighbour, then 2-opt and Or-opt in turn while either saves travel: 2-opt alone leaves some
    texts a tenth longer.
    """
    _nearest(tips, order, strokes)
    for _ in range(ROUNDS):
        turned = _turn(tips, order, strokes)
        if not _move(tips, order, strokes) and not turned:
            return


@micropython.viper
def find_tips(points: ptr32, starts: ptr32, strokes: int, lead: int, tips: ptr32):
    """For both ends of each stroke: x, y, and x, y of where the stroke would run on by `lead`."""
    for k in range(strokes):
        for end in range(2):
            tip = int(starts[k])
            inner = tip + 1
            if end:
                tip = int(starts[k + 1]) - 1
                inner = tip - 1
            x = int(points[2 * tip])
            y = int(points[2 * tip + 1])
            dx = x - int(points[2 * inner])
            dy = y - int(points[2 * inner + 1])
            ax = dx if dx >= 0 else 0 - dx
            ay = dy if dy >= 0 else 0 - dy
            big = ax if ax > ay else ay
            shift = 0
            while (big >> shift) > 4095:
                shift += 1
            sx = ax >> shift
            sy = ay >> shift
            length = (sx + (sy >> 1)) if sx > sy else (sy + (sx >> 1))
            if length:
                square = sx * sx + sy * sy
                length = (length + square // length) >> 1
                length = (length + square // length) >> 1
                sx = sx * lead // length
                sy = sy * lead // length
            at = 8 * k + 4 * end
            tips[at] = x
            tips[at + 1] = y
            tips[at + 2] = x + (sx if dx >= 0 else 0 - sx)
            tips[at + 3] = y + (sy if dy >= 0 else 0 - sy)


@micropython.viper
def _nearest(tips: ptr32, order: ptr32, strokes: int):
    """Nearest neighbour: the next stroke is the one that begins, at either end, where the last leads."""
    for i in range(strokes):
        order[i] = 2 * i
    for i in range(strokes - 1):  # the rest of `order` is what is left
        at = 4 * (int(order[i]) ^ 1)
        x = int(tips[at + 2])
        y = int(tips[at + 3])
        best = 1 << 29
        chosen = i + 1
        enter = int(order[chosen])
        for j in range(i + 1, strokes):
            for end in range(2):
                tip = (int(order[j]) & -2) | end
                dx = int(tips[4 * tip + 2]) - x
                dy = int(tips[4 * tip + 3]) - y
                if dx < 0:
                    dx = 0 - dx
                if dy < 0:
                    dy = 0 - dy
                cost = dx + ((dy * 3) >> 3) if dx > dy else dy + ((dx * 3) >> 3)
                if cost < best:
                    best = cost
                    chosen = j
                    enter = tip
        order[chosen] = order[i + 1]
        order[i + 1] = enter


@micropython.viper
def _turn(tips: ptr32, order: ptr32, strokes: int) -> int:
    """2-opt: a stretch of the ring is turned round, its strokes too, where that saves travel. 1 if it did."""
    better = 0
    for i in range(strokes):
        before = int(order[i - 1 if i else strokes - 1]) ^ 1
        for j in range(i, strokes):
            first = int(order[i])
            last = int(order[j]) ^ 1
            after = int(order[j + 1 if j + 1 < strokes else 0])
            if i == 0 and j == strokes - 1:
                continue  # the whole ring turned round costs the same
            saved = 0
            for edge in range(4):
                a = before
                b = first
                if edge == 1:
                    a = last
                    b = after
                elif edge == 2:
                    b = last
                elif edge == 3:
                    a = first
                    b = after
                dx = int(tips[4 * a + 2]) - int(tips[4 * b + 2])
                dy = int(tips[4 * a + 3]) - int(tips[4 * b + 3])
                if dx < 0:
                    dx = 0 - dx
                if dy < 0:
                    dy = 0 - dy
                cost = dx + ((dy * 3) >> 3) if dx > dy else dy + ((dx * 3) >> 3)
                saved += cost if edge < 2 else 0 - cost
            if saved > 0:
                better = 1
                low = i
                high = j
                while low <= high:
                    tip = int(order[low]) ^ 1
                    order[low] = int(order[high]) ^ 1
                    order[high] = tip
                    low += 1
                    high -= 1
    return better


@micropython.viper
def _move(tips: ptr32, order: ptr32, strokes: int) -> int:
    """Or-opt: up to three strokes in a row go elsewhere, either way round, where that saves travel."""
    better = 0
    for size in range(1, 4):
        for i in range(strokes - size + 1):
            j = i + size - 1
            if size + 2 > strokes:
                continue
            before = int(order[i - 1 if i else strokes - 1]) ^ 1
            first = int(order[i])
            last = int(order[j]) ^ 1
            after = int(order[j + 1 if j + 1 < strokes else 0])
            freed = 0
            best = 0
            place = 0
            turned = 0
            for k in range(0 - 1, strokes):  # -1: what leaving its place frees; else between k and k + 1
                a = before
                b = after
                if k >= 0:
                    if (k >= i and k <= j) or k + 1 == i or (i == 0 and k + 1 == strokes):
                        continue
                    a = int(order[k]) ^ 1
                    b = int(order[k + 1 if k + 1 < strokes else 0])
                joined = 0
                straight = 0
                around = 0
                for edge in range(5):
                    p = a
                    q = b
                    if edge == 1:
                        q = first
                    elif edge == 2:
                        p = last
                    elif edge == 3:
                        q = last
                    elif edge == 4:
                        p = first
                    dx = int(tips[4 * p + 2]) - int(tips[4 * q + 2])
                    dy = int(tips[4 * p + 3]) - int(tips[4 * q + 3])
                    if dx < 0:
                        dx = 0 - dx
                    if dy < 0:
                        dy = 0 - dy
                    cost = dx + ((dy * 3) >> 3) if dx > dy else dy + ((dx * 3) >> 3)
                    if edge == 0:
                        joined = cost
                    elif edge < 3:
                        straight += cost
                    else:
                        around += cost
                if k < 0:
                    freed = straight - joined
                    if freed <= 0:
                        break
                    continue
                saved = freed + joined - straight
                if saved > best:
                    best = saved
                    place = k
                    turned = 0
                saved = freed + joined - around
                if saved > best:
                    best = saved
                    place = k
                    turned = 1
            if best == 0:
                continue
            better = 1
            # What lies between moves the other way. Turning the whole, then its parts, exchanges the two.
            left = i
            right = place
            middle = place - size  # where the part that was moved over ends
            if place < i:
                left = place + 1
                right = j
                middle = left + size - 1
            for part in range(3):
                low = left
                high = right
                if part == 1:
                    high = middle
                elif part == 2:
                    low = middle + 1
                # The moved strokes are the second part if they went on, the first if they went back.
                if turned and part == (2 if place > j else 1):
                    continue
                while low <= high:
                    tip = int(order[low]) ^ 1
                    order[low] = int(order[high]) ^ 1
                    order[high] = tip
                    low += 1
                    high -= 1
    return better
