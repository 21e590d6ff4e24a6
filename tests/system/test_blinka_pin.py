"""The pin's app on CPython through Blinka, against a real relay: asked by a recording, read off its LEDs."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import wave
from array import array
from collections.abc import AsyncGenerator
from pathlib import Path

import lapel.viper  # noqa: F401 - makes pin.* importable
import numpy as np
import pytest
from lapel.devices import computer
from pin.projector import font as fonts
from pin.projector import matrix
from pin.projector.is31fl3731 import COLUMNS, ROWS

sys.path.insert(0, str(Path(__file__).parents[1] / "host"))
from relay_house import running

pytest.importorskip("adafruit_is31fl3731", reason="Blinka is an optional extra: pip install 'lapel[blinka]'")

HERE = Path(__file__).parent
WAV = HERE.parent / "host/speech/recordings/v2j_what_time_is_it.wav"
ANSWER = "It is 10:42 in Lisbon"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:. "
RATE = 16000


def strip_of(pictures: list[bytes]) -> np.ndarray:
    """The whole line that scrolled by, from the windows on it, each moved left by a few columns."""
    views = [np.frombuffer(p, np.uint8).reshape(ROWS, COLUMNS) for p in pictures]
    strip = views[0]
    for view in views[1:]:
        for step in range(COLUMNS):
            if np.array_equal(strip[:, strip.shape[1] - COLUMNS + step :], view[:, : COLUMNS - step]):
                strip = np.hstack([strip, view[:, COLUMNS - step :]])
                break
        else:
            break  # the page began again
    return strip


def drawn(letter: str) -> np.ndarray:
    """One letter as the matrix shows it."""
    font = fonts.load()
    width = matrix._pixels(font.find(ord(letter)))
    wide = max(width + 1, COLUMNS)
    canvas = bytearray(ROWS * wide)
    matrix._draw(font.glyph, font.at, canvas, wide, 0)
    out = bytearray(ROWS * COLUMNS)
    matrix._cut(canvas, wide, 0, 15, out)
    return np.frombuffer(bytes(out), np.uint8).reshape(ROWS, COLUMNS)[:, :width]


def read(strip: np.ndarray) -> str:
    """The text that explains the columns best: the cheapest way to cut them into letters."""
    shapes = {letter: drawn(letter).astype(int) for letter in LETTERS}
    columns = strip.astype(int)
    best: list[tuple[float, str]] = [(0.0, "")] + [(float("inf"), "")] * columns.shape[1]
    for at in range(columns.shape[1]):
        for letter, shape in shapes.items():
            end = at + shape.shape[1]
            if end > columns.shape[1]:
                continue
            cost = best[at][0] + float(np.abs(columns[:, at:end] - shape).sum())
            if cost < best[end][0]:
                best[end] = (cost, best[at][1] + letter)
    return best[-1][1].strip()


def test_the_reader_of_leds_reads() -> None:
    class Chip:
        pixels = bytearray(ROWS * COLUMNS)

    scanner = matrix.MatrixScanner(Chip())
    scanner.show(fonts.load(), [ANSWER], (), 0, None)
    out = bytearray(ROWS * COLUMNS)
    pictures = []
    for column in range(scanner._width - COLUMNS + 1):
        matrix._cut(scanner._strip, scanner._width, column, 15, out)
        pictures.append(bytes(out))
    assert read(strip_of(pictures)) == ANSWER


async def test_a_question_is_asked_and_its_answer_read_from_the_leds(tmp_path: Path) -> None:
    async with running(tmp_path / "home") as house:

        async def answer(question: str) -> AsyncGenerator[str, None]:
            yield ANSWER

        house.assistant.on_answer = answer
        flash = tmp_path / "flash"
        computer.pair(flash, house.settings())
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            HERE / "blinka_rig.py",
            WAV,
            flash,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "LAPEL_HOME": str(tmp_path / "home")},
            limit=1 << 22,
        )
        lines: list[str] = []

        async def until(part: str) -> str:
            assert process.stdout is not None
            while True:
                line = (await process.stdout.readline()).decode()
                assert line, "it ended:\n" + "\n".join(lines)
                lines.append(line.rstrip())
                print(line, end="")
                if part in line:
                    return line

        def tell(word: str) -> None:
            assert process.stdin is not None
            process.stdin.write(word.encode() + b"\n")

        try:
            async with asyncio.timeout(60):
                await until("connecting -> idle")
                tell("press")
                await until("-> listening")
                with wave.open(str(WAV)) as recording:
                    said = array("h", recording.readframes(recording.getnframes()))
                await asyncio.sleep(len(said) / RATE + 0.2)
                tell("release")
                await until("-> showing")
                await until("showing -> idle")  # it was read to its end
                tell("end")
                seen = json.loads((await until("seen: ")).partition("seen: ")[2])
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
        heard = array("h", house.speech.heard[-1])
        assert similar(heard, said) > 0.97
    pictures = [bytes.fromhex(p) for p in seen["pictures"]]
    lit = [i for i, p in enumerate(pictures) if any(p)]
    assert read(strip_of(pictures[lit[0] :])) == ANSWER
    assert not seen["on"]  # dark again


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"BLINKA_OS_AGNOSTIC": "1"}, "OS_AGNOSTIC_BOARD, which has no pin D17"),
        ({"BLINKA_OS_AGNOSTIC": "1", "LAPEL_BUTTON": "D99"}, "which has no pin D99"),
        ({"BLINKA_OS_AGNOSTIC": "1", "LAPEL_BUTTON": "Dx_INPUT_TRUE"}, "no LED matrix answers"),
    ],
)
def test_a_computer_that_cannot_be_a_pin_says_why(
    tmp_path: Path, variables: dict[str, str], says: str
) -> None:
    command = [sys.executable, "-m", "lapel", "pin", "--board", "blinka"]
    environment = {**os.environ, "LAPEL_HOME": str(tmp_path), **variables}
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)
    assert result.returncode == 1 and says in result.stderr and "Traceback" not in result.stderr


def test_settings_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(computer.ComputerError, match="lapel pair"):
        computer.pair(tmp_path / "flash", {"pin": "x"})
    assert not computer.is_paired(tmp_path / "flash")


def similar(heard: array[int], said: array[int]) -> float:
    """The best normalised correlation of the recording with what the relay's engine got, over all delays."""
    a, b = np.array(heard, float), np.array(said, float)
    size = 1 << (len(a) + len(b)).bit_length()
    products = np.fft.irfft(np.fft.rfft(a, size) * np.conj(np.fft.rfft(b, size)))
    return float(products.max() / (np.linalg.norm(a) * np.linalg.norm(b)))
