"""Is an action meant, and which? Cheap and local, so that open questions do not wait for a second model call.

Words of a question are weighed against the words of each tool (its templates, its description): a word that
few tools share tells more (inverse document frequency). A request also sounds like one.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .intents import normalise
from .tools import ToolInfo

MOST = 8  # tools offered to the model; the right one is among them, and a small model reads few well
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
    r"^(?:please |could you |can you |would you |will you |i want |i need |i'd like |i would like |i have "
    r"to |"
    r"don't let me |do not let me |make sure |set |start |stop |pause |resume |play |turn |switch |put |add "
    r"|remove |"
    r"delete |cancel |remind |wake |note |write |remember |forget |send |text |message |tell |email |mail |"
    r"reply |"
    r"answer |call |ring |find |check |read |show |list |open |close |lock |unlock |skip |next |mute |"
    r"unmute |dim |"
    r"create |schedule |book |move |clear |count |calculate |convert |let |jot |take |get |give |increase |"
    r"decrease |"
    r"raise |lower |louder|quieter|archive |mark |ask |order |buy )"
)
_BIDDING_ZH = re.compile(
    "设|定|提醒|叫我|记|播|放|停|暂停|继续|下一|上一|发|给|打开|关|加|删|取消|查|读|回|帮|把|调|换|找|别忘|"
    "买|算"
)
_STEMS = ("ing", "ed", "es", "s")
_ENOUGH = 1.6  # without a request's beginning, this much weight; "unread mail?" has it
_ENOUGH_BIDDEN = 0.7


@dataclass(frozen=True)
class Routed:
    """A tool, and how much speaks for it."""

    tool: ToolInfo
    score: float


class Router:
    """`templates` are the literal words of each tool's sentences."""

    def __init__(self, tools: Mapping[str, ToolInfo], templates: Mapping[str, Iterable[str]]) -> None:
        words = {
            name: _features(" ".join([tool.description, name.replace("_", " "), *templates.get(name, ())]))
            for name, tool in tools.items()
            if tool.sayable
        }
        self._tools = tools
        self._words = {name: set(found) for name, found in words.items()}
        shared = Counter(word for found in self._words.values() for word in found)
        count = max(2, len(tools))
        self._weight = {word: math.log(1 + count / n) / math.log(1 + count) for word, n in shared.items()}

    def route(self, question: str) -> list[Routed]:
        """Tools that may be meant, the likeliest first; none for a question that no tool has words of."""
        text = normalise(question)
        asked = set(_features(text))
        bidden = bool(_BIDDING.match(text) or _BIDDING_ZH.search(text))
        scored = [
            Routed(self._tools[name], sum(self._weight[word] for word in asked & words))
            for name, words in self._words.items()
        ]
        scored.sort(key=lambda routed: -routed.score)
        if not scored or scored[0].score < (_ENOUGH_BIDDEN if bidden else _ENOUGH):
            return []
        return [routed for routed in scored[:MOST] if routed.score > 0]


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
