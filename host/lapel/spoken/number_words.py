"""Numbers as people say and write them, in English and Chinese.

"one hundred and five", "a hundred", "twenty five", "one and a half", "point five", "1,200",
"一百零五", "两千三", "廿五", "一点五", "两个半", full-width digits (made plain before).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_ONES = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "  # noqa: SIM905 shorter than a list
        "sixteen seventeen eighteen nineteen".split()
    )
} | {"oh": 0, "nought": 0, "a": 1, "an": 1}
_TENS = {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)  # noqa: SIM905
} | {"fourty": 40}
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9}
_PARTS = {"half": 0.5, "quarter": 0.25, "third": 1 / 3}
_ORDINALS = {
    word: value
    for value, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "  # noqa: SIM905
        "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth".split(),
        1,
    )
} | {"thirtieth": 30}
_DIGITS = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[-+]?\d+(?:\.\d+)?|[-+]?\.\d+")

_HANZI_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {
    "〇": 0, "两": 2, "兩": 2, "俩": 2, "壹": 1, "贰": 2, "叁": 3,
}  # fmt: skip
_HANZI_UNITS = {"十": 10, "百": 100, "千": 1000}
_HANZI_SCALES = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_HANZI_TENS = {"廿": "二十", "卅": "三十"}
HANZI = "零〇一二两兩俩三四五六七八九十百千万萬亿億廿卅半点點"
_MAX_WORDS = 16  # nobody says a longer number; a longer text is none


def number(text: str) -> float | None:
    """The number that `text` is, whole; None if it is none."""
    text = text.strip().lower().replace("−", "-")
    for percent in ("percent", "per cent", "%", "degrees", "degree"):
        text = text.removesuffix(percent).strip()
    text = text.removeprefix("百分之")
    if not text:
        return None
    if _DIGITS.fullmatch(text):
        return float(text.replace(",", ""))
    if any(c in HANZI or c == "负" for c in text):
        return _hanzi(text)
    return _english(re.sub(r"[-\s]+", " ", text.removeprefix("-")).split(), text.startswith("-"))


def ordinal(text: str) -> int | None:
    """The rank that "third", "3rd", "twenty first" or "第三" tells."""
    text = text.strip().lower().replace("-", " ")
    if digits := re.fullmatch(r"(\d+)(?:st|nd|rd|th)", text):
        return int(digits[1])
    if text.startswith("第"):
        value = number(text.removeprefix("第").rstrip("个條条封号"))
        return None if value is None else int(value)
    words = text.split()
    if len(words) == 2 and words[0] in _TENS and words[1] in _ORDINALS:
        return _TENS[words[0]] + _ORDINALS[words[1]]
    return _ORDINALS.get(words[0]) if len(words) == 1 else None


def _english(words: Sequence[str], negative: bool = False) -> float | None:
    if not words or len(words) > _MAX_WORDS:
        return None
    if words[0] in ("minus", "negative"):
        return None if negative else _english(words[1:], True)
    value = _sum(words)
    return -value if negative and value is not None else value


def _sum(words: Sequence[str]) -> float | None:
    """A number without its sign."""
    words = list(words)
    if "point" in words:
        at = words.index("point")
        whole = _sum(words[:at]) if at else 0.0
        digits = [_digit(word) for word in words[at + 1 :]]
        if whole is None or not digits or None in digits:
            return None
        return float(f"{int(whole)}.{''.join(str(digit) for digit in digits)}")
    if len(words) >= 2 and words[-1].rstrip("s") in _PARTS and words[-1] != "seconds":
        return _with_part(words)
    return _whole(words)


def _with_part(words: list[str]) -> float | None:
    """ "one and a half", "half", "three quarters", "two thirds"."""
    part = _PARTS[words[-1].rstrip("s")]
    rest = words[:-1]
    if "and" in rest:
        at = len(rest) - 1 - rest[::-1].index("and")
        whole, count = _whole(rest[:at]), _whole(rest[at + 1 :])
        return None if whole is None or count is None else whole + count * part
    count = _whole(rest)
    return None if count is None else count * part


def _whole(words: Sequence[str]) -> float | None:
    if len(words) == 1 and words[0] in _PARTS:
        return _PARTS[words[0]]
    total = group = 0.0
    last = "start"  # what came before decides what may follow
    for word in words:
        if _DIGITS.fullmatch(word):
            if last not in ("start", "and", "scale"):
                return None
            group, last = group + float(word.replace(",", "")), "digits"
        elif word in _ONES:
            if last in ("one", "digits") or (last == "ten" and not 0 < _ONES[word] < 10):
                return None
            group, last = group + _ONES[word], "one"
        elif word in _TENS:
            if last in ("one", "ten", "digits"):
                return None
            group, last = group + _TENS[word], "ten"
        elif word == "hundred":
            if last not in ("one", "digits", "start"):
                return None
            group, last = max(group, 1) * 100, "hundred"
        elif word in _SCALES:
            if last in ("scale", "and"):
                return None
            total, group, last = total + max(group, 1) * _SCALES[word], 0.0, "scale"
        elif word == "and" and last in ("hundred", "scale"):
            last = "and"
        else:
            return None
    return None if last in ("start", "and") else total + group


def _digit(word: str) -> int | None:
    if word.isdigit():
        return int(word)
    value = _ONES.get(word)
    return value if value is not None and value < 10 and word not in ("a", "an") else None


def _hanzi(text: str) -> float | None:
    negative = text.startswith("负")
    text = text.removeprefix("负")
    for sign, meant in _HANZI_TENS.items():
        text = text.replace(sign, meant)
    if len(text) > _MAX_WORDS:
        return None
    if text == "半":
        return -0.5 if negative else 0.5
    half = 0.5 if len(text) > 1 and text.endswith("半") else 0.0
    text = text.removesuffix("半").removesuffix("个") if half else text
    whole, dot, decimals = text.replace("點", "点").partition("点")
    value = _hanzi_whole(whole)
    if value is None or (dot and (not decimals or half)):
        return None
    if dot:
        digits = [str(_HANZI_DIGITS.get(c, c)) for c in decimals]
        if not all(len(digit) == 1 and digit.isdigit() for digit in digits):
            return None
        value = float(f"{int(value)}.{''.join(digits)}")
    value += half
    return -value if negative else value


def _hanzi_whole(text: str) -> float | None:
    if not text:
        return None
    if text.isdigit() and text.isascii():
        return float(text)
    if len(text) > 1 and all(c in _HANZI_DIGITS for c in text):
        return float("".join(str(_HANZI_DIGITS[c]) for c in text))  # 二零二六, a year or a telephone number
    total = group = digit = 0.0
    unit = 0.0  # of the last sign: 两千三 is 2300
    for c in text:
        if c in _HANZI_DIGITS:
            digit = _HANZI_DIGITS[c]
            unit = 0.0 if digit == 0 else unit
        elif c.isdigit():
            digit = digit * 10 + int(c)
        elif c in _HANZI_UNITS:
            unit = _HANZI_UNITS[c]
            group, digit = group + (digit or 1) * unit, 0.0
        elif c in _HANZI_SCALES:
            unit = _HANZI_SCALES[c]
            total, group, digit = total + max(group + digit, 1) * unit, 0.0, 0.0
        else:
            return None
    return total + group + (digit * unit / 10 if unit > 10 else digit)
