"""The flash of a virtual pin: a folder with the settings that pairing writes into a real one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..devices.certificate import write_private
from ..devices.pins import Pins

SETTINGS = "settings.json"
# The stand-in for a radio joins any network, but like a real one it must be told of one.
_WIFI = [{"ssid": "this computer", "password": ""}]


def write(flash: Path, paired: dict[str, Any]) -> None:
    """Makes the folder a paired pin's flash; `paired` is what `Pins.settings` gives."""
    write_private(flash / SETTINGS, json.dumps(paired | {"wifi": _WIFI, "board": "virtual"}, indent=1) + "\n")


def prepare(flash: Path, pins: Pins, host: str, port: int) -> str:
    """The virtual pin in this folder, paired with the relay at `host` and `port`; its id.

    A pin that is still paired keeps its id, its key and its calibration; only the address is written anew.
    Raises PinsError.
    """
    calibration = {}
    try:
        settings = json.loads((flash / SETTINGS).read_text("utf-8"))
        calibration = {name: settings[name] for name in ("projector",) if name in settings}
        known = pins.get(settings["pin"])
    except (OSError, ValueError, KeyError, TypeError):
        known = None  # new, or damaged: either way it is paired again
    pin = known or pins.pair("virtual pin")
    write(flash, pins.settings(pin, host, port) | calibration)
    return pin.id
