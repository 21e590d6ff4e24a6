"""The assistant's turn: what waits for an answer, local intents in milliseconds, else the language model."""

from __future__ import annotations

import asyncio
import datetime
import logging
import re
import time
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from ..cards import Shown
from ..confirm import Deed
from ..services import Exchange
from ..skills import SkillError
from .acting import Acting
from .agent import Agent, Asked, as_data
from .controls import Control, control
from .facts import told_about, with_facts
from .intents import Intent, Matcher
from .likeness import Encoder
from .llm import LanguageModel
from .router import Router
from .said import Said
from .tools import ArgumentError

log = logging.getLogger(__name__)

_SYSTEM = (
    "You are Lapel, a voice assistant whose answers are read in light on the palm of a hand. "
    "Answer in one or two short sentences of plain text, the answer itself first. "
    "No lists, no markdown, no code, no emoji. You have no internet, so you do not know the weather, "
    "the news, prices or anything about the user: if asked, say that you cannot see it. Today is {today}."
)
_FOLLOW_UP_S = 120.0  # "and tomorrow?" is about what was asked just before
_FOLLOW_UP = re.compile(
    r"(?:and |so |ok |okay )*(?:what about|how about|and|also)\s+(?:(?:in|on|at|for|the one in) )?(?P<x>.+)"
)
_FOLLOW_UP_ZH = re.compile("(?:那么|那|还有)(?P<x>.+?)(?:呢|怎么样|如何)|(?P<y>.+)呢")
_MAX_PINS = 1000  # whose talk is kept in memory
_TEXTS = {
    "stopped": ("Stopped.", "已停止。"),
    "nothing to stop": ("OK.", "好的。"),
    "nothing said": ("I have not said anything yet.", "我还没有说过什么。"),
    "no more": ("There is no more to that.", "没有更多了。"),
    "never mind": ("OK.", "好的。"),
}
_MORE_PLEASE = "Tell me more about that."


@dataclass
class Talk:
    """What was said last on a pin."""

    last: Shown | None = None
    intent: Intent | None = None
    at_s: float = 0.0
    others: deque[str] = field(default_factory=lambda: deque(maxlen=8))  # questions that led to others' text


class LocalFirstAssistant:
    """Answers with skills where a sentence template fits, else with `model`."""

    def __init__(self, model: LanguageModel, acting: Acting, matcher: Matcher) -> None:
        self._model = model
        self._acting = acting
        self._matcher = matcher
        router = Router(acting.household.tools, matcher.words())
        acting.household.watch(router.learn)
        self._router = router
        self._agent = Agent(model, acting, router)
        self._talks: dict[str, Talk] = {}

    async def answer(
        self, question: str, earlier: list[Exchange], pin: str = ""
    ) -> AsyncGenerator[str | Shown, None]:
        """The answer in pieces, or a card. Raises Unanswerable."""
        with self._acting.household.turns.one():
            async with aclosing(self._answer(question, earlier, pin)) as pieces:
                async for piece in pieces:
                    yield piece

    async def _answer(
        self, question: str, earlier: list[Exchange], pin: str
    ) -> AsyncGenerator[str | Shown, None]:
        talk = self._talk(pin)
        language = "zh" if _is_chinese(question) else "en"
        try:
            card = await self._without_model(question, earlier, pin, talk, language)
        except SkillError as error:
            card = Shown(str(error), kind="error")
        if card is not None:
            talk.last = card
            yield card
            return
        if control(question) is Control.MORE:
            question = _MORE_PLEASE
        facts = await told_about(self._acting.household.memory, self._router, question)
        asked = self._asked(question, earlier, pin, talk, language, facts)
        text = ""
        # Closed with this generator, or a new press would leave the model talking to nobody.
        async with aclosing(self._agent.answer(asked)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Shown):
                    talk.last = piece
                else:
                    text += piece
                yield piece
        if asked.tainted:
            talk.others.append(question)
        if text:
            talk.last = Shown(text)

    async def learn(self, encoder: Encoder) -> None:
        """From here on requests are told from questions by their meaning."""
        await asyncio.to_thread(self._router.read, encoder)

    def relearn(self, matcher: Matcher) -> None:
        """The household has other skills, and these are their templates."""
        self._matcher = matcher
        self._router.learn(matcher.words())

    async def warm(self) -> None:
        """Lets the model read ahead what requests need. Raises Unanswerable."""
        await self._agent.warm()

    def said(self, pin: str, card: Shown) -> None:
        """The wearer was shown this beside a turn: it is what "repeat" and "more" mean."""
        self._talk(pin).last = card

    async def _without_model(
        self, question: str, earlier: list[Exchange], pin: str, talk: Talk, language: str
    ) -> Shown | None:
        answered = await self._acting.spoken(pin, question)
        if answered is not None:
            return answered
        said = control(question)
        if said is not None:
            return await self._control(said, talk, earlier, language)
        household = self._acting.household
        found = self._matcher.match_all(question, household.now)
        if not found and (intent := self._follow_up(question, talk)) is not None:
            found = [(intent, question)]
        if not found:
            talk.intent = None
            return None
        deeds: list[Deed] = []
        for intent, words in found:
            log.info("intent %s %s", intent.name, sorted(intent.said))
            tool = household.tools[intent.name]
            if tool.tool.untrusted:
                talk.others.append(question)
            deeds.append(self._acting.deed(tool, intent.said, intent.language, words))
        talk.intent, talk.at_s = found[-1][0], time.monotonic()
        return await self._acting.perform_all(pin, deeds)

    async def _control(
        self, said: Control, talk: Talk, earlier: list[Exchange], language: str
    ) -> Shown | None:
        if said is Control.STOP:
            stopped = await self._acting.household.stop()
            return _notice("stopped" if stopped else "nothing to stop", language)
        if said is Control.NEVER_MIND:
            talk.intent = None
            return _notice("never mind", language)
        if said is Control.REPEAT:
            return talk.last or _notice("nothing said", language)
        if talk.last is not None and talk.last.details:
            return Shown(talk.last.details, extras=talk.last.extras)
        if not earlier:
            return _notice("nothing said" if talk.last is None else "no more", language)
        return None  # the model knows more

    def _follow_up(self, question: str, talk: Talk) -> Intent | None:
        """ "And in Paris?", "what about tomorrow?", 那明天呢: the question before with another argument."""
        before = talk.intent
        if before is None or time.monotonic() - talk.at_s > _FOLLOW_UP_S:
            return None
        tool = self._acting.household.tools.get(before.name)
        if tool is None or tool.tool.effect != "reads" or not tool.parameters:
            return None
        said = Said(question)
        found = _FOLLOW_UP.fullmatch(said.words) or _FOLLOW_UP_ZH.fullmatch(said.words)
        if found is None:
            return None
        group = "x" if found["x"] else "y"
        words = said.original(*found.span(group))
        # A stricter type first: "tomorrow" is a day before it is the name of a place.
        for p in sorted(tool.parameters, key=lambda p: p.kind.free):
            given = {**before.said, p.name: words}
            try:
                return Intent(
                    tool.name,
                    tool.skill,
                    before.language,
                    given,
                    tool.arguments(given, self._acting.household.now),
                )
            except ArgumentError:
                continue
        return None

    def _asked(
        self,
        question: str,
        earlier: list[Exchange],
        pin: str,
        talk: Talk,
        language: str,
        facts: list[str],
    ) -> Asked:
        """The question as the model gets it."""
        messages: list[dict[str, Any]] = [{"role": "system", "content": system_prompt()}]
        tainted = False
        for exchange in earlier:
            from_others = exchange.question in talk.others
            tainted = tainted or from_others
            messages.append({"role": "user", "content": exchange.question})
            answer = as_data(exchange.answer) if from_others else exchange.answer
            messages.append({"role": "assistant", "content": answer})
        messages.append({"role": "user", "content": with_facts(question, facts)})
        words = " ".join([*(exchange.question for exchange in earlier), question])
        return Asked(pin, question, language, words, messages, facts, tainted)

    def _talk(self, pin: str) -> Talk:
        if pin not in self._talks and len(self._talks) >= _MAX_PINS:
            del self._talks[next(iter(self._talks))]
        return self._talks.setdefault(pin, Talk())


def system_prompt() -> str:
    """What the model is told first. It stays the same all day, so that a model keeps it in its cache."""
    # The date in words: small models copy what they read.
    return _SYSTEM.format(today=f"{datetime.date.today():%A, %d %B %Y}")


def _notice(name: str, language: str) -> Shown:
    return Shown(_TEXTS[name][language == "zh"], kind="notice")


def _is_chinese(text: str) -> bool:
    return any("\u3400" <= c <= "\u9fff" for c in text)
