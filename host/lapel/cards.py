"""From an answer to pages that fit a pin's display.

Wrapping is greedy, so a text that grows at its end never moves a line that is already on the palm.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from lapel_wire import MAX_MESSAGE_BYTES, messages

MAX_PAGES = 32  # the wire's limit; about 200 English words, minutes of reading on a palm
_PAGES_BYTES = MAX_MESSAGE_BYTES - 400  # leaves room for the card's other fields
_ELLIPSIS = "..."

Page = list[str]


@dataclass(frozen=True)
class Display:
    """What a pin said it can show: columns of Latin width, and lines a page."""

    cols: int
    lines: int


@dataclass(frozen=True)
class Card:
    """One thing to read on the palm. The same `number` with a higher `rev` replaces it while it grows."""

    number: int
    kind: str
    pages: list[Page]
    rev: int = 0
    more: bool = False
    utt: int | None = None
    title: str | None = None

    def message(self) -> str:
        """The wire's text. Raises WireError if the card breaks its limits."""
        return str(
            messages.encode(
                messages.DOWN,
                "card",
                card=self.number,
                rev=self.rev,
                kind=self.kind,
                pages=self.pages,
                more=self.more,
                utt=self.utt,
                title=self.title,
            )
        )


def plain(text: str) -> str:
    """The text without markdown and control characters, in single spaces."""
    text = re.sub(r"```\w*", " ", text)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)  # links and images keep their words
    text = re.sub(r"^\s{0,3}(#{1,6}\s+|>\s?|[-*+]\s+)", "", text, flags=re.MULTILINE)
    text = re.sub(r"(\*\*|__|`)", "", text)
    text = re.sub(r"(?<!\w)\*(\S[^*]*?)\*(?!\w)", r"\1", text)
    text = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(text.split())


def width(text: str) -> int:
    """Columns that a text takes: two for each wide (Chinese, Japanese, Korean) character."""
    return sum(_char_width(c) for c in text)


def paginate(text: str, display: Display) -> list[Page]:
    """Pages of at most `display.lines` lines of `display.cols` columns; a too long text ends in "..."."""
    lines: list[str] = []
    for word in text.split():
        for piece in _pieces(word, display.cols):
            if lines and width(lines[-1]) + 1 + width(piece) <= display.cols:
                lines[-1] += " " + piece
            else:
                lines.append(piece)
    pages = [lines[i : i + display.lines] for i in range(0, len(lines), display.lines)]
    fitting = _fitting(pages)
    if fitting < len(pages):
        pages = pages[:fitting]
        pages[-1][-1] = _cut(pages[-1][-1], display.cols - len(_ELLIPSIS)) + _ELLIPSIS
    return pages


def _pieces(word: str, cols: int) -> Iterable[str]:
    """A word that is longer than a line, broken; any other as it is."""
    while width(word) > cols:
        head = _cut(word, cols)
        yield head
        word = word[len(head) :]
    yield word


def _cut(text: str, cols: int) -> str:
    taken = 0
    for i, c in enumerate(text):
        taken += _char_width(c)
        if taken > cols:
            return text[:i]
    return text


def _char_width(c: str) -> int:
    if unicodedata.combining(c):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


def _fitting(pages: list[Page]) -> int:
    """How many pages fit into one card message."""
    size = 0
    for count, page in enumerate(pages):
        size += 3 + sum(len(_quoted(line)) + 1 for line in page)
        if count == MAX_PAGES or size > _PAGES_BYTES:
            return count
    return len(pages)


def _quoted(line: str) -> bytes:
    return ('"' + line.replace("\\", "\\\\").replace('"', '\\"') + '"').encode()
