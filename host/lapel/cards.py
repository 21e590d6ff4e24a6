"""From an answer to pages that fit a pin's display.

Wrapping is greedy, so a text that grows at its end never moves a line that is already on the palm.
"""

from __future__ import annotations

import itertools
import json
import re
import time
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace

from lapel_wire import MAX_MESSAGE_BYTES, messages
from lapel_wire.messages import LINE_BYTES, NUMBER_MAX

MAX_PAGES = 32  # the wire's limit; about 200 English words, minutes of reading on a palm
_PAGES_BYTES = MAX_MESSAGE_BYTES - 640  # leaves room for the card's other fields
_ELLIPSIS = "..."
# After GB/T 15834 and JIS X 4051, as far as marks are concerned.
_BEGINS_NO_LINE = frozenset("、。，．：；？！…）》〉」』】〕’”・ー々,.:;?!)]}%")
_ENDS_NO_LINE = frozenset("（《〈「『【〔‘“([{")
_UNSETTLED = 80  # an emphasis or the text of a link longer than this is none

Page = list[str]
_numbers = itertools.count(int(time.time()) % (1 << 28))


@dataclass(frozen=True)
class Display:
    """What a pin said it can show: columns of Latin width, and lines a page."""

    cols: int
    lines: int


@dataclass(frozen=True)
class Extras:
    """What a card may have beside its pages, as the wire's fields of these names."""

    title: str | None = None
    choices: list[dict[str, str]] | None = None
    focus: int | None = None
    swipe: dict[str, str] | None = None
    level: int | None = None
    big: str | None = None
    ends_ms: int | None = None
    alert: str | None = None

    @property
    def letters(self) -> str:
        """Every text of them, for whoever must have its letters."""
        labels = [choice["label"] for choice in self.choices or ()]
        return " ".join([self.title or "", self.big or "", *labels])


@dataclass(frozen=True)
class Shown:
    """What a card is to show, before it is laid out for one pin's display.

    `details` begin on a page of their own. `number` is given where what becomes of the card matters.
    """

    text: str
    details: str = ""
    kind: str = "answer"
    extras: Extras = Extras()
    number: int | None = None


@dataclass(frozen=True)
class Card:
    """One thing to read on the palm. The same `number` with a higher `rev` replaces it while it grows."""

    number: int
    kind: str
    pages: list[Page]
    rev: int = 0
    more: bool = False
    utt: int | None = None
    extras: Extras = Extras()

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
                **vars(self.extras),
            )
        )


def next_number() -> int:
    """A card's number that none had before, in this run and most likely in the one before."""
    return int(next(_numbers) & NUMBER_MAX)


def readable(shown: Shown) -> Shown:
    """Without markdown; but what is confirmed is shown as it will be sent, with all that it holds."""
    clean = printable if shown.kind == "confirm" else plain
    return replace(shown, text=clean(shown.text), details=clean(shown.details))


def laid_out(shown: Shown, display: Display, number: int | None = None, utt: int | None = None) -> Card:
    """The card for a pin's display. What exceeds the wire's limits is cut."""
    pages = paginate(shown.text, display)
    if shown.details:
        pages = fitting(pages + paginate(shown.details, display), display.cols)
    if number is None:
        number = next_number() if shown.number is None else shown.number
    return Card(number, shown.kind, pages, utt=utt, extras=shown.extras)


def shortened(text: str, most_bytes: int) -> str:
    """A printable text of at most so many bytes of UTF-8; a cut one ends in "..."."""
    text = printable(text)
    if _bytes(text) <= most_bytes:
        return text
    return text.encode()[: most_bytes - len(_ELLIPSIS)].decode(errors="ignore").rstrip() + _ELLIPSIS


def plain(text: str) -> str:
    """The text without markdown, control and format characters, in single spaces."""
    text = re.sub(r"^\s*```\w*\s*$", " ", text, flags=re.MULTILINE)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)  # links and images keep their words
    text = re.sub(r"^\s{0,3}(#{1,6}|>|[-*+])\s+", "", text, flags=re.MULTILINE)
    # Bold is two stars at the edge of a word, so that 2**10 stays; each edge goes by itself, so that a
    # text that grows does not change where it was.
    text = re.sub(r"(?<!\w)\*\*(?=\S)|(?<=\S)\*\*(?!\w)|`", "", text)
    text = re.sub(r"(?<![\w*])\*([^\s*][^*\n]*)(?<!\s)\*(?![\w*])", r"\1", text)
    return printable(text)


def printable(text: str) -> str:
    """The text without control and format characters, in single spaces."""
    return " ".join("".join(_visible(c) for c in text).split())


def settled(text: str) -> str:
    """The beginning of a growing answer that will stay as it is: whole words, no markdown left open.

    Hanzi stand alone, but the last one may be followed by a mark that does not begin a line.
    """
    end = len(text)
    coming = ""  # what stands there once markdown and joiners are gone
    while end and not (text[end - 1].isspace() or (coming and _may_part(text[end - 1], coming))):
        end -= 1
        if text[end] not in "*`" and _visible(text[end]):
            coming = text[end]
    text = text[:end]
    left_open = re.search(
        rf"(?<![\w*])\*[^\s*][^*\n]{{0,{_UNSETTLED}}}$|\[[^\]]{{0,{_UNSETTLED}}}(\](\([^)]*)?)?$", text
    )
    return text[: left_open.start()].rstrip("*`!") if left_open else text


def width(text: str) -> int:
    """Columns that a text takes: two for each wide (Chinese, Japanese, Korean) character."""
    return sum(_char_width(c) for c in text)


def paginate(text: str, display: Display) -> list[Page]:
    """Pages of at most `display.lines` lines of `display.cols` columns; a too long text ends in "..."."""
    lines: list[str] = []
    free = 0  # columns left in the last line
    for word in printable(text).split():
        space = " "
        for piece in _pieces(word, display.cols):
            columns = width(piece)
            if lines and len(space) + columns <= free and _bytes(lines[-1] + space + piece) <= LINE_BYTES:
                lines[-1] += space + piece
                free -= len(space) + columns
            else:
                lines.append(piece)
                free = display.cols - columns
            space = ""
    return fitting([lines[i : i + display.lines] for i in range(0, len(lines), display.lines)], display.cols)


def fitting(pages: list[Page], cols: int) -> list[Page]:
    """As many of the pages as one message holds; the last line of a cut text ends in "..."."""
    count = _fitting(pages)
    if count < len(pages):
        pages = [*pages[: count - 1], list(pages[count - 1])]
        pages[-1][-1] = _cut(pages[-1][-1], cols - len(_ELLIPSIS)) + _ELLIPSIS
    return pages


def _pieces(word: str, cols: int) -> Iterable[str]:
    """What may not be broken: a wide character, or what is between two, unless it is longer than a line.

    With it go the marks that begin no line, or end none.
    """
    piece, columns = "", 0
    wide = False
    for c in word:
        taken = _char_width(c)
        breaks = taken and (taken == 2 or wide) and not _clings(piece[-1:], c)
        if piece and (breaks or columns + taken > cols or _bytes(piece + c) > LINE_BYTES - len(_ELLIPSIS)):
            yield piece
            piece, columns = "", 0
        piece += c
        columns += taken
        wide = taken == 2 or (wide and not taken)
    yield piece


def _clings(before: str, c: str) -> bool:
    """No line may end between the two: Chinese and Japanese rules for the ends of lines."""
    return c in _BEGINS_NO_LINE or (before != "" and before in _ENDS_NO_LINE)


def _may_part(before: str, c: str) -> bool:
    """A line may end between the two although there is no space: after a wide character."""
    return _char_width(before) == 2 and not unicodedata.combining(c) and not _clings(before, c)


def _cut(text: str, cols: int) -> str:
    """As much of the beginning of `text` as fits into `cols` columns, and leaves room for the ellipsis."""
    columns = size = 0
    for i, c in enumerate(text):
        columns += _char_width(c)
        size += _bytes(c)
        if columns > cols or size > LINE_BYTES - len(_ELLIPSIS):
            return text[:i]
    return text


def _visible(c: str) -> str:
    """What is left of a character on the palm: nothing of joiners and marks of direction."""
    if c.isprintable():
        return c
    return "" if unicodedata.category(c) == "Cf" else " "


def _char_width(c: str) -> int:
    if unicodedata.combining(c):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


def _bytes(text: str) -> int:
    return len(text.encode())


def _fitting(pages: list[Page]) -> int:
    """How many pages fit into one card message."""
    size = 0
    for count, page in enumerate(pages):
        size += 3 + sum(_bytes(json.dumps(line, ensure_ascii=False)) + 1 for line in page)
        if count == MAX_PAGES or size > _PAGES_BYTES:
            return count
    return len(pages)
