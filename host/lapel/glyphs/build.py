"""Builds the pin's font: `python -m lapel.glyphs.build [FILE]`, or `make font`.

The strokes come from the PyPI package Hershey-Fonts (font "rowmans", Roman simplex); the same input gives
the same bytes. The acknowledgement that the Hershey data asks for is written beside the font.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from HersheyFonts import HersheyFonts
from lapel_wire import glyphs

from lapel.glyphs import latin
from lapel.glyphs.latin import Stroke

Glyph = tuple[int, list[Stroke]]

# The wire is MicroPython and has no annotations.
_pack: Callable[[int, list[Stroke]], bytes] = glyphs.pack
_pack_font: Callable[[dict[int, bytes]], bytes] = glyphs.pack_font

SCALE = glyphs.CAP_UNITS // 21  # Hershey's capitals are 21 high
BASELINE = 9  # of Hershey's downward y
SPACE = 18
FONT_FILE = Path(__file__).parents[3] / "firmware" / "pin" / "projector" / "font.bin"

ACKNOWLEDGEMENT = """\
font.bin holds letters converted from the Hershey fonts, by way of the PyPI package Hershey-Fonts.

The Hershey Fonts were originally created by Dr. A. V. Hershey while working at the
U. S. National Bureau of Standards.

The format of the font data that was converted was originally created by James Hurt, Cognition, Inc.,
900 Technology Park Drive, Billerica, MA 01821 (mit-eddie!ci-dandelion!hurt).

I, a, i, j, l, 1, 3, 5, 7, accents, signs and symbols were drawn for Lapel. Built by `make font`; do not edit.
"""


def hershey_letters() -> dict[str, Glyph]:
    """ASCII on Hershey's grid: x from the left edge of the cell, y up from the baseline."""
    font = HersheyFonts()
    font.load_default_font("rowmans")
    letters: dict[str, Glyph] = {}
    for code in range(0x20, 0x7F):
        glyph = font.all_glyphs[chr(code)]
        left = glyph.left_offset
        strokes = [[(x - left, BASELINE - y) for x, y in stroke] for stroke in glyph.strokes if stroke]
        letters[chr(code)] = (glyph.char_width, strokes)
    # Hershey's space is as wide as a letter; a narrower one lets the letters be larger.
    letters[" "] = (SPACE, [])
    # Digits must not jump when a time ticks.
    widest = max(letters[digit][0] for digit in "0123456789")
    for digit in "0123456789":
        letters[digit] = _in_cell(letters[digit], widest)
    return letters


def all_letters() -> dict[str, Glyph]:
    """Every glyph of the pin's font on Hershey's grid."""
    letters = hershey_letters()
    letters.update(latin.LETTERS)
    letters.update(latin.SIGNS)
    for sign, source in latin.SAME.items():
        letters[sign] = letters[source]
    for letter, (base, mark) in latin.COMPOSED.items():
        letters[letter] = _composed(letters[base], latin.MARKS[mark], mark)
    for sign, source in latin.RAISED.items():
        letters[sign] = _raised(letters[source], 0.5, 11)
    for sign, (over, under) in latin.FRACTIONS.items():
        first, second = _raised(letters[over], 0.5, 11), _raised(letters[under], 0.5, 0)
        slash: Stroke = [(first[0] - 3, -1), (first[0] + 5, 22)]
        shift = first[0] + 2
        letters[sign] = (shift + second[0], [*first[1], slash, *_moved(second[1], shift, 0)])
    return letters


def packed_font() -> bytes:
    packed = {}
    for letter, (advance, strokes) in all_letters().items():
        scaled = [[(x * SCALE, y * SCALE) for x, y in stroke] for stroke in strokes]
        packed[ord(letter)] = _pack(advance * SCALE, scaled)
    return _pack_font(packed)


def _moved(strokes: list[Stroke], dx: int, dy: int) -> list[Stroke]:
    return [[(x + dx, y + dy) for x, y in stroke] for stroke in strokes]


def _in_cell(glyph: Glyph, width: int) -> Glyph:
    return width, _moved(glyph[1], (width - glyph[0]) // 2, 0)


def _composed(base: Glyph, mark: list[Stroke], name: str) -> Glyph:
    width, strokes = base
    xs = [x for stroke in strokes for x, _ in stroke]
    ys = [y for stroke in strokes for _, y in stroke]
    centre = (min(xs) + max(xs)) // 2
    stand = 0 if name == "cedilla" else max(ys) + 3
    placed = _moved(mark, centre, stand)
    # A mark wider than its letter widens the cell on both sides.
    margin = max(0, 1 - min(x for stroke in placed for x, _ in stroke))
    return width + 2 * margin, _moved(strokes + placed, margin, 0)


def _raised(glyph: Glyph, scale: float, up: int) -> Glyph:
    small = [[(round(x * scale), round(y * scale) + up) for x, y in stroke] for stroke in glyph[1]]
    return round(glyph[0] * scale) + 1, small


def main() -> None:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else FONT_FILE
    font = packed_font()
    target.write_bytes(font)
    target.with_name("FONT-LICENSE.txt").write_text(ACKNOWLEDGEMENT, encoding="utf-8")
    print(f"{target}: {len(font)} bytes, {int.from_bytes(font[4:6], 'little')} glyphs")


if __name__ == "__main__":
    main()
