"""The bench tests' code on the real MicroPython, over a real raw REPL, against the stand-ins and broken
parts.
"""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from board_prompt import at_its_prompt
from lapel.devices.mock_board.board import MockBoard
from lapel.devices.ports import Port
from lapel.devices.problems import BoardError
from lapel.devices.repl import Repl
from lapel.hardware import bench

FIRMWARE = Path(__file__).parents[2] / "firmware"
BOARD = "xiao_esp32s3_matrix"
SPEAKING = "xiao_esp32s3_voice_matrix"
# An LED driver that keeps what it is told; on the bus where the stand-ins have none.
LEDS = """
from machine import I2C
class Leds:
    def __init__(self): self.frames = []
    def write(self, register, data):
        if register == 0x24: self.frames.append(bytes(data))
leds = I2C.chips[0x74] = Leds()
"""


@asynccontextmanager
async def a_board(folder: Path) -> AsyncIterator[tuple[MockBoard, Port]]:
    """A prompt whose flash holds the firmware and the stand-ins in slot a."""
    async with at_its_prompt(folder) as (board, port):
        await asyncio.sleep(0.2)  # let the terminal's first close be noticed before it is opened again
        for part in ("pin", "lapel_wire", "boards"):
            shutil.copytree(FIRMWARE / part, board.files / "a" / part)
        shutil.copytree(FIRMWARE / "stand_ins", board.files / "a", dirs_exist_ok=True)
        yield board, port


async def judged(
    folder: Path, name: str, world: str = "", seconds: int = 1, named: str = BOARD
) -> bench.Verdict:
    def work(port: Port) -> bench.Verdict:
        with Repl(port) as repl:
            repl.run(f"{bench.prelude(named)}\n{world}")
            return bench.measure(repl, bench.named(name), named, seconds)

    async with a_board(folder) as (_, port):
        return await asyncio.to_thread(work, port)


SPEECH = """
import world
from array import array
import math
data = array("h", [int(%d * math.sin(k / 9)) for k in range(48000)])
world.room.append(0, bytes(data), 0, 48000, 0)
"""
SHEET = """
import vl53l5cx.mp, world
for i in range(64):
    world.depth[2 * i], world.depth[2 * i + 1] = 250 & 255, 250 >> 8
    world.depth[128 + i] = 5
"""
PRESS = """
import pump, world
real = Pin.value
looks = [0]
def pressed(self, level=None):
    looks[0] += 1
    return 0 if 50 < looks[0] < 100 else 1
Pin.value = pressed
"""
GOOD = [
    ("chip", "", "MB of heap"),
    ("bus", "import vl53l5cx.mp, haptic, max17048\n" + LEDS, "U4 LED matrix"),
    ("button", PRESS, "2 edges"),
    ("arm", "", "falls by itself"),
    ("mic", SPEECH % 3000, "rms"),
    ("depth", SHEET, "64 zones, median 250 mm"),
    ("gauge", "import max17048", "3900 mV"),
    ("haptic", "import haptic", "double click"),
    ("scan", "", "samples/s"),
]


@pytest.mark.parametrize(("name", "world", "said"), GOOD, ids=[case[0] for case in GOOD])
async def test_a_good_part_passes(tmp_path: Path, name: str, world: str, said: str) -> None:
    verdict = await judged(tmp_path, name, world, 2 if name == "button" else 1)
    assert verdict.ok and said in verdict.said, verdict


BAD = [
    ("bus", "", "nothing"),
    ("button", "", "no press seen"),
    ("button", "Pin.value = lambda self, level=None: 0", "held low"),
    ("arm", "import world\nworld.levels[B['LASER_ARM']] = 1", "never fit a laser"),
    ("mic", "", "never moves"),
    ("mic", SPEECH % 2, "too quiet"),
    ("mic", SPEECH % 30000, "noise"),
    ("depth", "import vl53l5cx.mp", "hold a sheet"),
    ("gauge", "import max17048, world\nworld.battery_mv = 1200", "no cell"),
    ("scan", "from machine import I2S\nI2S.write = lambda self, buffer: 0", "holds I2S"),
]


@pytest.mark.parametrize(("name", "world", "advice"), BAD)
async def test_a_bad_part_is_named_with_advice(tmp_path: Path, name: str, world: str, advice: str) -> None:
    verdict = await judged(tmp_path, name, world)
    assert not verdict.ok
    assert advice in f"{verdict.said} {verdict.advice}", verdict


async def test_the_speaker_gets_its_tone_and_a_board_without_one_is_told(tmp_path: Path) -> None:
    verdict = await judged(tmp_path / "with", "speaker", "", 2, SPEAKING)
    assert verdict.ok and "samples/s" in verdict.said, verdict
    verdict = await judged(tmp_path / "without", "speaker")
    assert not verdict.ok and "names no speaker" in verdict.said
    stuck = "from machine import I2S\nI2S.write = lambda self, buffer: 0"
    verdict = await judged(tmp_path / "stuck", "speaker", stuck, 1, SPEAKING)
    assert not verdict.ok and "holds I2S" in verdict.advice


@pytest.mark.parametrize("name", ["gauge", "haptic", "matrix"])
async def test_a_chip_that_is_absent_raises(tmp_path: Path, name: str) -> None:
    with pytest.raises(BoardError, match="OSError"):
        await judged(tmp_path, name)


async def test_the_matrix_test_lights_what_it_says(tmp_path: Path) -> None:
    def work(port: Port) -> list[list[int]]:
        with Repl(port) as repl:
            repl.run(f"{bench.prelude(BOARD)}\n{LEDS}")
            bench.measure(repl, bench.named("matrix"), BOARD)
            return list(repl.ask("", "[[i for i, v in enumerate(f) if v] for f in leds.frames]"))

    async with a_board(tmp_path) as (_, port):
        frames = [frame for frame in await asyncio.to_thread(work, port) if frame]
    assert frames[0] == [0, 15, 128, 143]
    assert frames[1:17] == [[16 * row + column for row in range(9)] for column in range(16)]
    assert frames[17] == list(range(144))


async def test_the_command_leaves_no_hold_and_says_what_failed(tmp_path: Path) -> None:
    async with a_board(tmp_path / "board") as (board, port):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "lapel", "bench-test", "arm", "gauge", "--port", port.path, "--json"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | {"LAPEL_HOME": str(tmp_path)},
        )
        out, said = await asyncio.wait_for(process.communicate(), 120)
        assert process.returncode == 1, said
        assert not (board.files / "hold").exists()
    rows = {row["part"]: row for row in json.loads(out)}
    assert rows["arm"]["ok"] and not rows["gauge"]["ok"]
    assert "left out on purpose" in rows["gauge"]["advice"]


def test_every_build_is_tested_part_by_part() -> None:
    names = {test.name for test in bench.TESTS}
    assert set().union(*bench.BUILD_TESTS.values()) == names
