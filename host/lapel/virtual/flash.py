"""The flash of a virtual pin: a folder with the settings that pairing writes into a real one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..devices.certificate import write_private

SETTINGS = "settings.json"
# The stand-in for a radio joins any network, but like a real one it must be told of one.
_WIFI = [{"ssid": "this computer", "password": ""}]


def write(flash: Path, paired: dict[str, Any]) -> None:
    """Makes the folder a paired pin's flash; `paired` is what `Pins.settings` gives."""
    write_private(flash / SETTINGS, json.dumps(paired | {"wifi": _WIFI, "board": "virtual"}, indent=1) + "\n")
