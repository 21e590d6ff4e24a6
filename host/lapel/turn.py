"""One turn: a released question becomes a transcript, an answer, and a card that grows.

Every stage has a deadline, and every deadline a sentence that the wearer reads.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager

from .cards import Card, Shown, laid_out, next_number, paginate, plain, printable, readable, settled
from .desks import PinLink
from .services import Assistant, Exchange, Gone, Speech, TurnRecord, Unanswerable

log = logging.getLogger(__name__)

TRANSCRIBE_S = 10.0  # the slowest engine needs 0.24 s a second of speech: 7 s for the longest question
FIRST_WORDS_S = 20.0  # a cold 1.5B model on a Raspberry Pi reads its prompt in about ten
BETWEEN_WORDS_S = 10.0
ANSWER_S = 90.0
_GROW_S = 0.25  # the palm is redrawn at most this often while the answer grows
_FIRST_CHARACTERS = 5  # "The" alone tells nothing; one line of a palm holds about twelve
_MAX_QUESTION_BYTES = 1000  # the wire's limit
MAX_ANSWER_CHARACTERS = 4000  # twice what a card holds; a model that never ends is not listened to longer

HEARD_NOTHING = "I heard nothing."
NO_WORDS = "I did not catch that."
NO_ANSWER = "There was no answer to that."


class Turn:
    """Runs once. Raises Gone when the pin has left."""

    def __init__(
        self,
        record: TurnRecord,
        pin: PinLink,
        speech: Speech,
        assistant: Assistant,
    ) -> None:
        self.record = record
        self.card: Card | None = None
        self._pin = pin
        self._speech = speech
        self._assistant = assistant
        record.started_s = time.monotonic()

    async def spoken(
        self, pcm: bytes, heard: Callable[[bytes], Awaitable[bool]], earlier: list[Exchange]
    ) -> None:
        """Answers samples (s16le mono 16 kHz); `heard` says whether such samples hold a voice."""
        async with self._failures():
            if not await heard(pcm):
                await self._show("notice", HEARD_NOTHING)
                return
            async with _deadline(TRANSCRIBE_S, "Speech recognition took too long."):
                text = await self._speech.transcribe(pcm)
            if not isinstance(text, str):
                raise Unanswerable("Speech recognition gave something that is not text.")
            if not any(c.isalnum() for c in text):
                await self._show("notice", NO_WORDS)
                return
            await self._answer(text, earlier)

    async def typed(self, text: str, earlier: list[Exchange]) -> None:
        """Answers a typed question."""
        async with self._failures():
            if not printable(text):
                await self._show("notice", NO_WORDS)
                return
            await self._answer(text, earlier)

    async def refuse(self, sentence: str) -> None:
        """Ends the turn before it began."""
        async with self._failures():
            raise Unanswerable(sentence)

    def shown(self, card: int) -> bool:
        """Notes when this turn's card was first lit; False if `card` is another or was told before."""
        if self.card is None or self.card.number != card or "shown" in self.record.timings_ms:
            return False
        self._mark("shown")
        return True

    async def _answer(self, question: str, earlier: list[Exchange]) -> None:
        question = printable(question).encode()[:_MAX_QUESTION_BYTES].decode(errors="ignore")
        self.record.question = question
        self._mark("transcript")
        await self._pin.send("final", utt=self.record.utt, text=question)
        text = ""
        next_growth = 0.0
        try:
            async with (
                _deadline(ANSWER_S, "The answer took too long."),
                aclosing(_paced(self._assistant.answer(question, earlier, self.record.pin))) as pieces,
            ):
                async for piece in pieces:
                    if isinstance(piece, Shown):
                        await self._show_card(piece)
                        return
                    text += piece[:MAX_ANSWER_CHARACTERS]
                    if len(text) > MAX_ANSWER_CHARACTERS:
                        text = settled(text[:MAX_ANSWER_CHARACTERS]) + "..."
                        break
                    if time.monotonic() >= next_growth:
                        stable = plain(settled(text))
                        if len(stable) >= _FIRST_CHARACTERS:
                            await self._show("answer", stable, more=True)
                            next_growth = time.monotonic() + _GROW_S
        except Unanswerable as failure:
            if self.card is None:
                raise
            self.record.failure = str(failure)
            log.warning("%s: answer broke off: %s", self.record.pin, failure)
            text = f"{text} ... {failure}"
        await self._show("answer", plain(text) or NO_ANSWER)

    async def _show_card(self, shown: Shown) -> None:
        """A card as a skill made it; it takes the place of words that are on the palm already."""
        if self.card is None:
            self._mark("first_card")
        shown = readable(shown)
        text = shown.text or NO_ANSWER
        shown = dataclasses.replace(shown, text=text)
        self.card = laid_out(shown, self._pin.display, utt=self.record.utt)
        self.record.answer = f"{text} {shown.details}".strip()
        self.record.kind, self.record.pages = self.card.kind, self.card.pages
        self._mark("last_card")
        await self._pin.send_card(self.card)

    async def _show(self, kind: str, text: str, more: bool = False) -> None:
        pages = paginate(text, self._pin.display)
        if self.card is None:
            self._mark("first_card")
            self.card = Card(next_number(), kind, pages, more=more, utt=self.record.utt)
        else:
            if self.card.pages == pages and self.card.more == more:
                return
            self.card = Card(
                self.card.number, kind, pages, rev=self.card.rev + 1, more=more, utt=self.record.utt
            )
        if not more:
            self.record.answer, self.record.kind, self.record.pages = text, self.card.kind, pages
            self._mark("last_card")
        await self._pin.send_card(self.card)

    @asynccontextmanager
    async def _failures(self) -> AsyncIterator[None]:
        """Turns what a stage raises into a sentence on the palm."""
        try:
            yield
        except Unanswerable as failure:
            self.record.failure = str(failure)
            log.warning("%s: utterance %d: %s", self.record.pin, self.record.utt, failure)
            await self._show("error", plain(str(failure)) or "Something went wrong at home.")
        except Gone:
            raise
        except Exception as error:  # an engine or skill may raise anything; the session lives on
            self.record.failure = repr(error)
            log.exception("%s: utterance %d failed", self.record.pin, self.record.utt)
            await self._show("error", "Something went wrong at home. The relay's log says what.")

    def _mark(self, name: str) -> None:
        self.record.timings_ms[name] = round((time.monotonic() - self.record.started_s) * 1000, 1)


@asynccontextmanager
async def _deadline(seconds: float, sentence: str) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise Unanswerable(sentence) from None


async def _paced(pieces: AsyncGenerator[str | Shown, None]) -> AsyncGenerator[str | Shown, None]:
    """The pieces, each within its deadline."""
    sentence, seconds = "The language model did not answer.", FIRST_WORDS_S
    async with aclosing(pieces):
        while True:
            async with _deadline(seconds, sentence):
                try:
                    piece = await anext(pieces)
                except StopAsyncIteration:
                    return
            if not isinstance(piece, str | Shown):
                raise Unanswerable("The assistant answered with something that is not text.")
            yield piece
            sentence, seconds = "The language model stopped in the middle.", BETWEEN_WORDS_S
