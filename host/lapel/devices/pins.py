"""The pins that this relay knows, each with its own key.

`pins.json` in Lapel's home, mode 0600. It is read again when it changes, so that a pin paired or
revoked by the command line counts at once in a running relay.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from filelock import FileLock
from lapel_wire import PORT
from lapel_wire.challenge import KEY_BYTES

from .certificate import certificate, write_private
from .signing import known_modulus


class PinsError(Exception):
    """The list of pins cannot be used, or does not know a pin; the text says what to do."""


@dataclass(frozen=True)
class Pin:
    id: str
    key: str = field(repr=False)  # 64 hex digits; never in a log
    name: str
    paired_unix_s: int
    next_key: str = field(default="", repr=False)  # while it is being rotated in
    next_confirmed: bool = False  # the pin has shown that it keeps the next key
    device: str = ""  # address of the chip it was flashed to: the same board stays the same pin

    @property
    def expected_key(self) -> str:
        """The key that this pin is challenged with next."""
        return self.next_key if self.next_confirmed else self.key


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

    def pair(self, name: str, device: str = "") -> Pin:
        """A new pin with a fresh id and key."""
        name = _checked_name(name)
        with self._change():
            pin = Pin(
                "pin-" + secrets.token_hex(4),
                secrets.token_hex(KEY_BYTES),
                name,
                int(time.time()),
                device=device,
            )
            self._pins[pin.id] = pin
        return pin

    def named(self, wanted: str | None, only: bool = True) -> Pin:
        """The pin of this id or name; without one the only pin there is, if `only`. Raises PinsError."""
        pins = self.all()
        found = [pin for pin in pins if wanted in (pin.id, pin.name)] if wanted else pins if only else []
        if len(found) != 1:
            known = ", ".join(f"{pin.id} ({pin.name})" for pin in pins) or "none yet"
            what = f"no pin is called {wanted!r}" if wanted and not found else "say which pin"
            raise PinsError(f"{what}; paired pins: {known}")
        return found[0]

    def on_device(self, device: str) -> Pin | None:
        """The pin that was flashed to this chip."""
        return next((pin for pin in self.all() if device and pin.device == device), None)

    def rotate(self, pin_id: str) -> Pin:
        """The next key, or the one that is being rotated in; the old one counts until the pin has
        used the next."""
        with self._change():
            pin = self._known(pin_id)
            if not pin.next_key:
                pin = replace(pin, next_key=secrets.token_hex(KEY_BYTES))
                self._pins[pin_id] = pin
        return pin

    def confirm(self, pin_id: str, kept: bool) -> None:
        """Whether the pin has shown that it keeps the next key; else the old one is asked for."""
        with self._change():
            pin = self._known(pin_id)
            self._pins[pin_id] = replace(pin, next_confirmed=kept and bool(pin.next_key))

    def promote(self, pin_id: str) -> None:
        """The pin has proved itself with the next key: the old one opens nothing any more."""
        with self._change():
            pin = self._known(pin_id)
            if pin.next_key:
                self._pins[pin_id] = replace(pin, key=pin.next_key, next_key="", next_confirmed=False)

    def rename(self, pin_id: str, name: str) -> Pin:
        """The same pin under another name."""
        with self._change():
            self._pins[pin_id] = renamed = replace(self._known(pin_id), name=_checked_name(name))
        return renamed

    def revoke(self, pin_id: str) -> Pin:
        """Forgets a pin: its key opens nothing from now on."""
        with self._change():
            self._known(pin_id)
            return self._pins.pop(pin_id)

    def settings(
        self, pin: Pin, host: str, port: int = PORT, others: Sequence[tuple[str, int]] = ()
    ) -> dict[str, Any]:
        """What a paired pin keeps in its `settings.json`; `others` are further addresses, tried after the
        first.
        """
        addresses = [(host, port), *(address for address in others if address != (host, port))]
        values = {
            "pin": pin.id,
            "key": pin.expected_key,
            "relays": [{"host": name, "port": number} for name, number in addresses],
            "certificate": certificate(self._home),
        }
        update_key = known_modulus(self._home)
        return values | ({"update_key": update_key} if update_key else {})

    def _known(self, pin_id: str) -> Pin:
        if pin_id not in self._pins:
            known = ", ".join(self._pins) or "none yet"
            raise PinsError(f"no pin has the id {pin_id!r}; paired pins: {known}")
        return self._pins[pin_id]

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


def _checked_name(name: str) -> str:
    """Raises PinsError."""
    name = name.strip()
    if not 0 < len(name) <= 32 or not name.isprintable():
        raise PinsError(f"a pin's name has 1 to 32 printable characters, got {name!r}")
    return name


def _checked(pin: Pin) -> Pin:
    """A pin as the file has it. Raises ValueError or TypeError."""
    if not (isinstance(pin.id, str) and isinstance(pin.name, str) and isinstance(pin.paired_unix_s, int)):
        raise TypeError("id and name are texts, paired_unix_s is a number")
    if pin.next_key and len(bytes.fromhex(pin.next_key)) != KEY_BYTES:
        raise ValueError(f"the next key of {pin.id} has not {KEY_BYTES} bytes")
    if len(bytes.fromhex(pin.key)) != KEY_BYTES:
        raise ValueError(f"the key of {pin.id} has not {KEY_BYTES} bytes")
    return pin
