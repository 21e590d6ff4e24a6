"""A pin's side of the wire in CPython: for load on a relay and for tests of it.

It is not a pin: the firmware itself runs in `lapel.virtual`. This client only speaks the protocol, a
hundred times in one process.
"""

from __future__ import annotations

import audioop
import secrets
from types import TracebackType
from typing import Any, Self

from lapel_wire import PATH, SERVER_NAME, VERSION, audio, messages
from lapel_wire.challenge import NONCE_BYTES, mac, same
from websockets.asyncio.client import ClientConnection, connect

from ..devices.certificate import client_context

FRAME_PCM_BYTES = audio.SAMPLES_PER_FRAME * 2


class WireClient:
    """`async with WireClient(settings)` is an authenticated connection; `settings` as a pin keeps them."""

    def __init__(self, settings: dict[str, Any], cols: int = 12, lines: int = 3) -> None:
        self._settings = settings
        self._display = {"kind": "vector", "cols": cols, "lines": lines}
        self._connection: ClientConnection | None = None

    async def __aenter__(self) -> Self:
        await self.open()
        await self.challenge()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.connection.close()

    @property
    def connection(self) -> ClientConnection:
        assert self._connection is not None, "not connected"
        return self._connection

    async def open(self) -> None:
        """TLS and the websocket upgrade."""
        relay = self._settings["relays"][0]
        self._connection = await connect(
            f"wss://{relay['host']}:{relay['port']}{PATH}",
            ssl=client_context(self._settings["certificate"]),
            server_hostname=SERVER_NAME,
            compression=None,
            max_size=messages.MAX_MESSAGE_BYTES,
            ping_interval=None,
            proxy=None,
        )

    async def challenge(self, version: int = VERSION) -> None:
        """Hello to welcome. Raises PermissionError if the relay does not hold this pin's key."""
        key, pin = bytes.fromhex(self._settings["key"]), self._settings["pin"]
        nonce = secrets.token_hex(NONCE_BYTES)
        await self.send(
            "hello", v=version, pin=pin, nonce=nonce, firmware="client", board="none", display=self._display
        )
        challenge = await self.expect("challenge")
        parts = (version, pin, nonce, challenge["nonce"])
        if not same(challenge["mac"], mac(key, "relay", *parts)):
            raise PermissionError("the relay does not hold this pin's key")
        await self.send("proof", mac=mac(key, "pin", *parts))
        await self.expect("welcome")

    async def send(self, t: str, **fields: Any) -> None:
        await self.connection.send(messages.encode(messages.UP, t, **fields))

    async def receive(self) -> dict[str, Any]:
        """The next control message."""
        text = await self.connection.recv()
        message: dict[str, Any] = messages.decode(messages.DOWN, text)
        return message

    async def expect(self, t: str) -> dict[str, Any]:
        """The next message of type `t`; others before it are passed over, but an error is raised."""
        while True:
            message = await self.receive()
            if message["t"] == t:
                return message
            if message["t"] == "error":
                raise PermissionError(f"{message['code']}: {message['text']}")

    def frames(self, utt: int, pcm: bytes) -> list[bytes]:
        """Audio frames of s16le mono 16 kHz samples, the last one padded with silence."""
        state: tuple[int, int] | None = (0, 0)
        frames = []
        for seq, start in enumerate(range(0, len(pcm), FRAME_PCM_BYTES)):
            piece = pcm[start : start + FRAME_PCM_BYTES].ljust(FRAME_PCM_BYTES, b"\0")
            assert state is not None
            frame = bytearray(audio.FRAME_BYTES)
            audio.pack_header(frame, utt, seq, *state)
            frame[audio.HEADER_BYTES :], state = audioop.lin2adpcm(piece, 2, state)
            frames.append(bytes(frame))
        return frames

    async def speak(self, utt: int, pcm: bytes) -> None:
        """A whole spoken question, as fast as the link takes it."""
        frames = self.frames(utt, pcm)
        await self.send("utterance_start", utt=utt)
        for frame in frames:
            await self.connection.send(frame)
        await self.send("utterance_end", utt=utt, frames=len(frames), samples=len(pcm) // 2)

    async def answer(self) -> dict[str, Any]:
        """The last card of a turn, when it no longer grows."""
        while True:
            card = await self.expect("card")
            if not card["more"]:
                return card
