"""Is an action meant, and which? Cheap and local, so that open questions do not wait for a second model call.

Words of a question are weighed against the words of each tool (its templates, its description, examples):
a word that few tools share tells more (inverse document frequency). A request also sounds like one: it speaks
of me, of a time, it bids; a question about the world begins otherwise.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from .likeness import Encoder, Vector
from .said import normalise
from .tools import ToolInfo

MOST = 7  # tools offered to the model; the right one is among them, and a small model reads few well
_STEMS = ("ing", "ed", "es", "s")
_WORD = re.compile(r"[a-z']+|[\u3400-\u9fff]+")
# Words that stand in questions of every kind.
_COMMON = frozenset(
    re.findall(
        r"\S+",
        """
        a an the i me my mine we us our you your it its is are was were be been am do does did of to
        in on at for and or that this these those there here what what's which who whom whose when
        where why how can could would will should have has had with from by as if so not no any some
        all one about into out up down over than then too very just please tell say get got make let
        know want need like go going give much many
        """,
    )
)
# How requests begin, in the languages that have templates; a question begins otherwise.
_BIDDING = re.compile(
    r"(?:please|could you|can you|would you|will you|don't let me|make|set|start|stop|pause|resume|play|"
    r"turn|switch|"
    r"put|add|remove|delete|cancel|drop|scrap|remind|nudge|poke|ping|shout|beep|wake|note|write|remember|"
    r"keep|hold|"
    r"forget|send|text|message|tell|let|email|mail|shoot|reply|respond|answer|call|ring|find|check|read|"
    r"show|list|open|"
    r"close|lock|unlock|skip|next|mute|dim|create|schedule|book|block|pencil|move|clear|count|calculate|"
    r"convert|jot|"
    r"take|get|give|increase|decrease|raise|lower|louder|quieter|crank|archive|mark|ask|order|buy|anything|"
    r"any|some|just|store|save)\b"
)
_MINE = re.compile(r"\b(?:i|i'm|i've|i'd|i'll|my|mine|me|we|we're|we've|our|us)\b|[我咱]")
_WHEN = re.compile(
    r"\b(?:today|tonight|tomorrow|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|weekend|(?:this|in the) "
    r"(?:morning|"
    r"afternoon|evening)|[ap]\.?m\.?|minutes?|hours?|o'?clock|half past|quarter (?:past|to))\b|"
    r"\d|[今明后]天|今晚|明早|分钟|小时|[一二三四五六七八九十两\d]点|周[一二三四五六日末]"
)
_BIDDING_ZH = re.compile(
    "设|定|提醒|叫我|记|播|放|停|暂停|继续|下一|上一|发|给|打开|关|加|删|取消|查|读|回|帮|把|调|换|找|别忘|"
    "买|算|跟|告诉|要不要|想听"
)
# Questions about the world; the wearer's own things are asked for in other words.
_WORLD = re.compile(
    r"(?:who|why|explain|define|how (?:do|does|did|to|old|tall|far|big|deep|fast)|what (?:does|happened|"
    r"would)|"
    r"what is (?:a|an)\b|what's the difference|(?:tell|write|read|sing) (?:me )?(?:a|an|about)\b|can you "
    r"(?:write|explain)|"
    r"is (?:a|an|it true)\b|are there|do (?:fish|cats|dogs|people|you)|recommend|which (?:country|planet|"
    r"animal)|"
    r"为什么|怎么|谁是|什么是|什么叫|介绍|解释|讲)"
)
# What each tells, beside the words in common (by words alone) or the likeness in meaning (a cosine).
_MINE_TELLS, _WHEN_TELLS, _BIDDING_TELLS, _WORLD_TELLS = 0.45, 0.45, 0.5, -0.7
_ENOUGH = 1.25
# A request is liker to a request than to an open question. Lenient: the model still may say that it is none.
_ENOUGH_LIKE, _SOUND_SHARE, _OPEN_SHARE = 0.15, 0.3, 0.6
_WORDS_SHARE = 0.25  # a name or a rare word counts beside the meaning
NO_ACTION = "none"  # what the examples of open questions stand under
_NONE: Mapping[str, Any] = {}  # of what is no example of anybody's words
_EXAMPLES = Path(__file__).parent / "examples.yaml"


@dataclass(frozen=True)
class Example:
    """What somebody might say, and the action that is meant."""

    text: str
    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Routed:
    """A tool, and how much speaks for it."""

    tool: ToolInfo
    score: float


class Router:
    """`templates` are the literal words of each tool's sentences."""

    def __init__(
        self,
        tools: Mapping[str, ToolInfo],
        templates: Mapping[str, Iterable[str]],
        examples: Path = _EXAMPLES,
    ) -> None:
        self._tools = tools
        self._templates = {name: list(words) for name, words in templates.items()}
        listed = yaml.safe_load(examples.read_text("utf-8"))
        self._examples = [
            (Example(text, tool, arguments), frozenset(_features(normalise(text))))
            for tool, said in listed.items()
            for text, arguments in said
        ]
        self._encoder: Encoder | None = None
        self._vectors: Vector | None = None
        self._described: list[tuple[Example, frozenset[str]]] = []
        self.learn()

    def read(self, encoder: Encoder) -> None:
        """From here on likeness in meaning decides. Takes seconds: to be called on a thread."""
        self._vectors = encoder.encode_once([example.text for example, _ in self._examples + self._described])
        self._encoder = encoder

    def learn(self, templates: Mapping[str, Iterable[str]] | None = None) -> None:
        """Weighs the words of the tools that there are now, perhaps with other templates."""
        if templates is not None:
            self._templates = {name: list(words) for name, words in templates.items()}
        words: dict[str, list[str]] = {}
        for name, tool in self._tools.items():
            if tool.sayable:
                texts = [tool.description, name.replace("_", " "), *self._templates.get(name, ())]
                said = [word for example, found in self._examples if example.tool == name for word in found]
                words[name] = _features(" ".join(texts)) + said
        self._words = {name: set(found) for name, found in words.items()}
        # A tool without examples, such as a plug-in's, has its description for one.
        with_examples = {example.tool for example, _ in self._examples}
        self._described = [
            (Example(tool.description, name, _NONE), frozenset(_features(tool.description)))
            for name, tool in self._tools.items()
            if tool.sayable and name not in with_examples
        ]
        if self._encoder is not None and self._vectors is not None:
            kept = self._vectors[: len(self._examples)]
            new = [self._encoder.encode([example.text]) for example, _ in self._described]
            self._vectors = np.concatenate([kept, *new])
        shared = Counter(word for found in self._words.values() for word in found)
        count = max(2, len(self._tools))
        self._weight = {word: math.log(1 + count / n) / math.log(1 + count) for word, n in shared.items()}

    def route(self, question: str) -> list[Routed]:
        """Tools that may be meant, the likeliest first; none for a question that sounds like no request."""
        text = normalise(question)
        asked = frozenset(_features(text))
        by_meaning = self._encoder is not None and text.isascii()  # it was trained on English
        nearest: dict[str, float] = {}
        for likeness, example in self._like(question):
            nearest[example.tool] = max(nearest.get(example.tool, 0.0), likeness)
        no_action = nearest.pop(NO_ACTION, 0.0)
        words_share = _WORDS_SHARE if by_meaning else 1.0
        scored = [
            Routed(tool, words_share * self._overlap(asked & words) + 2 * nearest.get(name, 0.0))
            for name, words in self._words.items()
            if (tool := self._tools.get(name)) is not None
        ]
        scored.sort(key=lambda routed: -routed.score)
        if by_meaning:
            like = max(nearest.values(), default=0.0) - _OPEN_SHARE * no_action
            is_request = like + _SOUND_SHARE * _sounds(text) >= _ENOUGH_LIKE
        else:
            best = min(1.5, scored[0].score) if scored else 0.0  # many small words are no request
            is_request = best > 0 and best + _sounds(text) >= _ENOUGH
        return [routed for routed in scored[:MOST] if routed.score > 0] if is_request else []

    def nearest(self, question: str, tools: Iterable[str], most: int) -> list[Example]:
        """The example of each of these tools that is most like the question, and one that is no request; the
        likest last, and no more than `most` of tools.
        """
        wanted = {*tools, NO_ACTION}
        best: dict[str, tuple[float, Example]] = {}
        for likeness, example in self._like(question):
            if example.tool in wanted and example.arguments is not _NONE:
                best[example.tool] = max(
                    best.get(example.tool, (-1.0, example)), (likeness, example), key=_first
                )
        no_action = best.pop(NO_ACTION, None)
        shown = sorted(best.values(), key=_first)[-most:]
        if no_action is not None:
            shown = sorted([*shown, no_action], key=_first)
        return [example for _, example in shown]

    def sharing(self, question: str, texts: Sequence[str]) -> list[str]:
        """The texts that share a telling word with a question, those that share most first."""
        asked = set(_features(normalise(question)))
        shared = [(len(asked & set(_features(normalise(text)))), text) for text in texts]
        return [text for count, text in sorted(shared, key=lambda each: -each[0]) if count]

    def likeness(self, question: str, text: str) -> float:
        """How like two texts are, in meaning if there is an encoder for them, else in words: 0 to 1."""
        if self._encoder is not None and (question + text).isascii():
            one, other = self._encoder.encode([question, text])
            return float(one @ other)
        asked, told = set(_features(normalise(question))), set(_features(normalise(text)))
        return len(asked & told) / (min(len(asked), len(told)) or 1)

    def _like(self, question: str) -> list[tuple[float, Example]]:
        """How like each example is: in meaning if there is an encoder, else in words. 0 to 1."""
        if self._encoder is not None and self._vectors is not None and question.isascii():
            cosines = self._vectors @ self._encoder.encode([question])[0]
            known = [example for example, _ in self._examples + self._described]
            return [(float(cosine), example) for cosine, example in zip(cosines, known, strict=True)]
        asked = frozenset(_features(normalise(question)))
        return [
            (self._likeness(asked, words), example) for example, words in self._examples + self._described
        ]

    def _overlap(self, words: frozenset[str] | set[str]) -> float:
        return sum(self._weight.get(word, 1.0) for word in words)

    def _likeness(self, one: frozenset[str], other: frozenset[str]) -> float:
        """Of two texts, by the weight of what they share: 0 to 1."""
        return self._overlap(one & other) / (self._overlap(one | other) or 1.0)


def _first(pair: tuple[float, Example]) -> float:
    return pair[0]


def _sounds(text: str) -> float:
    """How much a text sounds like a request, whatever it is about."""
    told = 0.0
    told += _MINE_TELLS if _MINE.search(text) else 0.0
    told += _WHEN_TELLS if _WHEN.search(text) else 0.0
    told += _BIDDING_TELLS if _BIDDING.match(text) or _BIDDING_ZH.search(text) else 0.0
    told += _WORLD_TELLS if _WORLD.match(text) else 0.0
    return told


def _features(text: str) -> list[str]:
    """Stems of words; of Chinese, signs in pairs."""
    found = []
    for word in _WORD.findall(text.lower()):
        if word[0] >= "\u3400":
            found += [word[i : i + 2] for i in range(len(word) - 1)] or [word]
        elif word not in _COMMON and len(word) > 1:
            found.append(_stem(word))
    return found


def _stem(word: str) -> str:
    word = word.removesuffix("'s")
    for ending in _STEMS:
        if len(word) - len(ending) >= 3 and word.endswith(ending):
            word = word.removesuffix(ending)
            break
    return word.removesuffix("e") if len(word) > 3 else word
