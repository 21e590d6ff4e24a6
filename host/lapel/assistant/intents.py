"""Local intents: sentence templates matched in milliseconds, offline.

One YAML file per language in `sentences/`, in the format of hassil, Home Assistant's matcher; skills from
elsewhere bring their templates with their tools. An intent has the name of its tool. `{parameter}` takes any
words; whether they are of the parameter's type decides whether the sentence matches.
"""

from __future__ import annotations

import datetime
import itertools
import logging
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from hassil.errors import HassilError
from hassil.intents import Intents
from hassil.parser import ParseError
from hassil.recognize import RecognizeResult, recognize_all

from .tools import ArgumentError, ToolInfo

log = logging.getLogger(__name__)

_SENTENCES = Path(__file__).parent / "sentences"
_HANZI = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
_BETWEEN_HANZI = re.compile(f"(?<={_HANZI.pattern}) | (?={_HANZI.pattern})")
_MAX_CHARACTERS = 200  # templates are short; a longer text is a question for the model
_MAX_READINGS = 40  # ways in which templates fit one text; the first few hold the right one
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
# Between two requests of one sentence.
_AND = re.compile(
    r"[,;.!?]?\s+(?:and then|and also|and after that|and|then|also|plus)\s+|[,;.!?]\s+|"
    r"[，。；！？,]?\s*(?:然后|并且|顺便|接着|同时|另外|再|还有)\s*|[，。；！？]\s*"
)
_MOST_REQUESTS = 3  # in one sentence
# What is asked of Lapel even behind a message: nobody else sets the wearer's timers.
_OF_LAPEL = re.compile(
    r"(?:please )?(?:(?:set|start|cancel) (?:a|an|my|the|another) .*(?:timer|alarm|reminder)|"
    r"remind me |wake me |add .* to (?:my|the|our) .*list)|"
    r"(?:请|帮我|给我)*(?:定|设|设置|取消).*(?:计时|闹钟|提醒)",
    re.IGNORECASE,
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


@dataclass(frozen=True)
class Intent:
    """What a sentence asks for: a tool's name, the language, the arguments as said and as their types say."""

    name: str
    skill: str
    language: str
    said: dict[str, Any] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)

    @property
    def keeps_words(self) -> bool:
        """Whether what was said is told or kept word for word."""
        return "text" in self.said


class Matcher:
    """Every language's templates for these tools. Building one reads files; matching is pure."""

    def __init__(self, tools: Mapping[str, ToolInfo], folder: Path = _SENTENCES) -> None:
        self._tools = tools
        self._never: dict[str, re.Pattern[str]] = {}
        self._leaves_out: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
        self._usual: dict[str, list[tuple[re.Pattern[str], str]]] = {}
        self._never_in: dict[str, dict[str, re.Pattern[str]]] = {}
        self.languages = {path.stem: self._read(path) for path in sorted(folder.glob("*.yaml"))}
        for language, intents in self.languages.items():  # the first match builds tables
            list(itertools.islice(recognize_all("你好" if language == "zh" else "hello", intents), 1))

    def match(self, text: str | Said, now: datetime.datetime | None = None) -> Intent | None:
        """The intent that `text` states, in whichever language it is written; None if no template fits."""
        now = now or datetime.datetime.now().astimezone()
        said = Said(text) if isinstance(text, str) else text
        if not said.words or len(said.words) > _MAX_CHARACTERS:
            return None
        found = self._as_it_stands(said, now)
        if found is None and (usual := self._in_usual_words(said)) is not None:
            found = self._as_it_stands(usual, now)
        if found is None and (whole := said.with_apostrophes()) is not None:
            found = self.match(whole, now)
        return found

    def _as_it_stands(self, said: Said, now: datetime.datetime) -> Intent | None:
        bare = said.without_courtesy()  # first, or "please" is a part of what is to be noted
        for way in (bare, said):
            if way is not None and (found := self._best(way, now) or self._best(self._filled(way), now)):
                return found
        return None

    def match_all(self, text: str, now: datetime.datetime | None = None) -> list[tuple[Intent, str]]:
        """The intents of several requests in one sentence, each with its words; of one if it is one request;
        none if no template fits. It is parted only where every part states an intent by itself. What is to be
        noted or reminded of word for word is never parted; a message only before what is asked of Lapel.
        """
        now = now or datetime.datetime.now().astimezone()
        whole = self.match(text, now)
        if whole is not None and whole.keeps_words:
            return self._message_and_more(whole, text, now) or [(whole, text)]
        if whole is not None and not _AND.search(text):
            return [(whole, text)]
        parts = self._parts(text, now, _MOST_REQUESTS)
        if parts is not None and len(parts) > 1:
            return parts
        return [] if whole is None else [(whole, text)]

    def _message_and_more(
        self, whole: Intent, text: str, now: datetime.datetime
    ) -> list[tuple[Intent, str]] | None:
        """A message and a request behind it: "tell Anna I'm late and set a timer for five minutes".
        None if it is all message, as in "tell Anna to call me and remind me of it".
        """
        told = f" to {whole.said['text']}"
        if self._tools[whole.name].tool.effect != "reaches" or told in text:
            return None
        for found in _AND.finditer(text):
            rest = text[found.end() :]
            first = self.match(text[: found.start()], now) if _OF_LAPEL.match(rest) else None
            if (
                first is not None
                and first.name == whole.name
                and first.said.get("to") == whole.said.get("to")
            ):
                others = self._parts(rest, now, _MOST_REQUESTS - 1)
                return None if others is None else [(first, text[: found.start()]), *others]
        return None

    def _parts(self, text: str, now: datetime.datetime, most: int) -> list[tuple[Intent, str]] | None:
        if most > 1 and len(text) <= _MAX_CHARACTERS:
            for found in _AND.finditer(text):
                first = self.match(text[: found.start()], now) if found.start() else None
                if first is None:
                    continue
                rest = self._parts(text[found.end() :], now, most - 1)
                if rest is not None:
                    return [(first, text[: found.start()]), *rest]
        intent = self.match(text, now)
        return None if intent is None else [(intent, text)]

    def _filled(self, said: Said) -> Said | None:
        """With a word that was left out: "tell Anna [that] I'm late". None if there is none."""
        for words in self._leaves_out.values():
            for word, before in words:
                if found := before.match(said.words):
                    space = "" if _HANZI.match(word) else " "
                    return said.with_word(found.end(), space + word)
        return None

    def _in_usual_words(self, said: Said) -> Said | None:
        """With the templates' words for those that mean the same. None if it has none of these."""
        language = "zh" if _HANZI.search(said.words) else "en"
        usual = said
        for pattern, word in self._usual.get(language, ()):
            usual = usual.with_usual(pattern, word)
        return None if usual.words == said.words else usual

    def words(self) -> dict[str, list[str]]:
        """The literal words of each tool's templates, of all languages."""
        found: dict[str, list[str]] = {}
        for intents in self.languages.values():
            for name, intent in intents.intents.items():
                texts = [text for data in intent.data for text in data.sentence_texts]
                found.setdefault(name, []).extend(re.sub(r"[{<][^}>]*[}>]|[()\[\]|]", " ", t) for t in texts)
        return found

    def _best(self, said: Said | None, now: datetime.datetime) -> Intent | None:
        if said is None:
            return None
        chinese = _HANZI.search(said.words) is not None
        readings: list[tuple[int, str, RecognizeResult]] = []
        for language, intents in self.languages.items():
            if (language == "zh") == chinese and not self._never[language].fullmatch(said.words):
                for result in itertools.islice(recognize_all(said.words, intents), _MAX_READINGS):
                    literal = len(said.words) - sum(len(e.text.strip()) for e in result.entities.values())
                    readings.append((literal, language, result))
        # The most literal words win: "play the next song" is not a song called "the next song". Then what is
        # of a type: "Berlin today" is a town and a day before it is a town.
        for _, language, result in sorted(readings, key=self._rank):
            tool = self._tools.get(result.intent.name)
            if tool is None:
                continue
            if any(self._is_no(language, tool.name, name, e.text) for name, e in result.entities.items()):
                continue
            given = {name: self._as_said(said, tool, name, e) for name, e in result.entities.items()}
            try:
                return Intent(tool.name, tool.skill, language, given, tool.arguments(given, now))
            except ArgumentError:
                continue
        return None

    def _is_no(self, language: str, tool: str, name: str, text: str) -> bool:
        """Whether the words cannot be what this parameter holds: no town is called "how do forecasters"."""
        never = self._never_in.get(language, {})
        patterns = (never.get(name), never.get(f"{tool}.{name}"))
        return any(pattern is not None and pattern.search(text.strip()) for pattern in patterns)

    def _rank(self, reading: tuple[int, str, RecognizeResult]) -> tuple[int, int, int]:
        literal, _, result = reading
        tool = self._tools.get(result.intent.name)
        typed = {p.name for p in tool.parameters if not p.kind.free} if tool else set()
        return -literal, -len(typed & result.entities.keys()), len(result.entities)

    def _as_said(self, said: Said, tool: ToolInfo, name: str, entity: Any) -> Any:
        """Free text in its own spelling; all else as it was matched."""
        free = any(p.name == name and p.kind.free for p in tool.parameters)
        if free and entity.is_wildcard and entity.text_span is not None:
            return said.original(*entity.text_span)
        return entity.value.strip() if isinstance(entity.value, str) else entity.value

    def _read(self, path: Path) -> Intents:
        with path.open(encoding="utf-8") as file:
            described = yaml.safe_load(file)
        self._never[path.stem] = re.compile("|".join(described.pop("never", ())) or "(?!)")
        left_out = described.pop("left_out", {})
        self._leaves_out[path.stem] = [(word, re.compile(before)) for word, before in left_out.items()]
        self._never_in[path.stem] = {
            name: re.compile(no) for name, no in described.pop("never_in", {}).items()
        }
        usual = described.pop("usual", {})
        self._usual[path.stem] = [(re.compile(others), word) for word, others in usual.items()]
        intents = {name: data for name, data in described["intents"].items() if name in self._tools}
        lists = {
            p.name: {"wildcard": True} for tool in self._tools.values() for p in tool.parameters
        } | described.get("lists", {})
        described = {**described, "intents": intents, "lists": lists}
        for tool in self._tools.values():
            own = [str(sentence) for sentence in tool.tool.sentences.get(path.stem, ())]
            if own and self._sound(tool, own, described):
                data = [*intents.get(tool.name, {"data": []})["data"], {"sentences": own}]
                intents[tool.name] = {"data": data}
        return Intents.from_dict(described)

    def _sound(self, tool: ToolInfo, sentences: list[str], described: Mapping[str, Any]) -> bool:
        """Whether a skill's own templates can be matched; one that cannot must not take the others along."""
        alone = {**described, "intents": {tool.name: {"data": [{"sentences": sentences}]}}}
        try:
            list(recognize_all("hello", Intents.from_dict(alone)))
            for sentence in sentences:
                unknown = set(re.findall(r"\{(\w+)[^}]*\}", sentence)) - set(described["lists"])
                if unknown:
                    raise HassilError(f"{{{min(unknown)}}} is no parameter")
        except (HassilError, ParseError, ValueError, KeyError, AttributeError) as error:
            log.error(
                "skill %s: the sentences of %s are left out: %s", tool.skill, tool.name, error or type(error)
            )
            return False
        return True


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
        if _HANZI.search(self.words):
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
    return before == " " or last == " " or after == " " or bool(_HANZI.match(last) or _HANZI.match(after))


def _within(text: str, i: int) -> bool:
    before, after = text[i - 1 : i], text[i + 1 : i + 2]
    if text[i] == ".":  # 1.5, example.com
        return before.isalnum() and after.isalnum() and (before.isdigit() == after.isdigit())
    return before.isdigit() and after.isdigit()
