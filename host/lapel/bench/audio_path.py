"""What ten seconds of speech cost the pin and the air: heap bytes a frame, and bytes a second.

The unmodified app streams from the virtual pin to a relay over TLS; a loopback proxy between them counts what
would go over the air.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from unittest import mock

from lapel_wire.audio import FRAME_MS
from websockets.asyncio.connection import Connection

from .. import config
from ..devices.pins import Pins
from ..relay import Relay
from ..session import Services
from ..virtual import flash
from ..virtual.pin import VirtualPin
from .figures import Figure
from .instant import InstantAssistant, InstantSpeech, NoHistory

_PROGRAM = Path(__file__).with_name("heap_app.py")
_SPEECH_S = 14  # the program measures ten of them
_HEAP = "64m"  # nothing is collected while it measures
_REPORT_S = 30.0


async def measure() -> list[Figure]:
    """Allocation with the collector off, and traffic from the press to the end of the speech."""
    with tempfile.TemporaryDirectory(prefix="lapel-") as folder, _counted_plaintext() as plain:
        home = Path(folder)
        settings = config.Config(home, relay=config.RelayConfig(port=0))
        services = Services(InstantSpeech(), InstantAssistant(), NoHistory())
        async with Relay(settings, services) as relay, _counting_proxy(relay.port) as (port, air):
            pins = Pins(home)
            flash.write(home / "pin", pins.settings(pins.pair("bench"), "127.0.0.1", port))
            pin = VirtualPin(home / "pin", program=_PROGRAM, heap=_HEAP)
            await pin.start()
            try:
                await pin.wait_for_line("-> idle", _REPORT_S)
                plain_before, air_before = plain.total, air.total
                await pin.press()
                speech = random.Random(3).randbytes(_SPEECH_S * 32000)
                playing = asyncio.create_task(pin.play(speech))
                line = await pin.wait_for_line("heap ", _REPORT_S)
                await playing
                plain_bytes, air_bytes = plain.total - plain_before, air.total - air_before
            finally:
                await pin.stop()
    allocated, frames = (int(word) for word in line.split("heap ")[1].split())
    return [
        Figure("audio: heap bytes allocated per frame", allocated / frames, "B", 160),
        Figure("audio: frames in the measured ten seconds", frames * FRAME_MS / 1000, "s"),
        Figure("audio: websocket bytes a second of speech", plain_bytes / _SPEECH_S, "B/s", 8700),
        Figure("audio: the same with TLS", air_bytes / _SPEECH_S, "B/s", 9600),
    ]


class _Count:
    total = 0


class _counted_plaintext:
    """Counts what websocket connections receive inside TLS."""

    def __enter__(self) -> _Count:
        count, receive = _Count(), Connection.data_received

        def counted(connection: Connection, data: bytes) -> None:
            count.total += len(data)
            receive(connection, data)

        self._patch = mock.patch.object(Connection, "data_received", counted)
        self._patch.start()
        return count

    def __exit__(self, *_: object) -> None:
        self._patch.stop()


@asynccontextmanager
async def _counting_proxy(port: int) -> AsyncIterator[tuple[int, _Count]]:
    """A loopback port that forwards to `port` and counts what goes up."""
    count = _Count()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, up: bool) -> None:
        try:
            while data := await reader.read(65536):
                if up:
                    count.total += len(data)
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass  # one end left; the other is told by the close
        finally:
            writer.close()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        relay_reader, relay_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(forward(reader, relay_writer, True), forward(relay_reader, writer, False))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], count
    finally:
        server.close()
