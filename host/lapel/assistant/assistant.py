"""The assistant's turn: local intents in milliseconds, the language model for all else."""

from __future__ import annotations

import datetime
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

from ..services import Exchange
from ..skills import abilities, clock
from .intents import Matcher
from .llm import LanguageModel

log = logging.getLogger(__name__)

SKILLS = {"Time": clock.current_time, "Date": clock.current_date, "Abilities": abilities.abilities}

_SYSTEM = (
    "You are Lapel, a voice assistant whose answers are read in light on the palm of a hand. "
    "Answer in one or two short sentences of plain text, the answer itself first. "
    "No lists, no markdown, no code, no emoji. You have no internet, so you do not know the weather, "
    "the news, prices or anything about the user: if asked, say that you cannot see it. Today is {today}."
)


class LocalFirstAssistant:
    """Answers with skills where a sentence template fits, else with `model`."""

    def __init__(self, model: LanguageModel) -> None:
        self._matcher = Matcher()
        self._matcher.match("what time is it")  # the first match builds its tables
        self._model = model

    async def answer(self, question: str, earlier: list[Exchange]) -> AsyncGenerator[str, None]:
        """The answer in pieces. Raises Unanswerable."""
        intent = self._matcher.match(question)
        if intent is not None:
            log.info("intent %s %s", intent.name, intent.arguments)
            # The line's end says that the last word is whole: nothing more follows.
            yield SKILLS[intent.name](intent.language, **intent.arguments) + "\n"
            return
        # Closed with this generator, or a new press would leave the model talking to nobody.
        async with aclosing(self._model.stream(_messages(question, earlier))) as pieces:
            async for piece in pieces:
                yield piece


def system_prompt() -> str:
    """What the model is told first. It stays the same all day, so that a model keeps it in its cache."""
    # The date in words: small models copy what they read.
    return _SYSTEM.format(today=f"{datetime.date.today():%A, %d %B %Y}")


def _messages(question: str, earlier: list[Exchange]) -> list[dict[str, str]]:
    """OpenAI's chat format."""
    messages = [{"role": "system", "content": system_prompt()}]
    for exchange in earlier:
        messages.append({"role": "user", "content": exchange.question})
        messages.append({"role": "assistant", "content": exchange.answer})
    messages.append({"role": "user", "content": question})
    return messages
