"""A text through the pin's own projector code: its pages, and the samples that a converter gets for one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pin.projector import COLUMNS, LINES, TOO_MUCH, font, guard, page, scanner, speed

from ..cards import Display, paginate
from ..glyphs import scripts
from ..virtual.beam import Floats, Mirror

FIELD: int = page.FIELD
CAP_UNITS: int = page.CAP_UNITS
MAX_SAMPLES: int = speed.MAX_SAMPLES
DISPLAY = Display(COLUMNS, LINES)
RAMP_SAMPLES = 9600  # 200 ms: the scanner takes 64 to bring the light up


class Undrawable(Exception):
    """The pin would refuse this page; the text says why."""


@dataclass(frozen=True)
class Frame:
    """One period of a repeating frame.

    `words` is (samples, 2): the I2S words of X and Y. `strokes` is what should be seen: each (points, 2) in
    half fields, 1 at the field's edge, x right and y up. `glyph_height` is a capital's, in half fields.
    """

    words: npt.NDArray[np.int32]
    strokes: list[Floats]
    glyph_height: float
    mirror: Mirror

    @property
    def samples(self) -> int:
        return len(self.words)

    def raw(self) -> bytes:
        """The words as the converter gets them: little-endian, X then Y."""
        return self.words.astype("<i4").tobytes()

    def stream(self, seconds: float) -> bytes:
        """The frame repeated for at least so long."""
        laps = int(np.ceil(seconds * speed.RATE_HZ / self.samples))
        return self.raw() * laps


class _Converter:
    """Stands for the I2S port: keeps what the scanner writes."""

    def __init__(self) -> None:
        self.words: list[Any] = []
        self._refill: Any = None

    def irq(self, handler: Any) -> None:
        self._refill = handler

    def write(self, chunk: Any) -> int:
        self.words += list(chunk)
        return len(chunk) * 4

    def refill(self) -> None:
        self._refill(self)


class _Hand:
    """Stands for the palm sensor: a hand is always there."""

    present = True

    def age_ms(self) -> int:
        return 0


def pages(text: str) -> list[list[str]]:
    """The text as the relay would page it for a vector pin; a line break in it is kept."""
    lines = [line for part in text.splitlines() for page in paginate(part, DISPLAY) for line in page]
    return [lines[i : i + LINES] for i in range(0, len(lines), LINES)]


def draw(
    lines: Sequence[str],
    mirror: Mirror | None = None,
    page_of: tuple[int, int] = (0, 1),
    field_percent: int = 100,
    brightness: int = speed.FULL_INTENSITY,
) -> Frame:
    """The frame that a pin with this calibration repeats for `lines`, page `page_of[0]` of `page_of[1]`.

    Raises Undrawable.
    """
    number, count = page_of
    layout = ((), 0, None, count > 1, number, count)  # as Page.lay_out has them after the lines
    mirror = mirror or Mirror()
    letters = font.load()
    for code, glyph in scripts.needed(lines):
        letters.push(code, glyph)
    calibrated = speed.Mirror(mirror.hz, mirror.damping, mirror.delay_samples, field_percent, brightness)
    gate = guard.Guard(lambda level: None, _Hand(), calibrated, clock_ms=_stopped)
    converter = _Converter()
    vector = scanner.VectorScanner(converter, calibrated, _stopped)
    try:
        objection = vector.show(letters, list(lines), *layout[:2], gate.check, *layout[2:])
    except ValueError:
        objection = TOO_MUCH
    if objection:
        raise Undrawable(f"the pin refuses this page: {objection}")
    sheet = page.Page(letters, field_percent)
    sheet.lay_out(list(lines), *layout)
    words = _one_period(vector, converter)
    return Frame(words, list(_strokes(sheet)), CAP_UNITS * sheet.scale / FIELD, mirror)


def _one_period(vector: Any, converter: _Converter) -> npt.NDArray[np.int32]:
    """A whole frame of the running stream, after the dark lead-in and once the light has come up."""
    samples = vector.samples
    begin = scanner.LEAD_IN_SAMPLES + samples * -(-RAMP_SAMPLES // samples)
    vector.start()
    while len(converter.words) < 2 * (begin + samples):
        converter.refill()
    words = np.array(converter.words[2 * begin : 2 * (begin + samples)], dtype=np.int64)
    return words.astype(np.uint32).view(np.int32).reshape(-1, 2)


def _strokes(sheet: Any) -> Iterator[Floats]:
    points = (np.array(sheet.points, dtype=np.float64).reshape(-1, 2) - page.ORIGIN) / FIELD
    for k in range(sheet.strokes):
        yield points[sheet.starts[k] : sheet.starts[k + 1]]


def _stopped() -> int:
    return 0
