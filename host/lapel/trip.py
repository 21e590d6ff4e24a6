"""The whole trip in one process: a relay in a temporary home, one paired virtual pin, one question."""

from __future__ import annotations

import asyncio
import dataclasses
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .config import Config, RelayConfig
from .devices.pins import Pins
from .house import House
from .relay import Relay
from .services import TurnRecord
from .virtual import flash
from .virtual.pin import VirtualPin

CONNECT_S = 20.0  # starting MicroPython, TLS and the challenge take well under a second
ANSWER_S = 120.0  # longer than all deadlines of a turn together
SETTLE_S = 0.6  # the last growth of the answer is drawn, and half a second of it kept for the picture
LIT_S = 5.0  # drawing takes milliseconds


class TripError(Exception):
    """The trip did not come to its end; the text says where it stopped."""


@dataclass
class Trip:
    """What one question led to. Milliseconds count from the release of the button."""

    transcript: str = ""
    answer: str = ""
    cards: list[dict[str, Any]] = field(default_factory=list)
    frames: dict[str, int] = field(default_factory=dict)
    timings_ms: dict[str, float | None] = field(default_factory=dict)
    failure: str = ""

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


class Recorder:
    """A history that keeps turns in memory and tells when one ended."""

    def __init__(self) -> None:
        self.ended: asyncio.Queue[TurnRecord] = asyncio.Queue()
        self._seen: set[int] = set()

    def add(self, record: TurnRecord) -> None:
        if record.utt not in self._seen:  # a turn is added again when its card was lit
            self._seen.add(record.utt)
            self.ended.put_nowait(record)


@dataclass
class Home:
    """A running house with one connected virtual pin."""

    house: House
    pin: VirtualPin
    _recorder: Recorder

    async def ask(self, question: bytes | str) -> Trip:
        """Asks samples (s16le mono 16 kHz, in real time) or a typed text. Raises TripError or PinError."""
        while not self._recorder.ended.empty():
            self._recorder.ended.get_nowait()
        self.pin.mark()
        if isinstance(question, str):
            released = time.monotonic()
            await self.pin.type(question)
        else:
            released = await self.pin.say(question)
        try:
            record = await asyncio.wait_for(self._recorder.ended.get(), ANSWER_S)
        except TimeoutError:
            raise TripError(f"no answer within {ANSWER_S:.0f} s; {_said(self.pin)}") from None
        lit = await self._first_light()
        await asyncio.sleep(SETTLE_S)
        return _trip(record, released, lit)

    async def _first_light(self) -> float | None:
        """When the first lit sample left the pin (time.monotonic), or None if none did."""
        lit = asyncio.Event()

        def look(samples: bytes, at: float) -> None:
            if self.pin.lit_at is not None:
                lit.set()

        self.pin.on_light.append(look)
        try:
            if self.pin.lit_at is None:
                await asyncio.wait_for(lit.wait(), LIT_S)
        except TimeoutError:
            pass  # dark: the trip reports that there was no light
        finally:
            self.pin.on_light.remove(look)
        return self.pin.lit_at


@asynccontextmanager
async def home(
    config: Config,
    before: Callable[[House], Any] | None = None,
    hand: bool = True,
    fetch_model: bool = True,
) -> AsyncIterator[Home]:
    """A house, its relay on a free loopback port, and a connected virtual pin over a palm.

    `before` is awaited with the house before the pin starts, say to wait for a model. Raises TripError.
    """
    recorder = Recorder()
    with tempfile.TemporaryDirectory(prefix="lapel-") as folder:
        skills_home = config.skills_home or config.home
        config = dataclasses.replace(
            config, home=Path(folder), relay=RelayConfig(port=0), skills_home=skills_home
        )
        async with House(config, recorder, fetch_model) as house, Relay(config, house.services) as relay:
            if before is not None:
                await before(house)
            pins, storage = Pins(config.home), Path(folder) / "pin"
            flash.write(storage, pins.settings(pins.pair("virtual pin"), "127.0.0.1", relay.port))
            pin = VirtualPin(storage)
            try:
                await pin.start()
                pin.palm(hand)  # there from the start, so not raised: a raised palm would open the menu
                await _connected(relay, pin)
                yield Home(house, pin, recorder)
            finally:
                await pin.stop()


async def _connected(relay: Relay, pin: VirtualPin) -> None:
    deadline = time.monotonic() + CONNECT_S
    while not relay.connected:
        if time.monotonic() > deadline:
            raise TripError(f"the pin did not connect within {CONNECT_S:.0f} s; {_said(pin)}")
        await asyncio.sleep(0.02)


def _said(pin: VirtualPin) -> str:
    """The end of the pin's own log, for an error message."""
    return f"the pin said:\n{pin.last_log()}"


def _trip(record: TurnRecord, released: float, lit: float | None) -> Trip:
    offset_ms = (record.started_s - released) * 1000  # from the release to the relay hearing of it

    def since_release(name: str) -> float | None:
        value = record.timings_ms.get(name)
        return None if value is None else round(offset_ms + value, 1)

    return Trip(
        transcript=record.question,
        answer=record.answer,
        cards=[{"kind": record.kind, "pages": record.pages}],
        frames=record.frames or {"sent": 0, "received": 0, "lost": 0},  # typed: nothing was spoken
        timings_ms={
            "transcript": since_release("transcript"),
            "first_card": since_release("first_card"),
            "first_light": None if lit is None else round((lit - released) * 1000, 1),
        },
        failure=record.failure,
    )
