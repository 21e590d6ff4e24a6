"""A hand that goes away, and what the depth sensor sees in its place: seeded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .depth_sensor import PERIOD_MS, Frame
from .hand import Cup, Plane, Shape, between, face
from .hand_script import Wearer
from .things import Book

_SHOWN_MS = 1300.0
_AFTER_FRAMES = 12
_LEAVING_FRAMES = (3, 7)  # 1.6 to 0.7 m/s
WAYS = ("at once", "leaving")

# By name: what stands there, at a distance.
Placed = Callable[[float], list[Shape]]
PLACED: dict[str, Placed] = {
    "nothing": lambda mm: [],
    "wall": lambda mm: [Plane(mm, 4.0, -3.0)],
    "table edge": lambda mm: [Plane(mm, 8.0, 3.0, edge_mm=10.0)],
    "face": lambda mm: [face(mm, 5.0, -10.0)],
    "cup": lambda mm: [Cup(mm)],
    "book": lambda mm: [Book(Plane(mm, 5.0, 5.0), 0.0, 0.0, 150.0, 210.0)],
}


@dataclass(frozen=True)
class Replaced:
    frames: list[Frame]
    gone: int  # the first frame without a trace of the hand

    def absent_ms(self, present: list[bool]) -> float:
        """From the last frame with a hand to the first from which on none is believed to be there."""
        last = max((i for i, there in enumerate(present) if there), default=self.gone - 1)
        return max(1, last + 2 - self.gone) * PERIOD_MS


def replaced(name: str, distance_mm: float, seed: int, way: str) -> Replaced:
    """A palm is shown for a second; then, "at once" or when the hand was "leaving", the thing is alone.

    The hand is at a distance of its own, nearer than a thing that it leaves before.
    """
    most = 330.0 if way == "at once" else min(330.0, distance_mm - 40)
    random = np.random.default_rng(seed)
    wearer = Wearer(seed, distance_mm=random.uniform(min(190.0, most - 20), most))
    wearer.hand = wearer.rest
    wearer.idle(_SHOWN_MS, sway_deg=4)
    shapes = PLACED[name](distance_mm)
    gone = len(wearer.frames)
    if way == "leaving":
        start, end = wearer.hand, wearer.outside()
        count = int(random.integers(_LEAVING_FRAMES[0], _LEAVING_FRAMES[1] + 1))
        for i in range(1, count + 1):
            hand = between(start, end, i / count)
            wearer.show([hand, *shapes])
            if np.isfinite(hand.depths(wearer.sensor.rays)).any():
                gone = len(wearer.frames)
    for _ in range(_AFTER_FRAMES):
        wearer.show(shapes)
    return Replaced(wearer.frames, gone)
