"""In which order, and from which end, strokes are drawn: a ring with little blank travel.

A tip is 2 * stroke + end; `tips` has four numbers for each: x, y, and x, y of where the stroke would run on.
The distance of two tips is between the points where they lead, the larger axis counting full and the smaller
3/8: about the time that mirrors with independent axes need. Integers throughout.
"""

ROUNDS = 12  # of turning and moving; more has not been seen to help


def shorten(tips, order, strokes):
    """Fills `order` with the tip at which each stroke in turn is entered.

    Nearest neighbour, then 2-opt and Or-opt in turn while either saves travel: 2-opt alone leaves some
    texts a tenth longer. The numbers after the tips hold what each way between two strokes costs.
    """
    _nearest(tips, order, strokes)
    _weigh(tips, order, strokes)
    for _ in range(ROUNDS):
        better = False
        at = _find_turn(tips, order, strokes, 0)
        while at >= 0:
            better = True
            _reverse(order, at // strokes, at % strokes)
            _weigh(tips, order, strokes)
            at = _find_turn(tips, order, strokes, at + 1)
        at = _find_move(tips, order, strokes, 0)
        while at >= 0:
            better = True
            turned = at & 1
            place = (at >> 1) % strokes
            at = (at >> 1) // strokes
            first = at % strokes
            size = at // strokes + 1
            # What lies between goes the other way. Turning the whole, then its parts, exchanges the two.
            left = first
            right = place
            middle = place - size  # where the part that was moved over ends
            if place < first:
                left = place + 1
                right = first + size - 1
                middle = place + size
            _reverse(order, left, right)
            if not turned or place > first:
                _reverse(order, left, middle)
            if not turned or place < first:
                _reverse(order, middle + 1, right)
            _weigh(tips, order, strokes)
            at = _find_move(tips, order, strokes, at + 1)
        if not better:
            return


@micropython.viper
def find_tips(points: ptr32, starts: ptr32, strokes: int, lead: int, tips: ptr32):
    """For both ends of each stroke: x, y, and x, y of where the stroke would run on by `lead`."""
    for k in range(strokes):
        for end in range(2):
            tip = starts[k]
            inner = tip + 1
            if end:
                tip = starts[k + 1] - 1
                inner = tip - 1
            x = points[2 * tip]
            y = points[2 * tip + 1]
            dx = x - points[2 * inner]
            dy = y - points[2 * inner + 1]
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
        at = 4 * (order[i] ^ 1)
        x = tips[at + 2]
        y = tips[at + 3]
        best = 1 << 29
        chosen = i + 1
        enter = order[chosen]
        for j in range(i + 1, strokes):
            for end in range(2):
                tip = (order[j] & -2) | end
                dx = tips[4 * tip + 2] - x
                dy = tips[4 * tip + 3] - y
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
def _weigh(tips: ptr32, order: ptr32, strokes: int):
    """What the way from each stroke to the next costs."""
    for k in range(strokes):
        a = 4 * (order[k] ^ 1) + 2
        b = 4 * order[k + 1 if k + 1 < strokes else 0] + 2
        dx = tips[a] - tips[b]
        dy = tips[a + 1] - tips[b + 1]
        if dx < 0:
            dx = 0 - dx
        if dy < 0:
            dy = 0 - dy
        tips[8 * strokes + k] = dx + ((dy * 3) >> 3) if dx > dy else dy + ((dx * 3) >> 3)


@micropython.viper
def _find_turn(tips: ptr32, order: ptr32, strokes: int, at: int) -> int:
    """2-opt: the next stretch of the ring, from stroke i to j, that saves travel if it is turned round, its
    strokes too. i * strokes + j, the first from `at` on; -1 if there is none."""
    ways = 8 * strokes
    j = at % strokes
    for i in range(at // strokes, strokes):
        k = i - 1 if i else strokes - 1
        before = 4 * (order[k] ^ 1) + 2
        first = 4 * order[i] + 2
        way = tips[ways + k]
        if j < i:
            j = i
        while j < strokes - (0 if i else 1):  # the whole ring turned round costs the same
            room = way + tips[ways + j]
            a = before
            b = 4 * (order[j] ^ 1) + 2
            for _ in range(2):
                dx = tips[a] - tips[b]
                if dx < 0:
                    dx = 0 - dx
                room -= dx
                if room <= 0:  # mostly at once
                    break
                dy = tips[a + 1] - tips[b + 1]
                if dy < 0:
                    dy = 0 - dy
                room -= (dy * 3) >> 3 if dx > dy else dy + ((dx * 3) >> 3) - dx
                if room <= 0:
                    break
                a = first
                b = 4 * order[j + 1 if j + 1 < strokes else 0] + 2
            if room > 0:
                return i * strokes + j
            j += 1
        j = 0
    return 0 - 1


@micropython.viper
def _find_move(tips: ptr32, order: ptr32, strokes: int, at: int) -> int:
    """Or-opt: the next one to three strokes in a row that go better elsewhere, either way round.

    ((at * strokes + place) << 1) + turned, where `at` is (size - 1) * strokes + the first of them, and they
    go between `place` and the stroke after it; -1 if there are none from `at` on.
    """
    ways = 8 * strokes
    while at < 3 * strokes:
        i = at % strokes
        j = i + at // strokes
        at += 1
        if j >= strokes or j - i + 3 > strokes:
            continue
        before = i - 1 if i else strokes - 1
        first = 4 * order[i] + 2
        last = 4 * (order[j] ^ 1) + 2
        freed = tips[ways + before] + tips[ways + j]
        best = 0
        found = 0
        after = j + 1 if j + 1 < strokes else 0
        dx = tips[4 * (order[before] ^ 1) + 2] - tips[4 * order[after] + 2]
        dy = tips[4 * (order[before] ^ 1) + 3] - tips[4 * order[after] + 3]
        if dx < 0:
            dx = 0 - dx
        if dy < 0:
            dy = 0 - dy
        freed -= dx + ((dy * 3) >> 3) if dx > dy else dy + ((dx * 3) >> 3)
        if freed <= 0:
            continue
        for k in range(strokes):
            if k == before or (k >= i and k <= j):
                continue
            for turned in range(2):
                room = freed + tips[ways + k] - best
                a = 4 * (order[k] ^ 1) + 2
                b = last if turned else first
                for _ in range(2):
                    dx = tips[a] - tips[b]
                    if dx < 0:
                        dx = 0 - dx
                    room -= dx
                    if room <= 0:  # mostly at once
                        break
                    dy = tips[a + 1] - tips[b + 1]
                    if dy < 0:
                        dy = 0 - dy
                    room -= (dy * 3) >> 3 if dx > dy else dy + ((dx * 3) >> 3) - dx
                    if room <= 0:
                        break
                    a = first if turned else last
                    b = 4 * order[k + 1 if k + 1 < strokes else 0] + 2
                if room > 0:
                    best += room
                    found = (k << 1) | turned
        if best:
            return (at - 1) * 2 * strokes + found
    return 0 - 1


@micropython.viper
def _reverse(order: ptr32, low: int, high: int):
    """Turns a stretch of the ring round, its strokes too."""
    while low <= high:
        tip = order[low] ^ 1
        order[low] = order[high] ^ 1
        order[high] = tip
        low += 1
        high -= 1
