"""The pin's app on this very computer, in CPython: a Raspberry Pi, or a laptop with a USB-I2C bridge.

`firmware/linux/` stands in for the chip: pins and I2C through Blinka, the microphone through PortAudio.
Updates come with the package, not over the air.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from lapel import viper

from .certificate import write_private

BOARD = "blinka"
SETTINGS = "settings.json"  # what pairing leaves for the pin; it keeps copies of its own then
BRIDGE = "USB bridge set its variable, such as BLINKA_MCP2221=1 or BLINKA_FT232H=1"
MATRIX = 0x74  # pin/projector/is31fl3731.py
COPIES = ("settings.1", "settings.2")


class ComputerError(Exception):
    """This computer cannot be a pin; the text says what to do."""


def is_paired(flash: Path) -> bool:
    """Whether this folder is the flash of a pin."""
    return any((flash / name).exists() for name in (SETTINGS, *COPIES))


def pair(flash: Path, paired: dict[str, Any]) -> None:
    """Makes the folder this computer's flash; `paired` is what `lapel pair` prints. Raises ComputerError."""
    values = paired | {"wifi": [], "board": BOARD}
    kept = importlib.import_module("pin.settings")
    try:
        kept.Settings(values)
    except kept.SettingsError as error:
        raise ComputerError(f"expected what `lapel pair` prints ({error.detail})") from error
    flash.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(flash / SETTINGS, json.dumps(values, indent=1) + "\n")
    for name in COPIES:  # or a pin with another key would refuse these
        (flash / name).unlink(missing_ok=True)


def run(flash: Path) -> NoReturn:
    """Runs the app with `flash` as its flash until somebody ends it. Raises ComputerError; never returns."""
    linux = viper.source_root() / "linux"
    if not linux.is_dir():
        raise ComputerError(f"expected the firmware's {linux}; this installation is incomplete")
    sys.path.insert(0, str(linux))
    try:
        importlib.import_module("shims")
        _check(importlib.import_module("machine"), importlib.import_module(f"boards.{BOARD}"))
    except (ImportError, NotImplementedError) as error:  # the latter: Blinka does not know this computer
        raise ComputerError(
            f"Blinka cannot be used here ({error}); install it with: pip install 'lapel[blinka]', and for a "
            f"{BRIDGE}"
        ) from error
    os.chdir(flash)
    importlib.import_module("pin.start").run()
    raise ComputerError("the pin gave up; its log above says why")


def _check(machine: ModuleType, board: ModuleType) -> None:
    """Whether pins and LEDs are there, before the app would only say that it failed. Raises ComputerError."""
    missing = [name for name in (board.SCL, board.SDA, board.BUTTON) if not machine.has(name)]
    if missing:
        raise ComputerError(
            f"Blinka calls this computer {machine.board.board_id}, which has no pin {' or '.join(missing)}; "
            f"for a {BRIDGE}, and name the button's pin in LAPEL_BUTTON"
        )
    try:
        found = machine.I2C(0, scl=machine.Pin(board.SCL), sda=machine.Pin(board.SDA)).scan()
    except OSError as error:
        raise ComputerError(f"the I2C bus cannot be used ({error.strerror}); is it switched on?") from error
    if MATRIX not in found:
        raise ComputerError(f"no LED matrix answers at {MATRIX:#x}; check its wiring and its address")
