"""The whole trip with real engines: firmware under MicroPython, TLS, relay, speech, assistant, light."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from lapel import config, models
from lapel.bench.instant_llm import MODEL, SENTENCE, instant_llm
from lapel.devices.pins import Pins
from lapel.house import House
from lapel.relay import Relay
from lapel.trip import Home, Recorder, home
from lapel.virtual import flash
from lapel.virtual.pin import VirtualPin
from lapel.virtual.samples import find
from lapel.wav import read_wav

WAIT_S = 30.0


@pytest.fixture
async def settings(tmp_path: Path) -> AsyncIterator[config.Config]:
    """Default settings, but for a language model that answers every question with one sentence."""
    async with instant_llm() as url:
        yield dataclasses.replace(config.Config(tmp_path), llm=config.LlmConfig(url=url, model=MODEL))


@pytest.fixture
async def at_home(settings: config.Config) -> AsyncIterator[Home]:
    async with home(settings) as running:
        yield running


async def test_a_spoken_question_becomes_light(at_home: Home) -> None:
    trip = await at_home.ask(read_wav(find("lisbon").wav))
    assert trip.transcript == "What is the capital of Portugal?"
    assert trip.answer == SENTENCE
    assert trip.frames["sent"] == trip.frames["received"] > 60 and trip.frames["lost"] == 0
    assert trip.cards[0]["pages"][0] == ["It opened in", "1883, so it", "is more than"]
    assert None not in trip.timings_ms.values()
    assert trip.timings_ms["transcript"] < trip.timings_ms["first_card"] < trip.timings_ms["first_light"]


async def test_what_needs_no_model_is_answered_by_a_skill(at_home: Home) -> None:
    trip = await at_home.ask(read_wav(find("time").wav))
    assert trip.transcript == "What time is it?"
    assert trip.answer.endswith(("AM", "PM"))


async def test_a_typed_question_and_a_second_one(at_home: Home) -> None:
    for question in ("How old is the bridge?", "And how long?"):
        trip = await at_home.ask(question)
        assert (trip.transcript, trip.answer) == (question, SENTENCE)
        assert trip.timings_ms["first_light"] is not None
        assert trip.frames == {"sent": 0, "received": 0, "lost": 0}


async def test_silence_is_not_a_question(at_home: Home) -> None:
    trip = await at_home.ask(bytes(2 * 32000))
    assert trip.transcript == "" and trip.answer == "I heard nothing."
    assert trip.cards[0]["kind"] == "notice"
    # and the session goes on
    assert (await at_home.ask("What time is it?")).answer.endswith(("AM", "PM"))


async def test_a_recording_as_short_as_a_tap_is_still_a_question(at_home: Home) -> None:
    assert (await at_home.ask(bytes(2))).answer == "I heard nothing."


async def test_without_a_hand_there_is_no_light_but_an_answer(settings: config.Config) -> None:
    async with home(settings, hand=False) as at_home:
        trip = await at_home.ask("How old is the bridge?")
    assert trip.answer == SENTENCE and trip.timings_ms["first_light"] is None


async def test_an_embedded_model_answers(tmp_path: Path) -> None:
    """The plumbing of the model inside Lapel, with the tiny one: its answers are not looked at."""
    if not models.is_ready("smollm2"):
        pytest.skip("needs the tiny model: lapel models fetch smollm2")

    async def ready(house: House) -> None:
        assert await house.model_ready()

    settings = dataclasses.replace(config.Config(tmp_path), llm=config.LlmConfig(embedded="smollm2"))
    async with home(settings, ready) as at_home:
        trip = await at_home.ask("How far away is the moon?")
    assert trip.answer and not trip.failure and trip.cards[0]["kind"] == "answer"


async def test_a_question_waits_for_a_model_that_is_being_loaded(tmp_path: Path) -> None:
    """As after a relay was killed in the middle of a question: the pin asks again at once."""
    if not models.is_ready("smollm2"):
        pytest.skip("needs the tiny model: lapel models fetch smollm2")
    settings = dataclasses.replace(config.Config(tmp_path), llm=config.LlmConfig(embedded="smollm2"))
    async with House(settings, Recorder()) as house:
        await asyncio.sleep(0)  # the model begins to load
        answer = [piece async for piece in house.services.assistant.answer("How far away is the moon?", [])]
    assert "".join(answer).strip()


@pytest.mark.full
async def test_the_default_model_knows_a_capital(tmp_path: Path) -> None:
    if not models.is_ready("qwen"):
        pytest.skip("needs the default model: lapel models fetch qwen")

    async def ready(house: House) -> None:
        assert await house.model_ready()

    async with home(config.Config(tmp_path), ready) as at_home:
        trip = await at_home.ask(read_wav(find("lisbon").wav))
    assert trip.transcript == "What is the capital of Portugal?"
    assert "Lisbon" in trip.answer


class Pieces:
    """A relay and a pin that can each be killed and started again, over one home and one flash."""

    def __init__(self, settings: config.Config) -> None:
        self.settings = settings
        self.recorder = Recorder()
        self.pins = Pins(settings.home)
        self.paired = self.pins.pair("pin")
        self.storage = settings.home / "pin"
        self.port = 0
        self.relay: Relay | None = None
        self._stack = contextlib.AsyncExitStack()

    async def start_relay(self) -> None:
        relay = config.RelayConfig(port=self.port)
        house = await self._stack.enter_async_context(House(self.settings, self.recorder))
        self.relay = Relay(dataclasses.replace(self.settings, relay=relay), house.services)
        await self._stack.enter_async_context(self.relay)
        self.port = self.relay.port

    async def stop_relay(self) -> None:
        await self._stack.aclose()
        self._stack = contextlib.AsyncExitStack()

    async def start_pin(self) -> VirtualPin:
        if not (self.storage / flash.SETTINGS).exists():
            flash.write(self.storage, self.pins.settings(self.paired, "127.0.0.1", self.port))
        pin = VirtualPin(self.storage)
        await pin.start()
        pin.palm(True)
        return pin

    async def connected(self) -> None:
        async with asyncio.timeout(WAIT_S):
            while not (self.relay and self.relay.connected):
                await asyncio.sleep(0.02)

    async def answered(self, question: str) -> None:
        record = await asyncio.wait_for(self.recorder.ended.get(), WAIT_S)
        assert record.question == question and record.answer == SENTENCE


@pytest.fixture
async def pieces(settings: config.Config) -> AsyncIterator[Pieces]:
    pieces = Pieces(settings)
    await pieces.start_relay()
    yield pieces
    await pieces.stop_relay()


async def test_a_killed_pin_needs_nothing_but_a_start(pieces: Pieces) -> None:
    question = read_wav(find("lisbon").wav)
    for wait_s in (0.0, 0.5, 1.5):  # while it starts, when it is idle, while it listens
        pin = await pieces.start_pin()
        await asyncio.sleep(wait_s)
        if wait_s > 1:
            await pieces.connected()
            await pin.press()
            await pin.play(question[: len(question) // 2])
        assert pin.pid is not None
        await pin.stop()
    pin = await pieces.start_pin()
    try:
        await pieces.connected()
        await pin.say(question)
        await pieces.answered("What is the capital of Portugal?")
    finally:
        await pin.stop()


@pytest.mark.parametrize("moment", ["idle", "speaking", "released"])
async def test_a_killed_relay_costs_no_question(pieces: Pieces, moment: str) -> None:
    question = read_wav(find("lisbon").wav)
    pin = await pieces.start_pin()
    try:
        await pieces.connected()
        if moment == "idle":
            await pieces.stop_relay()
            await pieces.start_relay()
            await pieces.connected()
            await pin.say(question)
        elif moment == "speaking":
            await pin.press()
            await pin.play(question[:40000])
            await pieces.stop_relay()
            await pin.play(question[40000:])
            await pin.release()
            await pieces.start_relay()
        else:
            await pin.press()
            await pin.play(question)
            await pieces.stop_relay()
            await pin.release()
            await asyncio.sleep(0.5)
            await pieces.start_relay()
        await pieces.answered("What is the capital of Portugal?")
    finally:
        await pin.stop()


async def test_the_first_word_survives_a_stall_while_connecting(pieces: Pieces) -> None:
    """A second of standing still, as in a name look-up, in the middle of the first words of a fresh link."""
    question = read_wav(find("lisbon").wav)
    pin = await pieces.start_pin()
    try:
        await pieces.connected()
        await pieces.stop_relay()
        await pin.press()
        playing = asyncio.create_task(pin.play(question))
        pin.stall(1000)
        await pieces.start_relay()
        await playing
        await pin.release()
        await pieces.answered("What is the capital of Portugal?")
        assert (await pin.counters())["mic_dropped"] == 0
    finally:
        await pin.stop()


async def test_a_revoked_pin_says_so_on_the_palm(pieces: Pieces) -> None:
    pin = await pieces.start_pin()
    try:
        await pieces.connected()
        pieces.pins.revoke(pieces.paired.id)
        async with asyncio.timeout(WAIT_S):
            while pieces.relay and pieces.relay.connected:  # a revoked pin is cut off
                await asyncio.sleep(0.02)
        await pin.wait_for_line("The relay does not know this pin. Pair it again.", WAIT_S)
        pin.mark()
        await pin.say(read_wav(find("lisbon").wav))
        await asyncio.sleep(1)
        assert pin.lit_at is not None
        assert pieces.recorder.ended.empty()
    finally:
        await pin.stop()
