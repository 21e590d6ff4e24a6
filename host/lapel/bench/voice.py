"""Answers spoken: how long after the text the first sound leaves the relay, and how fast Piper speaks."""

from __future__ import annotations

import asyncio
import dataclasses
import statistics
import time

from .. import config, models
from ..house import House
from ..trip import Home, home
from ..voice import VoiceError, make_engine
from ..voice.frames import FrameEncoder
from .figures import Figure
from .instant_llm import MODEL, instant_llm

VOICE = config.VoiceConfig(on=True)
SENTENCES = (
    "It opened in 1883, so it is more than 140 years old.",
    "Tomorrow will be cloudy, with rain in the afternoon and about twelve degrees.",
    "Yes.",
    "Lisbon is the capital of Portugal.",
)
RUNS = 5
QUESTION = "How old is the bridge?"
HEARD_S = 30.0
_BYTES_PER_S = 32_000


async def measure() -> list[Figure]:
    """Raises RuntimeError where there is no voice."""
    if not models.is_ready("joe"):
        raise RuntimeError("there is no voice to measure; lapel models fetch joe")
    return [*await _engine(), *await _trip()]


async def _engine() -> list[Figure]:
    engine = make_engine(VOICE)
    try:
        began = time.monotonic()
        await engine.start()
        load_s = time.monotonic() - began
        took_s, sound_s, encoding_s = 0.0, 0.0, 0.0
        for sentence in SENTENCES * RUNS:
            began = time.monotonic()
            pcm = await engine.speak(sentence, "en")
            spoken = time.monotonic()
            list(FrameEncoder(1).feed(pcm))
            encoding_s += time.monotonic() - spoken
            took_s += spoken - began
            sound_s += len(pcm) / _BYTES_PER_S
    finally:
        await engine.close()
    return [
        Figure("voice: load Piper", load_s, "s"),
        Figure("voice: Piper, real-time factor", took_s / sound_s, "", 0.5),
        Figure("voice: resampled sound into frames, real-time factor", encoding_s / sound_s, ""),
    ]


async def _trip() -> list[Figure]:
    async with instant_llm() as url:
        settings = config.Config(home=config.default_home(), voice=VOICE)
        settings = dataclasses.replace(settings, llm=config.LlmConfig(url=url, model=MODEL))
        async with home(settings, _ready) as at_home:
            heard = [await _ask(at_home) for _ in range(RUNS)]
            counters = await at_home.pin.counters()
            desk = at_home.house.voice
            first = statistics.median(desk.first_ms)
    return [
        Figure("voice: answer's text to first frame, p50", first, "ms", 1000),
        Figure("voice: card to first sound, p50", statistics.median(heard), "ms"),
        Figure("voice: times the speaker ran dry within an answer", _dry(counters["voice_underruns"]), "", 0),
    ]


def _dry(underruns: int) -> int:
    """Each answer ends in one: then there is nothing left to play."""
    return max(0, underruns - RUNS)


async def _ready(house: House) -> None:
    if house.voice.engine is None:
        raise VoiceError("the voice is off")
    await house.voice.engine.start()


async def _ask(at_home: Home) -> float:
    """Milliseconds from the card to the first sound at the pin's speaker."""
    sounds: list[float] = []

    def hear(pcm: bytes, at: float) -> None:
        sounds.append(at)

    at_home.pin.on_voice.append(hear)
    asked = time.monotonic()
    trip = await at_home.ask(QUESTION)
    desk = at_home.house.voice
    async with asyncio.timeout(HEARD_S):
        while not sounds or desk.busy:  # noqa: ASYNC110 - within its deadline
            await asyncio.sleep(0.02)
    at_home.pin.on_voice.remove(hear)
    return (sounds[0] - asked) * 1000 - (trip.timings_ms["first_card"] or 0.0)
