"""Builds the glyphs that the relay pushes: `make glyphs`, or `python -m lapel.glyphs.build_scripts SOURCES`.

SOURCES is a folder with the unpacked npm package `hanzi-writer-data` and PyPI package `kanjivg`. The same
input gives the same bytes. Beside each file of derived strokes stands its licence.
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from HersheyFonts import HersheyFonts
from lapel_wire import glyphs

from . import cyrillic, signs
from .build import ACKNOWLEDGEMENT, BASELINE, SCALE, Glyph, all_letters
from .latin import Stroke
from .signs import WIDE_BOTTOM, WIDE_CELL

Points = list[tuple[float, float]]
Packed = dict[int, bytes]

FOLDER = Path(__file__).parent
HANZI_GRID, HANZI_LOWEST = 1024, -124  # of hanzi-writer-data, y up
KANJIVG_GRID = 109  # y down
TOLERANCE = 1.2  # in glyph units, 1.4 % of a capital: what a stroke may move when points are left out
CURVE_STEPS = 8  # points on each Bezier before the superfluous ones go

# Hershey's Greek simplex has its letters in the order of the alphabet; final sigma is not there.
GREEK_CAPITALS = "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ"
GREEK_SMALL = "αβγδεζηθικλμνξοπρστυφχψω"
GREEK_OWN: dict[str, Glyph] = {
    "θ": (18, [[(9, 21), (6, 20), (4, 16), (4, 5), (6, 1), (9, 0), (12, 1), (14, 5), (14, 16), (12, 20),
                (9, 21)], [(4, 11), (14, 11)]]),
    "ς": (17, [[(14, 12), (12, 14), (9, 14), (6, 12), (4, 9), (4, 6), (6, 3), (11, 1), (13, -1), (12, -4),
                (9, -6)]]),
}  # fmt: skip
GREEK_SAME = {"\u0387": "·", "\u037e": ";", "ϑ": "θ", "ϕ": "φ"}
TONOS = "\u0301"

RANGES: dict[str, Iterable[int]] = {
    "latin": (*range(0x100, 0x250), *range(0x1E00, 0x1F00)),
    "greek": (*range(0x370, 0x400), *range(0x1F00, 0x2000)),
    "cyrillic": range(0x400, 0x500),
}
FULL_WIDTH = range(0xFF01, 0xFF5F)  # ASCII in the cell of a hanzi
KANA = (*range(0x3041, 0x3097), *range(0x30A1, 0x30FB))
SMALL_KANA = "ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ"

KANJIVG_NOTICE = """\
kana.bin and kanji.bin hold strokes derived from KanjiVG (https://kanjivg.tagaini.net), release {version}.

KanjiVG is copyright (C) 2009-2026 Ulrich Apel and is distributed under the Creative Commons
Attribution-Share Alike 3.0 licence (https://creativecommons.org/licenses/by-sa/3.0/). So are kana.bin and
kanji.bin: you may share and adapt them if you name KanjiVG and keep this licence.

What was changed: the curves became lines on a grid of {cell} units, superfluous points were left out.
Built by `make glyphs`; do not edit.
"""
HERSHEY_NOTICE = ACKNOWLEDGEMENT.replace(
    "font.bin holds letters", "latin.bin, greek.bin and cyrillic.bin hold letters"
)


def latin() -> Packed:
    """Latin beyond what the pin has, and signs of all kinds."""
    letters = all_letters()
    own = set(letters)
    for letter, (base, added) in signs.BARRED.items():
        letters[letter] = (letters[base][0] + 1, [*letters[base][1], *added])
    letters.update(signs.SIGNS)
    letters.update(_composed(letters, RANGES["latin"]))
    return {ord(letter): _pack(glyph) for letter, glyph in letters.items() if letter not in own}


def greek() -> Packed:
    font = HersheyFonts()
    font.load_default_font("greeks")
    letters: dict[str, Glyph] = {}
    for first, row in (("A", GREEK_CAPITALS), ("a", GREEK_SMALL)):
        for k, letter in enumerate(row):
            glyph = font.all_glyphs[chr(ord(first) + k)]
            strokes = [
                [(x - glyph.left_offset, BASELINE - y) for x, y in line] for line in glyph.strokes if line
            ]
            letters[letter] = (glyph.char_width, strokes)
    ascii_letters = all_letters()
    letters["Υ"] = ascii_letters["Y"]  # Hershey's has hooks
    letters.update(GREEK_OWN)
    known = ascii_letters | letters
    letters.update({sign: known[source] for sign, source in GREEK_SAME.items()})
    letters.update(_composed(letters, RANGES["greek"]))
    for letter in "ΆΈΉΊΌΎΏ":  # a capital has its accent before it
        width, strokes = letters[unicodedata.normalize("NFD", letter)[0]]
        letters[letter] = (width + 4, [[(1, 16), (4, 21)], *_moved(strokes, 4, 0)])
    return {ord(letter): _pack(glyph) for letter, glyph in letters.items()}


def cyrillic_letters() -> Packed:
    ascii_letters = all_letters()
    letters: dict[str, Glyph] = {**cyrillic.LETTERS}
    letters.update({letter: ascii_letters[source] for letter, source in cyrillic.SAME.items()})
    packed = {ord(letter): _pack(glyph) for letter, glyph in letters.items()}
    for small, capital in cyrillic.SMALL.items():
        packed[ord(small)] = _pack(letters[capital], cyrillic.SMALL_SCALE)
    letters["и"] = (16, [[(3, 14), (3, 0), (13, 14), (13, 0)]])  # so that й can be composed
    packed[ord("и")] = _pack(letters["и"])
    composed = _composed(letters, RANGES["cyrillic"])
    return packed | {ord(letter): _pack(glyph) for letter, glyph in composed.items()}


def hanzi(folder: Path) -> Packed:
    """Medians of hanzi-writer-data, and the punctuation that stands between hanzi."""
    packed = {}
    scale = WIDE_CELL / HANZI_GRID
    for file in sorted(folder.glob("?.json")):
        medians = json.loads(file.read_text("utf-8"))["medians"]
        strokes = [[(x * scale, (y - HANZI_LOWEST) * scale) for x, y in median] for median in medians]
        packed[ord(file.stem)] = _pack_wide(strokes)
    for sign, drawn in signs.WIDE.items():
        packed[ord(sign)] = _pack_wide([[(float(x), float(y)) for x, y in stroke] for stroke in drawn])
    ascii_letters = all_letters()
    for code in FULL_WIDTH:
        width, strokes = ascii_letters[chr(code - 0xFF01 + 0x21)]
        scaled = _moved(
            [[(x * SCALE, y * SCALE) for x, y in line] for line in strokes],
            (WIDE_CELL - width * SCALE) // 2,
            0,
        )
        packed.setdefault(code, glyphs.pack(WIDE_CELL, [_within(line) for line in scaled]))
    return packed


def kana(folder: Path) -> Packed:
    return {
        code: _pack_wide(_kanjivg(folder, code)) for code in KANA if (folder / f"{code:05x}.svg").exists()
    }


def kanji(folder: Path, without: Packed) -> Packed:
    """Japanese forms that hanzi-writer-data does not have."""
    codes = sorted(int(file.stem, 16) for file in folder.glob("?????.svg"))
    wanted = [code for code in codes if 0x4E00 <= code < 0xA000 and code not in without]
    return {code: _pack_wide(_kanjivg(folder, code)) for code in wanted}


def _kanjivg(folder: Path, code: int) -> list[Points]:
    text = (folder / f"{code:05x}.svg").read_text("utf-8")
    scale = WIDE_CELL / KANJIVG_GRID
    lines = (follow(data) for data in re.findall(r'<path [^>]*\bd="([^"]+)"', text))
    return [[(x * scale, WIDE_CELL - y * scale) for x, y in line] for line in lines]


def follow(data: str) -> Points:
    """The points of an SVG path of M, L, C and S commands. Raises ValueError for another."""
    tokens = re.findall(r"[A-Za-z]|-?\d*\.?\d+(?:e-?\d+)?", data)
    points: Points = []
    at = handle = 0j
    command = ""
    k = 0

    def pair(relative: bool) -> complex:
        nonlocal k
        value = complex(float(tokens[k]), float(tokens[k + 1]))
        k += 2
        return value + at if relative else value

    while k < len(tokens):
        if tokens[k].isalpha():
            command = tokens[k]
            k += 1
        relative, kind = command.islower(), command.upper()
        if kind in ("M", "L"):
            at = handle = pair(relative)
            points.append((at.real, at.imag))
        elif kind in ("C", "S"):
            first = pair(relative) if kind == "C" else 2 * at - handle
            second, end = pair(relative), pair(relative)
            for step in range(1, CURVE_STEPS + 1):
                t = step / CURVE_STEPS
                s = 1 - t
                here = s**3 * at + 3 * s * s * t * first + 3 * s * t * t * second + t**3 * end
                points.append((here.real, here.imag))
            at, handle = end, second
        else:
            raise ValueError(f"an SVG path: expected M, L, C or S, got {command!r} in {data!r}")
    return points


def _composed(letters: dict[str, Glyph], codes: Iterable[int]) -> dict[str, Glyph]:
    """The letters among `codes` that Unicode takes apart into one of `letters` and marks known here."""
    found: dict[str, Glyph] = {}
    for code in codes:
        parts = unicodedata.normalize("NFD", chr(code))
        base, marks = parts[0], parts[1:]
        while marks and unicodedata.normalize("NFC", base + marks[0]) in letters:
            base, marks = unicodedata.normalize("NFC", base + marks[0]), marks[1:]
        if base not in letters or not marks:
            continue
        # An i or j gives its dot away.
        start = letters.get({"i": "ı"}.get(base, base), letters[base])
        if all(mark in signs.ABOVE or mark in signs.BELOW for mark in marks):
            found[chr(code)] = _marked(start, marks)
    return found


def _marked(glyph: Glyph, marks: str) -> Glyph:
    width, strokes = glyph
    strokes = list(strokes)
    xs = [x for stroke in strokes for x, _ in stroke]
    centre = (min(xs) + max(xs)) // 2
    for mark in marks:
        ys = [y for stroke in strokes for _, y in stroke]
        if mark in signs.ABOVE:
            strokes += _moved(signs.ABOVE[mark], centre, max(ys) + 3)
        else:
            strokes += _moved(signs.BELOW[mark], centre, min(0, min(ys)))
    margin = max(0, 1 - min(x for stroke in strokes for x, _ in stroke))
    return width + 2 * margin, _moved(strokes, margin, 0)


def _pack(glyph: Glyph, scale: float = 1) -> bytes:
    width, strokes = glyph
    grid = SCALE * scale
    return _packed(round(width * grid), [[(x * grid, y * grid) for x, y in stroke] for stroke in strokes])


def _pack_wide(strokes: list[Points]) -> bytes:
    return _packed(WIDE_CELL, [_simple([(x, y + WIDE_BOTTOM) for x, y in stroke]) for stroke in strokes])


def _packed(width: int, strokes: list[Points]) -> bytes:
    rounded: list[Stroke] = [_within([(round(x), round(y)) for x, y in stroke]) for stroke in strokes]
    packed: bytes = glyphs.pack(width, [_distinct(stroke) for stroke in rounded])
    return packed


def _within(stroke: Stroke) -> Stroke:
    """On the grid: a stroke that leans out of its cell is cut at the left edge."""
    return [(max(0, x), y) for x, y in stroke]


def _distinct(stroke: Stroke) -> Stroke:
    return [point for k, point in enumerate(stroke) if not k or point != stroke[k - 1]]


def _moved(strokes: list[Stroke], dx: int, dy: int) -> list[Stroke]:
    return [[(x + dx, y + dy) for x, y in stroke] for stroke in strokes]


def _simple(points: Points) -> Points:
    """Fewer points within TOLERANCE (Ramer 1972, Douglas and Peucker 1973)."""
    if len(points) < 3:
        return points
    line = np.array(points)
    way = line[-1] - line[0]
    length = float(np.hypot(*way))
    rest = line[1:-1] - line[0]
    off = np.abs(way[0] * rest[:, 1] - way[1] * rest[:, 0]) / length if length > 1e-9 else np.hypot(*rest.T)
    worst = int(off.argmax())
    if off[worst] <= TOLERANCE:
        return [points[0], points[-1]]
    return _simple(points[: worst + 2])[:-1] + _simple(points[worst + 1 :])


def built(sources: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file."""
    hanzi_folder, kanji_folder = sources / "hanzi-writer-data", sources / "kanji"
    chinese = hanzi(hanzi_folder)
    fonts: dict[str, Packed] = {
        "latin": latin(),
        "greek": greek(),
        "cyrillic": cyrillic_letters(),
        "kana": kana(kanji_folder),
        "hanzi": chinese,
        "kanji": kanji(kanji_folder, chinese),
    }
    pack_font: Callable[[Packed], bytes] = glyphs.pack_font
    for name, packed in fonts.items():
        yield f"{name}.bin", pack_font(packed)
    versions = sorted(sources.glob("kanjivg-*.dist-info"))
    version = versions[0].name.removeprefix("kanjivg-").removesuffix(".dist-info")
    notice = KANJIVG_NOTICE.format(version=version, cell=WIDE_CELL)
    yield "KANJIVG-LICENSE.txt", notice.encode()
    yield "HERSHEY-LICENSE.txt", HERSHEY_NOTICE.encode()
    arphic = (hanzi_folder / "ARPHICPL.TXT").read_bytes()
    yield "HANZI-LICENSE.txt", HANZI_NOTICE.encode() + arphic


HANZI_NOTICE = f"""\
hanzi.bin holds strokes derived from the medians of hanzi-writer-data 2.0.1
(https://github.com/chanind/hanzi-writer-data), which come from Make Me a Hanzi and with it from fonts of
Arphic Technology. It is distributed under the Arphic Public License below. What was changed: the strokes
were put on a grid of {WIDE_CELL} units and superfluous points left out; punctuation was drawn for Lapel and
added. Built by `make glyphs`; do not edit.

"""


def main() -> None:
    if len(sys.argv) != 2 or not (Path(sys.argv[1]) / "hanzi-writer-data").is_dir():
        raise SystemExit("expected the folder that `make glyphs` fills with hanzi-writer-data and kanjivg")
    for name, content in built(Path(sys.argv[1])):
        (FOLDER / name).write_bytes(content)
        print(f"{name}: {len(content)} bytes")


if __name__ == "__main__":
    main()
