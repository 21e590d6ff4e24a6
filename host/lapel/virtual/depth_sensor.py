"""The virtual palm's depth sensor: what a VL53L5CX would report of shapes before it, seeded.

A zone gathers the light of its whole square: a part of it that is covered counts by its share, and the zone
reports the nearest return that is strong enough, mixed with what lies too close behind it to be told apart.
Sigma, wrap-around and cross-talk follow the sensor's datasheet (DS13754) in kind; the amounts are ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from .hand import Array, Shape

SIDE = 8
ZONES = SIDE * SIDE
FIELD_DEG = 45.0
PERIOD_MS = 1000 / 15
VALID, VALID_WIDE = 5, 9  # the two statuses of a good range (UM2884, table of target statuses)
NO_TARGET = 255
_DOUBTFUL = (4, 6, 10, 12, 13)
_RAYS = 4  # a side of a zone
_MAX_MM = 4000.0


@dataclass(frozen=True)
class Frame:
    """Zones row by row: the first is at x < 0, y < 0, the top left as the sensor sees it."""

    t_ms: int
    distance_mm: list[int]
    status: list[int]

    def line(self) -> str:
        """One line of a recording."""
        return json.dumps({"t_ms": self.t_ms, "distance_mm": self.distance_mm, "status": self.status})


@dataclass
class DepthSensor:
    """`noise` scales sigma; `faults` is the share of zones that fail at random in a frame."""

    seed: int
    noise: float = 1.0
    faults: float = 0.006
    crosstalk: float = 0.08  # how often an empty zone repeats a bright neighbour
    merge_mm: float = 90.0  # returns closer than this are one
    least_share: float = 0.12  # of a zone's light, for a return to be reported
    rays: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._random = np.random.default_rng(self.seed)
        count = SIDE * _RAYS
        steps = (np.arange(count) - (count - 1) / 2) * (2 * np.tan(np.radians(FIELD_DEG / 2)) / count)
        y, x = np.meshgrid(steps, steps, indexing="ij")

        def by_zone(grid: Array) -> Array:
            return np.asarray(
                grid.reshape(SIDE, _RAYS, SIDE, _RAYS).transpose(0, 2, 1, 3).reshape(ZONES * _RAYS**2)
            )

        self.rays = np.stack([by_zone(x), by_zone(y), np.ones(ZONES * _RAYS**2)], axis=1)
        self._offsets = self._random.normal(0, 1.5, ZONES)  # what calibration left over

    def measure(self, t_ms: float, shapes: Sequence[Shape]) -> Frame:
        """One frame of what stands there now."""
        depths = np.full(len(self.rays), np.inf)
        light = np.zeros(len(self.rays))
        for shape in shapes:
            z = shape.depths(self.rays)
            nearer = z < depths
            depths = np.where(nearer, z, depths)
            light = np.where(nearer, shape.reflectance, light)
        by_zone = depths.reshape(ZONES, -1)
        signal = np.where(by_zone < _MAX_MM, light.reshape(ZONES, -1) / np.maximum(by_zone, 20) ** 2, 0)
        distance, strength = self._returns(by_zone, signal)
        return self._report(t_ms, distance, strength)

    def _returns(self, depths: Array, signal: Array) -> tuple[Array, Array]:
        """The nearest strong return of each zone, and its strength: 1 is a full zone of skin at 300 mm."""
        full = 1 / 300.0**2
        strength_of = signal / (full * _RAYS**2)
        distance = np.full(ZONES, np.inf)
        strength = np.zeros(ZONES)
        left = np.where(signal > 0, depths, np.inf)
        for _ in range(3):
            nearest = left.min(axis=1)
            ours = left <= nearest[:, None] + self.merge_mm
            weight = np.where(ours & np.isfinite(left), strength_of, 0)
            total = weight.sum(axis=1)
            # Strong enough of itself, or against all else that the zone sees.
            enough = (
                (total > 0.02) & (total > self.least_share * strength_of.sum(axis=1)) & ~np.isfinite(distance)
            )
            mean = (weight * np.where(np.isfinite(left), left, 0)).sum(axis=1) / np.maximum(total, 1e-12)
            distance = np.where(enough, mean, distance)
            strength = np.where(enough, total, strength)
            left = np.where(ours, np.inf, left)
        return distance, strength

    def _report(self, t_ms: float, distance: Array, strength: Array) -> Frame:
        random = self._random
        seen = np.isfinite(distance)
        bright = np.where(seen & (distance < 600), strength, 0).reshape(SIDE, SIDE)
        padded = np.pad(bright, 1)
        near = np.stack([padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]])
        at = np.pad(np.where(seen, distance, 0).reshape(SIDE, SIDE), 1)
        distances = np.stack([at[:-2, 1:-1], at[2:, 1:-1], at[1:-1, :-2], at[1:-1, 2:]])
        brightest = np.take_along_axis(distances, near.argmax(axis=0)[None], axis=0)[0].ravel()
        bleeds = (~seen | (distance > 600)) & (near.max(axis=0).ravel() > 0.6)
        bleeds &= random.random(ZONES) < self.crosstalk
        distance = np.where(bleeds, brightest + random.normal(8, 8, ZONES), distance)
        strength = np.where(bleeds, 0.05, strength)
        seen |= bleeds

        z = np.where(seen, distance, 0)
        # A photon count's relative error falls with its root.
        sigma = self.noise * (1.2 + 0.006 * z) * np.clip(1 / np.sqrt(np.maximum(strength, 0.02)), 0.7, 3.0)
        measured = np.rint(z + self._offsets + random.normal(0, 1, ZONES) * sigma)
        status = np.where(seen, np.where(random.random(ZONES) < 0.05, VALID_WIDE, VALID), NO_TARGET)
        failed = random.random(ZONES) < self.faults
        status = np.where(failed & seen, random.choice(_DOUBTFUL, ZONES), status)
        measured = np.where(failed, np.rint(measured * random.uniform(0.3, 1.5, ZONES)), measured)
        measured = np.where(seen, np.clip(measured, 0, _MAX_MM), 0)
        return Frame(round(t_ms), measured.astype(int).tolist(), status.astype(int).tolist())


def record(sensor: DepthSensor, scenes: Iterable[Sequence[Shape]], start_ms: float = 0.0) -> list[Frame]:
    """One frame for each scene, 15 a second."""
    return [sensor.measure(start_ms + i * PERIOD_MS, shapes) for i, shapes in enumerate(scenes)]
