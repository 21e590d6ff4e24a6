"""When: "tomorrow at half past six", 明天早上七点半, "every weekday at 7".

A phrase is eaten piece by piece from its beginning; one that is not eaten whole states no moment.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from ..local_time import after
from .numbers import as_digits, ordinals_as_digits
from .pieces import DAILY, PIECES, Said

# What hour is meant when only a part of the day is said.
_PARTS = {"morning": 9, "noon": 12, "afternoon": 15, "evening": 18, "night": 20, "midnight": 0}
_EARLIEST_DAYTIME = 7  # "tomorrow at three" is in the afternoon, "at eight" in the morning
_WAKING_HOURS = range(5, 10)  # an hour that is told to an alarm without a part of the day
_WORDS_TRIED = 16  # a moment takes fewer words; a long text is not searched any deeper


@dataclass(frozen=True)
class When:
    """A moment with its time zone, the weekdays on which it comes again (0 is Monday), and what was said.

    `early` is the moment where the hour on a named day was left open and it is for waking.
    """

    at: dt.datetime
    days: tuple[int, ...] = ()
    has_day: bool = False
    has_time: bool = True
    early: dt.datetime | None = None


def parse_when(text: str, now: dt.datetime) -> When | None:
    """The moment after `now` that `text` states and nothing else, or None.

    An hour without a.m. or p.m. is the next one to come; on a named day it is the one by daylight.
    """
    rest = ordinals_as_digits(as_digits(text)).replace("a.m.", "am").replace("p.m.", "pm")
    # Some speech engines spell "to-morrow".
    rest = re.sub(r"\bto[- ](?=(?:morrow|night|day)\b)", "to", rest).strip(" .,!?。，！？")
    said = Said(now)
    if not rest:
        return None
    while rest:
        for pattern, take in PIECES:
            found = pattern.match(rest)
            if found and found.end() and take(said, found):
                rest = rest[found.end() :].lstrip(" ,，")
                break
        else:
            return None
    return _resolved(said)


def split_when(text: str, now: dt.datetime) -> tuple[str, When | None]:
    """`text` without the moment it ends or begins with, and that moment: "call mum tomorrow at 7"."""
    pieces = re.findall(r"[a-zA-Z0-9:.'’-]+|\S", text)
    spaces = [" " if re.search(r"[a-zA-Z0-9]", piece) else "" for piece in pieces]

    def joined(first: int, last: int) -> str:
        return "".join(
            piece + (space if i + 1 < last else "")
            for i, (piece, space) in enumerate(zip(pieces, spaces, strict=True))
            if first <= i < last
        ).strip()

    count = len(pieces)
    for first in range(max(0, count - _WORDS_TRIED), count):
        if when := parse_when(joined(first, count), now):
            return joined(0, first), when
    for last in range(min(count, _WORDS_TRIED), 0, -1):
        if when := parse_when(joined(0, last), now):
            rest = re.sub(r"^(to|that|about) ", "", joined(last, count))
            return rest, when
    return text.strip(), None


def _resolved(said: Said) -> When | None:
    now = said.now
    if said.later is not None:
        if said.hour is not None or said.day is not None or said.days:
            return None
        return When(after(now, said.later))
    if said.hour is None and not said.part:
        if said.day is None:  # "every day" alone has no time
            return None
        at = dt.datetime.combine(said.day, dt.time(9), now.tzinfo)
        return When(at, has_day=True, has_time=False)
    if said.hour is None:
        if said.part == "dawn":
            return None
        said.time(_PARTS[said.part], exact=True)
    assert said.hour is not None
    hours = _hours(said)
    early = _early(said, hours)
    if said.days:
        days = tuple(sorted(said.days))
        at = _next(said, hours[:1], days)
        return When(at, days, True, early=_next(said, early, days) if early else None)
    if said.day is not None:
        at = dt.datetime.combine(said.day, dt.time(hours[0], said.minute), now.tzinfo)
        if at <= now and said.day == now.date() and len(hours) > 1:
            at = at.replace(hour=hours[1])
        if at <= now and said.weekend:
            at += dt.timedelta(days=1 if said.day.weekday() == 5 else 6)
        return When(at, has_day=True, early=at.replace(hour=early[0]) if early else None)
    early = [said.hour] if len(hours) > 1 and said.hour in _WAKING_HOURS else []
    return When(_next(said, hours, DAILY), early=_next(said, early, DAILY) if early else None)


def _hours(said: Said) -> list[int]:
    """The hours of 24 that may be meant, the likeliest first."""
    assert said.hour is not None
    hour = said.hour
    if said.exact or hour > 12 or hour == 0:
        return [hour]
    if said.part in ("morning", "am", "dawn"):
        return [hour % 12]
    if said.part == "night" and hour in (12, 1, 2, 3):
        return [hour % 12]
    if said.part == "noon":
        return [hour if hour >= 11 else hour + 12]
    if said.part:
        return [hour % 12 + 12]
    named = said.day is not None or bool(said.days)
    early, late = hour % 12, hour % 12 + 12
    return [late] if named and (hour < _EARLIEST_DAYTIME or hour == 12) else [early, late]


def _early(said: Said, hours: list[int]) -> list[int]:
    """The hour before noon that would also fit."""
    assert said.hour is not None
    is_open = not said.part and not said.exact and hours[0] == said.hour + 12
    return [said.hour] if is_open else []


def _next(said: Said, hours: list[int], days: tuple[int, ...]) -> dt.datetime:
    """The first of these hours on one of these days after now."""
    moments = [
        dt.datetime.combine(
            said.now.date() + dt.timedelta(days=ahead), dt.time(hour, said.minute), said.now.tzinfo
        )
        for ahead in range(9)
        for hour in hours
        if (said.now.weekday() + ahead) % 7 in days
    ]
    return min(moment for moment in moments if moment > said.now)
