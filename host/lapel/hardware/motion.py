"""Do the motion detectors let ordinary pages through? The firmware's own frames, followed by their judge.

A detector gives an edge when its mirror gets faster than a threshold; a monostable lasts until the next one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..preview import drawing
from ..virtual import beam
from . import timers

# Half fields a second; strokes are drawn at 50 to 400. Lower is noise of a position sensor (estimate).
THRESHOLD = 20.0
STREAM_S, SETTLED_S = 0.2, 0.05
PAGES = (
    ("10:42 AM",),
    ("The Eiffel", "Tower is 324", "meters tall."),
    ("Hello",),
    ("H",),
    ("l",),
    ("-",),
    (".",),
)
NEVER = float("inf")


@dataclass(frozen=True)
class Gap:
    """Longest time without an edge, in ms, of the mirrors X and Y while a page repeats."""

    lines: tuple[str, ...]
    x_ms: float
    y_ms: float

    def is_lit(self, held_ms: float) -> bool:
        return max(self.x_ms, self.y_ms) < held_ms


def gap(lines: tuple[str, ...], threshold: float = THRESHOLD) -> Gap:
    """Raises Undrawable for a page that the pin refuses."""
    seen = beam.trace(drawing.draw(lines).stream(STREAM_S))
    return Gap(lines, _longest_ms(seen.x, threshold), _longest_ms(seen.y, threshold))


def held_ms() -> float:
    """The shortest time for which either monostable holds."""
    return 1000 * min(timer.least_s for timer in timers.all_timers() if timer.name.startswith("motion"))


def _longest_ms(position: beam.Floats, threshold: float) -> float:
    rate = beam.RATE_HZ * beam.SUBSTEPS
    fast = np.abs(np.diff(position)) * rate > threshold
    edges = np.flatnonzero(fast[1:] & ~fast[:-1])
    edges = edges[edges > SETTLED_S * rate]
    return float(np.diff(edges).max() * 1000 / rate) if len(edges) > 1 else NEVER
