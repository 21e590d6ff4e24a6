"""The pin's channel over the browser's own websocket, to the server that the page came from.

The methods are those of `pin.channel.Channel`. TLS, masking and pings are the browser's affair; the challenge
inside is the pin's, as always.
"""

import asyncio

import page
from pin.channel import Closed
from pin.clock import Deadline, ticks_ms

POLL_MS = 5
CLOSE_MS = 1000
DRAIN_MS = 5000
CONNECTING, OPEN = 0, 1  # WebSocket.readyState
ABNORMAL = 1006
MESSAGE_BYTES = 2048  # the wire's limit
BUFFERED_BYTES = 65536  # beyond it the browser's queue only hides that the network is slow


class PageChannel:
    def __init__(self):
        self._binary = open(int(page.environment("LAPEL_CHANNEL_FD")), "r+b")  # noqa: SIM115 - as long as the pin runs
        self._data = memoryview(bytearray(MESSAGE_BYTES))

    async def open(self, host, port, path, tls, server_hostname, timeout_ms, subprotocol=None):
        """Connects to the page's own server. Raises Closed."""
        page.open(path)
        deadline = Deadline()
        deadline.after(timeout_ms, ticks_ms())
        while page.ready() == CONNECTING:
            if deadline.passed(ticks_ms()):
                page.close(1000, "")
                raise Closed(ABNORMAL, "no websocket in %d ms" % timeout_ms)
            await asyncio.sleep_ms(POLL_MS)
        self._check()

    def send_frame(self, frame, length):
        """Hands over an audio frame. False if `drain` must be waited for."""
        self._check()
        self._binary.write(frame.payload, 0, length)
        return page.buffered() < BUFFERED_BYTES

    async def drain(self, timeout_ms=DRAIN_MS):
        deadline = Deadline()
        deadline.after(timeout_ms, ticks_ms())
        while page.buffered() >= BUFFERED_BYTES:
            self._check()
            if deadline.passed(ticks_ms()):
                raise Closed(ABNORMAL, "the relay took nothing for %d ms" % timeout_ms)
            await asyncio.sleep_ms(POLL_MS)

    async def send_text(self, text, timeout_ms=DRAIN_MS):
        self._check()
        page.send_text(text)
        await self.drain(timeout_ms)

    async def send_bytes(self, data, timeout_ms=DRAIN_MS):
        self._check()
        self._binary.write(data)
        await self.drain(timeout_ms)

    async def ping(self, timeout_ms=DRAIN_MS):
        """A page cannot ping; the relay does, and its silence ends the connection."""
        self._check()

    async def receive(self, timeout_ms):
        """The next message: a str, a memoryview (valid until the next call), or None. Raises Closed."""
        deadline = Deadline()
        deadline.after(timeout_ms, ticks_ms())
        while True:
            message = page.receive()
            if isinstance(message, int):  # so many bytes are to be read
                return self._data[: self._binary.readinto(self._data, min(message, MESSAGE_BYTES))]
            if message is not None:
                return message
            self._check()
            if deadline.passed(ticks_ms()):
                return None
            await asyncio.sleep_ms(POLL_MS)

    async def close(self, code=1000, reason="", timeout_ms=CLOSE_MS):
        page.close(code, reason)

    def _check(self):
        if page.ready() != OPEN:
            raise Closed(page.close_code(), page.close_reason())
