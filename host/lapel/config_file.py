"""Changes to `config.toml`: checked before they are written, its owner's comments kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from filelock import FileLock, Timeout
from tomlkit.exceptions import TOMLKitError

from .config import Config, ConfigError, parse
from .devices.certificate import write_private

_WAIT_S = 5.0  # for another page or command that writes at this moment

Changes = Mapping[str, Mapping[str, Any]]  # "llm" or "skills.weather" to setting to value; None: its default


def change(home: Path, changes: Changes) -> Config:
    """Writes the changes and gives the settings as they are then. Raises ConfigError: nothing is written."""
    path = home / "config.toml"
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with FileLock(str(path) + ".lock", timeout=_WAIT_S):
            document = tomlkit.parse(path.read_text("utf-8") if path.exists() else "")
            for name, values in changes.items():
                _set(document, name.split("."), values)
            text = tomlkit.dumps(document)
            config = parse(text, home)
            write_private(path, text)  # keys may stand in it
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise ConfigError(f"{path} cannot be changed: {error}") from error
    except Timeout:
        raise ConfigError(f"{path} is being changed by somebody else; try again") from None
    return config


def _set(document: Any, way: list[str], values: Mapping[str, Any]) -> None:
    table = document
    for name in way:
        if name not in table:
            table[name] = tomlkit.table(is_super_table=name != way[-1])
        table = table[name]
    for key, value in values.items():
        if value is None:
            table.pop(key, None)
        else:
            table[key] = value
