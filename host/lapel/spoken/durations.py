"""How long: "an hour and a half", "90 seconds", "2 min 30", "一个半小时", "十分二十秒"."""

from __future__ import annotations

import datetime
import re

from .number_words import HANZI, number

_UNITS_S = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_WORDS = {
    form: unit
    for unit, forms in {
        "second": "s sec secs second seconds",
        "minute": "m min mins minute minutes",
        "hour": "h hr hrs hour hours",
        "day": "d day days",
        "week": "week weeks",
    }.items()
    for form in forms.split()
}
_BELOW = {"week": "day", "day": "hour", "hour": "minute", "minute": "second"}
_FIXED = {"a couple": 2.0, "couple": 2.0, "a few": 3.0}
# "two more minutes" are two minutes, "another hour" is an hour, "another five minutes" are five.
_ADDED = re.compile(r"\b(?:more|extra|additional|further|longer)\b")
_ANOTHER = re.compile(
    r"^(?:an?|another)\s+(?=(?:\d|\w+ty\b|\w+teen\b|"
    r"(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b))"
)
_MOST_S = 3660 * 86400.0  # ten years: more is a slip of recognition
_ZH_PART = re.compile(
    rf"(?P<count>[\d.{HANZI}]+?)?(?P<piece>个半|個半)?个?個?"
    r"(?P<unit>秒钟|秒鐘|秒|分钟|分鐘|分|刻钟|刻鐘|刻|小时|小時|钟头|鐘頭|天|星期|礼拜|周)(?P<half>半钟?|半鐘?)?"
)
_ZH_UNITS_S = {"秒": 1, "分": 60, "刻": 900, "小": 3600, "钟": 3600, "鐘": 3600, "天": 86400}


def duration(text: str) -> datetime.timedelta | None:
    """The length of time that `text` is, whole; None if it is none or not over zero."""
    text = _ANOTHER.sub("", _ADDED.sub(" ", text.strip().lower()).strip())
    text = re.sub(r"^another\b", "an", " ".join(text.split()))
    seconds = _chinese(text) if re.search(r"[\u4e00-\u9fff]", text) else _english(text)
    if seconds is None or not 0 < seconds <= _MOST_S:
        return None
    return datetime.timedelta(seconds=round(seconds, 3))


def _english(text: str) -> float | None:
    text = re.sub(r"(?<=\d)(?=[a-z])|(?<=[hms])(?=\d)|[-,]", " ", text)
    total, count, unit = 0.0, list[str](), ""
    words = text.split()
    for i, word in enumerate(words):
        if word not in _WORDS or (word in ("second", "s", "m", "d", "h") and not count):
            count.append(word)
            continue
        value = _count(count, unit)
        if value is None:
            return None
        unit, count = _WORDS[word], []
        total += value * _UNITS_S[unit]
        # "an hour and a half", "two minutes and a quarter"
        rest = " ".join(words[i + 1 :])
        if half := re.match(
            r"and (a half|a quarter|three quarters)\b(?! (?:an? )?(?:hour|minute|sec))", rest
        ):
            part = number(half[1]) or 0.0
            return None if rest[half.end() :].strip() else total + part * _UNITS_S[unit]
    if count:  # "an hour twenty", "two minutes thirty"
        below = _BELOW.get(unit)
        value = _count(count, unit) if below else None
        if below is None or value is None or value >= 60:
            return None
        total += value * _UNITS_S[below]
    return total


def _count(words: list[str], unit: str) -> float | None:
    if unit and words[:1] == ["and"]:
        words = words[1:]
    text = re.sub(r"\bof\b", " ", " ".join(words))
    text = " ".join(text.split())
    if text in _FIXED:
        return _FIXED[text]
    # "half an hour", "three quarters of an hour", "a quarter of an hour"
    if part := re.fullmatch(r"((?:an? |three |two |\d+ )?(?:half|quarters?|thirds?)) an?", text):
        text = part[1]
    return number(text)


def _chinese(text: str) -> float | None:
    text = text.replace(" ", "")
    total, at = 0.0, 0
    while at < len(text):
        if text[at] in "零又" and at:
            at += 1
        part = _ZH_PART.match(text, at)
        if part is None:
            tail = number(text[at:]) if total else None  # 两分三十
            return total + tail if tail is not None and tail < 60 and "分" in text else None
        unit = 7 * 86400 if part["unit"] in ("星期", "礼拜", "周") else _ZH_UNITS_S[part["unit"][0]]
        count = number(part["count"]) if part["count"] else (1.0 if part["piece"] else None)
        if count is None or (part["unit"][0] == "刻" and "点" in (part["count"] or "")):
            return None  # 八点一刻 is a time of day
        extra = 0.5 if part["piece"] or part["half"] else 0.0
        total += (count + extra) * unit
        at = part.end()
    return total
