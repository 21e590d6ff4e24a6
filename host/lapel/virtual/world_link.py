"""The host's end of the stream to a virtual pin. Messages: see firmware/stand_ins/world_link.py."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator

MAX_BODY_BYTES = 1 << 16  # a light message has 8 kB at most; more is a broken stream
PIN_MAX_BODY_BYTES = 8192
HEADER_BYTES = 4
WRITE_LIMIT_BYTES = 1 << 16


class WorldLink:
    """A pair of sockets: `child` is handed to the pin's process, then `open` speaks on the other one."""

    def __init__(self) -> None:
        self._mine, self.child = socket.socketpair()
        self.child.setblocking(False)  # shared with the pin, which must never wait for the host
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def open(self) -> None:
        self.child.close()
        self._reader, self._writer = await asyncio.open_connection(sock=self._mine)
        self._writer.transport.set_write_buffer_limits(high=WRITE_LIMIT_BYTES)

    def send(self, kind: str, body: bytes = b"") -> None:
        """Queues a message; one to a pin that is gone vanishes like a hand waved at a dead pin."""
        if len(body) > PIN_MAX_BODY_BYTES:
            raise ValueError(f"at most {PIN_MAX_BODY_BYTES} bytes, got {len(body)}")
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(struct.pack("<I", ord(kind) | len(body) << 8) + body)

    async def messages(self) -> AsyncIterator[tuple[str, bytes]]:
        """Until the pin's process ends."""
        assert self._reader is not None, "open() comes first"
        while True:
            try:
                header = struct.unpack("<I", await self._reader.readexactly(HEADER_BYTES))[0]
                if header >> 8 > MAX_BODY_BYTES:
                    raise ValueError(f"pin's world link: at most {MAX_BODY_BYTES} bytes, got {header >> 8}")
                body = await self._reader.readexactly(header >> 8)
            except (asyncio.IncompleteReadError, OSError):
                return
            yield chr(header & 255), body

    def close(self) -> None:
        self.child.close()
        if self._writer is not None:
            self._writer.close()
        else:
            self._mine.close()
