"""Tickets: pairing a pin at another computer than the relay's.

`lapel ticket` makes one: where the relay is, what its certificate hashes to, and a secret that is good once,
for ten minutes. `lapel flash` connects there, looks at the certificate before it says a word, and gives the
secret for a new pin's settings. The relay keeps the secret's hash only.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import ipaddress
import json
import secrets
import ssl
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from filelock import FileLock

from .certificate import certificate, write_private
from .pins import Pins, PinsError

TICKET_S = 600
PATH = "/ticket"  # gives the settings, once
STATE_PATH = "/ticket/pin"  # whether the pin that was paired has connected; while the ticket lasts
TRIES = 10  # wrong tickets a minute; guessing 128 bits is hopeless anyway, this keeps the log readable
TRIES_S = 60.0
ASK_S = 10.0
KEPT = 20  # of tickets, so that the file stays small
_FINGERPRINT_BYTES = 32
_SECRET_BYTES = 16
_VERSION = 1
_SCHEME = "Ticket "
_GROUP = 5


class TicketError(Exception):
    """A ticket cannot be used; the text says why and what to do."""


@dataclass(frozen=True)
class Ticket:
    host: str
    port: int
    fingerprint: bytes
    secret: bytes

    def text(self) -> str:
        """What the maker copies: base32 in groups, with a checksum."""
        host = self.host.encode("ascii")
        body = bytes([_VERSION]) + self.port.to_bytes(2, "big") + self.fingerprint + self.secret + host
        body += zlib.crc32(body).to_bytes(4, "big")
        letters = base64.b32encode(body).decode().rstrip("=")
        return "-".join(letters[i : i + _GROUP] for i in range(0, len(letters), _GROUP))


def parse(text: str) -> Ticket:
    """A ticket from its text, however it was copied. Raises TicketError."""
    letters = "".join(text.split()).replace("-", "").upper()
    try:
        body = base64.b32decode(letters + "=" * (-len(letters) % 8))
        if base64.b32encode(body).decode().rstrip("=") != letters:
            raise ValueError("its last letter says more than it may")
        body, checksum = body[:-4], body[-4:]
        if zlib.crc32(body).to_bytes(4, "big") != checksum or body[0] != _VERSION:
            raise ValueError("the checksum is wrong")
        at = 3 + _FINGERPRINT_BYTES
        host = body[at + _SECRET_BYTES :].decode("ascii")
        return Ticket(host, int.from_bytes(body[1:3], "big"), body[3:at], body[at : at + _SECRET_BYTES])
    except (ValueError, IndexError) as error:
        raise TicketError("this is no whole ticket; copy all of what lapel ticket printed") from error


class Tickets:
    """The relay's tickets: `tickets.json` in Lapel's home, mode 0600."""

    def __init__(self, home: Path, now: Callable[[], float] = time.time) -> None:
        self._home = home
        self._path = home / "tickets.json"
        self._now = now

    def make(self, host: str, port: int, name: str) -> Ticket:
        """A ticket for one new pin of this name. Raises TicketError."""
        if not host.isascii() or not 0 < len(host) <= 64 or only_here(host):
            raise TicketError(
                f"a pin cannot reach the relay at {host!r}; give this computer's address in your network "
                'as [relay] host in config.toml, such as "192.168.1.5", restart the relay and try again'
            )
        der = ssl.PEM_cert_to_DER_cert(certificate(self._home))
        ticket = Ticket(host, port, hashlib.sha256(der).digest(), secrets.token_bytes(_SECRET_BYTES))
        with self._change() as entries:
            until = int(self._now()) + TICKET_S
            entries.append({"hash": _hash(ticket.secret), "until_unix_s": until, "name": name, "pin": ""})
        return ticket

    def redeem(self, secret: bytes, pair: Callable[[str], str]) -> str:
        """The id of the pin that `pair(name)` makes, once. Raises TicketError."""
        with self._change() as entries:
            entry = _entry(entries, secret)
            if entry is None:
                raise TicketError("this ticket is unknown or too old; make another with lapel ticket")
            if entry["pin"]:
                raise TicketError("this ticket was used; make another with lapel ticket")
            entry["pin"] = pair(entry["name"])
            return str(entry["pin"])

    def pin(self, secret: bytes) -> str:
        """The pin that was paired with it. Raises TicketError."""
        with self._change() as entries:
            entry = _entry(entries, secret)
        if entry is None or not entry["pin"]:
            raise TicketError("this ticket is unknown or too old")
        return str(entry["pin"])

    @contextmanager
    def _change(self) -> Iterator[list[dict[str, Any]]]:
        self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(str(self._path) + ".lock", timeout=ASK_S):
            try:
                entries = json.loads(self._path.read_text("utf-8"))["tickets"]
                entries = [entry for entry in entries if entry["until_unix_s"] > self._now()]
            except (OSError, ValueError, KeyError, TypeError):
                entries = []  # none yet; unreadable ones are as good as expired
            yield entries
            write_private(self._path, json.dumps({"tickets": entries[-KEPT:]}, indent=1))


class TicketDoor:
    """Answers for tickets on the relay's port, before any websocket; at most TRIES wrong ones a minute."""

    def __init__(
        self,
        home: Path,
        pins: Pins,
        relays: Callable[[], list[tuple[str, int]]],
        connected: Callable[[], list[str]],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._tickets = Tickets(home, now)
        self._pins = pins
        self._relays = relays
        self._connected = connected
        self._now = now
        self._wrong: list[float] = []

    def takes(self, path: str) -> bool:
        """Whether this request is for the door."""
        return path in (PATH, STATE_PATH)

    def answer(self, path: str, authorization: str) -> tuple[HTTPStatus, str]:
        """Status and text. Takes milliseconds."""
        self._wrong = [at for at in self._wrong if self._now() - at < TRIES_S]
        if len(self._wrong) >= TRIES:
            return HTTPStatus.TOO_MANY_REQUESTS, "Too many wrong tickets; wait a minute."
        try:
            if not authorization.startswith(_SCHEME):
                raise TicketError("this needs a ticket; make one with lapel ticket")
            secret = bytes.fromhex(authorization.removeprefix(_SCHEME))
            if path == STATE_PATH:
                pin = self._tickets.pin(secret)
                return HTTPStatus.OK, json.dumps({"pin": pin, "connected": pin in self._connected()})
            made: dict[str, Any] = {}

            def pair(name: str) -> str:
                pin = self._pins.pair(name)
                (host, port), *others = self._relays()
                made.update(self._pins.settings(pin, host, port, others))
                return pin.id

            self._tickets.redeem(secret, pair)
            return HTTPStatus.OK, json.dumps(made)
        except (TicketError, ValueError) as error:
            self._wrong.append(self._now())
            return HTTPStatus.FORBIDDEN, str(error)
        except PinsError as error:
            return HTTPStatus.INTERNAL_SERVER_ERROR, str(error)


def ask(ticket: Ticket, path: str = PATH) -> dict[str, Any]:
    """What the relay answers to a ticket. Raises TicketError."""
    # Not a name but the very certificate is checked, before anything is said.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    link = http.client.HTTPSConnection(ticket.host, ticket.port, timeout=ASK_S, context=context)
    try:
        link.connect()
        assert isinstance(link.sock, ssl.SSLSocket)
        der = link.sock.getpeercert(binary_form=True) or b""
        if hashlib.sha256(der).digest() != ticket.fingerprint:
            raise TicketError(
                f"what answers at {ticket.host} port {ticket.port} is not the relay that made this ticket; "
                "make a new one there"
            )
        link.request("GET", path, headers={"Authorization": _SCHEME + ticket.secret.hex()})
        reply = link.getresponse()
        text = reply.read(1 << 16).decode(errors="replace").strip()
        if reply.status != HTTPStatus.OK:
            raise TicketError(text or f"the relay answers {reply.status}")
        answer = json.loads(text)
        if not isinstance(answer, dict):
            raise ValueError("expected an object")
        return answer
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise TicketError(
            f"the relay at {ticket.host} port {ticket.port} cannot be reached ({error}); does it run, and is "
            "this computer in its network?"
        ) from error
    finally:
        link.close()


def _entry(entries: list[dict[str, Any]], secret: bytes) -> dict[str, Any] | None:
    wanted = _hash(secret)
    return next((entry for entry in entries if secrets.compare_digest(entry["hash"], wanted)), None)


def _hash(secret: bytes) -> str:
    return hashlib.sha256(secret).hexdigest()


def only_here(host: str) -> bool:
    """Whether an address is this computer's own loopback."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
