"""Spoken answers on their way to pins: one at a time for each, paced by what the pin has played.

A new question, another card, or the press that puts the card away ends it at once. What fails here is
logged, said once on the palm, and never touches the turn, which is over by then.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import time
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from typing import Any

from lapel_wire.messages import NUMBER_MAX

from ..cards import Card, Extras, Shown, laid_out
from ..desks import PinLink
from ..services import Gone
from .engine import TextToSpeech, VoiceError
from .frames import FrameEncoder
from .wording import language_of, sentences

log = logging.getLogger(__name__)

AHEAD_FRAMES = 24  # 768 ms sent and not played yet: a bad moment of the network; the pin has room for 32
PATIENCE_S = 45.0  # without progress; a pin that waits for its dark palm gives up after 35
PAUSE = bytes(2 * 16 * 120)  # 120 ms between two sentences
_SILENT_KINDS = frozenset({"menu", "player"})  # what is steered, not read
BROKEN = "The voice does not work. The relay's log says why."


class _Voice:
    """One spoken answer."""

    def __init__(self, number: int, card: int) -> None:
        self.number = number
        self.card = card
        self.sent = self.played = 0  # frames
        self.over = False  # the pin plays no more of it
        self.begun = False
        self.moved = asyncio.Event()
        self.encoder = FrameEncoder(number)
        self.first_ms = 0.0
        self.task: asyncio.Task[None] | None = None


class VoiceDesk:
    """A desk for pins (`desks.Desk`). `speak` is the session's, after each turn."""

    takes = frozenset({"voice", "voice_played", "utterance_start", "ask", "event"})

    def __init__(self, engine: TextToSpeech | None) -> None:
        """Without an engine nothing is spoken, until there is one (`exchange`)."""
        self.engine = engine
        self.first_ms: list[float] = []  # from a text to its first frame, for the bench
        self._numbers = itertools.count(random.randrange(1 << 24))
        self._plays: dict[str, PinLink] = {}  # pins that play voices, by their id
        self._voices: dict[str, _Voice] = {}
        self._told: set[str] = set()  # pins whose wearers know that it is broken
        self._mute: set[str] = set()  # languages that were missing
        self._tasks: set[asyncio.Task[None]] = set()

    def speak(self, pin: PinLink, card: Card, text: str) -> None:
        """Begins to speak what the card says, if this pin plays voices. Never waits and raises nothing."""
        if self.engine is None or self._plays.get(pin.pin_id) is not pin or card.kind in _SILENT_KINDS:
            return
        self.stop(pin)
        voice = _Voice(next(self._numbers) & NUMBER_MAX, card.number)
        self._voices[pin.pin_id] = voice
        voice.task = self._spawn(self._say(pin, voice, text))

    def stop(self, pin: PinLink) -> None:
        """Ends what is being spoken on this pin."""
        voice = self._voices.pop(pin.pin_id, None)
        if voice is not None and voice.task is not None:
            voice.task.cancel()

    @property
    def busy(self) -> bool:
        """Whether anything is being spoken."""
        return bool(self._voices)

    def speaking(self, pin_id: str) -> bool:
        return pin_id in self._voices

    async def exchange(self, engine: TextToSpeech | None) -> None:
        """Speaks with another engine, or not at all. What is being spoken ends at once."""
        before, self.engine = self.engine, engine
        self._told.clear()
        self._mute.clear()
        speaking = [voice.task for voice in self._voices.values() if voice.task is not None]
        self._voices.clear()
        for task in speaking:
            task.cancel()
        await asyncio.gather(*speaking, return_exceptions=True)
        if before is not None:
            await before.close()

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.engine is not None:
            await self.engine.close()

    # What pins say.

    async def joined(self, pin: PinLink) -> None:
        """Nothing is said to a pin that has not said that it plays it."""

    def left(self, pin: PinLink) -> None:
        if self._plays.get(pin.pin_id) is pin:
            del self._plays[pin.pin_id]
            self.stop(pin)

    async def message(self, pin: PinLink, message: dict[str, Any]) -> None:
        voice = self._voices.get(pin.pin_id)
        t = message["t"]
        if t == "voice":
            if message["plays"]:
                self._plays[pin.pin_id] = pin
            else:
                self.left(pin)
        elif voice is None:
            return
        elif t == "voice_played":
            if message["voice"] == voice.number:
                voice.played = max(voice.played, message["frames"])
                voice.over = voice.over or bool(message.get("over"))
                voice.moved.set()
        elif t != "event" or (message["card"] == voice.card and _ends(message)):
            self.stop(pin)

    # One answer.

    async def _say(self, pin: PinLink, voice: _Voice, text: str) -> None:
        finished = False
        try:
            finished = await self._send(pin, voice, text)
            if voice.begun and not voice.over:
                if finished:
                    await pin.send("voice_end", voice=voice.number, frames=voice.sent)
                    while await self._progress(voice):
                        pass
                else:
                    await self._cut(pin, voice)
            log.info(
                "%s: voice %d: %d of %d frames played, the first after %.0f ms",
                pin.name, voice.number, voice.played, voice.sent, voice.first_ms,
            )  # fmt: skip
        except asyncio.CancelledError:
            if voice.begun and not voice.over:
                self._spawn(self._cut(pin, voice))
            raise
        except Gone as error:
            log.info("%s: voice %d has no one to hear it: %s", pin.name, voice.number, error)
        except VoiceError as error:
            log.error("%s: no voice: %s", pin.name, error)
            await self._cut(pin, voice)
            await self._confess(pin)
        finally:
            if self._voices.get(pin.pin_id) is voice:
                del self._voices[pin.pin_id]

    async def _send(self, pin: PinLink, voice: _Voice, text: str) -> bool:
        """Whether all of it went out."""
        began = time.monotonic()
        async with aclosing(self._sounds(text)) as sounds:
            async for pcm in sounds:
                if not voice.begun:
                    if self._has_moved_on(pin, voice):
                        return False
                    voice.begun = True
                    voice.first_ms = (time.monotonic() - began) * 1000
                    await pin.send("voice_start", voice=voice.number, card=voice.card)
                for frame in voice.encoder.feed(pcm):
                    if not await self._send_frame(pin, voice, frame):
                        return False
                    if voice.sent == 1:
                        self._note((time.monotonic() - began) * 1000)
        for frame in voice.encoder.finish():
            if not await self._send_frame(pin, voice, frame):
                return False
        return True

    async def _send_frame(self, pin: PinLink, voice: _Voice, frame: bytes) -> bool:
        """Waits for room on the pin. False if nobody wants it any more."""
        while voice.sent - voice.played >= AHEAD_FRAMES and not voice.over:
            if not await self._progress(voice):
                return False
        if voice.over or self._has_moved_on(pin, voice):
            return False
        await pin.send_bytes(frame)
        voice.sent += 1
        return True

    async def _progress(self, voice: _Voice) -> bool:
        """Waits until the pin played something. False, and `over`, if it plays nothing any more."""
        voice.moved.clear()
        try:
            await asyncio.wait_for(voice.moved.wait(), PATIENCE_S)
        except TimeoutError:
            log.warning("voice %d: nothing was played for %.0f s", voice.number, PATIENCE_S)
            voice.over = True
        return not voice.over

    async def _sounds(self, text: str) -> AsyncGenerator[bytes, None]:
        """Each sentence's samples; while one is being sent, the next one is spoken."""
        language, engine = language_of(text), self.engine
        if engine is None:
            return
        if not engine.speaks(language):
            if language not in self._mute:
                self._mute.add(language)
                log.error("%s has no voice for %r: set voice_zh in [voice]", engine.name, language)
            return
        said = sentences(text)
        ahead: asyncio.Task[bytes] | None = None
        try:
            for sentence in said:
                spoken = asyncio.create_task(engine.speak(sentence, language))
                if ahead is not None:
                    before, ahead = ahead, spoken
                    yield await before + PAUSE
                else:
                    ahead = spoken
            if ahead is not None:
                yield await ahead
        finally:
            if ahead is not None:
                ahead.cancel()
                await asyncio.gather(ahead, return_exceptions=True)

    def _has_moved_on(self, pin: PinLink, voice: _Voice) -> bool:
        """Another card is on the palm. One that waits there to be looked at does not count."""
        card = pin.card
        return card is not None and card.number != voice.card and card.extras.alert in (None, "urgent")

    async def _cut(self, pin: PinLink, voice: _Voice) -> None:
        if voice.begun:
            try:
                await pin.send("voice_end", voice=voice.number, frames=voice.sent, cut=True)
            except Gone:
                log.debug("%s is gone", pin.name)

    async def _confess(self, pin: PinLink) -> None:
        if pin.pin_id in self._told:
            return
        self._told.add(pin.pin_id)
        try:
            shown = Shown(BROKEN, kind="notice", extras=Extras(alert="quiet"))
            await pin.send_card(laid_out(shown, pin.display))
        except Gone:
            log.debug("%s is gone", pin.name)

    def _note(self, ms: float) -> None:
        self.first_ms.append(ms)
        del self.first_ms[:-100]

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work, name="voice")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _ends(event: dict[str, Any]) -> bool:
    """The wearer goes on to something else. A hand that is only taken away does not."""
    return event["name"] == "chosen" or (event["name"] == "dismissed" and event.get("by") == "press")
