"""A relay that is none: real TLS, websocket, challenge and messages, but what it answers is the test's."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from lapel.devices.certificate import certificate, server_context
from lapel.utterance import Utterance
from lapel_wire import PATH, VERSION, messages
from lapel_wire.audio import unpack_header
from lapel_wire.challenge import mac, same
from pin_process import WAIT_S
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

Heard = Callable[["FakeRelay", ServerConnection, dict[str, Any]], Awaitable[None]]


class FakeRelay:
    """`on_end(relay, connection, utterance_end)` answers; `got` has all messages, `utterances` all audio."""

    def __init__(self, home: Path, on_end: Heard | None = None) -> None:
        self.home = home
        self.key = secrets.token_bytes(32)
        self.got: list[dict[str, Any]] = []
        self.utterances: dict[int, Utterance] = {}
        self.connections: list[ServerConnection] = []
        self.nonces: list[str] = []  # of each connection
        self.on_end = on_end
        self.greet_with: dict[str, Any] | None = None  # instead of a welcome
        self.answer_pings = True
        self.port = 0
        self._server: Server | None = None
        self._news = asyncio.Event()

    def settings(self, **more: Any) -> dict[str, Any]:
        return {
            "pin": "pin-1",
            "key": self.key.hex(),
            "relays": [{"host": "127.0.0.1", "port": self.port}],
            "certificate": certificate(self.home),
            "wifi": [{"ssid": "virtual", "password": "none"}],
            "board": "virtual",
            **more,
        }

    async def start(self) -> FakeRelay:
        self._server = await serve(
            self._serve,
            "127.0.0.1",
            self.port,
            ssl=server_context(self.home),
            ping_interval=None,
            close_timeout=0.2,
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]
        return self

    async def stop(self) -> None:
        if self._server:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def __aenter__(self) -> FakeRelay:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def say(self, t: str, **fields: Any) -> None:
        await self.connections[-1].send(messages.encode(messages.DOWN, t, **fields))

    async def card(self, number: int, pages: list[list[str]], rev: int = 0, **more: Any) -> None:
        fields = {"card": number, "rev": rev, "kind": "answer", "pages": pages, "more": False, **more}
        await self.say("card", **fields)

    async def until(self, test: Callable[[], Any]) -> Any:
        async with asyncio.timeout(WAIT_S):
            while not (result := test()):
                self._news.clear()
                await self._news.wait()
            return result

    async def message(self, t: str, **fields: Any) -> dict[str, Any]:
        """Wait for a control message with these fields."""

        def found() -> dict[str, Any] | None:
            for message in self.got:
                if message["t"] == t and all(message.get(k) == v for k, v in fields.items()):
                    return message
            return None

        return await self.until(found)

    async def _serve(self, connection: ServerConnection) -> None:
        try:
            assert connection.request and connection.request.path == PATH
            hello = messages.decode(messages.UP, await connection.recv())
            nonce = secrets.token_hex(32)
            self.nonces.append(nonce)
            parts = (VERSION, hello["pin"], hello["nonce"], nonce)
            reply = messages.encode(
                messages.DOWN, "challenge", nonce=nonce, mac=mac(self.key, "relay", *parts)
            )
            await connection.send(reply)
            proof = messages.decode(messages.UP, await connection.recv())
            assert proof["t"] == "error" or same(proof["mac"], mac(self.key, "pin", *parts))
            self._note(hello)
            self._note(proof)
            if self.greet_with is not None:
                await connection.send(messages.encode(messages.DOWN, **self.greet_with))
                return
            unix_ms = int(time.time() * 1000)
            await connection.send(messages.encode(messages.DOWN, "welcome", session="s", unix_ms=unix_ms))
            self.connections.append(connection)
            async for data in connection:
                await self._take(connection, data)
        except ConnectionClosed:
            pass
        finally:
            self._news.set()

    async def _take(self, connection: ServerConnection, data: str | bytes) -> None:
        if isinstance(data, bytes):
            utterance = self.utterances[unpack_header(data)[0]]
            utterance.add(data)
            if utterance.received % 32 == 0:
                await connection.send(
                    messages.encode(messages.DOWN, "ack", utt=utterance.number, next=utterance.next)
                )
            return
        message = messages.decode(messages.UP, data)
        if message["t"] == "utterance_start":
            self.utterances.setdefault(message["utt"], Utterance(message["utt"]))
        self._note(message)
        if message["t"] == "utterance_end" and self.on_end:
            await self.on_end(self, connection, message)

    def _note(self, message: dict[str, Any]) -> None:
        self.got.append(message)
        self._news.set()


async def answer(relay: FakeRelay, connection: ServerConnection, end: dict[str, Any]) -> None:
    """The shortest answer."""
    await relay.say("final", utt=end["utt"], text="What time is it?")
    await relay.card(1, [["It is 10:42"]], utt=end["utt"])
