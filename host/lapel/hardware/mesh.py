"""Checks of a printed part's mesh, and a picture of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from .layout import PETG_G_CM3

OVERHANG_DEG = 45.0  # from the vertical: what prints without support
BRIDGE_MM2 = 150.0  # flat undersides up to this are bridged
SAMPLES = 1500
SIZE = (640, 480)
TOLERANCE = 0.06  # of the mesh against the model, twice over

Mesh = Any  # trimesh has types of its own; what is used of it: vertices, faces, normals, volume


@dataclass
class Report:
    name: str
    is_watertight: bool
    bodies: int
    size_mm: tuple[float, float, float]
    thinnest_mm: float
    overhang_mm2: float
    grams: float
    problems: list[str] = field(default_factory=list)

    def line(self) -> str:
        x, y, z = self.size_mm
        tight = "watertight" if self.is_watertight else "NOT watertight"
        return (
            f"{self.name}: {tight}, {x:.1f} x {y:.1f} x {z:.1f} mm, thinnest {self.thinnest_mm:.2f} mm, "
            f"unsupported {self.overhang_mm2:.0f} mm2, {self.grams:.1f} g"
        )


def examine(name: str, body: Mesh, wall_mm: float, bed_mm: tuple[float, float, float]) -> Report:
    """Watertight, one body, walls, bed, overhang, mass."""
    size = tuple(float(v) for v in body.extents)
    report = Report(
        name,
        bool(body.is_watertight),
        int(body.body_count),
        (size[0], size[1], size[2]),
        thinnest_mm(body),
        overhang_mm2(body),
        float(body.volume) * 1e-3 * PETG_G_CM3,
    )
    if not report.is_watertight or report.bodies != 1:
        report.problems.append(f"{name}: not one watertight body")
    if report.thinnest_mm < wall_mm - TOLERANCE:
        report.problems.append(f"{name}: {report.thinnest_mm:.2f} mm thin, expected {wall_mm:.1f}")
    if any(side > bed for side, bed in zip(size, bed_mm, strict=True)):
        report.problems.append(f"{name}: larger than the bed")
    if report.overhang_mm2 > BRIDGE_MM2:
        report.problems.append(f"{name}: {report.overhang_mm2:.0f} mm2 hang in the air")
    return report


def thinnest_mm(body: Mesh) -> float:
    """The least way through the material, from the middles of the largest faces straight inwards.

    Only where the ray leaves through a face that is about parallel: at an edge any way is short.
    """
    centres, normals = body.triangles_center, body.face_normals
    order = np.argsort(-body.area_faces, kind="stable")[:SAMPLES]
    least = float("inf")
    low, high = _bounds(body)
    for index in order:
        ways = _ways(body, centres[index] - 1e-4 * normals[index], -normals[index], low, high)
        if ways.size:
            least = min(least, float(ways.min()))
    return least


def _bounds(body: Mesh) -> tuple[Any, Any]:
    return body.triangles.min(axis=1), body.triangles.max(axis=1)


def _ways(body: Mesh, origin: Any, direction: Any, low: Any, high: Any) -> Any:
    """Distances to parallel faces that the ray leaves through (Moller and Trumbore)."""
    facing = body.face_normals @ direction > 0.95
    triangles = body.triangles[facing]
    first, second = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    across = np.cross(direction, second)
    scale = np.einsum("ij,ij->i", first, across)
    good = np.abs(scale) > 1e-12
    triangles, first, second, across, scale = (a[good] for a in (triangles, first, second, across, scale))
    to = origin - triangles[:, 0]
    u = np.einsum("ij,ij->i", to, across) / scale
    other = np.cross(to, first)
    v = other @ direction / scale
    way = np.einsum("ij,ij->i", second, other) / scale
    hits = (u >= 0) & (v >= 0) & (u + v <= 1) & (way > 1e-3)
    return way[hits]


def overhang_mm2(body: Mesh) -> float:
    """Area of undersides flatter than OVERHANG_DEG that do not lie on the bed."""
    down = -body.face_normals[:, 2]
    bottom = body.bounds[0][2]
    steep = down > np.cos(np.radians(90 - OVERHANG_DEG)) + 1e-3
    above = body.triangles_center[:, 2] > bottom + 0.05
    return float(body.area_faces[steep & above].sum())


def draw(body: Mesh, path: Path, tilt_deg: float) -> None:
    """A picture, far faces first: turned about x by `tilt_deg`, then a little to the side."""
    turn = _rotation(tilt_deg, 28)
    corners = body.vertices @ turn.T
    flat = corners[:, :2] * (1, -1)
    low, high = flat.min(axis=0), flat.max(axis=0)
    scale = min((SIZE[0] - 40) / (high[0] - low[0]), (SIZE[1] - 40) / (high[1] - low[1]))
    points = ((flat - (low + high) / 2) * scale + (SIZE[0] / 2, SIZE[1] / 2)).round(2)
    normals = body.face_normals @ turn.T
    light = np.array([-0.3, 0.5, 0.8]) / np.linalg.norm([-0.3, 0.5, 0.8])
    depth = corners[body.faces].mean(axis=1)[:, 2].round(4)
    image = Image.new("RGB", SIZE, (255, 255, 255))
    pen = ImageDraw.Draw(image)
    for index in np.argsort(depth, kind="stable"):
        if normals[index][2] <= 0:
            continue
        shade = int(90 + 150 * max(0.0, round(float(normals[index] @ light), 3)))
        corner_points = [(float(points[c][0]), float(points[c][1])) for c in body.faces[index]]
        pen.polygon(corner_points, fill=(shade, shade, min(255, shade + 10)))
    image.quantize(32).save(path, optimize=True)


def _rotation(about_x_deg: float, about_y_deg: float) -> Any:
    x, y = np.radians((about_x_deg, -about_y_deg))
    about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    return about_y @ about_x
