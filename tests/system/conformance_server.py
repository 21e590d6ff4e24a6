"""A fuzzing server for websocket clients, on bare asyncio streams, with the cases of `conformance_cases.py`.

Clients speak the Autobahn suite's protocol: /getCaseCount, /runCase?case=N&agent=A, /updateReports?agent=A
and /getCaseStatus?case=N&agent=A. The server shares no code with the client it judges.

    python tests/system/conformance_server.py [--port 9001]
"""

import argparse
import asyncio
import base64
import contextlib
import hashlib
import json
from collections import Counter
from urllib.parse import parse_qs, urlsplit

from conformance_cases import (
    ANSWER,
    BINARY,
    CLOSE,
    FAIL,
    PING,
    PONG,
    TEXT,
    Case,
    Pause,
    Send,
    all_cases,
    close_frame,
    frame,
)

OK, NON_STRICT, INFORMATIONAL, FAILED = "OK", "NON-STRICT", "INFORMATIONAL", "FAILED"

PATIENCE_S = 3.0  # for an answer that must come; a client that needs longer fails the case
PAUSE_S = 0.15  # between the parts of the fail-fast cases: long against a loopback round trip


class Client:
    """What one connected client has said so far."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.events: list[tuple[str, bytes]] = []
        self.closed = False  # its close frame came, or the connection ended
        self.code: int | None = None
        self.clean = False  # a close frame came
        self.fault = ""
        self.changed = asyncio.Event()

    async def listen(self) -> None:
        """Parse frames until the client closes. A client's own framing mistake is kept in `fault`."""
        try:
            message, kind = b"", ""
            while not self.closed:
                first, second = await self.reader.readexactly(2)
                length = second & 0x7F
                if length > 125:
                    size = 2 if length == 126 else 8
                    length = int.from_bytes(await self.reader.readexactly(size), "big")
                    if length < (126 if size == 2 else 65536):
                        self.fault = "length not in its shortest form"
                if not second & 0x80:
                    self.fault = "frame not masked"
                    break
                key = await self.reader.readexactly(4)
                data = await self.reader.readexactly(length)
                whole = (key * (length // 4 + 1))[:length]
                data = (int.from_bytes(data, "big") ^ int.from_bytes(whole, "big")).to_bytes(length, "big")
                opcode = first & 0x0F
                if first & 0x70 or opcode not in (0, TEXT, BINARY, CLOSE, PING, PONG):
                    self.fault = f"first byte {first:#x}"
                elif opcode == CLOSE:
                    self.closed = self.clean = True
                    if len(data) >= 2:
                        self.code = int.from_bytes(data[:2], "big")
                elif opcode in (PING, PONG):
                    self.events.append(("ping" if opcode == PING else "pong", data))
                else:
                    if opcode:
                        message, kind = b"", "text" if opcode == TEXT else "binary"
                    message += data
                    if first & 0x80:
                        self.events.append((kind, message))
                self.changed.set()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        self.closed = True
        self.changed.set()

    async def until(self, condition, timeout_s: float) -> bool:
        """Wait until `condition()` holds, the client is gone, or the time is over. True if it holds."""
        with contextlib.suppress(asyncio.TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not condition() and not self.closed:
                    self.changed.clear()
                    await self.changed.wait()
        return condition()

    async def send(self, data: bytes, chop: int = 0) -> None:
        with contextlib.suppress(ConnectionError):  # a client that has left is judged by what it said
            for i in range(0, len(data), chop or len(data)):
                self.writer.write(data[i : i + (chop or len(data))])
                await self.writer.drain()
                await asyncio.sleep(0)


async def run_case(case: Case, client: Client) -> tuple[str, str]:
    """Play one case; returns (outcome, remark)."""
    late = early = False
    for step in case.steps:
        if isinstance(step, Send):
            await client.send(step.data, step.chop)
        elif isinstance(step, Pause):
            early = await client.until(lambda: client.closed, PAUSE_S)
        else:
            late = not await client.until(lambda: client.closed, PAUSE_S)
    if case.end == ANSWER:
        await client.until(lambda: client.events == case.expected, PATIENCE_S)
        by_client = client.closed
        await client.send(close_frame(1000))
        await client.until(lambda: client.closed, PATIENCE_S)
    else:
        await client.until(lambda: client.closed, PATIENCE_S)
        by_client = case.end == FAIL and client.closed
        if case.end == FAIL:
            await client.send(close_frame(client.code or 1000))
    return judge(case, client, by_client, early, late)


def judge(case: Case, client: Client, by_client: bool, early: bool, late: bool) -> tuple[str, str]:
    if client.fault:
        return FAILED, client.fault
    if early:
        return FAILED, "gone before anything was wrong"
    if case.informational:
        return INFORMATIONAL, f"code {client.code}, {len(client.events)} answers"
    if not client.closed:
        return FAILED, f"did not close; answers {shorten(client.events)}"
    if case.end == FAIL and not by_client:
        return FAILED, "did not fail the connection"
    if case.end == ANSWER and by_client:
        return FAILED, f"closed with {client.code} before we did"
    if client.events != case.expected:
        if client.events == case.lenient:
            return NON_STRICT, "failed without answering the message before"
        return FAILED, f"expected {shorten(case.expected)}, got {shorten(client.events)}"
    if client.clean and client.code not in case.codes:
        return FAILED, f"expected a close code of {case.codes}, got {client.code}"
    if not client.clean:
        return (NON_STRICT if case.end == FAIL else FAILED), "dropped the connection without a close frame"
    return (NON_STRICT, "failed only at the end of the message") if late else (OK, "")


def shorten(events: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    return [(kind, data[:20]) for kind, data in events[:4]]


class FuzzingServer:
    """Serves the cases; `results[agent][case id]` is (outcome, remark). `finished` is set by
    /updateReports."""

    def __init__(self) -> None:
        self.cases = all_cases()
        self.results: dict[str, dict[str, tuple[str, str]]] = {}
        self.finished = asyncio.Event()
        self.port = 0

    async def __aenter__(self) -> "FuzzingServer":
        return await self.start(0)

    async def start(self, port: int) -> "FuzzingServer":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            url = urlsplit(head.split(" ")[1])
            headers = {
                k.lower(): v.strip() for k, _, v in (row.partition(":") for row in head.split("\r\n")[1:])
            }
            key = headers["sec-websocket-key"].encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
            accept = base64.b64encode(hashlib.sha1(key).digest()).decode()
            writer.write(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
            )
            client = Client(reader, writer)
            listening = asyncio.create_task(client.listen())
            await self._answer(url.path, parse_qs(url.query), client)
            if writer.can_write_eof():
                writer.write_eof()
            await asyncio.wait([listening], timeout=PATIENCE_S)
            listening.cancel()
        except (ConnectionError, OSError, asyncio.IncompleteReadError):
            pass  # what a client does to its connection is in its result
        finally:
            writer.close()

    async def _answer(self, path: str, query: dict[str, list[str]], client: Client) -> None:
        agent = query.get("agent", ["?"])[0]
        results = self.results.setdefault(agent, {}) if "agent" in query else {}
        if path.endswith("/runCase"):
            case = self.cases[int(query["case"][0]) - 1]
            results[case.id] = await run_case(case, client)
            return
        if path.endswith("/getCaseCount"):
            await client.send(frame(TEXT, str(len(self.cases)).encode()))
        elif path.endswith("/getCaseStatus"):
            outcome, _ = results.get(self.cases[int(query["case"][0]) - 1].id, ("UNIMPLEMENTED", ""))
            await client.send(frame(TEXT, json.dumps({"behavior": outcome}).encode()))
        await client.send(close_frame(1000))
        await client.until(lambda: client.closed, PATIENCE_S)
        if path.endswith("/updateReports"):
            self.finished.set()

    def report(self, agent: str) -> str:
        """Counts, and one line for each case that was not plainly OK."""
        results = self.results.get(agent, {})
        counts = Counter(outcome for outcome, _ in results.values())
        lines = [f"{id}: {outcome}, {remark}" for id, (outcome, remark) in results.items() if outcome != OK]
        missing = len(self.cases) - len(results)
        return "\n".join([f"{agent}: {dict(counts)}, {missing} of {len(self.cases)} not run", *lines])


async def main(port: int) -> None:
    server = await FuzzingServer().start(port)
    print(f"{len(server.cases)} cases on ws://127.0.0.1:{server.port}; Ctrl-C ends")
    while True:
        await server.finished.wait()
        server.finished.clear()
        for agent in server.results:
            print(server.report(agent), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A conformance test server for websocket clients.")
    parser.add_argument("--port", type=int, default=9001)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(parser.parse_args().port))
