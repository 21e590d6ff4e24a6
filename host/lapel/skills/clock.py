"""The time and the date, by the clock of the home server."""

from __future__ import annotations

import datetime

# Not strftime's names: those follow the server's locale, not the language of the question.
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS_ZH = "一二三四五六日"


def current_time(language: str, now: datetime.datetime | None = None) -> str:
    """The time of day, as 24 hours or a.m. and p.m. by the language's habit."""
    now = now or datetime.datetime.now()
    if language == "zh":
        return f"{now:%H:%M}"
    return f"{now.hour % 12 or 12}:{now:%M} {'AM' if now.hour < 12 else 'PM'}"


def current_date(language: str, now: datetime.datetime | None = None) -> str:
    """The day of the week and the date."""
    now = now or datetime.datetime.now()
    if language == "zh":
        return f"{now.month}月{now.day}日 星期{_DAYS_ZH[now.weekday()]}"
    return f"{_DAYS[now.weekday()]}, {_MONTHS[now.month - 1]} {now.day}"
