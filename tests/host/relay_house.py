"""A relay on loopback with real TLS for tests, and engines at its edge that fail as a test wants."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from lapel.bench.instant import ANSWER, TRANSCRIPT, InstantDetector
from lapel.bench.wire_client import WireClient
from lapel.config import Config, RelayConfig
from lapel.devices.pins import Pin, Pins
from lapel.relay import Relay
from lapel.services import Exchange, TurnRecord
from lapel.session import Services

WAIT_S = 120.0  # a hung test must end; on a loaded machine the honest ones take long
VOICE = bytes(range(1, 256)) * 129 + b"\x01"  # a second of anything but silence, s16le


class ScriptedSpeech:
    """Speech to text from a test's functions; the instant engines where it gives none."""

    def __init__(self) -> None:
        self.busy = True
        self.heard: list[bytes] = []
        self.on_detector: Callable[[], Any] = InstantDetector
        self.on_transcribe: Callable[[bytes], Awaitable[Any]] = self._transcript

    def detector(self) -> Any:
        return self.on_detector()

    async def transcribe(self, pcm: bytes) -> Any:
        self.heard.append(pcm)
        return await self.on_transcribe(pcm)

    async def _transcript(self, pcm: bytes) -> str:
        return TRANSCRIPT


class ScriptedAssistant:
    """Answers from a test's generator; the instant answer where it gives none."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[Exchange]]] = []
        self.on_answer: Callable[[str], Any] = self._answer

    def answer(self, question: str, earlier: list[Exchange], pin: str) -> Any:
        self.asked.append((question, earlier))
        return self.on_answer(question)

    async def _answer(self, question: str) -> AsyncGenerator[str, None]:
        yield ANSWER


class ListedHistory:
    """Keeps the records themselves."""

    def __init__(self) -> None:
        self.records: list[TurnRecord] = []

    def add(self, record: TurnRecord) -> None:
        if record not in self.records:
            self.records.append(record)


class House:
    """A running relay and its edges; `client()` is a pin that connects to it."""

    def __init__(
        self,
        home: Path,
        max_pins: int = 200,
        history: Any = None,
        desks: tuple[Any, ...] = (),
        voice: Any = None,
    ) -> None:
        self.speech = ScriptedSpeech()
        self.assistant = ScriptedAssistant()
        self.history = history or ListedHistory()
        self.pins = Pins(home)
        self.pin = self.pins.pair("test pin")
        config = Config(home=home, relay=RelayConfig(port=0, max_pins=max_pins))
        self.relay = Relay(config, Services(self.speech, self.assistant, self.history, desks, voice))

    def settings(self, pin: Pin | None = None, **changes: Any) -> dict[str, Any]:
        return self.pins.settings(
            dataclasses.replace(pin or self.pin, **changes), "127.0.0.1", self.relay.port
        )

    def client(self, pin: Pin | None = None, **display: int) -> WireClient:
        return WireClient(self.settings(pin), **display)

    async def ask(self, client: WireClient, utt: int, pcm: bytes = VOICE) -> str:
        """Speaks and gives back the words of the last card."""
        await client.speak(utt, pcm)
        return words(await client.answer())

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits for what the other end of the loopback is about to do."""
        while not condition():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def running(home: Path, **options: Any) -> AsyncIterator[House]:
    """A house whose relay runs, and in which nothing outlasts the test."""
    house = House(home, **options)
    async with asyncio.timeout(WAIT_S):
        before = asyncio.all_tasks()
        async with house.relay:
            yield house
        await house.until(lambda: asyncio.all_tasks() <= before)


def words(card: dict[str, Any]) -> str:
    return " ".join(" ".join(page) for page in card["pages"])
