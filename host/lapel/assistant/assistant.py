"""The assistant's turn: local intents in milliseconds, the language model for all else."""

from __future__ import annotations

import datetime
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from ..services import Exchange, Unanswerable
from ..skills import SKILLS
from .intents import Matcher
from .llm import LanguageModel

log = logging.getLogger(__name__)

_SYSTEM = (
    "You are Lapel, a voice assistant whose answers are read in light on the palm of a hand. "
    "Answer in one or two short sentences of plain text, the answer itself first. "
    "No lists, no markdown, no code, no emoji. If you do not know, say so. Today is {today}."
)


class LocalFirstAssistant:
    """`warm_model` is called with the messages to come while a question is still being spoken."""

    def __init__(
        self,
        model: LanguageModel,
        warm_model: Callable[[list[dict[str, str]]], Awaitable[None]] | None = None,
    ) -> None:
        self._matcher = Matcher()
        self._matcher.match("what time is it")  # the first match builds its tables
        self._model = model
        self._warm_model = warm_model

    async def answer(self, question: str, earlier: list[Exchange]) -> AsyncGenerator[str, None]:
        """The answer in pieces. Raises Unanswerable."""
        intent = self._matcher.match(question)
        if intent is not None:
            log.info("intent %s %s", intent.name, intent.arguments)
            yield SKILLS[intent.name](intent.language, **intent.arguments)
            return
        # Closed with this generator, or a new press would leave the model talking to nobody.
        async with aclosing(self._model.stream(_messages(question, earlier))) as pieces:
            async for piece in pieces:
                yield piece

    async def warm(self, earlier: list[Exchange]) -> None:
        """Lets an embedded model read the talk so far before the question is complete."""
        if self._warm_model is None:
            return
        try:
            await self._warm_model(_messages("", earlier)[:-1])
        except (Unanswerable, OSError) as error:
            log.debug("the model was not warmed: %s", error)


def _messages(question: str, earlier: list[Exchange]) -> list[dict[str, str]]:
    """OpenAI's chat format. The beginning stays the same all day, so that a model keeps it in its cache."""
    # Written with the date in words: small models copy what they read.
    today = f"{datetime.date.today():%A, %d %B %Y}"
    messages = [{"role": "system", "content": _SYSTEM.format(today=today)}]
    for exchange in earlier:
        messages.append({"role": "user", "content": exchange.question})
        messages.append({"role": "assistant", "content": exchange.answer})
    messages.append({"role": "user", "content": question})
    return messages
