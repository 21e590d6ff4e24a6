"""A sentence as it was said: made plain for matching, with the way back to its own words."""

from __future__ import annotations

import re
import unicodedata

HANZI = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
_KEPT = "'+*/×÷=^%()°$€£@#-"
_WITHIN = ".,:"  # kept between digits, and the dot of an address
# What people say around a request.
_POLITE = re.compile(
    r"^(?:(?:hey|hi|hello|ok|okay|so|um|uh|well|now|and|then|lapel|please|just|quickly|oh|alright|right|"
    r"sorry|excuse me|good morning|also)\s+)*"
    r"(?:(?:(?:can|could|would|will) you|(?:can|could|may) (?:i|we)|"
    r"(?:i|we)(?: want| need| would like|'d like| wanna)(?: you)? to|you can|you could|you should|"
    r"go ahead and|let's|would you mind|do me a favou?r and|be so kind (?:and|as to)|try to|"
    r"help me(?: to)?|do you (?:happen to )?know|any idea|i wonder|i(?:'d| would) like to know|"
    r"i want to know|do me a favou?r)\s+)?"
    r"(?:(?:please|just|quickly|kindly|maybe|also|go ahead and)\s+)*"
)
_POLITE_END = re.compile(
    r"(?:\s+(?:please|thanks|thank you|thank you very much|now|"
    r"for me|will you|would you|ok|okay|lapel|"
    r"right now|if you can|if you could|if possible|if you don't mind|would you please|real quick|"
    r"when you can|at the moment|for a (?:second|sec|moment|bit|while)|right away|as well|my friend|"
    r"starting now|starting from now|if you would|before i forget))+$"
)
_NO_APOSTROPHE = re.compile(
    r"\b(?:(?:what|who|when|where|how|that|there|it|he|she|let|today|tomorrow)s|(?:do|does|did|is|are|was|wo|ca|could|"
    r"would|should|have|has|must)nt|im|(?:i|we|you|they)ve|(?:you|they)re|(?:you|they|that|it|there)ll)\b"
)
# What comes before thanks that are for somebody else: "reply and say thanks".
_SAYS = re.compile(
    r"\b(?:say|saying|says|tell|telling|with|that|write|writing|reply|respond|answer|back|and|to|him|her|them|:)$"
)
_SAYS_ZH = re.compile("(?:说|回复|回|写|告诉他|告诉她|他|她|：)$")
_POLITE_ZH = re.compile(
    "^(?:你好|嗨|嘿|那个|嗯|请问一下|请问|请|麻烦你|麻烦|劳驾|可以|可不可以|能不能|你能不能|你能|能|"
    "你可以|帮我|替我|给我|帮忙|一下|我想要你|我想让你|问下|问一下|想问一下|想问|我想问|我想知道|你知道|快|都(?=几|有|是|能|会|做|谁)|那么|喂|哎|对了)+"
)
_POLITE_END_ZH = re.compile("(?:吧|吗|啊|呀|呢|好吗|可以吗|行吗|谢谢|一下|好不好|啦|哦|哈|喔|嘛|呗)+$")


class Said:
    """A text as it was said, its `words` for matching, and the way back from these."""

    def __init__(self, text: str) -> None:
        self._text = unicodedata.normalize("NFC", text).replace("\u2019", "'")
        words, self._places = _plain(self._text)
        self.words = words

    def original(self, start: int, end: int) -> str:
        """What stands for `words[start:end]` in the text, with its case and inner punctuation."""
        while start < end and self.words[start] == " ":
            start += 1
        while end > start and self.words[end - 1] == " ":
            end -= 1
        if start >= end:
            return ""
        return self._text[self._places[start] : self._places[end - 1] + 1].strip(" \t\n.,!?;:，。！？；：")

    def with_word(self, at: int, word: str) -> Said:
        """The same with another word there, which stands for nothing in the text."""
        more = object.__new__(Said)
        more._text, more.words = self._text, self.words[:at] + word + self.words[at:]
        more._places = self._places[:at] + [self._places[at - 1]] * len(word) + self._places[at:]
        return more

    def with_usual(self, others: re.Pattern[str], word: str) -> Said:
        """The same with `word` for each of `others`; its \\1 is the first group, with its places."""
        more = object.__new__(Said)
        more._text, more.words, more._places = self._text, self.words, self._places
        for found in reversed(list(others.finditer(self.words))):
            words = ""
            places: list[int] = []
            for piece in re.split(r"(\\\d)", word):
                start, end = found.span(int(piece[1:]) if piece.startswith("\\") else 0)
                if piece.startswith("\\"):
                    words, places = words + self.words[start:end], places + self._places[start:end]
                elif piece:
                    here = [self._places[start], *[self._places[end - 1]] * (len(piece) - 1)]
                    words, places = words + piece, places + here
            start, end = found.span()
            more.words = more.words[:start] + words + more.words[end:]
            more._places = more._places[:start] + places + more._places[end:]
        return more

    def with_apostrophes(self) -> Said | None:
        """The same with those that were left out: "whats" is "what's". None if none is missing."""
        found = next((found for found in _NO_APOSTROPHE.finditer(self.words)), None)
        if found is None:
            return None
        at = found.end() - (2 if found[0].endswith(("ll", "ve", "re")) and not found[0].endswith("nt") else 1)
        more = object.__new__(Said)
        more._text, more.words = self._text, f"{self.words[:at]}'{self.words[at:]}"
        more._places = [*self._places[:at], self._places[at - 1], *self._places[at:]]
        return more.with_apostrophes() or more

    def without_courtesy(self) -> Said | None:
        """The same without what is said around a request; None if there is nothing of that."""
        if HANZI.search(self.words):
            start = found.end() if (found := _POLITE_ZH.match(self.words)) else 0
            found = _POLITE_END_ZH.search(self.words, start)
            end = (
                len(self.words)
                if found is None or _SAYS_ZH.search(self.words[: found.start()])
                else found.start()
            )
        else:
            start = found.end() if (found := _POLITE.match(self.words + " ")) else 0
            found = _POLITE_END.search(self.words)
            end = (
                len(self.words)
                if found is None or _SAYS.search(self.words[: found.start()])
                else found.start()
            )
        if start >= end or (start, end) == (0, len(self.words)):
            return None
        bare = object.__new__(Said)
        bare._text, bare.words, bare._places = self._text, self.words[start:end], self._places[start:end]
        return bare


def normalise(text: str) -> str:
    """Lower case, full-width forms made plain, no punctuation but what tells, no spaces next to hanzi."""
    return Said(text).words


def _plain(text: str) -> tuple[str, list[int]]:
    """The text for matching, and for each of its characters where it stood."""
    kept: list[tuple[str, int]] = []
    for i, original in enumerate(text):
        for c in unicodedata.normalize("NFKC", original).lower():
            if c.isalnum() or c in _KEPT or unicodedata.combining(c) or (c in _WITHIN and _within(text, i)):
                kept.append((c, i))
            else:
                kept.append((" ", i))
    spaced = [
        (c, i)
        for at, (c, i) in enumerate(kept)
        if c != " " or (0 < at < len(kept) - 1 and not _drops(kept, at))
    ]
    while spaced and spaced[-1][0] == " ":
        spaced.pop()
    return "".join(c for c, _ in spaced), [i for _, i in spaced]


def _drops(kept: list[tuple[str, int]], at: int) -> bool:
    """Whether this space is a second one, a first one, or stands next to hanzi."""
    before = next((c for c, _ in reversed(kept[:at])), " ")
    after = next((c for c, _ in kept[at + 1 :] if c != " "), " ")
    last = next((c for c, _ in reversed(kept[:at]) if c != " "), " ")
    return before == " " or last == " " or after == " " or bool(HANZI.match(last) or HANZI.match(after))


def _within(text: str, i: int) -> bool:
    before, after = text[i - 1 : i], text[i + 1 : i + 2]
    if text[i] == ".":  # 1.5, example.com
        return before.isalnum() and after.isalnum() and (before.isdigit() == after.isdigit())
    return before.isdigit() and after.isdigit()
