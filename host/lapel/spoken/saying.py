"""Durations and moments in words that fit a palm."""

from __future__ import annotations

import datetime as dt

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS_ZH = "一二三四五六日"
_UNITS = (("day", "天", 86_400), ("hour", "小时", 3600), ("minute", "分钟", 60), ("second", "秒", 1))


def say_duration(duration: dt.timedelta, language: str) -> str:
    """`1 hour 20 minutes`, 1小时20分钟: its two largest units."""
    left = round(duration.total_seconds())
    said: list[str] = []
    for name, name_zh, size in _UNITS:
        count, left = divmod(left, size)
        if count and len(said) < 2:
            said.append(
                f"{count}{name_zh}" if language == "zh" else f"{count} {name}{'s' if count > 1 else ''}"
            )
    return ("" if language == "zh" else " ").join(said or ["0秒" if language == "zh" else "0 seconds"])


def say_time(time: dt.datetime | dt.time, language: str) -> str:
    """`7:05 AM`; 07:05 in Chinese."""
    if language == "zh":
        return f"{time:%H:%M}"
    return f"{time.hour % 12 or 12}:{time:%M} {'AM' if time.hour < 12 else 'PM'}"


def say_day(day: dt.date, today: dt.date, language: str) -> str:
    """today, tomorrow, the weekday within the next six days, else the date."""
    ahead = (day - today).days
    if language == "zh":
        if 0 <= ahead <= 2:
            return ("今天", "明天", "后天")[ahead]
        return f"星期{_DAYS_ZH[day.weekday()]}" if 0 < ahead < 7 else f"{day.month}月{day.day}日"
    if 0 <= ahead <= 1:
        return ("today", "tomorrow")[ahead]
    return _DAYS[day.weekday()] if 0 < ahead < 7 else f"{_MONTHS[day.month - 1]} {day.day}"


def say_moment(at: dt.datetime, now: dt.datetime, language: str) -> str:
    """`tomorrow 7:00 AM`; the time alone if it is today."""
    at = at.astimezone(now.tzinfo)
    time = say_time(at, language)
    day = say_day(at.date(), now.date(), language)
    if at.date() == now.date():
        return time
    return f"{day}{time}" if language == "zh" else f"{day} {time}"


def say_days(days: tuple[int, ...], language: str) -> str:
    """`every day`, `on weekdays`, `every Monday`, for a set of weekdays (0 is Monday)."""
    zh = language == "zh"
    if len(days) == 7:
        return "每天" if zh else "every day"
    if days == (0, 1, 2, 3, 4):
        return "工作日" if zh else "on weekdays"
    if days == (5, 6):
        return "周末" if zh else "on weekends"
    if zh:
        return "每周" + "、".join(_DAYS_ZH[day] for day in days)
    return "every " + " and ".join(_DAYS[day] for day in days)
