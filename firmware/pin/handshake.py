"""The opening handshake of a websocket client (RFC 6455 section 4.1), without any I/O."""

import binascii
import hashlib
import os

RESPONSE_BYTES = 2048  # largest answer to the upgrade request; a proxy's headers fit, a flood does not

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # section 1.3


class HandshakeError(Exception):
    """The server did not accept the upgrade, or not as RFC 6455 section 4.1 demands."""


class Upgrade:
    """The opening handshake (RFC 6455 section 4.1): send `request`, feed the answer until `done`.

    Raises ValueError for a host, path or subprotocol that would break out of its header line.
    """

    def __init__(self, host, path="/", subprotocol=None):
        for part in (host, path, subprotocol or ""):
            if not all(32 < ord(c) < 127 for c in part):
                raise ValueError(f"a host, path or subprotocol has printable ASCII only, not {part!r}")
        key = binascii.b2a_base64(os.urandom(16)).strip()
        self._accept = binascii.b2a_base64(hashlib.sha1(key + _GUID).digest()).strip()
        self._subprotocol = subprotocol
        self._answer = bytearray()
        self.done = False
        offer = f"Sec-WebSocket-Protocol: {subprotocol}\r\n" if subprotocol else ""
        self.request = (
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key.decode()}\r\nSec-WebSocket-Version: 13\r\n{offer}\r\n"
        ).encode()

    def feed(self, data, start, end):
        """Take bytes of the answer; returns where it stopped: the rest belongs to the first frame.

        Raises HandshakeError.
        """
        while start < end:
            self._answer.append(data[start])
            start += 1
            if self._answer[-4:] == b"\r\n\r\n":
                self._check(bytes(self._answer))
                self.done = True
                break
            if len(self._answer) >= RESPONSE_BYTES:
                raise HandshakeError(f"expected an upgrade answer under {RESPONSE_BYTES} bytes, got more")
        return start

    def _check(self, answer):
        status, *lines = answer[:-4].split(b"\r\n")
        if status.split(b" ")[:2] != [b"HTTP/1.1", b"101"]:
            raise HandshakeError(f"expected 'HTTP/1.1 101', got {status[:60]!r}")
        headers = {}
        for line in lines:
            name, colon, value = line.partition(b":")
            name = name.lower()
            if not colon or (name in headers and name.startswith(b"sec-websocket-")):
                raise HandshakeError(f"malformed or repeated header {line[:60]!r}")
            value = value.strip()
            headers[name] = headers[name] + b"," + value if name in headers else value
        if headers.get(b"upgrade", b"").lower() != b"websocket":
            raise HandshakeError("the answer has no 'Upgrade: websocket'")
        if b"upgrade" not in [token.strip() for token in headers.get(b"connection", b"").lower().split(b",")]:
            raise HandshakeError("the answer has no 'Connection: Upgrade'")
        if headers.get(b"sec-websocket-accept") != self._accept:
            raise HandshakeError("Sec-WebSocket-Accept does not answer our key")
        if b"sec-websocket-extensions" in headers:
            raise HandshakeError("the server uses an extension that was not offered")
        chosen = headers.get(b"sec-websocket-protocol")
        if chosen is not None and chosen != (self._subprotocol or "").encode():
            raise HandshakeError(f"the server chose the subprotocol {chosen[:60]!r}, which was not offered")
