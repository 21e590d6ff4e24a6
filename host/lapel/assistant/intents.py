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
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from hassil.errors import HassilError
from hassil.intents import Intents
from hassil.parser import ParseError
from hassil.recognize import RecognizeResult, recognize_all

from .said import HANZI, Said
from .tools import ArgumentError, ToolInfo

log = logging.getLogger(__name__)

_SENTENCES = Path(__file__).parent / "sentences"
_BETWEEN_HANZI = re.compile(f"(?<={HANZI.pattern}) | (?={HANZI.pattern})")
_MAX_CHARACTERS = 200  # templates are short; a longer text is a question for the model
_MAX_READINGS = 40  # ways in which templates fit one text; the first few hold the right one
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
                    space = "" if HANZI.match(word) else " "
                    return said.with_word(found.end(), space + word)
        return None

    def _in_usual_words(self, said: Said) -> Said | None:
        """With the templates' words for those that mean the same. None if it has none of these."""
        language = "zh" if HANZI.search(said.words) else "en"
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
        chinese = HANZI.search(said.words) is not None
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
