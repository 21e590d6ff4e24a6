"""The mutual challenge on a fresh connection: who is this pin, and does it hold its key?"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lapel_wire import VERSION, WireError, messages
from lapel_wire.challenge import KEY_BYTES, NONCE_BYTES, mac, same

from .cards import Display
from .connection import PinConnection
from .devices.pins import Pin, Pins


class Refused(Exception):
    """This connection does not become a session. `sentence` is for the wearer, `detail` for the log."""

    def __init__(self, code: str, sentence: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.sentence = sentence


@dataclass(frozen=True)
class Greeted:
    """An authenticated pin and what it can show."""

    pin: Pin
    display: Display
    firmware: str
    board: str
    challenge: tuple[Any, ...] = field(default=(), repr=False)  # what this connection's MACs are over


async def authenticate(connection: PinConnection, pins: Pins, has_room: Callable[[Pin], bool]) -> Greeted:
    """Runs hello, challenge, proof, welcome. Raises Refused, WireError or ConnectionClosed.

    An unknown pin is challenged with a random key, so that a stranger cannot tell which ids exist.
    """
    hello = await _expect(connection, "hello", "a pin")
    if hello["v"] != VERSION:
        older = "pin" if hello["v"] < VERSION else "relay"
        raise Refused(
            "version",
            f"Pin and relay speak different versions. Update the {older}.",
            f"{hello['pin']!r}: protocol version {hello['v']}, expected {VERSION}",
        )
    pin = pins.get(hello["pin"])
    key = bytes.fromhex(pin.expected_key) if pin else secrets.token_bytes(KEY_BYTES)
    nonce = secrets.token_hex(NONCE_BYTES)
    parts = (hello["v"], hello["pin"], hello["nonce"], nonce)
    challenge = messages.encode(messages.DOWN, "challenge", nonce=nonce, mac=mac(key, "relay", *parts))
    await connection.send(challenge)
    who = f"{hello['pin']!r} ({'paired' if pin else 'not paired'})"
    try:
        proof = await _expect(connection, "proof", who)
    except Refused:
        if pin is not None and pin.next_confirmed:
            pins.confirm(pin.id, False)  # it lost the next key after all: the old one still counts
        raise
    if not same(proof["mac"], mac(key, "pin", *parts)) or pin is None:
        raise Refused(
            "unknown_pin",
            "The relay does not know this pin. Pair it again.",
            f"{hello['pin']!r}: {'wrong key' if pin else 'not paired'}; pair it with: lapel pair",
        )
    if not has_room(pin):
        raise Refused(
            "full", "The relay serves too many pins.", f"{pin.id}: no room; see max_pins in config.toml"
        )
    await connection.send(
        messages.encode(
            messages.DOWN, "welcome", session=secrets.token_hex(8), unix_ms=int(time.time() * 1000)
        )
    )
    if pin.next_confirmed:
        pins.promote(pin.id)
    display = Display(hello["display"]["cols"], hello["display"]["lines"])
    return Greeted(pin, display, hello["firmware"], hello["board"], parts)


async def _expect(connection: PinConnection, t: str, who: str) -> dict[str, Any]:
    text = await connection.recv()
    if not isinstance(text, str):
        raise WireError("unknown_type", f"expected {t}, got a binary frame before the challenge was passed")
    message: dict[str, Any] = messages.decode(messages.UP, text)
    if message["t"] == "error":
        # What a pin does that has another key than the relay: it sees the relay's MAC first.
        raise Refused("pin_refused", "", f"{who} says: {message['text']!r}; pair it with: lapel pair")
    if message["t"] != t:
        raise WireError("unknown_type", f"expected {t}, got {message['t']}")
    return message
