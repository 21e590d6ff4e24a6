"""From a path to samples: as fast as the mirror and the converter allow, driven by the mirror's inverse.

A mirror answers its drive u with the position x of a second-order system,

    x''/w^2 + (2 zeta/w) x' + x = u,

so the drive that makes it follow a planned x(t) is that left side. Per axis |u| may not pass LIMIT. Along the
path, with q counting path points, x' = x_q q' and x'' = x_q q'' + x_qq q'^2: the bound on u bounds the
acceleration q'' once the squared speed b = q'^2 is known (Bobrow, Dubowsky and Gibson 1985). One backward and
one forward pass over b give the fastest speed that respects it. Integers throughout, below 2**31.

A sample is two 32-bit words, X then Y, with the drive in the upper 20 bits. The lowest byte of X holds the
laser's bits, 130 dB below the drive: pilot, blank, and four of intensity.
"""

from array import array

from .page import FIELD

RATE_HZ = 48000
LIMIT = 2 * FIELD  # full scale of the converter: twice the field
DRIVE_SHIFT = 12  # FIELD * 2 is 2**19, full scale of a 32-bit word 2**31

PILOT = 1 << 1  # toggles every sample; its detector kills the laser when the stream stops
BLANK = 1 << 2  # 1 is dark
INTENSITY_SHIFT = 3
FULL_INTENSITY = 15

MAX_SAMPLES = 4800  # 10 Hz: nothing slower is worth showing
MIN_SAMPLES = 216  # 222 Hz at most: what could be faster is drawn gentler
# So is a page of few letters: 171 Hz for 12, 63 Hz for 36. A mirror off its calibration errs the more, the
# shorter a letter takes.
GENTLE_SAMPLES = 40
GENTLE_LETTER_SAMPLES = 20
DRIVE_PERCENT = 95  # of LIMIT that the plan uses; the rest is for rounding
CORNER_PERCENT = 90  # of what is left at a corner that turning may use; the rest brakes and speeds up again
SHARPEN = 0.005  # the drive turns harder by this than the path asks: undoes what rounding took from bends
TIP_SPEED_PERCENT = 10  # of a capital's height a sample: the laser can only switch between samples


class Mirror:
    """Calibration of a mirror pair. `laser_delay`: samples by which the laser's bits follow X and Y."""

    def __init__(self, hz=1000, damping=0.7, laser_delay=0):
        if not 100 <= hz <= 2500 or not 0.1 <= damping <= 1 or not 0 <= laser_delay <= 64:
            raise ValueError(
                "a mirror: expected 100 to 2500 Hz, damping 0.1 to 1, delay 0 to 64, got %s, %s, %s"
                % (hz, damping, laser_delay)
            )
        w = 2 * 3.14159265 * hz / RATE_HZ
        self.hz = hz
        self.damping = damping
        self.laser_delay = laser_delay
        self.velocity = int(2 * damping / w * 16 * (1 + SHARPEN) + 0.5)  # (2 zeta / w) in sixteenths
        self.acceleration = int(16 / (w * w) * (1 + SHARPEN) + 0.5)  # 1 / w^2 in sixteenths


class Planner:
    """Turns a path into the samples of one frame, in buffers that only grow."""

    def __init__(self, mirror):
        self.mirror = mirror
        self._squared = array("i", bytes(4 * 1024))
        self._times = array("i", bytes(4 * MAX_SAMPLES + 16))
        self._job = array("i", bytes(4 * 12))

    def plan(self, path, frame):
        """Writes the samples into `frame` (array("i") of 2 * MAX_SAMPLES); returns their number, even.

        Raises ValueError if the path takes too long to draw.
        """
        job = self._job
        mirror = self.mirror
        if not path.count:
            return _write_dark(frame, MIN_SAMPLES)
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
        _brake(path.points, self._squared, job)
        _accelerate(path.points, self._squared, job)
        total = _measure(self._squared, job)
        samples = max(MIN_SAMPLES, (total >> 14) + 2, GENTLE_SAMPLES + GENTLE_LETTER_SAMPLES * path.letters)
        samples &= -2  # even, so that the pilot toggles across the seam
        if samples > MAX_SAMPLES:
            raise ValueError("a page: too much to draw ten times a second")
        job[6] = samples
        job[7] = mirror.laser_delay
        _sample(self._squared, self._times, job, total)
        _drive(path.points, self._times, frame, job)
        _light(path.lit, self._times, frame, job)
        return samples


@micropython.viper
def _limit_speed(points: ptr32, lit: ptr8, squared: ptr32, job: ptr32):
    """b in Q16 where the path's bend alone would use its share of the drive, and at the tips of strokes."""
    count = int(job[0])
    c1 = int(job[1])
    c2 = int(job[2])
    limit = int(job[3])
    for i in range(count):
        before = i - 1 if i else count - 1
        after = i + 1 if i + 1 < count else 0
        most = 16 << 20  # 16 points a sample
        if int(lit[i]) != int(lit[before]):
            most = int(job[4])
        for axis in range(2):
            x = int(points[2 * i + axis])
            slope = (int(points[2 * after + axis]) - int(points[2 * before + axis])) >> 1
            bend = int(points[2 * before + axis]) + int(points[2 * after + axis]) - 2 * x
            x -= 1 << 20  # page.ORIGIN
            room = limit - x
            if bend < 0:
                bend = 0 - bend
                slope = 0 - slope
                room = limit + x
            bend = (bend * c2) >> 4
            drag = (slope * c1) >> 4
            v = drag if drag >= 0 else 0 - drag
            v = (limit << 8) // (v + 256)  # damping alone would use up the drive
            if v < 4096 and v * v < most:
                most = v * v
            if bend < 4:
                continue
            room = room // 100 * int(job[5])
            b = (room << 6) // bend  # bend b = room
            b = (b if b < 16384 else 16384) << 10
            if drag > 0 and b < 16 << 20:  # bend v^2 + drag v = room: Newton from above, where it converges
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
def _brake(points: ptr32, squared: ptr32, job: ptr32):
    """Backward pass: no faster than can be braked before the next point. Twice round: it is a ring."""
    count = int(job[0])
    c1 = int(job[1])
    c2 = int(job[2])
    limit = int(job[3])
    v = 256
    for _ in range(2):
        for back in range(count):
            i = count - 1 - back
            after = i + 1 if i + 1 < count else 0
            beyond = after + 1 if after + 1 < count else 0
            b = int(squared[after])
            v = (v + b // v) >> 1
            v = ((v + b // v) >> 1) + 1
            most = 4 << 16
            for axis in range(2):
                x = int(points[2 * after + axis])
                slope = (int(points[2 * beyond + axis]) - int(points[2 * i + axis])) >> 1
                bend = int(points[2 * beyond + axis]) + int(points[2 * i + axis]) - 2 * x
                u = x - (1 << 20) + (((slope * c1) >> 4) * v >> 8) + (((bend * c2) >> 8) * (b >> 8) >> 4)
                room = limit + u
                if slope < 0:
                    slope = 0 - slope
                    room = limit - u
                slope = (slope * c2) >> 4
                if room < 0:
                    room = 0
                if slope > 64:
                    a = (room << 10) // slope << 6
                    if a < most:
                        most = a
            b += 2 * most
            if b < int(squared[i]):
                squared[i] = b


@micropython.viper
def _accelerate(points: ptr32, squared: ptr32, job: ptr32):
    """Forward pass: no faster than could be reached from the point before."""
    count = int(job[0])
    c1 = int(job[1])
    c2 = int(job[2])
    limit = int(job[3])
    v = 256
    for _ in range(2):
        for i in range(count):
            before = i - 1 if i else count - 1
            after = i + 1 if i + 1 < count else 0
            b = int(squared[i])
            v = (v + b // v) >> 1
            v = ((v + b // v) >> 1) + 1
            most = 4 << 16
            for axis in range(2):
                x = int(points[2 * i + axis])
                slope = (int(points[2 * after + axis]) - int(points[2 * before + axis])) >> 1
                bend = int(points[2 * after + axis]) + int(points[2 * before + axis]) - 2 * x
                u = x - (1 << 20) + (((slope * c1) >> 4) * v >> 8) + (((bend * c2) >> 8) * (b >> 8) >> 4)
                room = limit - u
                if slope < 0:
                    slope = 0 - slope
                    room = limit + u
                slope = (slope * c2) >> 4
                if slope > 64:  # a negative room brakes: the speed itself asks for too much drive
                    a = (room << 10) // slope << 6
                    if a < most:
                        most = a
            b += 2 * most
            if b < 64:
                b = 64
            if b < int(squared[after]):
                squared[after] = b


@micropython.viper
def _measure(squared: ptr32, job: ptr32) -> int:
    """Replaces b by the time in Q14 samples from each point to the next; returns how long the ring takes."""
    count = int(job[0])
    first = int(squared[0])
    v = 256
    last = 0
    total = 0
    for i in range(count + 1):
        b = int(squared[i]) if i < count else first
        v = (v + b // v) >> 1
        v = (v + b // v) >> 1
        v = ((v + b // v) >> 1) + 1
        if i:
            time = (1 << 23) // (v + last)  # two over the sum of both speeds
            squared[i - 1] = time
            total += time
        last = v
    return total


@micropython.viper
def _sample(durations: ptr32, times: ptr32, job: ptr32, total: int):
    """times[k] = q of sample k in Q12, for `samples` spread evenly over the whole ring."""
    samples = int(job[6])
    count = int(job[0])
    i = 0
    begins = 0
    takes = int(durations[0])
    for k in range(samples):
        now = total // samples * k + total % samples * k // samples
        while now >= begins + takes and i < count - 1:
            begins += takes
            i += 1
            takes = int(durations[i])
        before = int(durations[i - 1 if i else count - 1])
        after = int(durations[i + 1 if i + 1 < count else 0])
        f = ((now - begins) << 12) // takes
        # Speed changes within the interval: a parabola whose ends have the neighbours' mean speeds.
        lean = ((after - before) << 10) // (after + before + 2 * takes)
        times[k] = (i << 12) + f + ((f * (4096 - f) >> 12) * lean >> 10)


@micropython.viper
def _drive(points: ptr32, times: ptr32, frame: ptr32, job: ptr32):
    """The drive of every sample, from positions on a quadratic B-spline through the path's points."""
    count = int(job[0])
    c1 = int(job[1])
    c2 = int(job[2])
    samples = int(job[6])
    for axis in range(2):
        one = 0
        two = 0
        for k in range(0 - 2, samples + 1):
            at = k
            if at < 0:
                at += samples
            elif at >= samples:
                at -= samples
            q = int(times[at]) + 2048
            i = q >> 12
            f = q & 4095
            if i >= count:
                i -= count
            x = int(points[2 * i + axis])
            before = int(points[2 * (i - 1 if i else count - 1) + axis]) - x
            after = int(points[2 * (i + 1 if i + 1 < count else 0) + axis]) - x
            g = 4096 - f
            x += (((g * g) >> 13) * before + ((f * f) >> 13) * after) >> 12
            if k > 0:
                # `two`, `one` and x are samples k - 2, k - 1 and k.
                u = one - (1 << 20) + ((x - two) * c1 >> 5) + ((x + two - 2 * one) * c2 >> 4)
                if u > 524287:  # LIMIT - 1
                    u = 524287
                elif u < 0 - 524287:
                    u = 0 - 524287
                frame[2 * (k - 1) + axis] = u << 12
            two = one
            one = x


@micropython.viper
def _light(lit: ptr8, times: ptr32, frame: ptr32, job: ptr32):
    """The laser's bits, so much later than the drive as the light must lag."""
    count = int(job[0])
    samples = int(job[6])
    for k in range(samples):
        bits = 4  # BLANK
        i = int(times[k]) >> 12
        if i >= count:
            i -= count
        if int(lit[i]):
            bits = 120  # FULL_INTENSITY << INTENSITY_SHIFT
        at = k + int(job[7])
        while at >= samples:
            at -= samples
        frame[2 * at] = int(frame[2 * at]) | bits | ((at & 1) << 1)


@micropython.viper
def _write_dark(frame: ptr32, samples: int) -> int:
    for k in range(samples):
        frame[2 * k] = 4 | ((k & 1) << 1)
        frame[2 * k + 1] = 0
    return samples
