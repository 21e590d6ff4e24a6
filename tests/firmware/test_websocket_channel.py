"""The pin's channel against a real websocket server over real TLS, on MicroPython and on CPython."""

import asyncio
import datetime
import json
import os
import socket
import ssl
import struct
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from interpreter import FIRMWARE, MICROPYTHON, ROOT
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

SCENARIOS = ROOT / "tests/firmware/channel_scenarios.py"
NAME = "lapel"
RUN_S = 60
AUDIO_S = 313 * 512 / 16000
ON_CPYTHON = "import lapel.viper, runpy, sys; del sys.argv[0]; runpy.run_path(sys.argv[0])"


class Identity:
    """A self-signed P-256 certificate: a server context, and the DER file that a pin has pinned."""

    def __init__(self, folder: Path, stem: str) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime.datetime(1999, 1, 1))
            .not_valid_after(datetime.datetime(2049, 12, 31))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
            .sign(key, hashes.SHA256())
        )
        self.der = folder / f"{stem}.der"
        self.der.write_bytes(certificate.public_bytes(serialization.Encoding.DER))
        pem = folder / f"{stem}.pem"
        pem.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(pem)


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return Identity(tmp_path_factory.mktemp("tls"), "relay")


@pytest.fixture(scope="module")
def impostor(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return Identity(tmp_path_factory.mktemp("tls"), "impostor")


@pytest.fixture(params=["micropython", "cpython"])
def run(request: pytest.FixtureRequest) -> Callable[..., Awaitable[dict]]:
    """Run one scenario in an interpreter of its own; returns what it saw."""

    async def run_scenario(scenario: str, port: int, *args: object) -> dict:
        if request.param == "micropython":
            command, env = [MICROPYTHON, SCENARIOS], {"MICROPYPATH": f".frozen:{FIRMWARE}"}
        else:
            command, env = [sys.executable, "-c", ON_CPYTHON, SCENARIOS], dict(os.environ)
        process = await asyncio.create_subprocess_exec(
            *map(str, (*command, scenario, port, *args)),
            env=env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            out, _ = await asyncio.wait_for(process.communicate(), RUN_S)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode == 0, out.decode()
        return json.loads(out)

    run_scenario.interpreter = request.param
    return run_scenario


def port_of(server) -> int:
    return server.sockets[0].getsockname()[1]


async def echo(peer: ServerConnection) -> None:
    """Echoes; some texts ask for something else."""
    async for message in peer:
        if message == "largest":
            await peer.send("z" * 8192)
        elif message == "close":
            await peer.close(4000, "enough")
        else:
            await peer.send(message)


async def test_echo(run, relay: Identity) -> None:
    ends = []

    async def handler(peer: ServerConnection) -> None:
        await echo(peer)
        ends.append((peer.close_code, peer.close_reason))

    async with serve(handler, "127.0.0.1", 0, ssl=relay.server) as server:
        saw = await run("echo", port_of(server), relay.der)
    assert saw["same"] == [True] * 6
    assert [error.split(", ")[1] for error in saw["errors"]] == ["got 2049", "got 9000"]
    assert saw["largest"] == 8192
    assert ends == [(1000, "bye")]
    assert saw["after"] == [1000, "bye"]


async def test_sending_while_receiving(run, relay: Identity) -> None:
    async with serve(echo, "127.0.0.1", 0, ssl=relay.server) as server:
        saw = await run("send_while_receiving", port_of(server), relay.der)
    assert saw["got"] == ["a", "b", "c"]
    assert "another task" in saw["second"]
    assert saw["reader"] == [1000, "done"]


async def test_deadlines_and_cancellation(run, relay: Identity) -> None:
    async with serve(echo, "127.0.0.1", 0, ssl=relay.server) as server:
        saw = await run("deadlines", port_of(server), relay.der)
    assert saw["results"] == [None, None, "cancelled", "still here", "not lost", None]


async def test_too_big_is_closed_with_1009(run, relay: Identity) -> None:
    codes = []

    async def handler(peer: ServerConnection) -> None:
        await peer.recv()
        try:
            await peer.send("z" * 8193)
            await peer.recv()
        except ConnectionClosed:
            codes.append((peer.close_code, peer.close_reason))

    async with serve(handler, "127.0.0.1", 0, ssl=relay.server) as server:
        saw = await run("closed_by_peer", port_of(server), relay.der)
    assert saw["end"][0] == saw["again"][0] == 1009
    assert codes == [(1009, "at most 8192 bytes a message")]


async def test_the_peers_close_and_its_reason(run, relay: Identity) -> None:
    async with serve(echo, "127.0.0.1", 0, ssl=relay.server) as server:
        saw = await run("closed_by_peer", port_of(server), relay.der)
    assert saw == {"end": [4000, "enough"], "again": [4000, "enough"]}


async def test_a_connection_cut_without_a_word(run, relay: Identity) -> None:
    async def handler(peer: ServerConnection) -> None:
        await peer.recv()
        peer.transport.abort()

    async with serve(handler, "127.0.0.1", 0, ssl=relay.server) as server:
        saw = await run("closed_by_peer", port_of(server), relay.der)
    assert saw["end"][0] == 1006


@pytest.mark.parametrize("secure", [True, False])
async def test_a_connection_reset_while_it_is_waited_on(run, relay: Identity, secure: bool) -> None:
    """What the system of a killed relay sends: the next read fails instead of ending."""

    async def handler(peer: ServerConnection) -> None:
        await peer.recv()
        await asyncio.sleep(0.2)  # so that the pin waits for something to read
        tcp = peer.transport.get_extra_info("socket")
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.transport.abort()

    async with serve(handler, "127.0.0.1", 0, ssl=relay.server if secure else None) as server:
        saw = await run("closed_by_peer", port_of(server), *([relay.der] if secure else []))
    assert saw["end"][0] == 1006 and saw["end"][1].startswith("the connection broke")


async def test_an_impostors_certificate_is_refused(run, relay: Identity, impostor: Identity) -> None:
    async with serve(echo, "127.0.0.1", 0, ssl=impostor.server) as server:
        saw = await run("failure", port_of(server), relay.der)
    assert saw["kind"] == "os" and "certificate" in saw["reason"].lower(), saw


async def test_the_right_certificate_for_another_name_is_refused(run, relay: Identity) -> None:
    async with serve(echo, "127.0.0.1", 0, ssl=relay.server) as server:
        saw = await run("failure", port_of(server), relay.der, "other")
    assert saw["kind"] == "os" and "certificate" in saw["reason"].lower(), saw


async def test_a_refused_upgrade(run, relay: Identity) -> None:
    async with serve(
        echo, "127.0.0.1", 0, ssl=relay.server, process_request=lambda peer, _: peer.respond(403, "no")
    ) as server:
        saw = await run("failure", port_of(server), relay.der)
    assert saw["kind"] == "handshake" and "403" in saw["reason"], saw


async def test_nobody_listens(run) -> None:
    saw = await run("failure", 1)
    assert saw["kind"] == "os" and saw["in_time"], saw


@asynccontextmanager
async def raw_server(handler: Callable[..., Awaitable[None]], context=None) -> AsyncIterator[int]:
    server = await asyncio.start_server(handler, "127.0.0.1", 0, ssl=context)
    try:
        yield port_of(server)
    finally:
        server.close()


async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept, read, never answer."""
    try:
        while await reader.read(4096):
            pass
    except OSError:
        pass  # the pin gave up in its own way
    finally:
        writer.close()


@pytest.mark.parametrize(
    "secure", ["TLS never answered", "upgrade never answered, TLS", "upgrade never answered"]
)
async def test_a_server_that_accepts_and_says_nothing(run, relay: Identity, secure: str) -> None:
    context = relay.server if secure == "upgrade never answered, TLS" else None
    async with raw_server(hold, context) as port:
        saw = await run("failure", port, relay.der if "TLS" in secure else "")
    assert saw["kind"] == "os" and saw["in_time"], saw


async def test_a_half_open_link_is_found_by_its_ping(run, relay: Identity) -> None:
    async def handler(peer: ServerConnection) -> None:
        peer.transport.pause_reading()
        await gone.wait()

    gone = asyncio.Event()
    async with serve(
        handler, "127.0.0.1", 0, ssl=relay.server, ping_interval=None, close_timeout=0.1
    ) as server:
        saw = await run("silent", port_of(server), relay.der)
        gone.set()
    assert saw == {"nothing": None, "end": [1006, "the relay did not answer a ping in time"]}


@pytest.mark.parametrize("secure", [True, False])
async def test_a_stall_loses_and_doubles_nothing(run, relay: Identity, secure: bool) -> None:
    audio, texts = [], []

    async def handler(peer: ServerConnection) -> None:
        if await peer.recv() == "go on":
            full.set()
            return
        peer.transport.pause_reading()
        await peer.ping()
        await full.wait()
        peer.transport.resume_reading()
        async for message in peer:
            if isinstance(message, bytes):
                audio.append(int.from_bytes(message[:4], "big"))
                assert len(message) == 266 and not any(message[4:])
                if len(audio) % 100 == 0:
                    await peer.ping()  # its pong finds its place between the audio frames
            else:
                texts.append(message)
            if message == "end":
                await peer.send("all")

    full = asyncio.Event()
    context = relay.server if secure else None
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.bind(("127.0.0.1", 0))
    async with serve(handler, sock=narrow, ssl=context, max_queue=None) as server:
        saw = await run("stalled", port_of(server), relay.der if secure else "")
    assert audio == list(range(20000))
    assert texts == [str(n) for n in range(0, 20000, 1000)] + ["end"]
    assert saw["waits"] > 0


async def test_a_relay_that_never_reads_again_is_dropped(run, relay: Identity) -> None:
    async def handler(peer: ServerConnection) -> None:
        peer.transport.pause_reading()
        await gone.wait()

    gone = asyncio.Event()
    async with serve(
        handler, "127.0.0.1", 0, ssl=relay.server, ping_interval=None, close_timeout=0.1
    ) as server:
        saw = await run("dead_weight", port_of(server), relay.der)
        gone.set()
    assert saw == {"end": [1006, "the relay took no data for 300 ms"], "pending": False}


async def test_twenty_connections_leave_no_socket(run, relay: Identity) -> None:
    async with serve(echo, "127.0.0.1", 0, ssl=relay.server) as server:
        saw = await run("reconnect", port_of(server), relay.der)
    assert saw["last"] <= saw["first"], saw


@pytest.mark.parametrize("run", ["micropython"], indirect=True)
async def test_ten_seconds_of_audio_cost_at_most_160_heap_bytes_a_frame(run, relay: Identity) -> None:
    """Over TLS, through a relay that counts bytes: heap, and what goes over the air."""
    frames = 0
    sent = 0

    async def handler(peer: ServerConnection) -> None:
        nonlocal frames
        async for message in peer:
            assert int.from_bytes(message[:4], "big") == frames and len(message) == 266
            frames += 1
            if frames % 8 == 0:
                await peer.send(f'{{"type":"audio_ack","frame":{frames}}}')

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        onward_reader, onward = await asyncio.open_connection("127.0.0.1", port_of(server))

        async def back() -> None:
            while data := await onward_reader.read(4096):
                writer.write(data)
            writer.close()

        answers = asyncio.create_task(back())
        while data := await reader.read(4096):
            sent += len(data)
            onward.write(data)
        onward.close()
        await answers

    async with serve(handler, "127.0.0.1", 0, ssl=relay.server) as server, raw_server(count) as port:
        saw = await run("audio", port, relay.der)
    print(saw, f"{sent / AUDIO_S:.0f} bytes/s with TLS and its handshake")
    assert frames == 313 and saw["acks"] == 39
    assert saw["sending_bytes"] == 0
    assert saw["frame_bytes"] <= 160, saw
    assert sent / AUDIO_S <= 9600
