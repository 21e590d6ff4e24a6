"""The mutual challenge: both ends show that they hold this pin's key without sending it.

    pin    hello      pin id, version, pin's nonce
    relay  challenge  relay's nonce, MAC as "relay"
    pin    proof      MAC as "pin"

A MAC covers the role, the version, the pin's id and both nonces, so it fits one connection of one pin
in one direction. Nonces are 32 fresh random bytes.
"""

import hashlib

NONCE_BYTES = 32
KEY_BYTES = 32
_BLOCK_BYTES = 64  # SHA-256's block, RFC 2104


def mac(key, role, version, pin, pin_nonce, relay_nonce):
    """HMAC-SHA256 as 64 hex digits. `role` is "pin" or "relay"; nonces are hex texts as on the wire."""
    # Lines that no field can contain a break of: id and nonces are checked before they come here.
    text = "lapel %s\n%d\n%s\n%s\n%s" % (role, version, pin, pin_nonce, relay_nonce)
    return _hmac_sha256(key, text.encode()).hex()


def same(one, other):
    """Whether two texts are equal, in a time that depends on their length only."""
    a = one.encode()
    b = other.encode()
    difference = len(a) ^ len(b)
    for i in range(min(len(a), len(b))):
        difference |= a[i] ^ b[i]
    return difference == 0


def _hmac_sha256(key, data):
    """RFC 2104. MicroPython has hashlib but no hmac module."""
    if len(key) != KEY_BYTES:
        raise ValueError("a pin's key has %d bytes, got %d" % (KEY_BYTES, len(key)))
    block = key + bytes(_BLOCK_BYTES - KEY_BYTES)
    inner = hashlib.sha256(bytes([b ^ 0x36 for b in block]))
    inner.update(data)
    outer = hashlib.sha256(bytes([b ^ 0x5C for b in block]))
    outer.update(inner.digest())
    return outer.digest()
