"""From strokes to one closed path: an order with little blank travel, smooth joins, evenly spaced points.

The path is a ring, because a frame repeats. Strokes may be drawn from either end. A blank move leaves a
stroke along its last direction and arrives along the next one's first, so the mirror need not stop there.
All in integers below 2**30, in the field's units of `page`.
"""

from array import array

from . import order

POINTS_PER_CAP = 30  # path points on the height of a capital: a corner is rounded by about 2 % of it
LEAD = 3  # points that a stroke's tip is thought to run on when blank travel is weighed
MAX_PATH_POINTS = 24576  # three lines of 12 "@"; 420 kB of PSRAM then, a tenth of that for usual pages


class Path:
    """The dense path of a page: `points` holds x, y; `lit[i]` is 1 if from point i to the next is lit."""

    def __init__(self):
        self.count = 0
        self.spacing = 1
        self.per_cap = POINTS_PER_CAP
        self.load = 0  # of the letters, as the page weighs them
        self.points = array("i", bytes(4 * 2 * 1024))
        self.lit = bytearray(1024)
        self._other = array("i", bytes(4 * 2 * 1024))
        self._tips = array("i", bytes(4 * 9 * 129))
        self.order = array("i", bytes(4 * 129))
        self._job = array("i", bytes(4 * 8))

    def trace(self, page, spacing=0, smoothing=3, first=False):
        """Lays the path along the strokes of `page` or of its `first` line. ValueError: it grows too long."""
        strokes = page.first if first else page.strokes
        self.load = page.first_load if first else page.load
        self.count = 0
        if not strokes:
            return
        spacing = spacing or max(1, page.scale * 84 // POINTS_PER_CAP)
        self.spacing = spacing
        self._make_room(strokes)
        order.find_tips(page.points, page.starts, strokes, LEAD * spacing, self._tips)
        order.shorten(self._tips, self.order, strokes)
        count = _measure(page.points, page.starts, self._tips, self.order, strokes, spacing)
        if count > MAX_PATH_POINTS:
            raise ValueError("a path: at most %d points, got %d" % (MAX_PATH_POINTS, count))
        self._make_room_for_points(count)
        job = self._job
        job[0] = 0
        for i in range(strokes):
            tip = self.order[i]
            job[1] = page.starts[tip >> 1]
            job[2] = page.starts[(tip >> 1) + 1]
            job[3] = tip & 1
            job[4] = spacing
            _lay_stroke(page.points, self.points, self.lit, job)
            following = self.order[i + 1] if i + 1 < strokes else self.order[0]
            _lay_blank(self._tips, tip ^ 1, following, self.points, self.lit, job)
        self.count = job[0]
        _smooth(self.points, self._other, self.count, smoothing)
        _smooth(self._other, self.points, self.count, smoothing)

    def _make_room(self, strokes):
        if len(self.order) <= strokes:
            self.order = array("i", bytes(4 * 2 * (strokes + 1)))
            self._tips = array("i", bytes(4 * 18 * (strokes + 1)))

    def _make_room_for_points(self, count):
        if len(self.lit) < count:
            size = (count + 1023) // 1024 * 1024
            self.points = array("i", bytes(4 * 2 * size))
            self._other = array("i", bytes(4 * 2 * size))
            self.lit = bytearray(size)


@micropython.viper
def _measure(points: ptr32, starts: ptr32, tips: ptr32, order: ptr32, strokes: int, spacing: int) -> int:
    """An upper bound of the points that the path needs."""
    total = 0
    for i in range(strokes):
        for k in range(starts[i] + 1, starts[i + 1]):
            dx = points[2 * k] - points[2 * k - 2]
            dy = points[2 * k + 1] - points[2 * k - 1]
            total += (dx if dx >= 0 else 0 - dx) + (dy if dy >= 0 else 0 - dy)
        a = 4 * (order[i] ^ 1)
        b = 4 * order[i + 1 if i + 1 < strokes else 0]
        dx = tips[a] - tips[b]
        dy = tips[a + 1] - tips[b + 1]
        total += (dx if dx >= 0 else 0 - dx) + (dy if dy >= 0 else 0 - dy)
    return total // spacing + 16 * strokes


@micropython.viper
def _lay_stroke(points: ptr32, out: ptr32, lit: ptr8, job: ptr32):
    """Points along one stroke at equal distances, both ends exact, near `spacing`.

    job: next point of the path (moved on), first vertex, vertex after the last, backwards, spacing.
    """
    spacing = job[4]
    total = 0
    steps = 0
    n = job[0]
    for lap in range(2):  # the first measures, the second lays
        at = job[1]
        step = 1
        if job[3]:
            at = job[2] - 1
            step = 0 - 1
        walked = 0
        done = 0
        for _ in range(job[1] + 1, job[2]):
            x = points[2 * at]
            y = points[2 * at + 1]
            at += step
            dx = points[2 * at] - x
            dy = points[2 * at + 1] - y
            ax = dx if dx >= 0 else 0 - dx
            ay = dy if dy >= 0 else 0 - dy
            shift = 0
            while (ax | ay) >> shift > 16383:
                shift += 1
            ax >>= shift
            ay >>= shift
            length = (ax + (ay >> 1)) if ax > ay else (ay + (ax >> 1))
            if length == 0:
                continue
            square = ax * ax + ay * ay
            length = (length + square // length) >> 1
            length = (length + square // length) >> 1
            length <<= shift
            if lap == 0:
                total += length
            else:
                # The product stays small: a stroke is at most 2**21 long and `steps` has 10 bits at most.
                target = total // steps * done + total % steps * done // steps
                while target < walked + length and done < steps:
                    part = ((target - walked) << 10) // length
                    out[2 * n] = x + ((dx * part) >> 10)
                    out[2 * n + 1] = y + ((dy * part) >> 10)
                    lit[n] = 1
                    n += 1
                    done += 1
                    target = total // steps * done + total % steps * done // steps
            walked += length
        if lap == 0:
            steps = (total + (spacing >> 1)) // spacing
            if steps < 2:
                steps = 2
    while done < steps:  # a rounded length may leave the last step over
        out[2 * n] = points[2 * at]
        out[2 * n + 1] = points[2 * at + 1]
        lit[n] = 1
        n += 1
        done += 1
    job[0] = n


@micropython.viper
def _lay_blank(tips: ptr32, leave: int, enter: int, out: ptr32, lit: ptr8, job: ptr32):
    """A cubic Bezier from tip `leave` to tip `enter`, the first point included; tangent to both strokes."""
    n = job[0]
    spacing = job[4]
    x = tips[4 * leave]
    y = tips[4 * leave + 1]
    dx = tips[4 * enter] - x
    dy = tips[4 * enter + 1] - y
    ax = dx if dx >= 0 else 0 - dx
    ay = dy if dy >= 0 else 0 - dy
    far = (ax + ((ay * 3) >> 3)) if ax > ay else (ay + ((ax * 3) >> 3))
    steps = 3 + far // spacing
    # The lead has 3 spacings, so this is a handle of steps / 8: shorter than smoothness asks, and faster.
    hx = (tips[4 * leave + 2] - x) * steps // 24
    hy = (tips[4 * leave + 3] - y) * steps // 24
    ex = dx + (tips[4 * enter + 2] - tips[4 * enter]) * steps // 24
    ey = dy + (tips[4 * enter + 3] - tips[4 * enter + 1]) * steps // 24
    for j in range(steps):
        t = (j << 14) // steps
        s = 16384 - t
        tt = (t * t) >> 14
        ss = (s * s) >> 14
        first = (3 * ss * t) >> 14
        second = (3 * tt * s) >> 14
        third = (tt * t) >> 14
        out[2 * n] = x + ((first * (hx >> 4) + second * (ex >> 4) + third * (dx >> 4)) >> 10)
        out[2 * n + 1] = y + ((first * (hy >> 4) + second * (ey >> 4) + third * (dy >> 4)) >> 10)
        lit[n] = 0
        n += 1
    job[0] = n


@micropython.viper
def _smooth(source: ptr32, out: ptr32, count: int, width: int):
    """Moving average of `width` (odd, at most `count`) points round the ring."""
    half = width >> 1
    for axis in range(2):
        total = 0
        for i in range(0 - half, half + 1):
            k = i
            if k < 0:
                k += count
            if k >= count:
                k -= count
            total += source[2 * k + axis]
        for i in range(count):
            out[2 * i + axis] = total // width
            k = i - half
            if k < 0:
                k += count
            total -= source[2 * k + axis]
            k = i + half + 1
            if k >= count:
                k -= count
            total += source[2 * k + axis]
