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
from typing import Any, NoReturn

from lapel import viper

from .certificate import write_private

BOARD = "blinka"
SETTINGS = "settings.json"  # what pairing leaves for the pin; it keeps copies of its own then
COPIES = ("settings.1", "settings.2")


class ComputerError(Exception):
    """This computer cannot be a pin; the text says what to do."""


def is_paired(flash: Path) -> bool:
    """Whether this folder is the flash of a pin."""
    return any((flash / name).exists() for name in (SETTINGS, *COPIES))


def pair(flash: Path, paired: dict[str, Any]) -> None:
    """Makes the folder this computer's flash; `paired` is what `lapel pair` prints."""
    flash.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(flash / SETTINGS, json.dumps(paired | {"wifi": [], "board": BOARD}, indent=1) + "\n")


def run(flash: Path) -> NoReturn:
    """Runs the app with `flash` as its flash until somebody ends it. Raises ComputerError; never returns."""
    linux = viper.source_root() / "linux"
    if not linux.is_dir():
        raise ComputerError(f"expected the firmware's {linux}; this installation is incomplete")
    sys.path.insert(0, str(linux))
    try:
        importlib.import_module("shims")
        importlib.import_module("machine")
    except (ImportError, NotImplementedError) as error:  # the latter: Blinka does not know this computer
        raise ComputerError(
            f"Blinka cannot be used here ({error}); install it with: pip install 'lapel[blinka]', and for a "
            "USB bridge set its variable, such as BLINKA_MCP2221=1 or BLINKA_FT232H=1"
        ) from error
    os.chdir(flash)
    importlib.import_module("pin.start").run()
    raise ComputerError("the pin gave up; its log above says why")
