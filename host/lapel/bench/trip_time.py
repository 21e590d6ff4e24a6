"""From the release of the button to light on the palm: firmware under MicroPython, relay, real engines."""

from __future__ import annotations

import dataclasses
import statistics
import time

from .. import config
from ..house import House
from ..trip import Home, Trip, home
from ..virtual.samples import find
from ..wav import read_wav
from .figures import Figure
from .instant_llm import MODEL, instant_llm

RUNS = 7
QUESTION = "tower"  # about two seconds


async def measure_default() -> list[Figure]:
    """Everything at home with the default models."""
    settings = _without_endpoints()
    async with home(settings, _ready) as at_home:
        trips = await _ask(at_home)
    return [
        Figure("trip: default models, release to transcript", _median(trips, "transcript"), "ms"),
        Figure("trip: default models, release to first card", _median(trips, "first_card"), "ms"),
        Figure("trip: default models, release to first light", _median(trips, "first_light"), "ms", 1200),
    ]


async def measure_instant() -> list[Figure]:
    """The same with a language model that costs nothing."""
    async with instant_llm() as url:
        settings = _without_endpoints()
        settings = dataclasses.replace(settings, llm=config.LlmConfig(url=url, model=MODEL))
        began = time.monotonic()
        async with home(settings) as at_home:
            ready_ms = (time.monotonic() - began) * 1000
            trips = await _ask(at_home)
    return [
        Figure("trip: start of relay and pin to connected", ready_ms, "ms"),
        Figure("trip: instant LLM, release to transcript", _median(trips, "transcript"), "ms"),
        Figure("trip: instant LLM, release to first light", _median(trips, "first_light"), "ms", 250),
        Figure("trip: audio frames lost", sum(trip.frames.get("lost", 0) for trip in trips), "", 0),
    ]


def _without_endpoints() -> config.Config:
    """The defaults, whatever the owner has set: figures are compared between homes."""
    return config.Config(home=config.default_home())


async def _ready(house: House) -> None:
    if not await house.model_ready():
        raise RuntimeError("there is no language model to measure; lapel models fetch")


async def _ask(at_home: Home) -> list[Trip]:
    """The trips after a first one that warms caches."""
    question = read_wav(find(QUESTION).wav)
    return [await at_home.ask(question) for _ in range(RUNS + 1)][1:]


def _median(trips: list[Trip], stage: str) -> float:
    values = [trip.timings_ms.get(stage) for trip in trips]
    missing = values.count(None)
    if missing:
        raise RuntimeError(f"{missing} of {len(values)} trips never reached {stage}: {trips[0].failure!r}")
    return statistics.median(value for value in values if value is not None)
