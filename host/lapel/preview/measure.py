"""How well a frame writes its strokes: the beam, integrated through the mirror, against what should be seen.

All lengths are in half fields (1 is the field's edge) unless they are parts of the glyph height.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..virtual import beam
from ..virtual.beam import RATE_HZ, SUBSTEPS, Beam, Floats, Mirror
from ..virtual.light import LASER_W
from .drawing import Frame

PERCENTILE = 95
IDEAL_STEPS = 50  # points on a glyph's height: 2 % apart, a quarter of the error allowed
SETTLE_SAMPLES = 480  # 10 ms: even 250 Hz at damping 0.5 has forgotten all but 1e-3 of how it began
BLOCK = 1024  # lit points compared at once: 40 MB for the busiest page


@dataclass(frozen=True)
class Measured:
    """`path_error` and `coverage_gap`: 95th percentiles, as parts of the glyph height; nothing is left out.

    `path_error` is over time: from each lit point of the beam, SUBSTEPS of them a sample, to the nearest
    ideal stroke. `coverage_gap` is over the ideal strokes: from points evenly along them to the nearest lit
    beam. `lit_duty` and `blank_share` are shares of the samples, `blank_travel` of the beam's way.
    `peak_drive` is the largest drive of either mirror in half fields (the converter ends at 2), `energy` the
    mean square of both drives together, which is what heats a mirror's coil, `light_mw` the mean light.
    """

    refresh_hz: float
    path_error: float
    coverage_gap: float
    lit_duty: float
    blank_share: float
    blank_travel: float
    peak_drive: float
    energy: float
    light_mw: float
    samples: int


def measure(frame: Frame, mirror: Mirror | None = None) -> Measured:
    """Judges `frame` as `mirror` (default: the one it was drawn for) would show it."""
    light = settled(frame, mirror or frame.mirror)
    error, gap = errors(light, frame)
    lit = beam.lit_samples(frame.raw())
    drive = drives(frame)
    step = np.hypot(np.diff(light.x, append=light.x[:1]), np.diff(light.y, append=light.y[:1]))
    travel = float(step.sum()) or 1.0
    return Measured(
        refresh_hz=RATE_HZ / frame.samples,
        path_error=error,
        coverage_gap=gap,
        lit_duty=float(lit.mean()),
        blank_share=float((frame.words[:, 0] & beam.BLANK != 0).mean()),
        blank_travel=float(step[light.power == 0].sum()) / travel,
        peak_drive=float(np.abs(drive).max()),
        energy=float((drive**2).sum(1).mean()),
        light_mw=float(light.power.mean()) * LASER_W * 1000,
        samples=frame.samples,
    )


def settled(frame: Frame, mirror: Mirror) -> Beam:
    """The beam of one period, once the mirror has forgotten how it began."""
    laps = 1 + -(-SETTLE_SAMPLES // frame.samples)
    light = beam.trace(frame.raw() * laps, True, mirror)
    last = slice(-frame.samples * SUBSTEPS, None)
    return Beam(light.x[last], light.y[last], light.power[last])


def errors(light: Beam, frame: Frame) -> tuple[float, float]:
    """(path error, coverage gap) as `Measured` has them; both 0 for a page without strokes."""
    lit = light.power > 0
    seen = np.stack([light.x[lit], light.y[lit]], axis=1)
    ideal = along(frame.strokes, frame.glyph_height / IDEAL_STEPS)
    if not len(ideal):
        return 0.0, 0.0
    if not len(seen):
        return 0.0, float("inf")
    off = np.empty(len(seen))
    bare = np.full(len(ideal), np.inf)
    for start in range(0, len(seen), BLOCK):
        block = seen[start : start + BLOCK]
        apart = ((block[:, None] - ideal[None]) ** 2).sum(-1)
        off[start : start + BLOCK] = apart.min(1)
        bare = np.minimum(bare, apart.min(0))
    return (
        float(np.sqrt(np.percentile(off, PERCENTILE))) / frame.glyph_height,
        float(np.sqrt(np.percentile(bare, PERCENTILE))) / frame.glyph_height,
    )


def along(strokes: list[Floats], spacing: float) -> Floats:
    """Points (n, 2) on the strokes, at most `spacing` apart, every vertex among them."""
    points = []
    for stroke in strokes:
        for a, b in pairwise(stroke):
            steps = max(1, int(np.ceil(np.hypot(*(b - a)) / spacing)))
            points.append(a + (b - a) * np.linspace(0, 1, steps, endpoint=False)[:, None])
        points.append(stroke[-1:])
    return np.concatenate(points) if points else np.zeros((0, 2))


def drives(frame: Frame) -> Floats:
    """(samples, 2): the drive of both mirrors in half fields."""
    return (frame.words >> 8).astype(np.float64) * (beam.FULL_SCALE_FIELDS / (1 << 23))
