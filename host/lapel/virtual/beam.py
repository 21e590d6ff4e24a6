"""Where a scanner's sample stream puts its light: converter, mirror and laser.

The stream is what the pin hands to its I2S port: little-endian 32-bit stereo at 48 kHz, X then Y, the
laser's bits in the low byte of X. A mirror is a second-order system, x''/w^2 + (2 zeta/w) x' + x = u.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RATE_HZ = 48_000
FULL_SCALE_FIELDS = 2.0  # the converter swings to twice the field's half width

BLANK = 1 << 2
INTENSITY_SHIFT = 3
FULL_INTENSITY = 15

SUBSTEPS = 8  # points of light a sample: at most 3 % of a letter apart
SETTLED_S = 0.004  # a 1 kHz mirror has forgotten all but 1e-7 of its drive

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Mirror:
    """Natural frequency, damping, and the samples by which converter and calibration delay X and Y."""

    hz: float = 1000.0
    damping: float = 0.7
    delay_samples: int = 0


@dataclass(frozen=True)
class Beam:
    """Positions in half fields (1 is the edge; x right, y up) and power, 0 to 1, SUBSTEPS times a sample."""

    x: Floats
    y: Floats
    power: Floats


def words(samples: bytes | bytearray | memoryview) -> npt.NDArray[np.int32]:
    """The stream as (n, 2) signed words; a cut last sample is left out."""
    whole = len(samples) // 8 * 8
    return np.frombuffer(bytes(samples[:whole]), dtype="<i4").reshape(-1, 2)


def lit_samples(samples: bytes | bytearray | memoryview, armed: bool | Bools = True) -> Bools:
    """True for each sample in which light leaves: not blanked, some intensity, and LASER_ARM high."""
    laser = words(samples)[:, 0]
    bright = (laser >> INTENSITY_SHIFT & FULL_INTENSITY) > 0
    return np.asarray(((laser & BLANK) == 0) & bright & armed, dtype=np.bool_)


def first_lit(samples: bytes | bytearray | memoryview, armed: bool | Bools = True) -> int | None:
    """Index of the first lit sample, or None."""
    lit = lit_samples(samples, armed)
    return int(lit.argmax()) if lit.any() else None


def trace(
    samples: bytes | bytearray | memoryview, armed: bool | Bools = True, mirror: Mirror | None = None
) -> Beam:
    """Follows the beam through the whole stream, from a mirror at rest where the stream begins."""
    mirror = mirror or Mirror()
    stream = words(samples)
    if not len(stream):
        nothing = np.zeros(0)
        return Beam(nothing, nothing, nothing)
    kernels = _responses(mirror)
    drive = (stream >> 8).astype(np.float64) * (FULL_SCALE_FIELDS / (1 << 23))
    if mirror.delay_samples:
        held = np.repeat(drive[:1], mirror.delay_samples, axis=0)
        drive = np.concatenate([held, drive])[: len(drive)]
    x, y = (_follow(drive[:, axis], kernels) for axis in range(2))
    lit = lit_samples(samples, armed)
    power = np.where(lit, (stream[:, 0] >> INTENSITY_SHIFT & FULL_INTENSITY) / FULL_INTENSITY, 0.0)
    return Beam(x, y, np.repeat(power, SUBSTEPS))


def _follow(drive: Floats, kernels: list[Floats]) -> Floats:
    """Position at each substep under a drive held for a sample, as the sum of its past impulses."""
    start = drive[0]
    out = np.empty((len(drive), SUBSTEPS))
    for substep, kernel in enumerate(kernels):
        out[:, substep] = np.convolve(drive - start, kernel)[: len(drive)] + start
    return out.ravel()


def _responses(mirror: Mirror) -> list[Floats]:
    """For each substep the answer to one sample's pulse of height 1: differences of the step response."""
    w = 2 * np.pi * mirror.hz
    # Above critical damping sqrt() turns imaginary and the same formula gives the hyperbolic case.
    root = np.sqrt(complex(1 - mirror.damping**2)) or 1e-9
    length = int(SETTLED_S * RATE_HZ * max(1.0, 1000 / (mirror.hz * min(1.0, mirror.damping / 0.7)))) + 2

    def step(t: Floats) -> Floats:
        t = np.maximum(t, 0.0)
        ring = np.cos(w * root * t) + mirror.damping / root * np.sin(w * root * t)
        return np.real(1 - np.exp(-mirror.damping * w * t) * ring)

    sample = np.arange(length) / RATE_HZ
    kernels = []
    for substep in range(SUBSTEPS):
        late = (substep + 0.5) / SUBSTEPS / RATE_HZ
        kernels.append(step(sample + late) - step(sample + late - 1 / RATE_HZ))
    return kernels
