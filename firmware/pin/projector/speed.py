"""From a path to samples: as fast as the mirror and the converter allow, driven by the mirror's inverse.

A mirror answers its drive u with the position x of a second-order system,

    x''/w^2 + (2 zeta/w) x' + x = u,

so the drive that makes it follow a planned x(t) is that left side. Per axis |u| may not pass LIMIT. Along the
path, with q counting path points, x' = x_q q' and x'' = x_q q'' + x_qq q'^2: the bound on u bounds the
acceleration q'' once the squared speed b = q'^2 is known (Bobrow, Dubowsky and Gibson 1985). One backward and
one forward pass over b give the fastest speed that respects it. Integers throughout, below 2**31.
"""

from array import array

from . import samples as wave
from .samples import BLANK, FULL_INTENSITY, INTENSITY_SHIFT, LIMIT, PILOT, RATE_HZ  # noqa: F401

MAX_SAMPLES = 4800  # 10 Hz: nothing slower is worth showing
MIN_SAMPLES = 216  # 222 Hz at most: what could be faster is drawn gentler
# So is any page: 171 Hz for 12 letters, 63 Hz for 36, 141 Hz for 6 hanzi. A mirror off its calibration errs
# the more, the shorter a letter takes.
GENTLE_SAMPLES = 40
GENTLE_LOAD_SAMPLES = 10  # for half a Latin letter or a fifth of a hanzi
DRIVE_PERCENT = 98  # of LIMIT that the plan uses; the rest is for rounding
CORNER_PERCENT = 95  # of what is left at a corner that turning may use; the rest brakes and speeds up again
SHARPEN = 0.005  # the drive turns harder by this than the path asks: undoes what rounding took from bends
TIP_SPEED_PERCENT = 16  # of a capital's height a sample: the laser can only switch between samples

# What calibration may set, lowest and highest. Beyond them a value is a mistake, not a mirror.
BOUNDS = {
    "hz": (100, 2500),  # natural frequency: from a voice coil to the fastest MEMS mirror that is big enough
    "damping": (0.1, 1),
    "laser_delay": (0, 64),  # samples: converters' filters take 10 to 30
    "field_percent": (40, 100),  # of the swing that the optics allow
    "brightness": (1, FULL_INTENSITY),
}


class Mirror:
    """Calibration of a mirror pair and its laser, as in the pin's settings. Raises ValueError out of BOUNDS.

    `laser_delay`: whole samples by which the laser's bits follow X and Y. `brightness`: of FULL_INTENSITY.
    """

    def __init__(self, hz=1000, damping=0.7, laser_delay=0, field_percent=100, brightness=FULL_INTENSITY):
        values = {
            "hz": hz,
            "damping": damping,
            "laser_delay": laser_delay,
            "field_percent": field_percent,
            "brightness": brightness,
        }
        for name, value in values.items():
            low, high = BOUNDS[name]
            whole = name == "hz" or name == "damping" or isinstance(value, int)
            if isinstance(value, bool) or not whole or not low <= value <= high:
                raise ValueError("a mirror: %s: expected %s to %s, got %r" % (name, low, high, value))
        w = 2 * 3.14159265 * hz / RATE_HZ
        self.hz = hz
        self.damping = damping
        self.laser_delay = laser_delay
        self.field_percent = field_percent
        self.brightness = brightness
        self.velocity = int(2 * damping / w * 16 * (1 + SHARPEN) + 0.5)  # (2 zeta / w) in sixteenths
        self.acceleration = int(16 / (w * w) * (1 + SHARPEN) + 0.5)  # 1 / w^2 in sixteenths


class Planner:
    """Turns a path into the samples of one frame, in buffers that only grow. `lit`: samples with light."""

    def __init__(self, mirror):
        self.mirror = mirror
        self.lit = 0
        self._squared = array("i", bytes(4 * 1024))
        self._times = array("i", bytes(4 * MAX_SAMPLES + 16))
        self._job = array("i", bytes(4 * 12))

    def plan(self, path, frame):
        """Writes the samples into `frame` (array("i") of 2 * MAX_SAMPLES); returns their number, even.

        Raises ValueError if the path takes too long to draw.
        """
        job = self._job
        mirror = self.mirror
        self.lit = 0
        if not path.count:
            return wave.write_dark(frame, MIN_SAMPLES)
        if len(self._squared) < path.count:
            self._squared = array("i", bytes(4 * len(path.lit)))
        cap = path.per_cap * TIP_SPEED_PERCENT * 256 // 100
        job[0] = path.count
        job[1] = mirror.velocity
        job[2] = mirror.acceleration
        job[3] = LIMIT * DRIVE_PERCENT // 100
        job[4] = min(cap * cap, 16 * 16 << 16)
        job[5] = CORNER_PERCENT
        _limit_speed(path.points, path.lit, self._squared, job)
        _reach(path.points, self._squared, job, 1)
        _reach(path.points, self._squared, job, 0)
        total = _measure(self._squared, job)
        samples = max(MIN_SAMPLES, (total >> 14) + 2, GENTLE_SAMPLES + GENTLE_LOAD_SAMPLES * path.load)
        samples &= -2  # even, so that the pilot toggles across the seam
        if samples > MAX_SAMPLES:
            raise ValueError("a page: too much to draw ten times a second")
        job[6] = samples
        job[7] = mirror.laser_delay
        wave.sample(self._squared, self._times, job, total)
        wave.drive(path.points, self._times, frame, job)
        job[8] = mirror.brightness
        self.lit = wave.light(path.lit, self._times, frame, job)
        return samples


@micropython.viper
def _limit_speed(points: ptr32, lit: ptr8, squared: ptr32, job: ptr32):
    """b in Q16 where the path's bend alone would use its share of the drive, and at the tips of strokes."""
    count = job[0]
    c1 = job[1]
    c2 = job[2]
    limit = job[3]
    for axis in range(2):
        before = points[2 * count - 2 + axis]
        x = points[axis]
        for i in range(count):
            after = points[2 * (i + 1 if i + 1 < count else 0) + axis]
            if axis:
                most = squared[i]
            elif lit[i] != lit[i - 1 if i else count - 1]:
                most = job[4]
            else:
                most = 16 << 20  # 16 points a sample
            slope = (after - before) >> 1
            bend = before + after - 2 * x
            x -= 1 << 20  # page.ORIGIN
            room = limit - x
            if bend < 0:
                bend = 0 - bend
                slope = 0 - slope
                room = limit + x
            before = x + (1 << 20)
            x = after
            bend = (bend * c2) >> 4
            drag = (slope * c1) >> 4
            v = drag if drag >= 0 else 0 - drag
            v = (limit << 8) // (v + 256)  # damping alone would use up the drive
            if v < 4096 and v * v < most:
                most = v * v
            if bend >= 4:
                room = room // 100 * job[5]
                b = (room << 6) // bend  # bend b = room
                b = (b if b < 16384 else 16384) << 10
                # bend v^2 + drag v = room: Newton from above, where it converges
                if drag > 0 and b < 16 << 20:
                    v = 1 << 12
                    while v * v > b:
                        v = (v + b // v) >> 1
                    for _ in range(2):
                        over = (((bend * v) >> 8) * v >> 8) + ((drag * v) >> 8) - room
                        v -= (over << 8) // (((bend * v) >> 7) + drag)
                    b = v * v
                if b < most:
                    most = b
            squared[i] = most if most > 64 else 64  # never quite still: 1/32 point a sample


@micropython.viper
def _reach(points: ptr32, squared: ptr32, job: ptr32, backward: int):
    """Limits b to what can be reached from the point before or, `backward`, braked before the point after.

    Twice round, because it is a ring; the second time as far as it changes something.
    """
    count = job[0]
    c1 = job[1]
    c2 = job[2]
    limit = job[3]
    v = 256
    for lap in range(2):
        for k in range(count):
            at = k
            if backward and k:
                at = count - k
            before = at - 1 if at else count - 1
            after = at + 1 if at + 1 < count else 0
            b = squared[at]
            v = (v + b // v) >> 1
            v = ((v + b // v) >> 1) + 1
            to = before if backward else after
            if backward and squared[to] <= b:  # slower anyway
                if lap:
                    return
                continue
            most = 4 << 16
            for axis in range(2):
                x = points[2 * at + axis]
                slope = points[2 * after + axis]
                bend = points[2 * before + axis]
                slope -= bend
                bend += bend + slope - 2 * x
                slope >>= 1
                u = x - (1 << 20) + (((slope * c1) >> 4) * v >> 8) + (((bend * c2) >> 8) * (b >> 8) >> 4)
                if backward:
                    u = 0 - u
                room = limit - u
                if slope < 0:
                    slope = 0 - slope
                    room = limit + u
                slope = (slope * c2) >> 4
                if backward and room < 0:  # forward it brakes: the speed itself asks for too much drive
                    room = 0
                if slope > 64:
                    a = (room << 10) // slope << 6
                    if a < most:
                        most = a
            b += 2 * most
            if b < 64:
                b = 64
            if b < squared[to]:
                squared[to] = b
            elif lap:
                return


@micropython.viper
def _measure(squared: ptr32, job: ptr32) -> int:
    """Replaces b by the time in Q14 samples from each point to the next; returns how long the ring takes."""
    count = job[0]
    first = squared[0]
    v = 256
    last = 0
    total = 0
    for i in range(count + 1):
        b = squared[i] if i < count else first
        v = (v + b // v) >> 1
        v = (v + b // v) >> 1
        v = ((v + b // v) >> 1) + 1
        if i:
            time = (1 << 23) // (v + last)  # two over the sum of both speeds
            squared[i - 1] = time
            total += time
        last = v
    return total
