"""The pins that this relay knows, each with its own key.

`pins.json` in Lapel's home, mode 0600. It is read again when it changes, so that a pin paired or
revoked by the command line counts at once in a running relay.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock
from lapel_wire import PORT
from lapel_wire.challenge import KEY_BYTES

from .certificate import certificate, write_private


class PinsError(Exception):
    """The list of pins cannot be used, or does not know a pin; the text says what to do."""


@dataclass(frozen=True)
class Pin:
    id: str
    key: str = field(repr=False)  # 64 hex digits; never in a log
    name: str
    paired_unix_s: int


class Pins:
    """The registry. Reading costs one `stat` while nothing changed."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._path = home / "pins.json"
        self._stamp: tuple[int, int] | None = None
        self._pins: dict[str, Pin] = {}

    def all(self) -> list[Pin]:
        self._refresh()
        return sorted(self._pins.values(), key=lambda pin: pin.paired_unix_s)

    def get(self, pin_id: str) -> Pin | None:
        self._refresh()
        return self._pins.get(pin_id)

    def pair(self, name: str) -> Pin:
        """A new pin with a fresh id and key."""
        name = name.strip()
        if not 0 < len(name) <= 32 or not name.isprintable():
            raise PinsError(f"a pin's name has 1 to 32 printable characters, got {name!r}")
        with self._change():
            pin = Pin("pin-" + secrets.token_hex(4), secrets.token_hex(KEY_BYTES), name, int(time.time()))
            self._pins[pin.id] = pin
        return pin

    def revoke(self, pin_id: str) -> Pin:
        """Forgets a pin: its key opens nothing from now on."""
        with self._change():
            if pin_id not in self._pins:
                known = ", ".join(self._pins) or "none yet"
                raise PinsError(f"no pin has the id {pin_id!r}; paired pins: {known}")
            return self._pins.pop(pin_id)

    def settings(self, pin: Pin, host: str, port: int = PORT) -> dict[str, Any]:
        """What a paired pin keeps in its `settings.json`."""
        return {
            "pin": pin.id,
            "key": pin.key,
            "relays": [{"host": host, "port": port}],
            "certificate": certificate(self._home),
        }

    @contextmanager
    def _change(self) -> Iterator[None]:
        self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Two commands at once must not lose each other's pin.
        with FileLock(str(self._path) + ".lock", timeout=10):
            self._refresh()
            try:
                yield
                text = json.dumps({"pins": [asdict(pin) for pin in self._pins.values()]}, indent=1)
                write_private(self._path, text)
            finally:
                self._stamp = None  # what the file holds counts, also if it could not be written

    def _refresh(self) -> None:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            self._pins, self._stamp = {}, None
            return
        except OSError as error:
            raise PinsError(f"{self._path} cannot be read ({error.strerror}); check who owns it") from error
        stamp = (stat.st_mtime_ns, stat.st_ino)
        if stamp == self._stamp:
            return
        try:
            entries = json.loads(self._path.read_text("utf-8"))["pins"]
            pins = {entry["id"]: _checked(Pin(**entry)) for entry in entries}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise PinsError(
                f"{self._path} cannot be read ({error!r}); "
                "restore it from a backup, or delete it and pair again"
            ) from error
        self._pins, self._stamp = pins, stamp


def _checked(pin: Pin) -> Pin:
    """A pin as the file has it. Raises ValueError or TypeError."""
    if not (isinstance(pin.id, str) and isinstance(pin.name, str) and isinstance(pin.paired_unix_s, int)):
        raise TypeError("id and name are texts, paired_unix_s is a number")
    if len(bytes.fromhex(pin.key)) != KEY_BYTES:
        raise ValueError(f"the key of {pin.id} has not {KEY_BYTES} bytes")
    return pin
