"""The pin's websocket client against 247 conformance cases, under the real MicroPython."""

import asyncio
import os
from collections import Counter
from pathlib import Path

import pytest
from conformance_server import FAILED, INFORMATIONAL, OK, FuzzingServer
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

ROOT = Path(__file__).resolve().parents[2]
MICROPYTHON = Path(os.environ.get("MICROPYTHON", ROOT / ".venv/micropython/bin/micropython"))
PEER = ROOT / "tests/system/conformance_peer.py"
RUN_S = 120  # the 247 cases take about 2 s


async def run_peer(url: str) -> tuple[int, str]:
    """The echo peer as `make conformance` runs it; (exit code, what it printed)."""
    process = await asyncio.create_subprocess_exec(
        MICROPYTHON,
        *("-X", "heapsize=128m", PEER, url),
        env={"MICROPYPATH": f".frozen:{ROOT / 'firmware'}"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), RUN_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, out.decode()


async def test_no_case_of_247_fails() -> None:
    async with FuzzingServer() as server:
        code, out = await run_peer(f"ws://127.0.0.1:{server.port}")
        assert code == 0, out
        report = server.report("lapel-pin")
        outcomes = Counter(outcome for outcome, _ in server.results["lapel-pin"].values())
    assert outcomes == {OK: 244, INFORMATIONAL: 3}, report


async def test_the_server_passes_another_good_client() -> None:
    """`websockets` fails one case of the Autobahn suite, 7.1.5, as its authors explain (it answers a close
    inside a fragmented message with 1002). Anything else here would be a mistake of the server's."""
    async with FuzzingServer() as server:
        for case in range(1, len(server.cases) + 1):
            url = f"ws://127.0.0.1:{server.port}/runCase?case={case}&agent=websockets"
            async with connect(url, compression=None, max_size=None) as peer:
                try:
                    async for message in peer:
                        await peer.send(message)
                except ConnectionClosed:
                    pass  # the cases that break the protocol
        report = server.report("websockets")
        failed = [id for id, (outcome, _) in server.results["websockets"].items() if outcome == FAILED]
        assert failed == ["7.1.5"], report


@pytest.mark.parametrize(
    ("id", "answer"),
    [
        ("1.1.2", b""),  # says nothing
        ("1.1.2", b"\x81\x01*"),  # unmasked
        ("1.1.2", b"\x81\x81\0\0\0\0#"),  # the wrong echo
        ("2.5", b"\x8a\x80\0\0\0\0"),  # answers what it must refuse
        ("6.3.1", b"\x88\x82\0\0\0\0\x03\xea"),  # the wrong close code
        ("7.1.1", b"\x88\x82\0\0\0\0\x03\xe8"),  # closes instead of the echo
    ],
)
async def test_the_server_fails_bad_clients(id: str, answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance_server.PATIENCE_S", 0.2)
    async with FuzzingServer() as server:
        case = [case.id for case in server.cases].index(id) + 1
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        request = f"GET /runCase?case={case}&agent=bad HTTP/1.1\r\nSec-WebSocket-Key: x\r\n\r\n"
        writer.write(request.encode() + answer)
        while await reader.read(1000):
            pass
        writer.close()
        await writer.wait_closed()
        assert server.results["bad"][id][0] == FAILED


async def test_echoes_for_a_server_without_the_fuzzing_protocol() -> None:
    """Text as text, binary as binary, up to 64 KB and beyond, again after each close, until the server
    refuses."""
    rounds, echoes = 0, []

    async def handler(peer) -> None:
        nonlocal rounds
        if peer.request.path != "/some/path":
            return
        rounds += 1
        for message in ("", "grüße", b"\x00\xff", "x" * 65535, b"y" * 65536, b"z" * 300000):
            await peer.send(message)
            echoes.append(await peer.recv() == message)
        if rounds == 2:
            server.close(close_connections=False)

    server = await serve(handler, "127.0.0.1", 0, max_size=None)
    port = server.sockets[0].getsockname()[1]
    code, out = await run_peer(f"ws://127.0.0.1:{port}/some/path")
    await server.wait_closed()
    assert (code, rounds, echoes) == (0, 2, [True] * 12), out


async def test_a_server_that_looks_at_no_path_is_echoed_from_its_first_connection() -> None:
    echoes = []

    async def handler(peer) -> None:
        await peer.send("first")
        echoes.append(await peer.recv())
        await peer.close()
        if len(echoes) == 3:
            server.close(close_connections=False)

    server = await serve(handler, "127.0.0.1", 0)
    code, out = await run_peer(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    await server.wait_closed()
    assert (code, echoes) == (0, ["first"] * 3), out


async def test_a_peer_without_a_server_says_so() -> None:
    code, out = await run_peer("ws://127.0.0.1:1/")
    assert code == 1 and "0 connections echoed" in out
