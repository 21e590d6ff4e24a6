"""The pieces of a phrase that tells a moment, and what each of them says.

A piece is a pattern for the beginning of what is left of the phrase, and a function that takes it or refuses.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from .durations import duration

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_WEEKDAYS, _WEEKEND, DAILY = (0, 1, 2, 3, 4), (5, 6), (0, 1, 2, 3, 4, 5, 6)
_PARTS_ZH = {
    "早上": "morning", "早晨": "morning", "上午": "morning", "中午": "noon", "下午": "afternoon",
    "傍晚": "evening", "晚上": "evening", "夜里": "night", "凌晨": "dawn",
}  # fmt: skip
_FARTHEST = dt.timedelta(days=366)  # beyond a year it was misheard


@dataclass
class Said:
    """What the pieces have told so far."""

    now: dt.datetime
    day: dt.date | None = None
    hour: int | None = None
    minute: int = 0
    part: str = ""
    exact: bool = False  # the hour is of 24
    days: set[int] = field(default_factory=set)
    later: dt.timedelta | None = None
    weekend: bool = False

    def on(self, day: dt.date) -> bool:
        if self.day is not None:
            return False
        self.day = day
        return True

    def time(self, hour: int, minute: int = 0, part: str = "", exact: bool = False) -> bool:
        if self.hour is not None or hour > 24 or minute > 59 or (part and not 1 <= hour <= 12 and not exact):
            return False
        self.hour, self.minute, self.part, self.exact = hour % 24, minute, part or self.part, exact
        return True

    def in_the(self, part: str) -> bool:
        if self.part:
            return False
        self.part = part
        return True


def _weekday(said: Said, day: int, next_week: bool) -> bool:
    ahead = (day - said.now.weekday()) % 7 or 7
    if next_week:
        # The one of the week that begins on the coming Monday.
        ahead = 7 - said.now.weekday() + day
    return said.on(said.now.date() + dt.timedelta(days=ahead))


def _in(said: Said, found: re.Match[str]) -> bool:
    said.later = duration(found["duration"])
    return said.later is not None and said.later <= _FARTHEST


def _ahead(days: int) -> Callable[[Said, re.Match[str]], bool]:
    return lambda said, _: said.on(said.now.date() + dt.timedelta(days=days))


def _tonight(said: Said, _: re.Match[str]) -> bool:
    return said.on(said.now.date()) and said.in_the("night")


def _month_day(said: Said, found: re.Match[str]) -> bool:
    months = [name[:3] for name in _MONTHS]
    month = months.index(found["month"][:3]) + 1 if found["month"] else 0
    return _date(said, int(found["day"]), month)


def _date(said: Said, day: int, month: int = 0, year: int = 0) -> bool:
    """The next such date; a month or year that was not said is the one that comes first."""
    for ahead in range(24):
        months = said.now.month - 1 + ahead
        try:
            date = dt.date(said.now.year + months // 12, months % 12 + 1, day)
        except ValueError:
            continue
        if date >= said.now.date() and month in (0, date.month) and year in (0, date.year):
            return said.on(date)
    return False


def _iso(said: Said, found: re.Match[str]) -> bool:
    try:
        return said.on(dt.date.fromisoformat(found[1]))
    except ValueError:
        return False


def _weekend(said: Said, _: re.Match[str]) -> bool:
    """Saturday; on a Saturday or Sunday today."""
    said.weekend = True
    return said.on(said.now.date() + dt.timedelta(days=max(0, 5 - said.now.weekday())))


def _every(said: Said, found: re.Match[str]) -> bool:
    names = found["names"]
    if re.match("day|天|日", names):
        said.days.update(DAILY)
    for day, name in enumerate(_DAYS):
        if name in names:
            said.days.add(day)
    if re.search("weekday|week day|workday|working day|工作日", names):
        said.days.update(_WEEKDAYS)
    if re.search("weekend|周末", names):
        said.days.update(_WEEKEND)
    return True


def _every_zh(said: Said, found: re.Match[str]) -> bool:
    said.days.update(_zh_day(c) for c in found["days"] if c in "1234567日天")
    return True


def _zh_day(c: str) -> int:
    return 6 if c in "日天7" else int(c) - 1


def _clock(said: Said, found: re.Match[str]) -> bool:
    meridiem = (found["meridiem"] or "").replace(".", "").replace(" ", "")
    minute = int(found["minute"] or 0)
    hour = int(found["hour"])
    exact = not meridiem and (found["hour"].startswith("0") or hour > 12)
    if meridiem and said.part:
        said.part = ""
    return said.time(hour, minute, meridiem, exact)


def _past(said: Said, found: re.Match[str]) -> bool:
    minutes = {"half": 30, "quarter": 15}.get(found["minutes"]) or int(found["minutes"])
    hour = int(found["hour"])
    if found["side"] in ("to", "before", "till"):
        hour, minutes = (hour - 1) or 12, 60 - minutes
    return said.time(hour, minutes)


def _clock_zh(said: Said, found: re.Match[str]) -> bool:
    minute = 30 if found["half"] else 15 * int(found["ke"] or 0) or int(found["minute"] or 0)
    return said.time(int(found["hour"]), minute)


def _before_zh(said: Said, found: re.Match[str]) -> bool:
    return said.time((int(found["hour"]) - 1) or 12, 60 - (15 if found["ke"] else int(found["minutes"])))


def _part_of_day(said: Said, found: re.Match[str]) -> bool:
    word = found["part"]
    if word in ("noon", "midday"):
        return said.time(12, exact=True)
    if word == "midnight":
        return said.time(0, exact=True) and (said.day is not None or True)
    return said.in_the(word)


_DAY_NAMES = "|".join(_DAYS)
_MONTH_NAMES = "|".join(f"{name}|{name[:3]}" for name in _MONTHS)
_CLOCK = (
    r"(?P<hour>\d{1,2})(?:(?::|\.| )(?P<minute>\d{2}))?(?: oclock)?"
    r"(?: ?(?P<meridiem>am|pm|a m|p m)\b)?(?![\d:])"
)

PIECES: tuple[tuple[re.Pattern[str], Callable[[Said, re.Match[str]], bool]], ...] = tuple(
    (re.compile(pattern), take)
    for pattern, take in (
        (r"(?:in|after) (?P<duration>.+)$", _in),
        (r"(?P<duration>.+?)(?:之后|以后|后)$", _in),
        (r"过(?P<duration>.+)$", _in),
        (r"(?P<duration>.+) from now$", _in),
        (r"(?:on )?(\d{4}-\d{2}-\d{2})(?:t| |$)", _iso),
        (r"today\b|今天|今日", _ahead(0)),
        (r"(?:the )?day after tomorrow\b|后天", _ahead(2)),
        (r"tomorrow\b|明天|明日", _ahead(1)),
        (r"tonight\b|今晚", _tonight),
        (r"明早", lambda said, found: _ahead(1)(said, found) and said.in_the("morning")),
        (r"明晚", lambda said, found: _ahead(1)(said, found) and said.in_the("evening")),
        (
            rf"(?:every|each|on) (?P<names>(?:week ?days?|work(?:ing )?days?|weekends?)|day|"
            rf"(?:{_DAY_NAMES})s(?:(?:,| and|, and) (?:{_DAY_NAMES})s)*)\b",
            _every,
        ),
        (
            rf"(?:every|each) (?P<names>(?:{_DAY_NAMES})(?:(?:,| and|, and) (?:every )?(?:{_DAY_NAMES}))*)\b",
            _every,
        ),
        (r"(?P<names>weekdays|weekends)\b", _every),
        (rf"(?P<names>(?:{_DAY_NAMES})s(?:(?:,| and|, and) (?:{_DAY_NAMES})s)*)\b", _every),
        (r"(?:on |at |over )?(?:the |this |the coming )?weekend\b|这?个?周末", _weekend),
        (r"every(?P<names>day)\b|(?P<x>daily)\b", lambda said, _: said.days.update(DAILY) is None),
        (
            r"(?:every|each) (?=morning|afternoon|evening|night|noon)|每(?=早|晚|上午|下午|中午)",
            lambda said, _: said.days.update(DAILY) is None,
        ),
        (r"每个?(?P<names>天|日|工作日|周末)", _every),
        (r"(?P<names>工作日)", _every),
        (r"每(?:周|个?星期|礼拜)(?P<days>[1-6日天](?:[、和, ]*(?:周|星期)?[1-6日天])*)", _every_zh),
        (
            rf"(?:on |this |coming |the )*(?P<next>next )?(?P<weekday>{_DAY_NAMES})\b",
            lambda said, found: _weekday(said, _DAYS.index(found["weekday"]), bool(found["next"])),
        ),
        (
            r"(?P<next>下个?)?(?:这个?)?(?:周|星期|礼拜)(?P<weekday>[1-6日天])",
            lambda said, found: _weekday(said, _zh_day(found["weekday"]), bool(found["next"])),
        ),
        (
            rf"(?:on )?(?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{_MONTH_NAMES})\b",
            _month_day,
        ),
        (
            rf"(?:on )?(?P<month>{_MONTH_NAMES}) (?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?![:.]\d)",
            _month_day,
        ),
        (r"(?:on )?(?:the )?(?P<day>\d{1,2})(?P<month>)(?:st|nd|rd|th)\b", _month_day),
        (
            r"(?:(?P<year>\d{4})年)?(?P<month>\d{1,2})月(?P<day>\d{1,2})[日号]?",
            lambda said, found: _date(said, int(found["day"]), int(found["month"]), int(found["year"] or 0)),
        ),
        (r"(?P<day>\d{1,2})[号日]", lambda said, found: _date(said, int(found["day"]))),
        (
            rf"(?:{'|'.join(_PARTS_ZH)})",
            lambda said, found: said.in_the(_PARTS_ZH[found[0]]),
        ),
        (
            r"差(?:(?P<ke>[1一]刻)|(?P<minutes>\d{1,2})分钟?)(?:到|就)?(?P<hour>\d{1,2})点钟?",
            _before_zh,
        ),
        (r"(?P<hour>\d{1,2})点钟?差(?:(?P<ke>[1一]刻)|(?P<minutes>\d{1,2})分钟?)", _before_zh),
        (
            r"(?P<hour>\d{1,2})(?:点钟?|时|:)(?:(?P<half>半)|(?P<ke>[13])刻|(?P<minute>\d{1,2})分?)?(?!\d)(?!:)",
            lambda said, found: ":" not in found[0] and _clock_zh(said, found),
        ),
        (
            r"(?:at )?(?:a )?(?P<minutes>half|quarter|\d{1,2})(?: minutes?)? "
            r"(?P<side>past|after|to|before|till) (?P<hour>\d{1,2})(?: oclock)?\b",
            _past,
        ),
        (rf"(?:at |by |around |for |before )?{_CLOCK}", _clock),
        (
            r"(?:in the |at |this |by |around )?"
            r"(?P<part>morning|afternoon|evening|night|noon|midday|midnight)\b",
            _part_of_day,
        ),
        (r"的|在|之?前|左右|at\b|on\b|the\b", lambda said, found: True),
    )
)
