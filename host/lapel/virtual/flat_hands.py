"""Hands of another make than `hand`: the pin's tables are to hold what both agree on.

Boxes and ellipses on a tilted plane, with random bumps, rims and failed zones. Open hand and fist are set to
the medians of four people in docs/palm.md; sizes of people differ as much as poses do. Sensors differ in
rate, statuses, and what they report for nothing. VARIATIONS make it harder, each in one way.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .depth_sensor import VALID, VALID_WIDE, Frame
from .hand import Array

SIDE, RAYS = 8, 4
WIDTH = 2 * math.tan(math.radians(22.5))
STEPS = ((np.arange(SIDE * RAYS) + 0.5) / (SIDE * RAYS) - 0.5) * WIDTH
RAY_Y, RAY_X = np.meshgrid(STEPS, STEPS, indexing="ij")
OTHERS = ("thumb up", "thumb down", "love", "crossed", "break")
TILT_DEG = {"love": 8, "crossed": 8, "break": 8}  # of others: as a fist

# What is other than usual, by name: attributes of a Person.
VARIATIONS: dict[str, dict[str, Any]] = {
    "usual": {},
    "body": {"body": True},
    "30 Hz": {"period_ms": 1000 / 30},
    "turned": {"turned_deg": 90.0},
    "half out": {"out_mm": 55.0},
    "sleeve": {"sleeve_mm": 14.0},
    "near": {"way_mm": (150, 230)},
    "far": {"way_mm": (320, 400)},
    "noisy": {"noisier": 2.0},
}


def zones_of(rays: Array) -> Array:
    return np.asarray(rays.reshape(SIDE, RAYS, SIDE, RAYS))


def ellipse(u: Array, v: Array, across: float, along: float) -> Any:
    return (u / across) ** 2 + (v / along) ** 2 < 1


class Person:
    """One hand and one sensor; `changes` as in VARIATIONS."""

    def __init__(self, seed: int, **changes: Any) -> None:
        self.random = random = np.random.default_rng([99, seed])
        self.scale = 1.05 * math.exp(random.normal(0, 0.08))  # areas differ by 17 %
        self.fist_scale = random.normal(1.03, 0.045)
        self.tilt_deg = {"open": abs(random.normal(5, 2.5)), "fist": random.normal(12, 3)}
        self.bump_mm = {"open": random.uniform(5, 9), "fist": random.uniform(6, 11)}
        self.spread = random.uniform(0, 1)
        self.mirror = random.choice([-1, 1])
        self.turned_deg = 0.0 if random.random() < 0.7 else float(random.choice([-90, 90]))
        self.lean = random.normal(0, 12)
        self.least_cover = random.uniform(0.15, 0.45)
        self.arm_mm: float | None = random.uniform(10, 70) if random.random() < 0.6 else None
        self.noise_mm = random.uniform(1.5, 4)
        self.failing = random.choice([0, 0.01, 0.03])
        self.failed_mm = random.choice([0, 65535])
        self.wide = random.uniform(0, 0.6)  # share of status 9
        self.period_ms = 1000 / random.choice([15, 30])
        self.wall_mm: float | None = random.uniform(600, 1800) if random.random() < 0.5 else None
        self.place = random.normal(0, 18, 2)
        self.body = False
        self.body_mm = random.uniform(500, 900)
        self.out_mm, self.sleeve_mm, self.noisier = 0.0, 0.0, 1.0
        self.way_mm: tuple[float, float] | None = None
        self.pick = 0.0  # a variant of the shape
        for name, value in changes.items():
            assert hasattr(self, name)
            setattr(self, name, value)
        if self.sleeve_mm and self.arm_mm is None:
            self.arm_mm = 40

    def hold(self, pose: str, count: int, start_ms: float) -> list[Frame]:
        """Frames of "open", "fist", one of OTHERS, or "other" for any of these."""
        random = self.random
        if pose == "other":
            pose = str(random.choice(OTHERS))
        near, far = np.clip(random.normal(285, 55, 2), 150, 380)
        if self.way_mm:
            near, far = random.uniform(*self.way_mm, 2)
        tilt_deg = self.tilt_deg.get(pose, TILT_DEG.get(pose, self.tilt_deg["fist"]))
        tilt = math.tan(math.radians(tilt_deg + random.normal(0, 3)))
        way = math.pi / 2 + random.normal(0, 0.5)
        side = random.uniform(0, 2 * math.pi)
        place = self.place + random.normal(0, 10, 2)
        place = place + self.out_mm * np.array([math.cos(side), math.sin(side)])
        yaw = math.radians(self.turned_deg + self.lean) + random.normal(0, 0.12)
        if pose == "thumb down":
            yaw += math.pi
        waves = random.uniform(0, 6.28, 6), random.uniform(0.03, 0.07, 6), random.normal(0, 1, 6)
        self.pick = random.random()
        frames = []
        for i in range(count):
            mm = near + (far - near) * i / max(1, count - 1) + 3 * math.sin(0.3 * i)
            slopes = tilt * np.array([math.cos(way), math.sin(way)])
            depths, covered = self._surface(pose, mm, slopes, place, yaw, waves)
            frames.append(self._frame(depths, covered, start_ms + i * self.period_ms))
        return frames

    def _surface(self, pose: str, mm: float, slopes: Array, place: Array, yaw: float, waves: Any) -> Any:
        a, b = slopes
        z = (mm - a * place[0] - b * place[1]) / (1 - a * RAY_X - b * RAY_Y)
        x, y = z * RAY_X - place[0], z * RAY_Y - place[1]
        scale = self.scale * (1 / 0.93 if pose == "open" else self.fist_scale)
        # u goes to the thumb, v to the wrist
        u = (math.cos(yaw) * x + math.sin(yaw) * y) * self.mirror / scale
        v = (math.cos(yaw) * y - math.sin(yaw) * x) / scale
        arm = (abs(u) < 30 + self.sleeve_mm) & (v > (40 if not self.sleeve_mm else 62))
        round_mm = 38 * (1 - np.sqrt(np.clip(1 - (u / 62) ** 2 - (v / 62) ** 2, 0, 1)))
        bump = self.bump_mm["open" if pose == "open" else "fist"]
        if pose == "open":
            hand = (abs(u) < 42) & (v > -25) & (v < 65) | ellipse(u + 60, v - 15, 15, 42)
            hand |= ellipse(u, v - 60, 38, 22)
            for finger, length in enumerate((78, 92, 86, 64)):
                apart = (finger - 1.5) * (20.7 * (1 + 0.12 * self.spread) - 0.11 * self.spread * (v + 25))
                hand |= (abs(u - apart) < 9.3) & (v < -20) & (v > -25 - 0.93 * length)
            z = z + 6 * (u / 42) ** 2 * (v > -25) - 4 * np.exp(-(((v - 50) / 20) ** 2))
        elif pose == "fist":
            hand = ellipse(u, v, 52, 50)
            hand |= (abs(u) < 40) & (v > -38) & (v < 45)
            z = z + round_mm - 10 * np.exp(-(((u + 10) / 25) ** 2) - ((v - 5) / 12) ** 2)
        elif pose.startswith("thumb"):
            hand = ellipse(u, v, 48, 44) | (abs(u + 30 * (self.pick - 0.5)) < 11) & (v < 0) & (v > -95)
            z = z + round_mm
            if self.pick < 0.6:  # the arm comes in from the side
                arm = (u > 30) & (abs(v) < 30 + self.sleeve_mm)
        elif pose == "love":
            hand = ellipse(u, v - 10, 44, 46) | ellipse(u + 62, v - 5, 24, 11)
            hand |= (abs(u + 33) < 10) & (v < 0) & (v > -105) | (abs(u - 33) < 9) & (v < 0) & (v > -85)
            z = z + 18 * (1 - np.clip(1 - (u / 62) ** 2 - ((v - 10) / 62) ** 2, 0, 1)) * (v > -35)
        elif pose == "crossed":
            first = 0.4 + 0.4 * self.pick
            over, under = abs(u - first * v) < 36, abs(u + first * v) < 36
            hand = (over | under) & (v > -105)
            z = z + 28 * (~over & under)
            arm = np.zeros_like(hand)
        else:
            width = 20 + 25 * self.pick
            hand = (abs(u) < width) & (v > -40) & (v < 85) | (u > -95) & (u < 85) & (v > -78) & (v < -38)
            z = z + 12 * (v > -40)
        phases, turns, heights = waves
        for k in range(6):
            wave = np.sin(turns[k] * (u if k % 2 else v) + phases[k])
            z = z + bump / 1.73 * heights[k] * wave
        if self.arm_mm is not None:
            arm &= ~hand
            along = np.where(pose.startswith("thumb") and self.pick < 0.6, u, v) - 40
            z, hand = np.where(arm, z + 12 - self.sleeve_mm + self.arm_mm * along / 60, z), hand | arm
        return z, hand

    def _frame(self, depths: Array, covered: Array, t_ms: float) -> Frame:
        random, shape = self.random, (SIDE, SIDE)
        share = zones_of(covered).mean(axis=(1, 3))
        mean = zones_of(np.where(covered, depths, 0)).sum(axis=(1, 3)) / np.maximum(1, share * RAYS**2)
        mean += (1 - share) * random.uniform(0, 16, shape)
        mean += random.normal(0, self.noise_mm * self.noisier, shape) * (1.5 - share / 2)
        seen = share > self.least_cover
        distance = np.where(seen, mean, self.wall_mm or 0)
        status = np.where(random.random(shape) < self.wide, VALID_WIDE, VALID)
        if self.wall_mm is None:
            status = np.where(seen, status, 255)
        if self.body:
            trunk = ~seen & (abs(RAY_X[::RAYS, ::RAYS] * self.body_mm) < 200)
            distance = np.where(trunk, self.body_mm + random.normal(0, 6, shape), distance)
            status = np.where(trunk, VALID, status)
        failed = random.random(shape) < self.failing
        status = np.where(failed, random.choice([0, 2, 4, 6, 10, 13], shape), status)
        distance = np.where((status == VALID) | (status == VALID_WIDE), distance, self.failed_mm)
        return Frame(round(t_ms), np.rint(distance).astype(int).ravel().tolist(), status.ravel().tolist())


def recording(
    seed: int, poses: list[str], lengths: tuple[int, int] = (15, 46), **changes: Any
) -> tuple[list[Frame], list[str]]:
    """Frames of one person, and the pose in each."""
    person = Person(seed, **changes)
    frames: list[Frame] = []
    held: list[str] = []
    now_ms = 0.0
    for pose in poses:
        count = int(person.random.integers(*lengths))
        frames += person.hold(pose, count, now_ms)
        held += [pose] * count
        now_ms += count * person.period_ms
    return frames, held
