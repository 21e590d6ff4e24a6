"""From a path and its timing to the samples of a frame: drive, and the laser's bits.

A sample is two 32-bit words, X then Y, with the drive in the upper 20 bits. The lowest byte of X holds the
laser's bits, 130 dB below the drive: pilot, blank, and four of intensity. `job` is the planner's: number of
path points, the mirror's (2 zeta / w) and 1 / w^2 in sixteenths, 6: samples, 7: laser delay, 8: brightness.
"""

from .page import FIELD

RATE_HZ = 48000
LIMIT = 2 * FIELD  # full scale of the converter, 2**31 in a word: twice the field

PILOT = 1 << 1  # toggles every sample; its detector kills the laser when the stream stops
BLANK = 1 << 2  # 1 is dark
INTENSITY_SHIFT = 3
FULL_INTENSITY = 15


@micropython.viper
def sample(durations: ptr32, times: ptr32, job: ptr32, total: int):
    """times[k] = q of sample k in Q12, for `samples` spread evenly over the whole ring."""
    samples = job[6]
    count = job[0]
    i = 0
    begins = 0
    takes = durations[0]
    for k in range(samples):
        now = total // samples * k + total % samples * k // samples
        while now >= begins + takes and i < count - 1:
            begins += takes
            i += 1
            takes = durations[i]
        before = durations[i - 1 if i else count - 1]
        after = durations[i + 1 if i + 1 < count else 0]
        f = ((now - begins) << 12) // takes
        # Speed changes within the interval: a parabola whose ends have the neighbours' mean speeds.
        lean = ((after - before) << 10) // (after + before + 2 * takes)
        times[k] = (i << 12) + f + ((f * (4096 - f) >> 12) * lean >> 10)


@micropython.viper
def drive(points: ptr32, times: ptr32, frame: ptr32, job: ptr32):
    """The drive of every sample, from positions on a quadratic B-spline through the path's points."""
    count = job[0]
    c1 = job[1]
    c2 = job[2]
    samples = job[6]
    for axis in range(2):
        one = 0
        two = 0
        for k in range(0 - 2, samples + 1):
            at = k
            if at < 0:
                at += samples
            elif at >= samples:
                at -= samples
            q = times[at] + 2048
            i = q >> 12
            f = q & 4095
            if i >= count:
                i -= count
            x = points[2 * i + axis]
            before = points[2 * (i - 1 if i else count - 1) + axis] - x
            after = points[2 * (i + 1 if i + 1 < count else 0) + axis] - x
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
def light(lit: ptr8, times: ptr32, frame: ptr32, job: ptr32) -> int:
    """The laser's bits, so much later than the drive as the light must lag. Returns how many are lit.

    Where the beam is slower than on average the laser is dimmer by as much, so that corners and tips do not
    glow; where it is faster there is no more to give.
    """
    count = job[0]
    samples = job[6]
    brightness = job[8]
    shining = 0
    mean = 0  # points a sample, in Q12
    for lap in range(2):
        for k in range(samples):
            bits = 4  # BLANK
            i = times[k] >> 12
            if i >= count:
                i -= count
            if lit[i]:
                speed = times[k + 1 if k + 1 < samples else 0] - times[k - 1 if k else samples - 1]
                if speed < 0:
                    speed += count << 12
                speed >>= 1
                if lap == 0:
                    shining += 1
                    mean += speed >> 4
                    continue
                part = brightness
                if speed < mean:
                    part = (brightness * speed + (mean >> 1)) // mean
                    if part < (brightness + 3) >> 2:  # never so dim that it is lost
                        part = (brightness + 3) >> 2
                bits = part << 3
            if lap == 0:
                continue
            at = k + job[7]
            while at >= samples:
                at -= samples
            frame[2 * at] = frame[2 * at] | bits | ((at & 1) << 1)
        if lap == 0 and shining:
            mean = (mean // shining) << 4
    return shining


@micropython.viper
def write_dark(frame: ptr32, samples: int) -> int:
    for k in range(samples):
        frame[2 * k] = 4 | ((k & 1) << 1)
        frame[2 * k + 1] = 0
    return samples
