"""An answer cut into what is spoken at once, and the language it is in."""

from __future__ import annotations

import re
from collections.abc import Iterator

MOST_CHARACTERS = 240  # a sentence of about 17 s; a longer one is cut at a comma or a space
MOST_HANZI = 80  # the same in Chinese
FEWEST_CHARACTERS = 12  # "Yes." goes with what follows: each call has its cost and its pause

# A full stop ends a sentence before a space; a Chinese one does anywhere.
_END = re.compile(r"(?<=[.!?])[\"')\]”’]*\s+|(?<=[。！？；])")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")


def sentences(text: str) -> Iterator[str]:
    """Pieces of `text` that have something to say, in order; what is only marks is left out."""
    most = MOST_HANZI if language_of(text) == "zh" else MOST_CHARACTERS
    waiting = ""
    for part in _END.split(" ".join(text.split())):
        waiting = f"{waiting} {part}".strip()
        if len(waiting) < FEWEST_CHARACTERS and not _HAN.search(waiting):
            continue
        yield from _cut(waiting, most)
        waiting = ""
    yield from _cut(waiting, most)


def language_of(text: str) -> str:
    """ "zh" if a fifth of its letters are Chinese: names and numbers stand in Latin ones, else "en"."""
    letters = sum(c.isalpha() for c in text)
    return "zh" if letters and len(_HAN.findall(text)) * 5 >= letters else "en"


def _cut(sentence: str, most: int) -> Iterator[str]:
    while len(sentence) > most:
        at = max(sentence.rfind(mark, most // 2, most) for mark in (", ", "; ", "，", "、", "："))
        if at < 0:
            at = sentence.rfind(" ", 1, most)
        at = at + 1 if at >= 0 else most
        yield from _said(sentence[:at])
        sentence = sentence[at:]
    yield from _said(sentence)


def _said(sentence: str) -> Iterator[str]:
    if any(c.isalnum() for c in sentence):
        yield sentence.strip()
