"""Things that come before a palm sensor and are no hand: each a maker of scenes, seeded by a generator.

A scene says which shapes stand there at a time in seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .depth_sensor import PERIOD_MS, Frame
from .hand import Array, Capsules, Cup, Plane, Shape, face
from .hand_script import varied_sensor

Scene = Callable[[float], list[Shape]]


@dataclass(frozen=True)
class Book:
    """A flat rectangle."""

    plane: Plane
    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float
    reflectance: float = 1.0

    def depths(self, rays: Array) -> Array:
        z = self.plane.depths(rays)
        inside = np.abs(rays[:, 0] * z - self.x_mm) < self.width_mm / 2
        inside &= np.abs(rays[:, 1] * z - self.y_mm) < self.height_mm / 2
        return np.where(inside, z, np.inf)


def _table(random: np.random.Generator) -> Scene:
    distance, speed = random.uniform(120, 450), random.uniform(-40, 40)
    x, y = random.uniform(-40, 40, 2)
    return lambda t: [Plane(distance + speed * t, x, y)]


def _edge(random: np.random.Generator) -> Scene:
    distance, edge, speed = random.uniform(150, 420), random.uniform(-80, 80), random.uniform(-40, 40)
    x, y = random.uniform(-20, 20, 2)
    return lambda t: [Plane(distance, x, y, edge_mm=edge + speed * t), Plane(1200)]


def _wall(random: np.random.Generator) -> Scene:
    distance = random.uniform(140, 1500)
    x, y = random.normal(0, 8, 2)
    return lambda t: [Plane(distance, x, y)]


def _face(random: np.random.Generator) -> Scene:
    distance, size, speed = random.uniform(150, 450), random.uniform(0.85, 1.1), random.uniform(-40, 40)
    x, y = random.normal(0, 40, 2)
    return lambda t: [face(distance + speed * t, x, y, size), Plane(1500)]


def _cup(random: np.random.Generator) -> Scene:
    distance, radius, height = random.uniform(150, 400), random.uniform(30, 48), random.uniform(75, 150)
    (x, y), speed = random.normal(0, 40, 2), random.uniform(-60, 60)
    return lambda t: [Cup(distance, radius, height, x + speed * t, y), Plane(1000)]


def _book(random: np.random.Generator) -> Scene:
    plane = Plane(random.uniform(150, 420), *random.normal(0, 12, 2))
    width, height = random.uniform(60, 240), random.uniform(100, 300)
    (x, y), speed = random.normal(0, 60, 2), random.uniform(-60, 60)
    return lambda t: [Book(plane, x + speed * t, y, width, height), Plane(1200)]


def _sleeve(random: np.random.Generator) -> Scene:
    """An arm whose hand is out of sight, or in a pocket."""
    angle, distance = random.uniform(0, 2 * np.pi), random.uniform(150, 400)
    radius, end, drop = random.uniform(22, 45), random.uniform(-80, 20), random.uniform(-0.5, 0.5)
    x, y = float(np.cos(angle)), float(np.sin(angle))
    z = distance + radius
    near, far = (-end * x, -end * y, z), (500 * x, 500 * y, z + 500 * drop)
    return lambda t: [Capsules(((near, far, radius),)), Plane(1000)]


THINGS: dict[str, Callable[[np.random.Generator], Scene]] = {
    "table": _table, "table edge": _edge, "wall": _wall, "face": _face, "cup": _cup, "book": _book,
    "sleeve": _sleeve,
}  # fmt: skip


def record_thing(name: str, seed: int, frames: int) -> list[Frame]:
    random = np.random.default_rng([seed, list(THINGS).index(name)])
    scene = THINGS[name](random)
    sensor = varied_sensor(random)
    return [sensor.measure(i * PERIOD_MS, scene(i * PERIOD_MS / 1000)) for i in range(frames)]
