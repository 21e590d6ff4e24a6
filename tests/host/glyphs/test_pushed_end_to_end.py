"""An answer in another script, from the model to the light, with the firmware on MicroPython."""

from __future__ import annotations

import asyncio
import dataclasses
from array import array
from pathlib import Path

import numpy as np
import pytest
from lapel import config
from lapel.bench.instant_llm import MODEL, instant_llm
from lapel.glyphs import scripts
from lapel.trip import home
from pin.projector import font, page, path, speed

SCRIPTS = {"chinese": "你好，世界", "russian": "Привет", "greek": "Ελληνικά", "japanese": "こんにちは"}
LIT_S = 15.0


def frames(text: str) -> list[bytes]:
    """The frames that a pin with these letters may show, centred or in its rows: their drive."""
    letters = font.load()
    for code, glyph in scripts.needed([text]):
        letters.push(code, glyph)
    found = []
    for steady in (False, True):
        sheet, way = page.Page(letters), path.Path()
        sheet.lay_out([text], (), 0, None, steady)
        way.trace(sheet)
        frame = array("i", bytes(8 * speed.MAX_SAMPLES))
        samples = speed.Planner(speed.Mirror()).plan(way, frame)
        found.append(drive(np.array(frame[: 2 * samples], dtype="<i4").tobytes()))
    return found


def drive(stream: bytes) -> bytes:
    return (np.frombuffer(stream, dtype="<i4") >> 8).astype("<i4").tobytes()


@pytest.mark.parametrize("script", SCRIPTS)
async def test_the_palm_shows_the_letters_themselves(script: str, tmp_path: Path) -> None:
    text = SCRIPTS[script]
    assert scripts.missing(text)
    async with instant_llm(text) as url:
        settings = dataclasses.replace(config.Config(tmp_path), llm=config.LlmConfig(url=url, model=MODEL))
        async with home(settings) as at_home:
            trip = await at_home.ask("Say hello in another script")
            assert trip.answer == text and not trip.failure
            expected = frames(text)
            async with asyncio.timeout(LIT_S):
                while not any(frame in drive(at_home.pin.light()[0]) for frame in expected):
                    await asyncio.sleep(0.1)
