"""The virtual pin in a terminal: keys, pictures, and a terminal left as it was found."""

import asyncio
import contextlib
import os
import pty
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest

WAIT_S = 30
TRIES, TRY_S = 5, 4.0

PROGRAM = """
import asyncio, world
from machine import Pin

button = Pin(1, Pin.IN, Pin.PULL_UP)
button.irq(lambda pin: print("button", pin.value()))

async def main():
    print("3.210 info state: connecting -> idle")
    while True:
        if world.typed:
            print("typed", world.typed.pop(0))
        await asyncio.sleep_ms(5)

asyncio.run(main())
"""

HOST = """
import asyncio, sys
from pathlib import Path
from lapel.virtual.pin import VirtualPin
from lapel.virtual.terminal import Terminal

async def main():
    folder = Path(sys.argv[1])
    pin = VirtualPin(folder, program=folder / "program.py")
    await pin.start()
    (folder / "pid").write_text(str(pin.pid))
    try:
        await Terminal(pin).run()
    finally:
        await pin.stop()

asyncio.run(main())
print("left in peace")
"""


class Screen:
    """A pseudo-terminal with `lapel pin` behind it."""

    def __init__(self, folder: Path) -> None:
        (folder / "program.py").write_text(PROGRAM, encoding="utf-8")
        self.folder = folder
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (40, 100))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.text = ""
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOST, str(folder)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
        )
        asyncio.get_running_loop().add_reader(self.master, self._read)
        self._news = asyncio.Event()

    def _read(self) -> None:
        self.text += os.read(self.master, 1 << 16).decode(errors="replace")
        self._news.set()

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    async def shows(self, part: str, wait_s: float = WAIT_S) -> None:
        """Waits until `part` comes after what was seen before."""
        async with asyncio.timeout(wait_s):
            while part not in self.text:
                self._news.clear()
                await self._news.wait()
        self.text = self.text[self.text.index(part) + len(part) :]

    async def ends(self) -> int:
        return await asyncio.to_thread(self.process.wait, WAIT_S)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self.master)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
async def screen(tmp_path: Path):
    screen = Screen(tmp_path)
    yield screen
    screen.close()


async def test_keys_move_the_button_and_ask_in_writing(screen: Screen):
    await screen.shows("\N{UPPER HALF BLOCK}")  # the palm
    await screen.shows("idle")
    screen.press(" ")
    await screen.shows("button 0")
    screen.press(" ")
    await screen.shows("button 1")
    screen.press("t")
    await screen.shows("button 0")
    await screen.shows("button 1")
    screen.press("\x1b[15~/wha\x7fo\x1b[A is\x1bOq it\r")  # F5, up and keypad are no letters
    await screen.shows("typed who is it")
    screen.press("/not this\x1b")
    screen.press("q")
    await screen.shows("left in peace")
    assert await screen.ends() == 0
    assert termios.tcgetattr(screen.slave) == screen.before


async def test_the_terminal_is_sane_when_the_pin_dies(screen: Screen):
    await screen.shows("idle")
    os.kill(int((screen.folder / "pid").read_text()), signal.SIGKILL)
    await screen.shows("\x1b[?1049l")  # the screen from before
    await screen.shows("the pin's program ended")
    assert await screen.ends() == 0
    assert termios.tcgetattr(screen.slave) == screen.before


async def test_without_a_terminal_it_prints_lines_and_takes_questions(tmp_path: Path):
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOST, str(tmp_path), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        async with asyncio.timeout(WAIT_S):
            assert b"connecting -> idle" in await process.stdout.readline()
            process.stdin.write("wie spät?\n\n".encode())
            assert (await process.stdout.readline()).decode() == "typed wie spät?\n"
            process.stdin.close()
    finally:
        process.terminate()
        await process.wait()


async def test_with_nobody_to_ask_it_only_prints(tmp_path: Path):
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOST, str(tmp_path),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None and process.stderr is not None
    try:
        async with asyncio.timeout(WAIT_S):
            assert b"connecting -> idle" in await process.stdout.readline()
            await asyncio.sleep(0.2)
    finally:
        process.terminate()
        assert await process.stderr.read() == b""
        await process.wait()


HAND_PROGRAM = """
import asyncio, time
from machine import I2C
from vl53l5cx.mp import VL53L5CXMP

sensor = VL53L5CXMP(I2C(0))
sensor.init()
sensor.resolution = 64
sensor.ranging_freq = 15
sensor.start_ranging({5, 7})
was = None

def mean(values):
    return sum(values) // max(1, len(values))

print("3.210 info state: connecting -> idle")
while True:
    if sensor.check_data_ready():
        data = sensor.get_ranging_data()
        near = [i for i in range(64) if data.target_status[i] in (5, 9) and data.distance_mm[i] < 500]
        left = mean([data.distance_mm[i] for i in near if i % 8 < 4])
        right = mean([data.distance_mm[i] for i in near if i % 8 > 3])
        shape = "fist" if len(near) < 25 else "tilted" if left - right > 7 else "open"
        now = shape if len(near) >= 8 else "away"
        if now != was:
            print("sees", now)
        was = now
    time.sleep_ms(3)
"""


@pytest.fixture
async def hand_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys.modules[__name__], "PROGRAM", HAND_PROGRAM)
    screen = Screen(tmp_path)
    yield screen
    screen.close()


async def test_the_mouse_is_a_hand(hand_screen: Screen):
    screen = hand_screen

    async def mouse(button: int, column: int, row: int, end: str = "M") -> None:
        screen.press(f"\x1b[<{button};{column};{row}{end}")
        await asyncio.sleep(0.1)

    await screen.shows("\x1b[?1003h")
    await screen.shows("sees open")  # there from the start
    await mouse(35, 20, 8)
    await mouse(35, 20, 39)
    await screen.shows("sees away")  # below the picture
    await mouse(35, 20, 10)
    await screen.shows("sees open")
    for _ in range(TRIES):  # a busy computer gives the sensor a jerky hand
        await asyncio.sleep(0.8)  # it was held flat until now
        await mouse(35, 20, 10)
        await mouse(35, 32, 10)
        with contextlib.suppress(TimeoutError):
            await screen.shows("sees tilted", TRY_S)
            break
        await mouse(35, 20, 10)
    else:
        pytest.fail("a hand moved by the mouse was never seen tilted")
    await mouse(35, 20, 10)
    await screen.shows("sees open")
    await mouse(0, 20, 10)
    await screen.shows("sees fist")
    screen.press("\x1b[<0;2")  # a report in two pieces
    await asyncio.sleep(0.05)
    screen.press("0;10m")
    await screen.shows("sees open")
    screen.press("q")
    await screen.shows("\x1b[?1003l")
    await screen.shows("left in peace")


async def test_keys_are_a_hand(hand_screen: Screen):
    screen = hand_screen
    await screen.shows("sees open")
    screen.press("p")
    await screen.shows("sees away")
    screen.press("p")
    await screen.shows("sees open")
    await asyncio.sleep(0.3)
    screen.press("\x1b[C")
    await screen.shows("sees tilted")
    await asyncio.sleep(0.3)
    screen.press("\x1b[D")
    await screen.shows("sees open")
    await asyncio.sleep(0.3)
    screen.press("f")
    await screen.shows("sees fist")
    await screen.shows("sees open")
