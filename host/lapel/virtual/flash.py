"""The flash of a virtual pin: a folder with the settings that pairing writes into a real one.

A pin takes `settings.json` over at its next start, into two copies of its own (pin/settings.py), so what it
was told is in one or the other.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .. import viper  # noqa: F401 - makes the firmware's modules importable
from ..devices.certificate import write_private
from ..devices.pins import Pins

SETTINGS = "settings.json"
# The stand-in for a radio joins any network, but like a real one it must be told of one.
_WIFI = [{"ssid": "this computer", "password": ""}]


def read(flash: Path) -> dict[str, Any] | None:
    """The settings of the pin in this folder, None if it has none that are whole."""
    try:
        values = json.loads((flash / SETTINGS).read_text("utf-8"))
        if isinstance(values, dict):
            return values
    except (OSError, ValueError):
        pass  # taken over long ago, or damaged
    from pin import settings as kept

    newest: tuple[int, dict[str, Any]] | None = None
    for name in kept.COPIES:
        try:
            count, values = kept.unpack((flash / name).read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if newest is None or count > newest[0]:
            newest = count, values
    return newest[1] if newest else None


def write(flash: Path, paired: dict[str, Any]) -> None:
    """Makes the folder a paired pin's flash, whatever it was; `paired` is what `Pins.settings` gives."""
    from pin import settings as kept

    write_private(flash / SETTINGS, json.dumps(paired | {"wifi": _WIFI, "board": "virtual"}, indent=1) + "\n")
    flash.chmod(0o700)  # the pin's own files are no more private than its folder
    for name in kept.COPIES:  # or a pin with another key would refuse these
        (flash / name).unlink(missing_ok=True)


def prepare(flash: Path, pins: Pins, host: str, port: int) -> str:
    """The virtual pin in this folder, paired with the relay at `host` and `port`; its id.

    A pin that is still paired keeps its id, its key and its calibration; only the address is written anew.
    Raises PinsError.
    """
    old = read(flash) or {}
    known = pins.get(old["pin"]) if isinstance(old.get("pin"), str) else None  # damaged: it is paired again
    pin = known or pins.pair("virtual pin")
    write(flash, pins.settings(pin, host, port) | {name: old[name] for name in ("projector",) if name in old})
    return pin.id
