"""What of a request may be an argument. A small model copies words well and makes them up as easily: so it is
left no choice but words that were said, and what has a type is found in them here.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence

from ..spoken import When
from .tools import Kind, Parameter, ToolInfo

_HANZI = "\u3040-\u30ff\u3400-\u9fff"
_TOKEN = re.compile(rf"[{_HANZI}]|[$€£]?[^\W{_HANZI}](?:[^\s{_HANZI}]*[^\W{_HANZI}]|)[%°]?")
_UNQUOTED = re.compile(r"[\"“”„«»「」\\\s]+")  # would end a JSON string
_MOST_TOKENS = 48  # of a request whose words are tried; the pattern of them grows with the square
_LONGEST = 14  # tokens of a typed argument: "every weekday at a quarter past six in the morning"
_SPECIAL = re.compile(r"([\^$.\[\]()|{}*+?\-/])")


def plain(question: str) -> str:
    """The request without what a JSON string cannot hold."""
    return _UNQUOTED.sub(" ", question).strip()


def words_pattern(question: str) -> str | None:
    """A regular expression of every run of words of a request; None if it is too long, or has none."""
    text = plain(question)
    places = [found.span() for found in _TOKEN.finditer(text)]
    if not 0 < len(places) <= _MOST_TOKENS:
        return None
    ways = []
    for first in range(len(places)):
        tail = ""
        for at in range(len(places) - 1, first, -1):
            tail = f"({_escaped(text[places[at - 1][1] : places[at][1]])}{tail})?"
        ways.append(_escaped(text[slice(*places[first])]) + tail)
    return f"^({'|'.join(ways)})$"


Place = tuple[int, int]


def typed_places(kind: Kind, text: str, now: datetime.datetime) -> list[Place]:
    """Where the longest runs of words of a plain request are that are of this type."""
    places = [found.span() for found in _TOKEN.finditer(text)][:_MOST_TOKENS]
    read = kind.find or kind.read
    found: list[Place] = []
    for first in range(len(places)):
        for last in range(min(len(places), first + _LONGEST), first, -1):
            begin, end = places[first][0], places[last - 1][1]
            if found and end <= found[-1][1]:
                break  # within one that was found
            if read(text[begin:end], now) is not None:
                found.append((begin, end))
                break
    return found


def typed_spans(tool: ToolInfo, question: str, now: datetime.datetime) -> dict[str, list[str]]:
    """Of each typed parameter what of the request it may be. No word is of two: "two hours" is a length of
    time, and its "two" no time of day.
    """
    text = plain(question)
    typed = [p for p in tool.parameters if copied(p)]
    places = [(place, p) for p in typed for place in typed_places(p.kind, text, now)]
    kept: list[tuple[Place, str]] = []
    for (begin, end), p in sorted(places, key=lambda each: (each[0][0] - each[0][1], not each[1].required)):
        if not any(begin < other[1] and other[0] < end for other, name in kept if name != p.name):
            kept.append(((begin, end), p.name))
    spans = {p.name: [text[slice(*place)] for place, name in sorted(kept) if name == p.name] for p in typed}
    for p in typed:  # a day here and an hour there are one moment
        both = " ".join(spans[p.name])
        if len(spans[p.name]) == 2 and isinstance(p.kind.read(both, now), When):
            spans[p.name] = [both]
    return spans


def possible(tools: Sequence[ToolInfo], question: str, now: datetime.datetime) -> list[ToolInfo]:
    """Those whose typed arguments are in the request: without a length of time nobody asks for a timer."""
    text = plain(question)
    return [
        tool
        for tool in tools
        if all(not p.required or not copied(p) or typed_places(p.kind, text, now) for p in tool.parameters)
    ]


def copied(p: Parameter) -> bool:
    """Whether an argument is of a type that is read from words as they were said."""
    return p.kind.copied and not p.kind.free and "enum" not in p.kind.schema


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
