"""What the firmware takes of a board: bytes in its flash, time to be idle, and heap while it is.

The sizes are those of the files that `lapel flash` writes. Time and heap are those of the same files for this
computer, on MicroPython's 64-bit unix port behind stand-ins for the hardware, with a relay over TLS.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from .. import config, viper
from ..devices import boards, firmware, install, package
from ..devices.pins import Pins
from ..relay import Relay
from ..session import Services
from ..virtual import flash
from ..virtual.pin import VirtualPin
from .figures import Figure
from .instant import InstantAssistant, InstantSpeech, NoHistory

FLASH_KB = 120
HEAP_KB = 400
START_S = 1.5
_STARTS = 5
_WAIT_S = 30.0
_IDLE_APP = Path(__file__).with_name("idle_app.py")


async def measure() -> list[Figure]:
    """Sizes of each board; then starts from a flash as the installer leaves it."""
    figures = await asyncio.to_thread(sizes)
    figures += await starts()
    return figures


async def starts() -> list[Figure]:
    """Time from power to idle, and the heap then."""
    with tempfile.TemporaryDirectory(prefix="lapel-") as folder:
        home = Path(folder)
        await asyncio.to_thread(_fill, home / "pin")
        services = Services(InstantSpeech(), InstantAssistant(), NoHistory())
        async with Relay(config.Config(home, relay=config.RelayConfig(port=0)), services) as relay:
            pins = Pins(home)
            settings = pins.settings(pins.pair("bench"), "127.0.0.1", relay.port)
            flash.write(home / "pin", settings | {"board": boards.MOCK})
            port = viper.source_root() / "stand_ins" / "port.py"
            taken_s = [await _start_s(home / "pin", port) for _ in range(_STARTS)]
            stand_ins, everything = await _heap(home / "pin")
    return [
        Figure("firmware: power to idle, a relay at hand", statistics.median(taken_s), "s", START_S),
        Figure("firmware: heap at idle", (everything - stand_ins) / 1000, "kB", HEAP_KB),
        Figure("firmware: heap at idle, stand-ins too", everything / 1000, "kB"),
    ]


def sizes() -> list[Figure]:
    """Bytes in the flash of each board, by what they are."""
    figures = []
    for board in boards.names():
        app = sum(map(len, firmware.app(board).values()))
        figures.append(Figure(f"firmware: {board}", app / 1000, "kB", FLASH_KB))
        rest = sum(map(len, firmware.safe(board).values())) + sum(map(len, firmware.root().values()))
        figures.append(Figure(f"firmware: {board}, safe copy and start", rest / 1000, "kB"))
    return figures


def _fill(folder: Path) -> None:
    """The files of a board that was flashed, for this computer's MicroPython."""
    made = package.unsigned(boards.MOCK)
    for path, data in {**install.files(made), f"{install.SLOT}/{install.MANIFEST}": made.manifest}.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


async def _heap(folder: Path) -> tuple[int, int]:
    """Bytes that the stand-ins hold before the app, and that all hold at idle."""
    pin = VirtualPin(folder, program=_IDLE_APP)
    await pin.start()
    try:
        line = await pin.wait_for_line("heap at idle", _WAIT_S)
    finally:
        await pin.stop()
    stand_ins, everything = line.split()[-2:]
    return int(stand_ins), int(everything)


async def _start_s(folder: Path, program: Path) -> float:
    pin = VirtualPin(folder, program=program)
    begin = time.monotonic()
    await pin.start()
    try:
        await pin.wait_for_line("-> idle", _WAIT_S)
        return time.monotonic() - begin
    finally:
        await pin.stop()
