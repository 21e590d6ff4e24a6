"""The cheap build's 16 x 9 LEDs, drawn by the pin's own scanner: a line that scrolls by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from lapel_wire import glyphs
from PIL import Image
from pin.projector import TOO_MUCH, font, matrix
from pin.projector.is31fl3731 import COLUMNS, ROWS

from ..cards import Display, paginate
from ..glyphs import scripts
from ..virtual import light, palm_picture
from ..virtual.beam import Floats
from .drawing import CAP_UNITS, Undrawable
from .measure import PERCENTILE, Measured, along

DISPLAY = Display(matrix.MatrixScanner.columns, matrix.MatrixScanner.lines)
LED_LUX = 900.0  # on the palm, of an LED that is fully on: about 0.1 lm through one lens onto 4 x 4 mm
BLUR_MM = 1.1  # sigma of one LED's image


@dataclass(frozen=True)
class Strip:
    """A page as it scrolls by: `pictures` (n, ROWS, COLUMNS) and `whole` (ROWS, width), 0 to 1.

    `strokes` are the ideal ones in pixels, x right and y down, `glyph_height` a capital's.
    """

    pictures: Floats
    whole: Floats
    strokes: list[Floats]
    glyph_height: float


class _Chip:
    """Stands for the LED driver: keeps each picture that is put up."""

    def __init__(self) -> None:
        self.pixels = bytearray(ROWS * COLUMNS)
        self.pictures: list[npt.NDArray[np.uint8]] = []

    def show(self) -> None:
        self.pictures.append(np.frombuffer(bytes(self.pixels), dtype=np.uint8).reshape(ROWS, COLUMNS))

    def power(self, on: bool) -> None:
        return None


def pages(text: str) -> list[list[str]]:
    """The text as the relay would page it for a matrix."""
    return [page for part in text.splitlines() for page in paginate(part, DISPLAY)]


def draw(lines: list[str]) -> Strip:
    """Lets the pin's scanner scroll through the page once. Raises Undrawable."""
    letters = font.load()
    for code, glyph in scripts.needed(lines):
        letters.push(code, glyph)
    chip = _Chip()
    now = [0]
    scanner = matrix.MatrixScanner(chip, clock_ms=lambda: now[0])
    try:
        scanner.show(letters, lines, (), 0, None)
    except ValueError:
        raise Undrawable(f"the pin refuses this page: {TOO_MUCH}") from None
    scanner.start()
    while now[0] + matrix.PIXEL_MS < scanner.page_ms:
        now[0] += matrix.PIXEL_MS
        scanner.poll()
    pictures = np.array(chip.pictures, dtype=np.float64) / 255
    whole = np.concatenate([pictures[0], *(picture[:, -1:] for picture in pictures[1:])], axis=1)
    return Strip(pictures, whole, _strokes(letters, " ".join(lines)), CAP_UNITS / matrix.UNITS)


def _strokes(letters: Any, text: str) -> list[Floats]:
    advances = [-(-letters.find(ord(character)) // matrix.UNITS) for character in text]
    left = max(0, COLUMNS - sum(advances)) // 2
    strokes = []
    for character, advance in zip(text, advances, strict=True):
        letters.find(ord(character))
        packed = letters.glyph[letters.at : letters.at + scripts.length(letters.glyph, letters.at)]
        for stroke in glyphs.unpack(packed)[1]:
            points = np.array(stroke, dtype=np.float64) / matrix.UNITS
            strokes.append(np.stack([points[:, 0] + left, matrix.BASELINE - points[:, 1]], axis=1))
        left += advance
    return strokes


def measure(strip: Strip) -> Measured:
    """As for a beam, with lit LEDs in place of lit moments, each counting by its light.

    `refresh_hz` is pictures a second while the text moves, `samples` the pictures of one pass, `peak_drive`
    and `energy` are the brightest and the mean LED, 1 being fully on. There is no laser: `light_mw` is 0.
    """
    rows, columns = np.nonzero(strip.whole > 0)
    seen = np.stack([columns, rows], axis=1).astype(np.float64)
    ideal = along(strip.strokes, 0.1)
    error = gap = 0.0
    if len(seen) and len(ideal):
        apart = np.sqrt(((seen[:, None] - ideal[None]) ** 2).sum(-1))
        weight = strip.whole[rows, columns]
        nearest = apart.min(1)
        order = np.argsort(nearest)
        share = np.cumsum(weight[order]) / weight.sum()
        error = float(nearest[order][np.searchsorted(share, PERCENTILE / 100)])
        gap = float(np.percentile(apart.min(0), PERCENTILE))
    on = strip.pictures > 0
    return Measured(
        refresh_hz=1000 / matrix.PIXEL_MS,
        path_error=error / strip.glyph_height,
        coverage_gap=gap / strip.glyph_height,
        lit_duty=float(on.mean()),
        blank_share=float((~on).mean()),
        blank_travel=0.0,
        peak_drive=float(strip.pictures.max()),
        energy=float(strip.pictures.mean()),
        light_mw=0.0,
        samples=len(strip.pictures),
    )


def render(
    strip: Strip,
    size: tuple[int, int] = (720, 720),
    room_lux: float = light.ROOM_LUX,
    picture_mm: float = light.PICTURE_MM,
) -> Image.Image:
    """The palm with the first picture on it, before the text begins to move."""
    width, height = size
    per_mm = width / picture_mm
    pitch = light.FIELD_MM / COLUMNS * per_mm
    lux = np.zeros((height, width))
    for row, column in np.ndindex(ROWS, COLUMNS):
        x = (width - 1) / 2 + (column - (COLUMNS - 1) / 2) * pitch
        y = (height - 1) / 2 + (row - (ROWS - 1) / 2) * pitch
        half = pitch * 0.3
        part = np.s_[
            max(0, round(y - half)) : round(y + half) + 1, max(0, round(x - half)) : round(x + half) + 1
        ]
        lux[part] = strip.pictures[0, row, column] * LED_LUX
    lux = palm_picture.blur(lux, BLUR_MM * per_mm)
    return light.expose(lux, room_lux, picture_mm)
