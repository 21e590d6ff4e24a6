"""Spoken answers on the wire: after the text, paced by what was played, ended at once by whatever comes next.

The engine here is a tone that a test can hold up or break; the real ones have their own tests.
"""

from __future__ import annotations

import asyncio
import logging
import math
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from lapel.bench.wire_client import WireClient
from lapel.cards import Extras, Shown, laid_out
from lapel.desks import PinLink
from lapel.voice import desk as desk_module
from lapel.voice.desk import AHEAD_FRAMES, BROKEN, VoiceDesk
from lapel.voice.engine import VoiceError
from lapel_wire import messages
from lapel_wire.audio import KIND_VOICE, unpack_header
from relay_house import House, running, words

ANSWER = "It opened in 1883. It is more than 140 years old."
SECOND = b"".join(struct.pack("<h", int(8000 * math.sin(i / 9))) for i in range(16000))


class Tone:
    """A second of sound for each sentence."""

    name = "the tone"

    def __init__(self) -> None:
        self.said: list[str] = []
        self.cancelled = 0
        self.failing = self.closed = False
        self.held = asyncio.Event()
        self.held.set()
        self.languages = {"en"}

    async def start(self) -> None:
        pass

    def speaks(self, language: str) -> bool:
        return language in self.languages

    async def speak(self, sentence: str, language: str) -> bytes:
        self.said.append(sentence)
        try:
            await self.held.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.failing:
            raise VoiceError("the tone is out of tune")
        return SECOND

    async def close(self) -> None:
        self.closed = True


class Rig:
    def __init__(self, house: House, client: WireClient, desk: VoiceDesk, engine: Tone) -> None:
        self.house, self.client, self.desk, self.engine = house, client, desk, engine
        self.frames: list[int] = []  # numbers of the audio frames that came
        self.told: list[dict[str, Any]] = []

    async def next(self, timeout_s: float = 10.0) -> dict[str, Any] | None:
        """The next message; audio frames are noted. None if nothing comes."""
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    data = await self.client.connection.recv()
                    if isinstance(data, str):
                        message: dict[str, Any] = messages.decode(messages.DOWN, data)
                        self.told.append(message)
                        return message
                    voice, number, _, _ = unpack_header(data, KIND_VOICE)
                    assert self.told[-1]["t"] == "voice_start" and voice == self.told[-1]["voice"]
                    self.frames.append(number)
        except TimeoutError:
            return None

    async def until(self, t: str) -> dict[str, Any]:
        while True:
            message = await self.next()
            assert message is not None, f"no {t}; heard {[each['t'] for each in self.told]}"
            if message["t"] == t:
                return message

    async def ask(self, utt: int = 1) -> dict[str, Any]:
        """Asks, and gives back the voice_start."""
        await self.client.send("ask", utt=utt, text="How old is it?")
        self.frames.clear()
        return await self.until("voice_start")

    async def played(self, voice: dict[str, Any], frames: int, over: bool | None = None) -> None:
        await self.client.send("voice_played", voice=voice["voice"], frames=frames, over=over)

    @property
    def link(self) -> PinLink:
        return next(iter(self.desk._plays.values()))


@asynccontextmanager
async def rig(home: Path, plays: bool = True) -> AsyncIterator[Rig]:
    engine = Tone()
    desk = VoiceDesk(engine)
    async with running(home, desks=(desk,), voice=desk) as house:

        async def answer(question: str) -> AsyncIterator[str]:
            yield ANSWER

        house.assistant.on_answer = answer
        try:
            async with house.client() as client:
                client.connection.close_timeout = 0.2  # what a test did not read holds up its goodbye
                if plays:
                    await client.send("voice", plays=True)
                    await house.until(lambda: bool(desk._plays))
                yield Rig(house, client, desk, engine)
        finally:
            await desk.close()


async def test_text_first_then_the_voice_never_far_ahead(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        start = await it.ask()
        cards = [message for message in it.told if message["t"] == "card"]
        assert words(cards[-1]) == ANSWER and not cards[-1]["more"]
        assert start["card"] == cards[-1]["card"]
        assert it.engine.said == ["It opened in 1883.", "It is more than 140 years old."]
        assert await it.next(0.3) is None
        assert it.frames == list(range(AHEAD_FRAMES))  # and not one more before something was played
        await it.played(start, 8)
        assert await it.next(0.3) is None
        assert it.frames == list(range(AHEAD_FRAMES + 8))
        await it.played(start, 60)
        end = await it.until("voice_end")
        assert not end.get("cut")
        assert end["frames"] == len(it.frames) == -(-(2 * 16000 + 1920) // 512)
        assert it.desk.speaking(it.house.pin.id)
        await it.played(start, end["frames"], over=True)
        await it.house.until(lambda: not it.desk.speaking(it.house.pin.id))
        assert len(it.desk.first_ms) == 1


async def test_a_pin_that_plays_nothing_is_sent_nothing(tmp_path: Path) -> None:
    async with rig(tmp_path, plays=False) as it:
        assert await it.house.ask(it.client, 1) == ANSWER
        assert await it.next(0.2) is None and not it.engine.said
        await it.client.send("voice", plays=True)
        await it.ask(2)
        await it.client.send("voice", plays=False)  # silenced in the middle
        assert (await it.until("voice_end"))["cut"]
        count = len(it.frames)
        await it.client.send("ask", utt=3, text="And now?")
        while (message := await it.next(0.2)) is not None:
            assert not message["t"].startswith("voice")
        assert len(it.frames) == count


@pytest.mark.parametrize("what", ["speech", "typed", "card", "press", "chosen", "cut off"])
async def test_what_comes_next_ends_it_at_once(tmp_path: Path, what: str) -> None:
    async with rig(tmp_path) as it:
        start = await it.ask()
        assert await it.next(0.2) is None
        sent = len(it.frames)
        if what == "speech":
            await it.client.send("utterance_start", utt=2)
        elif what == "typed":
            it.house.assistant.on_answer = lambda question: _never()
            await it.client.send("ask", utt=2, text="And?")
        elif what == "card":
            await it.link.send_card(laid_out(Shown("Something else"), it.link.display))
            await it.played(start, 8)
        elif what == "press":
            await it.client.send("event", name="dismissed", card=start["card"], by="press")
        elif what == "chosen":
            await it.client.send("event", name="chosen", card=start["card"], choice="yes")
        else:
            await it.played(start, 3, over=True)
            await it.house.until(lambda: not it.desk.speaking(it.house.pin.id))
            assert await it.next(0.2) is None and len(it.frames) == sent  # the pin knows
            return
        end = await it.until("voice_end")
        assert end["cut"] and end["voice"] == start["voice"] and end["frames"] == sent == len(it.frames)
        await it.house.until(lambda: not it.desk.speaking(it.house.pin.id))


@pytest.mark.parametrize("what", ["hand", "read", "quiet"])
async def test_what_does_not_end_it(tmp_path: Path, what: str) -> None:
    async with rig(tmp_path) as it:
        start = await it.ask()
        if what == "hand":
            await it.client.send("event", name="dismissed", card=start["card"], by="wearer")
        elif what == "read":
            await it.client.send("event", name="dismissed", card=start["card"], by="timeout")
        else:  # a notice that waits until somebody looks
            await it.link.send_card(laid_out(Shown("Mail", extras=Extras(alert="quiet")), it.link.display))
            await it.until("card")
        await asyncio.sleep(0.1)
        it.told.append(start)
        await it.played(start, 60)
        assert not (await it.until("voice_end")).get("cut")


async def test_an_interruption_stops_the_engine_too(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        it.engine.held.clear()
        await it.client.send("ask", utt=1, text="How old is it?")
        await it.house.until(lambda: len(it.engine.said) == 2)
        await it.client.send("utterance_start", utt=2)
        await it.house.until(lambda: it.engine.cancelled == 2)
        assert not it.desk.speaking(it.house.pin.id)
        while (message := await it.next(0.1)) is not None:
            assert not message["t"].startswith("voice")


async def test_a_broken_engine_is_logged_and_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with rig(tmp_path) as it:
        it.engine.failing = True
        with caplog.at_level(logging.ERROR):
            for utt in (1, 2):
                assert await it.house.ask(it.client, utt) == ANSWER
                if utt == 1:
                    assert words(await it.client.expect("card")) == BROKEN
            assert await it.next(0.2) is None
        assert sum("out of tune" in record.message for record in caplog.records) == 2
        assert [record.failure for record in it.house.history.records] == ["", ""]
        it.engine.failing = False
        await it.ask(3)


async def test_a_language_without_a_voice_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with rig(tmp_path) as it:

        async def answer(question: str) -> AsyncIterator[str]:
            yield "里斯本是葡萄牙的首都。"

        it.house.assistant.on_answer = answer
        with caplog.at_level(logging.ERROR):
            for utt in (1, 2):
                await it.house.ask(it.client, utt)
            assert await it.next(0.2) is None and not it.engine.said
        assert sum("voice_zh" in record.message for record in caplog.records) == 1
        it.engine.languages = {"en", "zh"}
        await it.ask(3)


async def test_a_pin_that_plays_nothing_on_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_module, "PATIENCE_S", 0.2)
    async with rig(tmp_path) as it:
        await it.ask()
        await it.house.until(lambda: not it.desk.speaking(it.house.pin.id))


async def test_a_pin_that_leaves_leaves_nothing_behind(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.ask()
        await it.client.connection.close()
        await it.house.until(lambda: not it.desk._voices and not it.desk._plays and not it.desk._tasks)


async def _never() -> AsyncIterator[str]:
    await asyncio.sleep(60)
    yield ""


async def test_another_engine_or_none_ends_what_is_spoken_and_counts_at_once(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.ask(1)
        await r.desk.exchange(None)
        assert (await r.until("voice_end"))["cut"] and r.engine.closed
        await r.client.send("ask", utt=2, text="How old is it?")
        await r.until("card")
        assert not r.desk.busy
        other = Tone()
        await r.desk.exchange(other)
        await r.ask(3)
        assert other.said and not other.closed
