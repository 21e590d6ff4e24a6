"""The websocket channel of the pin: `websocket.py` over a TCP or TLS connection.

One task may wait in `receive`, any may send meanwhile. Frames go out whole and in the order they were
given: all writing passes through one outbox and one function that never waits. Every wait has a deadline. A
call on a channel that has ended, or that ends it, raises `Closed`; the channel can then be opened again and
keeps its buffers.
"""

import asyncio
import errno

from pin.handshake import Upgrade
from pin.tcp import Connection, deadline_in, left_ms, sleep_ms, uncancel
from pin.websocket import (
    ABNORMAL,
    BINARY,
    CLOSE,
    CONTROL_BYTES,
    FRAME_BYTES,
    MESSAGE_BYTES,
    NORMAL,
    PING,
    PONG,
    TEXT,
    Frame,
    Protocol,
    ProtocolError,
)

READ_BYTES = 512  # of one read; a card comes in two or three
SEND_TIMEOUT_MS = 5000  # a peer that takes nothing for so long is gone: Wi-Fi retries end long before
CLOSE_TIMEOUT_MS = 1000  # for the peer's half of the close handshake; the wearer should not wait for manners
LINGER_MS = 50  # after both halves, for the server to end the TCP connection first; TLS may hide that it did
DRAIN_POLL_MS = 5  # between two tries to write; only while the socket is full
GUARD_MS = 100  # how late a receive deadline may be seen


class Closed(Exception):
    """The channel is over: `code` as in RFC 6455 section 7.4.1 (1006: no close frame), `reason` says why."""

    def __init__(self, code, reason):
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason


class Channel:
    """One websocket connection at a time, all buffers made here once: `frame_bytes` is the largest message to
    send with `send_text` and `send_bytes`, `message_bytes` the largest to receive."""

    def __init__(self, frame_bytes=FRAME_BYTES, message_bytes=MESSAGE_BYTES):
        self._protocol = Protocol(message_bytes)
        self._frame = Frame(frame_bytes)
        self._ping = Frame(CONTROL_BYTES)
        self._outbox = []  # frames to go, each at most once, so it is bounded by the frames there are
        self._input = bytearray(READ_BYTES)
        self._at = self._filled = 0
        self._connection = None
        self._end = (ABNORMAL, "the channel was never opened")
        self._reading = False  # a task is in receive
        self._waiter = None  # that task while it waits for input
        self._wait_deadline = None
        self._expired = False  # the guard woke the waiter
        self._pong_deadline = None

    async def open(self, host, port, path, tls, server_hostname, timeout_ms, subprotocol=None):
        """Connect, shake hands and upgrade, all within `timeout_ms`.

        `tls` is an SSLContext made by the caller, or None for a plain connection. Raises OSError (no
        connection, TLS refused, too late), HandshakeError (it is no websocket server).
        """
        if self._connection is not None:
            raise ValueError("the channel is open: close it first")
        deadline = deadline_in(timeout_ms)
        upgrade = Upgrade(f"{host}:{port}", path, subprotocol)
        connection = Connection()
        await connection.connect(host, port, tls, server_hostname, timeout_ms)
        self._protocol.reset()
        self._at = self._filled = 0
        self._pong_deadline = None
        self._connection = connection
        self._guard = asyncio.create_task(self._watch())
        try:
            await self._upgrade(upgrade, deadline)
        except Closed as error:
            raise OSError(errno.ECONNRESET, error.reason) from None
        except ValueError as error:  # what MicroPython raises for a certificate that does not verify
            reason = f"the relay's certificate was refused: {str(error).strip()}"
            self._drop(ABNORMAL, reason)
            raise OSError(errno.EACCES, reason) from None
        except BaseException:
            self._drop(ABNORMAL, "the opening handshake failed")
            raise

    async def _upgrade(self, upgrade, deadline):
        sent, late = 0, OSError(errno.ETIMEDOUT, "the relay did not complete the opening handshake in time")
        while sent < len(upgrade.request):
            taken = self._connection.write(upgrade.request, sent, len(upgrade.request) - sent)
            if taken:
                sent += taken
            elif left_ms(deadline) <= 0:
                raise late
            else:
                await sleep_ms(DRAIN_POLL_MS)
        while not upgrade.done:
            if not await self._fill(deadline):
                raise late
            self._at = upgrade.feed(self._input, 0, self._filled)

    # sending

    def send_frame(self, frame, length, opcode=BINARY):
        """Seal `frame` with `length` payload bytes and write what the socket takes now. Allocates nothing.

        Returns True if all is out. If not, `await drain()` before the frame is packed again. Raises Closed
        and ValueError.
        """
        if self._connection is None or self._protocol.close_sent:
            raise Closed(*self._end)
        self._protocol.seal(frame, opcode, length)
        self._outbox.append(frame)
        return self._pump()

    async def drain(self, timeout_ms=SEND_TIMEOUT_MS):
        """Wait until everything is written; drops a peer that does not take it. Raises Closed."""
        deadline = deadline_in(timeout_ms)
        while not self._pump():
            if left_ms(deadline) <= 0:
                raise self._drop(ABNORMAL, f"the relay took no data for {timeout_ms} ms")
            await sleep_ms(DRAIN_POLL_MS)

    async def send_text(self, text, timeout_ms=SEND_TIMEOUT_MS):
        """Send one text message. Raises Closed, ValueError if it is longer than `frame_bytes` of UTF-8."""
        await self._send(TEXT, text.encode(), timeout_ms)

    async def send_bytes(self, data, timeout_ms=SEND_TIMEOUT_MS):
        """Send one binary message. Raises Closed, ValueError."""
        await self._send(BINARY, data, timeout_ms)

    async def _send(self, opcode, data, timeout_ms):
        frame, length = self._frame, len(data)
        if length > frame.capacity:
            raise ValueError(f"expected a message of at most {frame.capacity} bytes, got {length}")
        while frame.pending():
            await self.drain(timeout_ms)
        frame.payload[:length] = data
        if not self.send_frame(frame, length, opcode):
            await self.drain(timeout_ms)

    async def ping(self, timeout_ms=SEND_TIMEOUT_MS):
        """Send a ping. Without a pong in `timeout_ms`, `receive` drops the connection and raises Closed."""
        if self._pong_deadline is None:
            if not self._ping.pending() and not self.send_frame(self._ping, 0, PING):
                await self.drain(timeout_ms)
            self._pong_deadline = deadline_in(timeout_ms)

    def _pump(self):
        if self._connection is None:
            raise Closed(*self._end)
        outbox = self._outbox
        while outbox:
            frame = outbox[0]
            try:
                taken = self._connection.write(frame.buffer, frame.start, frame.end - frame.start)
            except OSError as error:
                raise self._drop(ABNORMAL, f"the connection broke: {error}") from None
            if not taken:
                return False
            frame.start += taken
            if frame.start == frame.end:
                outbox.pop(0)
        return True

    # receiving

    async def receive(self, timeout_ms):
        """The next message: a str, a memoryview (valid until the next call), or None if none came in time.

        Answers pings and closes on the way. Raises Closed when the peer closed or broke the protocol.
        """
        if self._reading:
            raise RuntimeError("another task is receiving on this channel")
        deadline, protocol = deadline_in(timeout_ms), self._protocol
        self._reading = True
        try:
            if protocol.pong.pending():
                await self.drain()  # a receive cancelled while it answered a ping left this
            while self._at < self._filled or await self._fill(deadline):
                self._at = protocol.feed(self._input, self._at, self._filled)
                event = protocol.event
                if event == TEXT:
                    return protocol.text()
                if event == BINARY:
                    return protocol.message()
                if event == PING:
                    if protocol.pong.pending():
                        self._outbox.append(protocol.pong)
                        await self.drain()
                elif event == PONG:
                    self._pong_deadline = None
                elif event == CLOSE:
                    await self._finish(protocol.close_code, protocol.close_reason)
            return None
        except ProtocolError as error:
            await self._finish(error.code, error.reason)
        finally:
            self._reading = False

    async def _finish(self, code, reason):
        """Send our close frame if due, let the server end the connection (section 7.1.1), raise Closed."""
        self._end = (code, reason)
        self._queue_closing()
        try:
            await self.drain(CLOSE_TIMEOUT_MS)
            deadline = deadline_in(CLOSE_TIMEOUT_MS if self._protocol.failed else LINGER_MS)
            while left_ms(deadline) > 0 and await self._fill(deadline):
                pass
        except Closed:
            pass  # the connection ended: what we waited for
        self._drop(code, reason)
        self._end = (code, reason)
        raise Closed(code, reason)

    def _queue_closing(self):
        frame = self._protocol.closing
        if frame.pending() and frame not in self._outbox:
            self._outbox.append(frame)

    async def close(self, code=NORMAL, reason="", timeout_ms=CLOSE_TIMEOUT_MS):
        """Close with a handshake if the peer plays along, without it after `timeout_ms` for each half.

        Raises ValueError for a code or reason that may not be sent. Messages that still come are dropped.
        """
        if self._connection is None:
            return
        self._protocol.close(code, reason)
        self._queue_closing()
        self._end = (code, reason)
        deadline = deadline_in(timeout_ms)
        try:
            await self.drain(timeout_ms)
            while self._connection is not None and left_ms(deadline) > 0:
                if self._reading:
                    await sleep_ms(DRAIN_POLL_MS)  # the receiving task sees the peer's close frame
                else:
                    await self.receive(left_ms(deadline))
        except Closed:
            pass  # the peer's half, or the connection is gone
        finally:
            self._drop(code, reason)

    async def _fill(self, deadline):
        """Read some input. False if none came in time. Raises Closed at the end of the connection."""
        self._at = self._filled = 0
        while True:
            if self._connection is None:
                raise Closed(*self._end)
            self._expired = False
            try:
                count = self._connection.read_now(self._input)
                if count:
                    self._filled = count  # first, so that a cancellation loses nothing
                    await sleep_ms(0)  # a peer that never pauses must not starve the other tasks
                    return True
                if count is None:
                    if self._too_late(deadline):
                        return False
                    self._wait_deadline = deadline
                    self._waiter = asyncio.current_task()
                    count = await self._connection.read(self._input)
            except OSError as error:
                self._waiter = None  # this very task: it needs no waking, and MicroPython refuses it
                raise self._drop(ABNORMAL, f"the connection broke: {error}") from None
            except asyncio.CancelledError:
                if not self._expired:
                    raise
                count = None
                uncancel()
            finally:
                self._waiter = None
            if count == 0:
                raise self._drop(ABNORMAL, "the relay ended the connection without a close frame")
            if count is not None:
                self._filled = count
                return True

    def _too_late(self, deadline):
        if self._pong_deadline is not None and left_ms(self._pong_deadline) <= 0:
            raise self._drop(ABNORMAL, "the relay did not answer a ping in time")
        return left_ms(deadline) <= 0

    async def _watch(self):
        # Wakes the receiving task when its time is over: one task for the connection's life. `wait_for`
        # would cost two tasks for each message, and allocate them.
        while True:
            await sleep_ms(GUARD_MS)
            if self._waiter is not None and (
                left_ms(self._wait_deadline) <= 0
                or (self._pong_deadline is not None and left_ms(self._pong_deadline) <= 0)
            ):
                self._wake()

    def _wake(self):
        waiter, self._waiter = self._waiter, None
        self._expired = True
        waiter.cancel()

    def _drop(self, code, reason):
        """End the connection here and now. Returns the Closed that says why: the first reason counts."""
        if self._connection is not None:
            self._end = (code, reason)
            connection, self._connection = self._connection, None
            self._guard.cancel()
            if self._waiter is not None:
                self._wake()
            connection.close()
            for frame in self._outbox:
                frame.start = frame.end = 0
            self._outbox.clear()
        return Closed(*self._end)
