"""Letters that the pin lacks: packed strokes of other scripts, looked up by character.

Each source is one font file in the pin's own format, beside this module; `make glyphs` builds them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from lapel_wire import glyphs

from ..viper import source_root

SOURCES = ("latin", "cyrillic", "greek", "kana", "hanzi", "kanji")  # the first that has a character gives it
UNSEEN = ("Mn", "Me", "Cf")  # accents that no letter took up, variation selectors, joiners
NOTHING: bytes = glyphs.pack(0, [])


def lookup(character: str) -> bytes | None:
    """The packed glyph of one character, as `lapel_wire.glyphs` has it, or None if nobody drew it.

    What has no shape of its own is an empty glyph, so that a palm shows nothing rather than a box.
    """
    code = ord(character)
    for source in SOURCES:
        font = _font(source)
        at: int = glyphs.find(font, code)
        if at >= 0:
            return font[at : at + length(font, at)]
    return NOTHING if unicodedata.category(character) in UNSEEN else None


def missing(text: str) -> list[str]:
    """The characters of `text` that the pin's own font lacks, each once, in their order."""
    own = _pins_own()
    return [character for character in dict.fromkeys(text) if glyphs.find(own, ord(character)) < 0]


def needed(lines: Iterable[str]) -> list[tuple[int, bytes]]:
    """(code point, packed glyph) of what the pin lacks for `lines` and somebody drew."""
    found = ((ord(character), lookup(character)) for character in missing("".join(lines)))
    return [(code, glyph) for code, glyph in found if glyph is not None]


@cache
def _font(source: str) -> bytes:
    data = (Path(__file__).parent / f"{source}.bin").read_bytes()
    glyphs.check_font(data)
    return data


@cache
def _pins_own() -> bytes:
    return (source_root() / "pin" / "projector" / "font.bin").read_bytes()


def length(font: bytes, at: int) -> int:
    """Bytes of the glyph at offset `at` of a font."""
    end = at + 2
    for _ in range(font[at + 1]):
        end += 1 + 2 * font[end]
    return end - at
