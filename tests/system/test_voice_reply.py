"""A spoken answer, from the words on the palm to sound that is understood: real pin, relay and engines."""

import asyncio
import base64
import dataclasses
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from console_browser import browser_page, needs_browser
from lapel import config, models
from lapel.bench import browser
from lapel.bench.instant_llm import MODEL, SENTENCE, instant_llm
from lapel.speech import Speech, SpeechSettings
from lapel.speech.wer import normalise, word_errors
from lapel.trip import Home, home
from lapel.virtual.samples import find
from lapel.voice.desk import AHEAD_FRAMES, VoiceDesk
from lapel.wav import read_wav
from lapel_wire.audio import FRAME_MS

pytestmark = pytest.mark.skipif(
    not models.is_ready("joe"), reason="needs a Piper voice: lapel models fetch joe"
)
ANSWER = "The bridge opened in May. It is very long, and most people walk over it in the morning."
LONG = " ".join([ANSWER] * 4)
WAIT_S = 30.0


class Listener:
    """What a pin's speaker gives."""

    def __init__(self, at_home: Home) -> None:
        self.pin = at_home.pin
        self.desk: VoiceDesk = at_home.house.voice  # type: ignore[assignment]
        self.pcm = b""
        self.last = 0.0
        self.pin.on_voice.append(self._hear)

    def _hear(self, pcm: bytes, at: float) -> None:
        self.pcm += pcm
        self.last = time.monotonic()

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(WAIT_S):
            while not condition():
                await asyncio.sleep(0.02)

    @property
    def seconds(self) -> float:
        return len(self.pcm) / 32000

    @property
    def speaking(self) -> bool:
        return self.desk.busy

    async def to_the_end(self) -> None:
        await self.until(lambda: self.speaking)
        await self.until(lambda: not self.speaking)
        await asyncio.sleep(0.2)


async def understood(pcm: bytes) -> str:
    speech = Speech(SpeechSettings())
    try:
        return await speech.transcribe(pcm, WAIT_S)
    finally:
        await speech.close()


async def ready(house: Any) -> None:
    await house.voice.engine.start()


@pytest.fixture
def answer() -> str:
    return ANSWER


@pytest.fixture
async def at_home(answer: str, tmp_path: Path) -> AsyncIterator[Home]:
    async with instant_llm(answer) as url:
        settings = config.Config(
            tmp_path, llm=config.LlmConfig(url=url, model=MODEL), voice=config.VoiceConfig(on=True)
        )

        async with home(settings, ready) as running:
            yield running


async def test_the_answer_is_heard_after_it_is_read(at_home: Home) -> None:
    listener = Listener(at_home)
    trip = await at_home.ask(read_wav(find("lisbon").wav))
    assert trip.answer == ANSWER and trip.timings_ms["first_light"] is not None
    await listener.until(lambda: not listener.speaking)
    await asyncio.sleep(0.2)
    heard = await understood(listener.pcm)
    assert word_errors(normalise(ANSWER), normalise(heard)) <= 2  # "the bridge" has come as "verge"
    counters = await at_home.pin.counters()
    assert counters["voice_underruns"] <= 2 and counters["voice_refused"] == 0 and counters["link_lost"] == 0
    assert counters["mic_dropped"] == 0


@pytest.mark.parametrize("answer", [LONG])
async def test_a_press_ends_it_within_two_frames(at_home: Home) -> None:
    listener = Listener(at_home)
    await at_home.pin.type("How old is the bridge?")
    await listener.until(lambda: listener.seconds > 1.0)
    voice = next(iter(listener.desk._voices.values()))
    before = listener.seconds
    sent = voice.sent
    assert sent * FRAME_MS / 1000 < before + AHEAD_FRAMES * FRAME_MS / 1000 + 0.5
    await at_home.pin.press()
    await listener.until(lambda: time.monotonic() - listener.last > 0.5)
    assert listener.seconds - before < 0.2 + 2 * FRAME_MS / 1000  # what was on its way to this test, too
    await listener.until(lambda: not listener.speaking)
    assert voice.sent - sent <= AHEAD_FRAMES
    await at_home.pin.release()


@pytest.mark.full
@pytest.mark.parametrize("answer", [LONG])
async def test_another_question_ends_it_and_is_answered_aloud(at_home: Home) -> None:
    listener = Listener(at_home)
    await at_home.pin.type("How old is the bridge?")
    await listener.until(lambda: listener.seconds > 0.5)
    first = next(iter(listener.desk._voices.values()))
    await at_home.pin.type("What time is it?")
    await listener.until(lambda: first.task is not None and first.task.done())
    said = first.sent
    assert said * FRAME_MS < 4000
    await listener.to_the_end()
    assert listener.seconds > 1.0


@pytest.mark.full
async def test_a_silent_pin_is_sent_nothing(at_home: Home) -> None:
    listener = Listener(at_home)
    desk = listener.desk
    await listener.until(lambda: desk._plays)
    link = next(iter(desk._plays.values()))
    await link.send("settings", request=1, silent=True)
    await listener.until(lambda: not desk._plays)
    trip = await at_home.ask("How old is the bridge?")
    assert trip.answer == ANSWER
    await asyncio.sleep(0.5)
    assert not listener.speaking and not listener.pcm and not desk.first_ms
    await link.send("settings", request=2, silent=False)
    await listener.until(lambda: desk._plays)
    await at_home.pin.type("And now?")
    await listener.to_the_end()
    assert listener.seconds > 3


@pytest.mark.full
async def test_on_the_scanner_s_port_it_waits_for_the_dark(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LAPEL_SPEAKER_PORT", "1")
    async with instant_llm(ANSWER) as url:
        settings = config.Config(
            tmp_path, llm=config.LlmConfig(url=url, model=MODEL), voice=config.VoiceConfig(on=True)
        )
        async with home(settings, ready) as at_home:
            listener = Listener(at_home)
            overlaps: list[bool] = []
            at_home.pin.on_voice.append(lambda pcm, at: overlaps.append(at_home.pin.last_lit > at))
            await listener.until(lambda: "depth: ready" in at_home.pin.last_log())
            await asyncio.sleep(0.3)  # it has seen the palm
            trip = await at_home.ask("How old is the bridge?")
            assert trip.timings_ms["first_light"] is not None
            await asyncio.sleep(1.0)
            assert listener.speaking and not listener.pcm  # it is lit: the voice is held back
            at_home.pin.palm(False)
            await listener.until(lambda: listener.seconds > 0.5)
            assert not at_home.pin.lit
            heard = listener.seconds
            at_home.pin.mark()
            at_home.pin.palm(True)  # light comes first
            await listener.until(lambda: at_home.pin.lit_at is not None)
            await listener.until(lambda: time.monotonic() - listener.last > 0.4)
            assert listener.seconds < heard + 1.0 and listener.speaking
            at_home.pin.palm(False)
            await listener.until(lambda: not listener.speaking)  # the rest is heard
            await asyncio.sleep(0.2)
            assert listener.seconds > 3.5
            assert not any(overlaps)


async def test_a_broken_voice_costs_nothing_but_the_voice(tmp_path: Path) -> None:
    async with instant_llm(ANSWER) as url:
        settings = config.Config(tmp_path, llm=config.LlmConfig(url=url, model=MODEL))
        nowhere = config.VoiceConfig(on=True, voice=str(tmp_path / "nobody.onnx"))
        async with home(dataclasses.replace(settings, voice=nowhere)) as at_home:
            listener = Listener(at_home)
            for question in ("How old is the bridge?", "And how long?"):
                trip = await at_home.ask(question)
                assert (trip.answer, trip.failure) == (ANSWER, "")
                assert trip.timings_ms["first_light"] is not None
            assert not listener.pcm and len(listener.desk._told) == 1


@pytest.mark.full
async def test_the_pin_in_a_page_speaks_too(tmp_path: Path) -> None:
    needs_browser()
    try:
        async with browser.console_house(tmp_path, voice=config.VoiceConfig(on=True)) as house:
            await ready(house.house)
            async with browser_page() as page:
                await browser.first_visit(page, house)
                await browser.until_state(page, "Ready")
                await page.evaluate(
                    """() => {
                      window.heard = [];
                      document.documentElement.lapel.pin.addEventListener("voice",
                        ({ detail }) => window.heard.push(...new Uint8Array(detail.samples)));
                    }"""
                )
                played = "document.documentElement.lapel.speaker.played"
                assert await page.evaluate(played) == 0
                await page.fill("input[type=text]", "How old is the bridge?")
                await page.keyboard.press("Enter")
                await page.wait_for_function(f"() => {played} > 0")
                desk = house.house.voice
                assert desk is not None
                async with asyncio.timeout(WAIT_S):
                    while desk.busy:
                        await asyncio.sleep(0.05)
                await page.wait_for_timeout(300)
                data = await page.evaluate("btoa(window.heard.map((c) => String.fromCharCode(c)).join(''))")
                pcm = base64.b64decode(data)
                assert await page.evaluate(played) * 2 == len(pcm)
                assert word_errors(normalise(SENTENCE), normalise(await understood(pcm))) <= 2
                await page.click("text=Sound off")
                assert await page.locator("text=Sound on").count() == 1
                assert page.complaints == []
    except browser.BrowserMissing as missing:
        pytest.skip(str(missing))
