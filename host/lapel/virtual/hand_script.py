"""What a virtual wearer does before the depth sensor, second by second: seeded, 15 scenes a second."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .depth_sensor import PERIOD_MS, DepthSensor, Frame
from .hand import CLOSED_FINGERS, FIST, OPEN, Fingers, Hand, Plane, Shape, between

ENTER_MM_S = 1000.0
_FIST_MS = 150.0  # to close or to open a hand
_OUTSIDE_MM = 330.0


def varied_sensor(random: np.random.Generator) -> DepthSensor:
    """No two parts and scenes are alike."""
    return DepthSensor(
        int(random.integers(1 << 30)),
        noise=random.uniform(0.7, 1.5),
        faults=float(random.choice([0.002, 0.006, 0.02])),
        merge_mm=random.uniform(50, 110),
        least_share=random.uniform(0.08, 0.2),
    )


class Wearer:
    """A person with a hand, a sleeve or none, a background, and a sensor of their own.

    Each method adds frames to `frames`; `now_ms` is the time after the last one. Movements ease in and out.
    """

    def __init__(self, seed: int, distance_mm: float | None = None) -> None:
        self.random = random = np.random.default_rng(seed)
        together = OPEN.towards(CLOSED_FINGERS, random.uniform(0, 1))
        fingers = replace(together, thumb=random.uniform(-0.35, 0.25))
        self.rest = Hand(
            length_mm=random.uniform(150, 210),
            right=bool(random.random() < 0.5),
            sleeve=bool(random.random() < 0.5),
            breadth=random.uniform(0.95, 1.17),
            fingers=fingers,
            x_mm=random.normal(0, 10),
            y_mm=random.normal(0, 10),
            distance_mm=random.uniform(190, 330) if distance_mm is None else distance_mm,
            pitch_deg=random.normal(0, 6),
            roll_deg=random.normal(0, 6),
            yaw_deg=float(random.choice([-90, 0, 90])) + random.normal(0, 15),
            wrist_deg=random.uniform(10, 80),
        )
        self.hand = self.rest
        # This wearer's own fist: not every thumb lies across, not every fist is tight.
        self.fist = OPEN.towards(FIST, random.uniform(0.88, 1.0))
        self.fist = replace(self.fist, thumb=random.uniform(0.5, 1.0))
        self.sensor = varied_sensor(random)
        self.behind: list[Shape] = [Plane(random.uniform(500, 2000), reflectance=random.uniform(0.3, 1.0))]
        self.frames: list[Frame] = []
        self.truth: list[Hand | None] = []
        self._phases = random.uniform(0, 2 * math.pi, 5)

    @property
    def now_ms(self) -> float:
        return len(self.frames) * PERIOD_MS

    def nobody(self, ms: float, shapes: Sequence[Shape] = ()) -> None:
        """Only the background, and `shapes` before it."""
        for _ in range(_count(ms)):
            self._add([*shapes, *self.behind], None)

    def move(self, to: Hand, ms: float) -> None:
        """From where the hand is to `to`."""
        start, count = self.hand, _count(ms)
        for i in range(1, count + 1):
            share = i / count
            self.hand = between(start, to, share * share * (3 - 2 * share))
            self._add_hand()

    def hold(self, ms: float) -> None:
        for _ in range(_count(ms)):
            self._add_hand()

    def idle(self, ms: float, sway_deg: float = 3.0, sway_mm: float = 12.0) -> None:
        """Looks at the palm: it sways and drifts about its place."""
        middle = self.hand
        start = self.now_ms
        for _ in range(_count(ms)):
            t = (self.now_ms - start) / 1000
            a, b, c, d, e = (math.sin(2 * math.pi * t / period) for period in (2.3, 3.1, 4.7, 5.9, 7.3))
            self.hand = replace(
                middle,
                pitch_deg=middle.pitch_deg + sway_deg * a,
                roll_deg=middle.roll_deg + sway_deg * b,
                x_mm=middle.x_mm + sway_mm * c,
                y_mm=middle.y_mm + sway_mm * d,
                distance_mm=middle.distance_mm + sway_mm * e,
            )
            self._add_hand()
        self.move(middle, 300)

    def enter(self) -> None:
        """From outside the field, at 1 m/s."""
        self.hand = self.outside()
        self.move(self.rest, 1000 * _OUTSIDE_MM / ENTER_MM_S)

    def leave(self) -> None:
        self.move(self.outside(), 1000 * _OUTSIDE_MM / ENTER_MM_S)
        self.nobody(300)

    def close(self, held_ms: float, fingers: Fingers | None = None) -> None:
        """Makes a fist (or another shape), holds it, and opens again."""
        was = self.hand
        self.move(replace(was, fingers=fingers or self.fist), _FIST_MS)
        self.hold(held_ms)
        self.move(was, _FIST_MS)

    def tilt(self, pitch_deg: float, roll_deg: float, held_ms: float = 500) -> None:
        """Turns by so much, as the sensor sees it, and back."""
        was = self.hand
        self.move(self.turned(pitch_deg, roll_deg), 250)
        self.hold(held_ms)
        self.move(was, 250)

    def turned(self, pitch_deg: float, roll_deg: float) -> Hand:
        """The hand, tilted by so much as the sensor sees it."""
        # The hand's own axes are turned by yaw against the sensor's.
        yaw = math.radians(self.hand.yaw_deg)
        pitch = pitch_deg * math.cos(yaw) + roll_deg * math.sin(yaw)
        roll = roll_deg * math.cos(yaw) - pitch_deg * math.sin(yaw)
        return replace(self.hand, pitch_deg=self.hand.pitch_deg + pitch, roll_deg=self.hand.roll_deg + roll)

    def shift(self, x_mm: float = 0, y_mm: float = 0, distance_mm: float = 0, ms: float = 250) -> None:
        here = self.hand
        there = (here.x_mm + x_mm, here.y_mm + y_mm, here.distance_mm + distance_mm)
        self.move(replace(here, x_mm=there[0], y_mm=there[1], distance_mm=there[2]), ms)

    def outside(self) -> Hand:
        """Where the hand comes from and goes to."""
        # An arm comes in along itself.
        yaw = math.radians(self.rest.yaw_deg)
        x, y = self.rest.x_mm - _OUTSIDE_MM * math.sin(yaw), self.rest.y_mm + _OUTSIDE_MM * math.cos(yaw)
        return replace(self.rest, x_mm=x, y_mm=y)

    def trembling(self, hands: Sequence[Hand]) -> list[Hand]:
        """Nobody's hand is still: physiological tremor and sway, at this moment."""
        t = self.now_ms / 1000
        p = self._phases
        return [
            replace(
                hand,
                pitch_deg=hand.pitch_deg + 0.7 * math.sin(7 * t + p[0]),
                roll_deg=hand.roll_deg + 0.7 * math.sin(6 * t + p[1]),
                distance_mm=hand.distance_mm + 2 * math.sin(4 * t + p[2]),
            )
            for hand in hands
        ]

    def show(self, shapes: Sequence[Shape]) -> None:
        """One frame of any shapes before the wearer's background."""
        self._add([*shapes, *self.behind], None)

    def _add_hand(self) -> None:
        trembling = self.trembling([self.hand])[0]
        self._add([trembling, *self.behind], trembling)

    def _add(self, shapes: Sequence[Shape], hand: Hand | None) -> None:
        self.frames.append(self.sensor.measure(self.now_ms, shapes))
        self.truth.append(hand)


def _count(ms: float) -> int:
    return max(1, round(ms / PERIOD_MS))
