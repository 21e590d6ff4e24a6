"""One TCP or TLS connection that neither blocks nor buffers, and a clock: what differs between two asyncios.

On MicroPython the socket is used directly: its asyncio stream copies what the socket did not take, and if
more is written before that went out, a TLS socket loses bytes, for mbedTLS wants the same call repeated. On
CPython, where the loop owns the socket, the standard streams serve.

Both `Connection` classes have: `connect(...)`; `write(buffer, start, count)`, which returns how many bytes
were taken, None or 0 for none (then call again with the same bytes); `read_now(buffer)`, which returns a
count, 0 at the end, None if nothing is there; `read(buffer)`, which waits for the same; `close()`. All
raise OSError.

A TLS end (close_notify) that MicroPython reads together with data is lost: `readinto` tries to fill the
buffer and returns the data. Only a close frame or an unanswered ping is a sure sign that the peer has gone.
"""

import asyncio
import errno
import sys
import time

CONNECT_POLL_MS = 5

if sys.implementation.name == "micropython":
    import select
    import socket

    sleep_ms = asyncio.sleep_ms

    def uncancel():
        """Tell the loop that the current task's cancellation was ours and has been dealt with."""

    def deadline_in(ms):
        return time.ticks_add(time.ticks_ms(), ms)

    def left_ms(deadline):
        return time.ticks_diff(deadline, time.ticks_ms())

    class Connection:
        async def connect(self, host, port, tls, server_hostname, timeout_ms):
            """Connect a socket; the TLS handshake happens in the first writes. `getaddrinfo` blocks (see
            the notes of the port), so give an address where the time matters."""
            deadline = deadline_in(timeout_ms)
            family, kind, protocol, _, address = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)[0]
            sock = socket.socket(family, kind, protocol)
            self._socket = sock
            try:
                sock.setblocking(False)
                try:
                    sock.connect(address)
                except OSError as error:
                    if error.errno != errno.EINPROGRESS:
                        raise
                poller = select.poll()
                poller.register(sock, select.POLLOUT)
                while not poller.poll(0):
                    if left_ms(deadline) <= 0:
                        raise OSError(errno.ETIMEDOUT, f"no connection to {host}:{port} in {timeout_ms} ms")
                    await sleep_ms(CONNECT_POLL_MS)
                if tls is not None:
                    self._socket = tls.wrap_socket(
                        sock, server_hostname=server_hostname, do_handshake_on_connect=False
                    )
                    self._socket.setblocking(False)
            except BaseException:
                sock.close()
                raise
            self._stream = asyncio.StreamReader(self._socket)
            self.write = self._socket.write
            self.read_now = self._socket.readinto
            self.read = self._stream.readinto

        def close(self):
            self._socket.close()

else:
    UNSENT_BYTES = 16384  # the transport takes everything; above this we say that it took nothing

    def sleep_ms(ms):
        return asyncio.sleep(ms / 1000)

    def uncancel():
        asyncio.current_task().uncancel()

    def deadline_in(ms):
        return time.monotonic() * 1000 + ms

    def left_ms(deadline):
        return deadline - time.monotonic() * 1000

    class Connection:
        async def connect(self, host, port, tls, server_hostname, timeout_ms):
            """Connect and, with `tls`, shake hands."""
            name = server_hostname if tls else None
            opening = asyncio.open_connection(host, port, ssl=tls, server_hostname=name)
            try:
                self._reader, self._writer = await asyncio.wait_for(opening, timeout_ms / 1000)
            except asyncio.TimeoutError:
                raise OSError(errno.ETIMEDOUT, f"no connection to {host}:{port} in {timeout_ms} ms") from None

        def write(self, buffer, start, count):
            if self._writer.is_closing():
                raise OSError(errno.ECONNRESET, "the connection is gone")
            if self._writer.transport.get_write_buffer_size() > UNSENT_BYTES:
                return None
            self._writer.write(bytes(memoryview(buffer)[start : start + count]))
            return count

        def read_now(self, buffer):
            return None

        async def read(self, buffer):
            data = await self._reader.read(len(buffer))
            buffer[: len(data)] = data
            return len(data)

        def close(self):
            self._writer.close()
