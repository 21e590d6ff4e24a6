"""A page of a card as a picture of strokes: what the palm shows, small enough for a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pin.projector import font, page

from ..cards import Card
from ..glyphs import scripts

SIZE = 200  # of the picture's sides, in its own units: a field of 70 mm
_STROKE = 3.0
_MOST_LINES = 8


def draw(lines: Sequence[str], choices: Sequence[str] = (), focus: int = 0, title: str | None = None) -> str:
    """SVG of one page, drawn by the pin's own layout. A page that the pin would refuse is empty."""
    letters = font.load()
    for code, glyph in scripts.needed([*lines, *choices, title or ""]):
        letters.push(code, glyph)
    sheet = page.Page(letters)
    try:
        sheet.lay_out(list(lines)[:_MOST_LINES], tuple(choices), focus, title)
        paths = " ".join(_path(sheet, stroke) for stroke in range(sheet.strokes))
    except ValueError:
        paths = ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}">'
        f'<path d="{paths}" fill="none" stroke="#4be37d" stroke-width="{_STROKE}" '
        'stroke-linecap="round" stroke-linejoin="round"/></svg>'
    )


def of_card(card: Card | None) -> str:
    """The first page of a card, or a dark palm."""
    if card is None:
        return draw([])
    extras = card.extras
    lines = [extras.big] if extras.big else card.pages[0] if card.pages else []
    choices = [choice["label"] for choice in extras.choices or ()] if len(card.pages) <= 1 else []
    return draw(lines, choices, extras.focus or 0, extras.title)


def _path(sheet: Any, stroke: int) -> str:
    begin, end = sheet.starts[stroke], sheet.starts[stroke + 1]
    points = (_point(sheet.points[2 * i], sheet.points[2 * i + 1]) for i in range(begin, end))
    return "M" + "L".join(points)


def _point(x: int, y: int) -> str:
    scale = SIZE / 2 / page.FIELD
    return f"{SIZE / 2 + (x - page.ORIGIN) * scale:.1f} {SIZE / 2 - (y - page.ORIGIN) * scale:.1f}"
