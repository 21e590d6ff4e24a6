"""Hands of another make than `lapel.virtual.hand`: to judge the poses on what their model was not made of.

Boxes and ellipses on a tilted plane, with random bumps, rims and failed zones. Set to the medians of four
people in docs/palm.md; sizes of people differ as much as poses do. Sensors differ in rate, statuses, and what
they report for nothing.
"""

import math

import numpy as np
from lapel.virtual.depth_sensor import Frame

SIDE, RAYS = 8, 4
WIDTH = 2 * math.tan(math.radians(22.5))
STEPS = ((np.arange(SIDE * RAYS) + 0.5) / (SIDE * RAYS) - 0.5) * WIDTH
RAY_Y, RAY_X = np.meshgrid(STEPS, STEPS, indexing="ij")


def zones_of(rays):
    return rays.reshape(SIDE, RAYS, SIDE, RAYS)


class Person:
    def __init__(self, seed):
        self.random = random = np.random.default_rng([99, seed])
        self.scale = 1.05 * math.exp(random.normal(0, 0.08))
        self.fist_scale = random.normal(1.03, 0.045)
        self.tilt_deg = {"open": abs(random.normal(5, 2.5)), "fist": random.normal(12, 3)}
        self.bump_mm = {"open": random.uniform(5, 9), "fist": random.uniform(6, 11)}
        self.spread = random.uniform(0, 1)
        self.mirror = random.choice([-1, 1])
        turned = 0 if random.random() < 0.7 else random.choice([-90, 90])
        self.yaw = math.radians(random.normal(0, 12) + turned)
        self.least_cover = random.uniform(0.15, 0.45)
        self.arm_mm = random.uniform(10, 70) if random.random() < 0.6 else None
        self.noise_mm = random.uniform(1.5, 4)
        self.failing = random.choice([0, 0.01, 0.03])
        self.failed_mm = random.choice([0, 65535])
        self.wide = random.uniform(0, 0.6)  # share of status 9
        self.period_ms = 1000 / random.choice([15, 30])
        self.wall_mm = random.uniform(600, 1800) if random.random() < 0.5 else None
        self.place = random.normal(0, 18, 2)

    def hold(self, pose, count, start_ms):
        random = self.random
        near, far = np.clip(random.normal(285, 55, 2), 150, 380)
        tilt = math.tan(math.radians(self.tilt_deg[pose] + random.normal(0, 3)))
        way = math.pi / 2 + random.normal(0, 0.5)
        x, y = self.place + random.normal(0, 10, 2)
        yaw = self.yaw + random.normal(0, 0.12)
        waves = random.uniform(0, 6.28, 6), random.uniform(0.03, 0.07, 6), random.normal(0, 1, 6)
        frames = []
        for i in range(count):
            mm = near + (far - near) * i / max(1, count - 1) + 3 * math.sin(0.3 * i)
            slopes = (tilt * math.cos(way), tilt * math.sin(way))
            depths, covered = self._surface(pose, mm, slopes, (x, y), yaw, waves)
            frames.append(self._frame(depths, covered, start_ms + i * self.period_ms))
        return frames

    def _surface(self, pose, mm, slopes, place, yaw, waves):
        a, b = slopes
        z = (mm - a * place[0] - b * place[1]) / (1 - a * RAY_X - b * RAY_Y)
        x, y = z * RAY_X - place[0], z * RAY_Y - place[1]
        scale = self.scale * (self.fist_scale if pose == "fist" else 1 / 0.93)
        # u goes to the thumb, v to the wrist
        u = (math.cos(yaw) * x + math.sin(yaw) * y) * self.mirror / scale
        v = (math.cos(yaw) * y - math.sin(yaw) * x) / scale
        if pose == "open":
            hand = (abs(u) < 42) & (v > -25) & (v < 65) | (((u + 60) / 15) ** 2 + ((v - 15) / 42) ** 2 < 1)
            hand |= (u / 38) ** 2 + ((v - 60) / 22) ** 2 < 1
            for finger, length in enumerate((78, 92, 86, 64)):
                apart = (finger - 1.5) * (20.7 * (1 + 0.12 * self.spread) - 0.11 * self.spread * (v + 25))
                hand |= (abs(u - apart) < 9.3) & (v < -20) & (v > -25 - 0.93 * length)
            z = z + 6 * (u / 42) ** 2 * (v > -25) - 4 * np.exp(-(((v - 50) / 20) ** 2))
        else:
            hand = (u / 52) ** 2 + (v / 50) ** 2 < 1
            hand |= (abs(u) < 40) & (v > -38) & (v < 45)
            round_mm = 38 * (1 - np.sqrt(np.clip(1 - (u / 62) ** 2 - (v / 62) ** 2, 0, 1)))
            z = z + round_mm - 10 * np.exp(-(((u + 10) / 25) ** 2) - ((v - 5) / 12) ** 2)
        phases, turns, heights = waves
        for k in range(6):
            wave = np.sin(turns[k] * (u if k % 2 else v) + phases[k])
            z = z + self.bump_mm[pose] / 1.73 * heights[k] * wave
        if self.arm_mm is not None:
            arm = (abs(u) < 30) & (v > 40) & ~hand
            z, hand = np.where(arm, z + 12 + self.arm_mm * (v - 40) / 60, z), hand | arm
        return z, hand

    def _frame(self, depths, covered, t_ms):
        random, shape = self.random, (SIDE, SIDE)
        share = zones_of(covered).mean(axis=(1, 3))
        mean = zones_of(np.where(covered, depths, 0)).sum(axis=(1, 3)) / np.maximum(1, share * RAYS**2)
        mean += (1 - share) * random.uniform(0, 16, shape)
        mean += random.normal(0, self.noise_mm, shape) * (1.5 - share / 2)
        seen = share > self.least_cover
        distance = np.where(seen, mean, self.wall_mm or 0)
        status = np.where(random.random(shape) < self.wide, 9, 5)
        if self.wall_mm is None:
            status = np.where(seen, status, 255)
        failed = random.random(shape) < self.failing
        status = np.where(failed, random.choice([0, 2, 4, 6, 10, 13], shape), status)
        distance = np.where((status == 5) | (status == 9), distance, self.failed_mm)
        return Frame(round(t_ms), np.rint(distance).astype(int).ravel().tolist(), status.ravel().tolist())


def recording(seed, poses, lengths=(15, 46)):
    """Frames, and the pose in each."""
    person = Person(seed)
    frames, held = [], []
    now_ms = 0.0
    for pose in poses:
        count = int(person.random.integers(*lengths))
        frames += person.hold(pose, count, now_ms)
        held += [pose] * count
        now_ms += count * person.period_ms
    return frames, held
