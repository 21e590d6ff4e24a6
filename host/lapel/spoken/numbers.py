"""Number words within a text as digits: "seven thirty" is "7 30", 二十五分 is 25分."""

from __future__ import annotations

import re
import unicodedata

from .number_words import HANZI, number

_LONGEST = 8  # words of one number within a sentence
_HANZI_NUMBER = re.compile(f"[{HANZI.translate({ord(c): None for c in '半点點'})}]+")
_NONE_ALONE = {"a", "an", "half", "quarter", "third", "oh", "percent", "degrees", "minus"}
_ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth",
    "eighteenth", "nineteenth", "twentieth",
)  # fmt: skip


def as_digits(text: str) -> str:
    """`text` in lower case with its number words as digits; everything else stays as it is.

    Two numbers side by side stay two: "seven thirty" is "7 30" and "seven oh five" "7 05".
    """
    text = unicodedata.normalize("NFKC", text).lower().replace("\u2019", "'")
    text = _HANZI_NUMBER.sub(lambda found: _digits(found[0]) or found[0], text)
    text = re.sub(r"(?<=[a-z])-(?=[a-z])", " ", text)  # twenty-five
    text = re.sub(r"\bo'? ?clock\b|\bo\.clock\b", "oclock", text)
    words = text.split()
    out: list[str] = []
    i = 0
    while i < len(words):
        if words[i] == "oh" and out and out[-1].isdigit() and i + 1 < len(words):
            minute = _digits(words[i + 1])
            if minute is not None and len(minute) == 1:
                out.append("0" + minute)
                i += 2
                continue
        for end in range(min(len(words), i + _LONGEST), i, -1):
            said = _digits(" ".join(words[i:end]))
            if said is not None:
                break
        else:
            said, end = words[i], i + 1
        out.append(said)
        i = end
    return " ".join(out)


def ordinals_as_digits(text: str) -> str:
    """ "third" as 3rd, in a lower-case text that is about days."""
    for rank, word in enumerate(_ORDINALS, 1):
        text = re.sub(rf"\b(?:twenty |20 ){word}\b", f"{20 + rank}th", text)
        text = re.sub(rf"\b{word}\b", f"{rank}th", text)
    return re.sub(r"\bthirtieth\b", "30th", re.sub(r"\b(?:thirty|30) 1th\b|thirty first", "31st", text))


def _digits(said: str) -> str | None:
    if (
        said in _NONE_ALONE
        or said.split()[-1] in ("percent", "cent", "degrees", "degree")
        or said.endswith("%")
    ):
        return None
    if said.isascii() and said.isdigit():
        return said  # as it was written, 05 too
    value = number(said)
    if value is None or (0 < value < 1 and "point" not in said):
        return None  # "half" belongs to the unit after it
    return str(int(value)) if value == int(value) else repr(value)
