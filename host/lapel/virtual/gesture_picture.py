"""A picture of each gesture, drawn from the virtual hand: `make pictures` writes docs/gestures.png."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .hand import FIST, Array, Hand

_SIDE = 220  # pixels of a panel
_TEXT = 46
_COLUMNS = 4
_VIEW = 0.5  # tangent of half the view's angle
_PAPER, _INK, _ARROW = (250, 250, 248), (40, 40, 44), (30, 110, 190)
_REST = Hand(length_mm=185, distance_mm=270, wrist_deg=30, y_mm=8)


# From, to: in shares of the panel.
Arrow = tuple[tuple[float, float], tuple[float, float]]
_UP: Arrow = ((0.9, 0.6), (0.9, 0.3))
_RIGHT: Arrow = ((0.3, 0.94), (0.7, 0.94))
_OPENS: Arrow = ((0.5, 0.2), (0.5, 0.03))
_AWAY: Arrow = ((0.85, 0.75), (0.7, 0.55))
_LEFT: Arrow = ((0.9, 0.5), (0.62, 0.5))
_DOWN: Arrow = ((0.75, 0.6), (0.75, 0.92))


@dataclass(frozen=True)
class Panel:
    hand: Hand
    name: str
    what: str
    arrow: Arrow | None = None


PANELS = (
    Panel(_REST, "shown", "an open palm, 15 to 40 cm away"),
    Panel(replace(_REST, pitch_deg=22), "up, down", "tilt: the edge that comes nearer", _UP),
    Panel(replace(_REST, roll_deg=28), "left, right", "roll; in a volume card the volume", _RIGHT),
    Panel(replace(_REST, fingers=FIST), "select", "make a fist"),
    Panel(replace(_REST, fingers=FIST), "back", "open a fist held longer than 0.7 s", _OPENS),
    Panel(replace(_REST, distance_mm=360), "home", "push away by 6 cm and rest", _AWAY),
    Panel(replace(_REST, x_mm=-40), "next, previous", "move quickly across the arm, rest", _LEFT),
    Panel(replace(_REST, x_mm=-40, y_mm=190), "gone", "take it away: dark at once", _DOWN),
)


def draw() -> Image.Image:
    rows = -(-len(PANELS) // _COLUMNS)
    picture = Image.new("RGB", (_COLUMNS * _SIDE, rows * (_SIDE + _TEXT)), _PAPER)
    pen = ImageDraw.Draw(picture)
    bold, small = ImageFont.load_default(17), ImageFont.load_default(12)
    for number, panel in enumerate(PANELS):
        left, top = number % _COLUMNS * _SIDE, number // _COLUMNS * (_SIDE + _TEXT)
        picture.paste(Image.fromarray(_shaded(panel.hand)), (left, top))
        if panel.arrow:
            _draw_arrow(pen, *(np.array(end) * _SIDE + (left, top) for end in panel.arrow))
        pen.text((left + 8, top + _SIDE + 2), panel.name, _INK, bold)
        pen.text((left + 8, top + _SIDE + 24), panel.what, _INK, small)
    return picture


def _shaded(hand: Hand) -> Array:
    """Lit from the upper left; nearer is lighter."""
    steps = np.linspace(-_VIEW, _VIEW, _SIDE)
    x, y = np.meshgrid(steps, steps)
    rays = np.stack([x.ravel(), y.ravel(), np.ones(x.size)], axis=1)
    z = hand.depths(rays).reshape(_SIDE, _SIDE)
    seen = np.isfinite(z)
    deep = np.where(seen, z, 500.0)
    down, right = np.gradient(deep)
    light = 0.80 + np.clip(0.05 * (right + down), -0.3, 0.15) - 0.0015 * (deep - 200)
    skin = np.array([232, 190, 160]) * np.clip(light, 0.2, 1.05)[..., None]
    return np.asarray(np.where(seen[..., None], np.clip(skin, 0, 255), _PAPER).astype(np.uint8))


def _draw_arrow(pen: ImageDraw.ImageDraw, start: Array, end: Array) -> None:
    along = (end - start) / np.linalg.norm(end - start)
    across = np.array([-along[1], along[0]])
    pen.line([*start, *end], _ARROW, 5)
    head = [end + 4 * along, end - 12 * along + 9 * across, end - 12 * along - 9 * across]
    pen.polygon([tuple(point) for point in head], _ARROW)


if __name__ == "__main__":
    draw().save(Path(sys.argv[1]), optimize=True)
