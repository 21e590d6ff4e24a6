"""A picture for whoever tunes the drive: the beam's path, both drives, and the speed."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

from ..virtual.beam import FULL_SCALE_FIELDS, RATE_HZ, SUBSTEPS, Floats
from .drawing import Frame
from .measure import drives, settled

SIZE = (1400, 1280)
MARGIN = 60
PATH_HEIGHT = 560
CURVE_HEIGHT = 250
PAPER, INK, GRID = (255, 255, 255), (60, 60, 60), (222, 222, 222)
LIT, BLANK, IDEAL = (0, 140, 60), (190, 190, 200), (230, 120, 120)
X_COLOUR, Y_COLOUR = (30, 90, 200), (210, 110, 20)

Box = tuple[int, int, int, int]  # left, top, right, bottom


def draw(frame: Frame) -> Image.Image:
    """Path (ideal strokes red, lit beam green, blank moves grey), drive, and speed of one period."""
    image = Image.new("RGB", SIZE, PAPER)
    pen = ImageDraw.Draw(image)
    light = settled(frame, frame.mirror)
    width = SIZE[0] - 2 * MARGIN
    _path(pen, frame, light.x, light.y, light.power, (MARGIN, 40, MARGIN + width, 40 + PATH_HEIGHT))

    period_ms = frame.samples / RATE_HZ * 1000
    top = 40 + PATH_HEIGHT + 60
    drive = drives(frame)
    box = (MARGIN, top, MARGIN + width, top + CURVE_HEIGHT)
    _axes(
        pen,
        box,
        "drive of X (blue) and Y (orange), half fields",
        period_ms,
        (-FULL_SCALE_FIELDS, FULL_SCALE_FIELDS),
    )
    for axis, colour in ((0, X_COLOUR), (1, Y_COLOUR)):
        _curve(pen, box, drive[:, axis], (-FULL_SCALE_FIELDS, FULL_SCALE_FIELDS), colour)

    speed = np.hypot(np.diff(light.x, append=light.x[:1]), np.diff(light.y, append=light.y[:1]))
    speed = speed * RATE_HZ * SUBSTEPS / 1000 / frame.glyph_height
    top += CURVE_HEIGHT + 60
    box = (MARGIN, top, MARGIN + width, top + CURVE_HEIGHT)
    most = float(speed.max()) * 1.05 or 1.0
    _axes(pen, box, "speed of the beam, glyph heights a millisecond; green while lit", period_ms, (0, most))
    _curve(pen, box, speed, (0, most), BLANK)
    _curve(pen, box, np.where(light.power > 0, speed, np.nan), (0, most), LIT)
    return image


def _path(pen: ImageDraw.ImageDraw, frame: Frame, x: Floats, y: Floats, power: Floats, box: Box) -> None:
    left, top, right, bottom = box
    reach = max(1.0, float(np.abs(x).max()), float(np.abs(y).max()))
    scale = min(right - left, bottom - top) / 2 / reach
    # Text is wider than high: it fills the box's width while its height allows that.
    high = max(0.1, float(np.abs(y).max()))
    scale = min((right - left) / 2 / reach, (bottom - top) / 2 / high, 2 * scale)
    centre = ((left + right) / 2, (top + bottom) / 2)

    def place(points: Floats) -> list[tuple[float, float]]:
        return [(centre[0] + px * scale, centre[1] - py * scale) for px, py in points]

    pen.text((left, top - 24), "path: ideal strokes red, lit beam green, blank moves grey", fill=INK)
    for stroke in frame.strokes:
        pen.line(place(stroke), fill=IDEAL, width=5)
    for points, lit in _runs(x, y, power > 0):
        pen.line(place(points), fill=LIT if lit else BLANK, width=2 if lit else 1)


def _runs(
    x: Floats, y: Floats, lit: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
) -> list[tuple[Floats, bool]]:
    """Stretches of the beam that are all lit or all dark, each with its first point."""
    points = np.stack([x, y], axis=1)
    edges = [0, *(np.flatnonzero(np.diff(lit)) + 1), len(lit)]
    return [(points[max(0, a - 1) : b], bool(lit[a])) for a, b in pairwise(edges)]


def _axes(
    pen: ImageDraw.ImageDraw, box: Box, title: str, period_ms: float, limits: tuple[float, float]
) -> None:
    left, top, right, bottom = box
    pen.text((left, top - 24), title, fill=INK)
    low, high = limits
    for k in range(5):
        y = bottom - (bottom - top) * k / 4
        pen.line([(left, y), (right, y)], fill=GRID)
        pen.text((left - 44, y - 6), f"{low + (high - low) * k / 4:.3g}", fill=INK)
    for k in range(9):
        x = left + (right - left) * k / 8
        pen.line([(x, top), (x, bottom)], fill=GRID)
        pen.text((x - 12, bottom + 6), f"{period_ms * k / 8:.2f} ms", fill=INK)


def _curve(
    pen: ImageDraw.ImageDraw,
    box: Box,
    values: Floats,
    limits: tuple[float, float],
    colour: tuple[int, int, int],
) -> None:
    left, top, right, bottom = box
    low, high = limits
    x = left + (right - left) * np.arange(len(values)) / max(1, len(values) - 1)
    y = bottom - (bottom - top) * (values - low) / (high - low)
    drawn = ~np.isnan(y)
    for a, b in zip(
        np.flatnonzero(drawn[:-1] & drawn[1:]), np.flatnonzero(drawn[:-1] & drawn[1:]) + 1, strict=True
    ):
        pen.line([(x[a], y[a]), (x[b], y[b])], fill=colour, width=2)
