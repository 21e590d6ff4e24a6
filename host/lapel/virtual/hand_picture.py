"""Pictures of the hand's gestures for the guide: python -m lapel.virtual.hand_picture FOLDER (make pictures).

Each is a strip of the geometric hand of `hand`, as the pin sees it, shaded by the slope of its surface.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from .hand import FIST, OPEN, Array, Fingers, Hand

SIDE = 150  # pixels of one picture of a strip
OVERSAMPLE = 2
GAP = 26  # between two, for an arrow
VIEW_DEG = 56.0  # a little more than the sensor's field, whose edge is drawn
FIELD_DEG = 45.0
LAMP = np.array([-0.35, -0.5, -0.79])
SKIN = np.array([214.0, 164.0, 138.0])
BACKGROUND = np.array([247.0, 247.0, 244.0])
INK = (70, 80, 90)
COLOURS = 48  # of the file: small, and enough for one skin

REST = Hand(length_mm=180, distance_mm=260, y_mm=25, wrist_deg=25, sleeve=False)


@dataclass(frozen=True)
class Strip:
    """What happens, from left to right; `arrows` has the sign between each two."""

    name: str
    hands: tuple[Hand | None, ...]
    arrows: tuple[str, ...]


def _fingers(fingers: Fingers, **changes: float) -> Hand:
    return replace(REST, fingers=fingers, **changes)  # type: ignore[arg-type]


STRIPS = (
    Strip("raise", (None, replace(REST, y_mm=170), REST), (">", ">")),
    Strip("tilt", (REST, replace(REST, roll_deg=-24), replace(REST, roll_deg=24)), (">", "<>")),
    Strip("fist", (REST, _fingers(OPEN.towards(FIST, 0.5)), _fingers(FIST)), (">", ">")),
    Strip("back", (_fingers(FIST), _fingers(FIST), REST), ("1 s", ">")),
    Strip("push", (REST, replace(REST, distance_mm=390, y_mm=38)), (">",)),
    Strip("swipe", (REST, replace(REST, x_mm=-80)), (">",)),
    Strip(
        "roll", (replace(REST, roll_deg=26), REST, replace(REST, roll_deg=-26)), ("+", "-")
    ),
    Strip("away", (REST, replace(REST, y_mm=170), None), (">", ">")),
)  # fmt: skip


def draw(hand: Hand | None, side: int = SIDE) -> Image.Image:
    """The hand as the pin sees it, with the edge of the sensor's field."""
    count = side * OVERSAMPLE
    half = np.tan(np.radians(VIEW_DEG / 2))
    steps = (np.arange(count) + 0.5 - count / 2) * (2 * half / count)
    y, x = np.meshgrid(steps, steps, indexing="ij")
    pixels = np.broadcast_to(BACKGROUND, (count, count, 3)).copy()
    if hand is not None:
        rays = np.stack([x.ravel(), y.ravel(), np.ones(count * count)], axis=1)
        depth = hand.depths(rays).reshape(count, count)
        seen = np.isfinite(depth)
        light = _shade(np.where(seen, depth, 2000.0), x, y)
        pixels[seen] = (SKIN * light[seen, None]).clip(0, 255)
    image = Image.fromarray(pixels.astype(np.uint8)).resize((side, side), Image.Resampling.BOX)
    edge = side * (1 - np.tan(np.radians(FIELD_DEG / 2)) / half) / 2
    ImageDraw.Draw(image).rectangle([edge, edge, side - 1 - edge, side - 1 - edge], outline=(190, 196, 200))
    return image


def _shade(depth: Array, x: Array, y: Array) -> Array:
    """How bright each point is, by the angle between its surface and the lamp."""
    points = np.stack([x * depth, y * depth, depth])
    across = np.gradient(points, axis=2)
    down = np.gradient(points, axis=1)
    normal = np.cross(across, down, axis=0)
    normal /= np.maximum(np.linalg.norm(normal, axis=0), 1e-9)
    facing = np.abs(np.tensordot(LAMP / np.linalg.norm(LAMP), normal, axes=1))
    return np.asarray(0.45 + 0.6 * facing)


def strip(what: Strip, side: int = SIDE) -> Image.Image:
    """All hands of a strip, with arrows between them."""
    width = len(what.hands) * side + (len(what.hands) - 1) * GAP
    picture = Image.new("RGB", (width, side), tuple(int(value) for value in BACKGROUND))
    pen = ImageDraw.Draw(picture)
    for i, hand in enumerate(what.hands):
        left = i * (side + GAP)
        picture.paste(draw(hand, side), (left, 0))
        if i:
            _arrow(pen, what.arrows[i - 1], left - GAP / 2, side / 2)
    return picture.quantize(COLOURS)


def _arrow(pen: ImageDraw.ImageDraw, sign: str, x: float, y: float) -> None:
    if sign in ("+", "-"):
        pen.line([x - 6, y, x + 6, y], INK, 3)
        if sign == "+":
            pen.line([x, y - 6, x, y + 6], INK, 3)
        return
    if sign not in (">", "<>"):
        pen.text((x, y - 12), sign, INK, anchor="mm", font_size=10)
        sign = ">"
    pen.line([x - 9, y, x + 9, y], INK, 2)
    if ">" in sign:
        pen.polygon([(x + 10, y), (x + 3, y - 5), (x + 3, y + 5)], INK)
    if "<" in sign:
        pen.polygon([(x - 10, y), (x - 3, y - 5), (x - 3, y + 5)], INK)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for what in STRIPS:
        strip(what).save(folder / f"{what.name}.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
