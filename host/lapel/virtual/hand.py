"""A hand made of capsules, and other things that come before a depth sensor.

Everything lies in the sensor's frame: x to the right, y down, z away from it, millimetres. The palm looks
back at the sensor. A shape's `depths` says how far away each of a bundle of rays meets it.

Proportions of the hand are shares of its length (wrist to the tip of the middle finger), rounded from the
adult medians in Buryanov and Kotiuk, "Proportions of Hand Segments", Int. J. Morphol. 28(3), 2010.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Index, middle, ring, little: knuckle (x, y from the wrist), length, radius, spread of the open hand in
# degrees.
_FINGERS = (
    (0.135, 0.53, 0.385, 0.046, 7.0),
    (0.045, 0.55, 0.44, 0.046, 1.0),
    (-0.045, 0.53, 0.41, 0.044, -5.0),
    (-0.130, 0.48, 0.325, 0.039, -13.0),
)
_PHALANGES = (0.46, 0.29, 0.25)
_FULL_FLEXION_DEG = (84.0, 100.0, 62.0)  # of a fist: knuckle, middle joint, end joint
_PALM_RADIUS = 0.075
_PALM_CENTRE_Y = 0.30
_FOREARM = 1.6  # longer than any field of view is wide


class Shape(Protocol):
    @property
    def reflectance(self) -> float:
        """Against skin's."""

    def depths(self, rays: Array) -> Array:
        """z where each ray (n, 3), with z = 1, meets the shape first; inf where it does not."""


@dataclass(frozen=True)
class Fingers:
    """How far index, middle, ring, little and thumb are bent (0 straight, 1 as in a fist), and the spread."""

    index: float
    middle: float
    ring: float
    little: float
    thumb: float
    spread: float = 1.0

    def towards(self, other: Fingers, share: float) -> Fingers:
        pairs = zip(_values(self), _values(other), strict=True)
        return Fingers(*(a + (b - a) * share for a, b in pairs))


def _values(fingers: Fingers) -> tuple[float, ...]:
    return (
        fingers.index, fingers.middle, fingers.ring, fingers.little, fingers.thumb, fingers.spread
    )  # fmt: skip


OPEN = Fingers(0.04, 0.03, 0.04, 0.06, 0.1)
CLOSED_FINGERS = Fingers(0.04, 0.03, 0.03, 0.05, 0.3, spread=0.1)
FIST = Fingers(1.0, 1.0, 1.0, 1.0, 1.0, spread=0.0)
POINTING = Fingers(0.0, 1.0, 1.0, 1.0, 0.9, spread=0.0)
TWO = Fingers(0.0, 0.0, 1.0, 1.0, 1.0)
THUMB_UP = Fingers(1.0, 1.0, 1.0, 1.0, -0.4, spread=0.0)
HORNS = Fingers(0.0, 1.0, 1.0, 0.0, 0.0, spread=0.5)


@dataclass(frozen=True)
class Hand:
    """`distance_mm` is to the middle of the palm's skin. Angles: `pitch` tips the fingers away from the
    sensor, `roll` turns about the middle finger, `yaw` turns in the palm's own plane; 0 has the fingers
    up."""

    length_mm: float = 180.0
    right: bool = True
    sleeve: bool = False
    fingers: Fingers = OPEN
    x_mm: float = 0.0
    y_mm: float = 0.0
    distance_mm: float = 250.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0
    yaw_deg: float = 0.0
    breadth: float = 1.0  # of the palm and the fingers, against the median
    wrist_deg: float = 0.0  # forearm drops away from the sensor, behind the palm's plane
    reflectance: float = 1.0

    def depths(self, rays: Array) -> Array:
        starts, ends, radii = self.capsules()
        return np.asarray(_capsule_depths(rays, starts, ends, radii).min(axis=0))

    def capsules(self) -> tuple[Array, Array, Array]:
        """Starts (n, 3), ends (n, 3) and radii (n,) in the sensor's frame."""
        parts = self._parts()
        starts, ends, radii = (np.array([part[i] for part in parts], dtype=float) for i in range(3))
        turn = _rotation(self.pitch_deg, self.roll_deg, self.yaw_deg)
        side = 1.0 if self.right else -1.0
        place = np.array([self.x_mm, self.y_mm, self.distance_mm])
        skin = np.array([0.0, 0.0, -_PALM_RADIUS])  # the palm turns about its skin

        def placed(points: Array) -> Array:
            centred = points - np.array([0.0, _PALM_CENTRE_Y, 0.0]) - skin
            # The model's y goes to the fingertips, the sensor's goes down.
            mine = centred * np.array([side, -1.0, 1.0]) * self.length_mm
            return np.asarray(mine @ turn.T + place)

        return placed(starts), placed(ends), radii * self.length_mm

    def normal(self) -> Array:
        """Of the palm, away from the sensor."""
        return np.asarray(_rotation(self.pitch_deg, self.roll_deg, self.yaw_deg) @ np.array([0.0, 0.0, 1.0]))

    def _parts(self) -> list[tuple[Array, Array, float]]:
        """Capsules in shares of the length: x to the thumb, y to the fingertips, z into the palm's back."""
        parts: list[tuple[Array, Array, float]] = []
        wide = self.breadth
        bends = _values(self.fingers)
        for (x, y, length, radius, spread), bend in zip(_FINGERS, bends, strict=False):
            knuckle = np.array([x * wide, y, 0.0])
            parts.append((np.array([x * wide * 0.62, 0.07, 0.0]), knuckle, _PALM_RADIUS * (1 + wide) / 2))
            sideways = np.radians(spread * self.fingers.spread)
            at, flexion = knuckle, 0.0
            for share, full in zip(_PHALANGES, _FULL_FLEXION_DEG, strict=True):
                flexion += np.radians(full) * bend
                along = np.cos(flexion)
                step = np.array([np.sin(sideways) * along, np.cos(sideways) * along, -np.sin(flexion)])
                end = at + step * length * share
                parts.append((at, end, radius * wide))
                at = end
        parts += self._thumb()
        drop = np.radians(self.wrist_deg)
        down = np.array([0.0, -np.cos(drop), np.sin(drop)])
        for x in (-0.055, 0.055):
            wrist = np.array([x * wide, 0.03, 0.015])
            parts.append((wrist, wrist + down * _FOREARM, 0.1))
            if self.sleeve:
                cuff = wrist + down * 0.22 + np.array([0.0, 0.0, 0.02])
                parts.append((cuff, cuff + down * _FOREARM, 0.19))
        return parts

    def _thumb(self) -> list[tuple[Array, Array, float]]:
        wide, tucked = self.breadth, self.fingers.thumb
        root = np.array([0.10 * wide, 0.13, -0.01])
        spread = np.array(
            [[0.24 * wide, 0.30, -0.02], [0.34 * wide, 0.43, -0.03], [0.40 * wide, 0.53, -0.03]]
        )
        across = np.array(
            [[0.14 * wide, 0.30, -0.08], [0.11 * wide, 0.41, -0.20], [0.00 * wide, 0.43, -0.25]]
        )
        joints = spread + (across - spread) * tucked
        ball = (root, joints[0], 0.075)
        return [ball, (joints[0], joints[1], 0.054), (joints[1], joints[2], 0.048)]


@dataclass(frozen=True)
class Plane:
    """A table or a wall: z = distance + tan(tilt) along x and y, without what lies at y < `edge_mm`."""

    distance_mm: float
    tilt_x_deg: float = 0.0
    tilt_y_deg: float = 0.0
    edge_mm: float | None = None
    reflectance: float = 1.0

    def depths(self, rays: Array) -> Array:
        slope = rays[:, 0] * np.tan(np.radians(self.tilt_y_deg)) + rays[:, 1] * np.tan(
            np.radians(self.tilt_x_deg)
        )
        z = np.where(slope < 0.99, self.distance_mm / np.maximum(1 - slope, 0.01), np.inf)
        if self.edge_mm is None:
            return z
        return np.where(rays[:, 1] * z < self.edge_mm, np.inf, z)


@dataclass(frozen=True)
class Capsules:
    """Any thing of capsules; `parts` are (start, end, radius)."""

    parts: tuple[tuple[tuple[float, float, float], tuple[float, float, float], float], ...]
    reflectance: float = 1.0

    def depths(self, rays: Array) -> Array:
        starts, ends = (np.array([part[i] for part in self.parts], dtype=float) for i in (0, 1))
        return np.asarray(
            _capsule_depths(rays, starts, ends, np.array([part[2] for part in self.parts])).min(axis=0)
        )


def face(distance_mm: float, x_mm: float = 0.0, y_mm: float = 0.0, size: float = 1.0) -> Capsules:
    """A head with a nose, on a neck and shoulders; `distance_mm` to the cheeks."""

    def at(x: float, y: float, z: float) -> tuple[float, float, float]:
        return (x_mm + x * size, y_mm + y * size, distance_mm + z * size)

    return Capsules(
        (
            (at(0, -45, 82), at(0, 35, 82), 78 * size),
            (at(0, 40, 60), at(0, 60, 60), 52 * size),
            (at(0, -20, -2), at(0, 15, -12), 12 * size),
            (at(0, 60, 110), at(0, 200, 110), 58 * size),
            (at(-190, 200, 130), at(190, 200, 130), 60 * size),
        )
    )


@dataclass(frozen=True)
class Cup:
    """An upright cylinder; `distance_mm` to its front."""

    distance_mm: float
    radius_mm: float = 40.0
    height_mm: float = 95.0
    x_mm: float = 0.0
    y_mm: float = 0.0
    reflectance: float = 1.0

    def depths(self, rays: Array) -> Array:
        centre = self.distance_mm + self.radius_mm
        a = rays[:, 0] ** 2 + 1
        b = -(rays[:, 0] * self.x_mm + centre)
        root = b * b - a * (self.x_mm**2 + centre**2 - self.radius_mm**2)
        z = (-b - np.sqrt(np.maximum(root, 0))) / a
        inside = (root > 0) & (np.abs(rays[:, 1] * z - self.y_mm) < self.height_mm / 2)
        return np.where(inside, z, np.inf)


def between(first: Hand, second: Hand, share: float) -> Hand:
    """A hand on the way from one posture to the other."""
    moving = ("x_mm", "y_mm", "distance_mm", "pitch_deg", "roll_deg", "yaw_deg")
    moved = {
        name: getattr(first, name) + (getattr(second, name) - getattr(first, name)) * share for name in moving
    }
    return replace(first, fingers=first.fingers.towards(second.fingers, share), **moved)


def _rotation(pitch_deg: float, roll_deg: float, yaw_deg: float) -> Array:
    p, r, w = np.radians((pitch_deg, roll_deg, yaw_deg))
    about_x = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    about_y = np.array([[np.cos(r), 0, -np.sin(r)], [0, 1, 0], [np.sin(r), 0, np.cos(r)]])
    about_z = np.array([[np.cos(w), -np.sin(w), 0], [np.sin(w), np.cos(w), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_x @ about_y)


def _capsule_depths(rays: Array, starts: Array, ends: Array, radii: Array) -> Array:
    """(capsules, rays). A ray meets the tube between the ends, or the ball at the end it passes."""
    axis = ends - starts
    axis_axis = np.maximum((axis * axis).sum(axis=1), 1e-6)[:, None]
    axis_ray = axis @ rays.T
    axis_start = -(axis * starts).sum(axis=1)[:, None]
    ray_start = -(starts @ rays.T)
    start_start = (starts * starts).sum(axis=1)[:, None]
    ray_ray = (rays * rays).sum(axis=1)[None, :]
    square = (radii * radii)[:, None]
    a = axis_axis * ray_ray - axis_ray**2
    b = axis_axis * ray_start - axis_start * axis_ray
    c = axis_axis * start_start - axis_start**2 - square * axis_axis
    root = b * b - a * c
    tube = (-b - np.sqrt(np.maximum(root, 0))) / np.maximum(a, 1e-9)
    along = axis_start + tube * axis_ray
    to_ball = np.where(along <= 0, ray_start, -(ends @ rays.T))
    ball_ball = np.where(along <= 0, start_start, (ends * ends).sum(axis=1)[:, None])
    ball_root = to_ball**2 - ray_ray * (ball_ball - square)
    ball = (-to_ball - np.sqrt(np.maximum(ball_root, 0))) / ray_ray
    on_tube = (along > 0) & (along < axis_axis)
    z = np.where(on_tube, tube, np.where(ball_root > 0, ball, np.inf))
    return np.where((root >= 0) & (z > 0), z, np.inf)
