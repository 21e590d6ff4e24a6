"""Who gets in: strangers, impostors, floods and half-open links, over real TLS on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import secrets
import socket
import ssl
from collections.abc import Awaitable
from pathlib import Path

import lapel.connected
import lapel.handshake
import lapel.relay
import pytest
from lapel.bench.instant import ANSWER
from lapel.bench.wire_client import WireClient
from lapel.config import Config, ConfigError, RelayConfig
from lapel.devices.certificate import client_context
from lapel.devices.pins import PinsError
from lapel.relay import Relay, RelayError
from lapel_wire import MAX_MESSAGE_BYTES, SERVER_NAME, messages
from lapel_wire.challenge import mac
from relay_house import VOICE, House, running
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

HELLO = {"v": 1, "firmware": "t", "board": "t", "display": {"kind": "v", "cols": 12, "lines": 3}}


async def closed(work: Awaitable[object]) -> tuple[int, str]:
    """Code and reason of the close that `work` runs into."""
    with pytest.raises(ConnectionClosed) as caught:
        await work
    assert caught.value.rcvd is not None, "the connection broke without a close frame"
    return caught.value.rcvd.code, caught.value.rcvd.reason


async def opened(house: House, **changes: object) -> WireClient:
    """A client past TLS and the upgrade, not yet past the challenge."""
    client = WireClient(house.settings(**changes))
    await client.open()
    return client


async def test_a_paired_pin_gets_its_answer(tmp_path: Path) -> None:
    async with running(tmp_path) as house, house.client() as client:
        assert house.relay.connected == [house.pin.id]
        assert await house.ask(client, 1) == ANSWER


async def test_an_unpaired_pin_and_a_wrong_key_are_refused_alike(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither passes, both are told to pair, and nobody can tell from outside which ids exist."""
    async with running(tmp_path) as house:
        seen = []
        for changes in ({"id": "pin-unknown"}, {"key": secrets.token_hex(32)}):
            client = await opened(house, **changes)
            nonce = secrets.token_hex(32)
            pin = changes.get("id", house.pin.id)
            await client.send("hello", pin=pin, nonce=nonce, **HELLO)
            challenge = await client.expect("challenge")
            assert challenge["mac"] != mac(bytes(32), "relay", 1, pin, nonce, challenge["nonce"])
            await client.send("proof", mac=mac(bytes(32), "pin", 1, pin, nonce, challenge["nonce"]))
            error = await client.receive()
            seen.append((error["code"], error["text"], await closed(client.receive())))
        assert seen[0] == seen[1] == (
            "unknown_pin", "The relay does not know this pin. Pair it again.", (1008, "unknown_pin"),
        )  # fmt: skip
        assert house.relay.connected == []
    assert "'pin-unknown': not paired; pair it with: lapel pair" in caplog.text
    assert f"{house.pin.id!r}: wrong key" in caplog.text


@pytest.mark.parametrize("tries", [1000, pytest.param(100_000, marks=pytest.mark.full)])
async def test_wrong_macs_never_pass(tmp_path: Path, tries: int) -> None:
    """Guessed, flipped and reflected proofs against the authentication itself."""

    class Wire:
        """The two messages of a pin that has no key."""

        def __init__(self, guess: int) -> None:
            self.guess = guess
            self.sent: list[str] = []

        async def send(self, text: str) -> None:
            self.sent.append(text)

        async def recv(self) -> str:
            if not self.sent:
                return messages.encode(messages.UP, "hello", pin=pin.id, nonce="ab" * 32, **HELLO)
            challenge = messages.decode(messages.DOWN, self.sent[0])
            right = mac(bytes.fromhex(pin.key), "pin", 1, pin.id, "ab" * 32, challenge["nonce"])
            flipped = f"{int(right, 16) ^ 1 << self.guess % 256:064x}"
            kinds = (flipped, secrets.token_hex(32), challenge["mac"], "0" * 64)
            return messages.encode(messages.UP, "proof", mac=kinds[self.guess % 4])

    house = House(tmp_path)
    pin = house.pin
    for guess in range(tries):
        with pytest.raises(lapel.handshake.Refused, match="wrong key"):
            await lapel.handshake.authenticate(Wire(guess), house.pins, lambda pin: True)  # type: ignore[arg-type]


async def test_a_replayed_proof_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path) as house:
        said: list[str] = []
        async with house.client() as client:
            # What an eavesdropper inside TLS would have: hello and proof of a good connection.
            nonce = secrets.token_hex(32)
            other = await opened(house)
            await other.send("hello", pin=house.pin.id, nonce=nonce, **HELLO)
            challenge = await other.expect("challenge")
            key = bytes.fromhex(house.pin.key)
            said.append(messages.encode(messages.UP, "hello", pin=house.pin.id, nonce=nonce, **HELLO))
            proof = mac(key, "pin", 1, house.pin.id, nonce, challenge["nonce"])
            said.append(messages.encode(messages.UP, "proof", mac=proof))
            await other.connection.send(said[1])
            await other.expect("welcome")
            await other.connection.close()
            del client
        for _ in range(50):
            replayed = await opened(house)
            await replayed.connection.send(said[0])
            await replayed.expect("challenge")
            await replayed.connection.send(said[1])
            with pytest.raises(PermissionError, match="unknown_pin"):
                await replayed.expect("welcome")
            await replayed.connection.close()


async def test_nonces_are_fresh(tmp_path: Path) -> None:
    async with running(tmp_path) as house:
        nonces = set()
        for _ in range(20):
            client = await opened(house)
            await client.send("hello", pin=house.pin.id, nonce="00" * 32, **HELLO)
            nonces.add((await client.expect("challenge"))["nonce"])
            await client.connection.close()
        assert len(nonces) == 20


async def test_another_protocol_version_is_told_what_to_update(tmp_path: Path) -> None:
    async with running(tmp_path) as house:
        for version, older in ((0, "pin"), (2, "relay"), (65535, "relay")):
            client = await opened(house)
            await client.send("hello", pin=house.pin.id, nonce="00" * 32, **HELLO | {"v": version})
            error = await client.receive()
            assert error["code"] == "version"
            assert error["text"] == f"Pin and relay speak different versions. Update the {older}."
            assert await closed(client.receive()) == (1008, "version")


async def test_an_impostor_relay_is_refused_by_the_client(tmp_path: Path) -> None:
    """Another certificate fails in TLS; the right one without the pin's key fails in the challenge."""
    async with running(tmp_path / "a") as house, running(tmp_path / "b") as impostor:
        settings = house.settings() | {"relays": impostor.settings()["relays"]}
        with pytest.raises(ssl.SSLCertVerificationError):
            await WireClient(settings).open()
        client = WireClient(settings | {"certificate": impostor.settings()["certificate"]})
        await client.open()
        with pytest.raises(PermissionError, match="does not hold this pin's key"):
            await client.challenge()
        await client.connection.close()


async def test_the_certificate_is_for_its_name_only(tmp_path: Path) -> None:
    async with running(tmp_path) as house:
        context = client_context(house.settings()["certificate"])
        with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
            await asyncio.open_connection(
                "127.0.0.1", house.relay.port, ssl=context, server_hostname="x.internal"
            )


async def test_another_path_is_not_found(tmp_path: Path) -> None:
    async with running(tmp_path) as house:
        for path in ("/", "/pin/", "/pin?x=1", "/../pin", "//pin"):
            with pytest.raises(InvalidStatus) as caught:
                await connect(
                    f"wss://127.0.0.1:{house.relay.port}{path}",
                    ssl=client_context(house.settings()["certificate"]),
                    server_hostname=SERVER_NAME,
                    proxy=None,
                )
            assert caught.value.response.status_code == 404


async def test_plain_http_gets_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as house:
        reader, writer = await asyncio.open_connection("127.0.0.1", house.relay.port)
        writer.write(b"GET /pin HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"HTTP" not in await reader.read()
        writer.close()


async def test_an_oversized_message_is_closed_with_1009(tmp_path: Path) -> None:
    async with running(tmp_path) as house:
        for data in ("x" * (MAX_MESSAGE_BYTES + 1), bytes(MAX_MESSAGE_BYTES + 1), bytes(1_000_000)):
            stranger = await opened(house)
            await stranger.connection.send(data)
            assert (await closed(stranger.receive()))[0] == 1009
            async with house.client() as client:
                await client.connection.send(data)
                assert (await closed(client.receive()))[0] == 1009


async def test_what_may_not_come_before_the_challenge(tmp_path: Path) -> None:
    async with running(tmp_path) as house:
        for data, code in (
            (bytes(266), "unknown_type"),
            ("{}", "unknown_type"),
            ("nonsense", "not_json"),
            ('{"t":"time","pin_ms":1}', "unknown_type"),
            ('{"t":"proof","mac":"' + "0" * 64 + '"}', "unknown_type"),
            ('{"t":"hello"}', "missing_field"),
        ):
            client = await opened(house)
            await client.connection.send(data)
            assert await closed(client.receive()) == (1008, code)


async def test_a_pin_that_refuses_the_relay_is_named_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path) as house:
        client = await opened(house)
        await client.send("hello", pin="pin-gone", nonce="00" * 32, **HELLO)
        await client.expect("challenge")
        await client.send("error", code="wrong_key", text="not\nmy relay")
        assert await closed(client.receive()) == (1008, "pin_refused")
    assert "'pin-gone' (not paired) says: 'not\\nmy relay'; pair it with: lapel pair" in caplog.text


async def test_no_proof_within_the_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lapel.relay, "CHALLENGE_S", 0.05)
    async with running(tmp_path) as house:
        silent = await opened(house)
        halfway = await opened(house)
        await halfway.send("hello", pin=house.pin.id, nonce="00" * 32, **HELLO)
        await halfway.expect("challenge")
        assert await closed(silent.receive()) == (1008, "timeout")
        assert await closed(halfway.receive()) == (1008, "timeout")


async def test_a_flood_of_nonsense_ends_the_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lapel.relay, "CLOSE_S", 0.2)  # a flooding pin does not hear the close at once
    async with running(tmp_path) as house, house.client() as client:

        async def flood() -> None:
            with pytest.raises(ConnectionClosed):
                while True:
                    await client.connection.send("nonsense")

        flooding = asyncio.create_task(flood())
        errors = 0
        with pytest.raises(ConnectionClosed) as caught:
            while True:
                assert (await client.receive())["code"] == "not_json"
                errors += 1
        await flooding
        assert errors == lapel.session.MAX_WIRE_ERRORS
        assert caught.value.rcvd is not None
        assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (1008, "too many protocol errors")
        async with house.client() as again:
            assert await house.ask(again, 1) == ANSWER


async def test_a_flood_of_good_messages_is_answered_in_order(tmp_path: Path) -> None:
    async with (
        running(tmp_path) as house,
        house.client() as client,
        house.client(house.pins.pair("b")) as other,
    ):

        async def flood() -> None:
            for i in range(2000):
                await client.send("time", pin_ms=i)

        flooding = asyncio.create_task(flood())
        assert await house.ask(other, 1) == ANSWER
        assert [(await client.expect("time"))["pin_ms"] for _ in range(2000)] == list(range(2000))
        await flooding


async def test_a_pin_that_comes_back_replaces_itself(tmp_path: Path) -> None:
    async with running(tmp_path) as house:
        first = await opened(house)
        await first.challenge()
        async with house.client() as second:
            with pytest.raises(ConnectionClosed) as caught:
                await first.receive()
            assert caught.value.rcvd is None, "dropped at once, without waiting for a close handshake"
            assert house.relay.connected == [house.pin.id]
            assert await house.ask(second, 1) == ANSWER
        await house.until(lambda: house.relay.connected == [])


async def test_a_revoked_pin_is_cut_off_and_stays_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lapel.relay, "REVOKED_S", 0.01)
    async with running(tmp_path) as house:
        kept = house.pins.pair("kept")
        async with house.client() as client, house.client(kept) as other:
            house.pins.revoke(house.pin.id)
            with pytest.raises(ConnectionClosed):
                await client.receive()
            assert await house.ask(other, 1) == ANSWER
        with pytest.raises(PermissionError, match="does not hold this pin's key"):
            async with house.client():
                pass


async def test_a_pin_paired_while_the_relay_runs_gets_in(tmp_path: Path) -> None:
    async with running(tmp_path) as house, house.client(house.pins.pair("new")) as client:
        assert await house.ask(client, 1) == ANSWER


async def test_a_broken_list_of_pins_lets_nobody_in_and_mends(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lapel.relay, "REVOKED_S", 0.01)
    async with running(tmp_path) as house, house.client(house.pins.pair("inside")) as inside:
        path = tmp_path / "pins.json"
        good = path.read_text()
        settings = house.settings()
        for broken in ('{"pins":', '{"pins": [{"id": "x", "key": "00", "name": "x", "paired_unix_s": 1}]}'):
            path.write_text(broken)
            with pytest.raises(PermissionError, match="cannot read its list of pins"):
                async with WireClient(settings):
                    pass
        assert "restore it from a backup" in caplog.text
        assert await house.ask(inside, 1) == ANSWER, "who is connected stays"
        path.write_text(good)
        async with WireClient(settings):
            pass


async def test_a_full_relay_says_so_but_lets_a_pin_come_back(tmp_path: Path) -> None:
    async with running(tmp_path, max_pins=1) as house:
        first = await opened(house)
        await first.challenge()
        with pytest.raises(PermissionError, match="too many pins"):
            async with house.client(house.pins.pair("second")):
                pass
        async with house.client() as again:
            assert await house.ask(again, 1) == ANSWER
        await first.connection.close()


async def test_slow_lorises_do_not_keep_a_pin_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lapel.relay, "OPEN_S", 1.0)  # after which the half-open ones are gone
    async with running(tmp_path) as house:
        hello = ssl.MemoryBIO()
        tls = client_context(house.settings()["certificate"]).wrap_bio(
            ssl.MemoryBIO(), hello, server_hostname=SERVER_NAME
        )
        with pytest.raises(ssl.SSLWantReadError):
            tls.do_handshake()
        half = hello.read()[:100]
        lorises = []
        for _ in range(300):
            reader, writer = await asyncio.open_connection("127.0.0.1", house.relay.port)
            writer.write(half)
            lorises.append((reader, writer))
        async with house.client() as client:
            assert await house.ask(client, 1) == ANSWER
        for reader, writer in lorises:
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
            writer.close()


async def test_strangers_beyond_the_limit_push_out_the_oldest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connections that pass TLS and then say nothing cannot lock the wearer out."""
    monkeypatch.setattr(lapel.relay, "STRANGERS", 5)
    async with running(tmp_path) as house:
        strangers = [await opened(house) for _ in range(8)]
        async with house.client() as client:
            assert await house.ask(client, 1) == ANSWER
        for stranger in strangers[:3]:
            with pytest.raises(ConnectionClosed) as caught:
                await stranger.receive()
            assert caught.value.rcvd is None, "pushed out at once, not after the deadline"
        for stranger in strangers:
            await stranger.connection.close()


async def test_a_pin_that_reads_nothing_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lapel.connected, "SEND_S", 0.2)
    async with running(tmp_path) as house:
        client = await opened(house)
        await client.challenge()
        transport = client.connection.transport
        transport.pause_reading()
        with pytest.raises(ConnectionClosed):
            while True:
                await client.connection.send('{"t":"time","pin_ms":1}')
        assert house.relay.connected == []
        async with house.client() as again:
            assert await house.ask(again, 1) == ANSWER


async def test_shutdown_with_turns_running_is_clean_and_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(lapel.session, "STOP_S", 0.05)
    never = asyncio.Event()

    async def stubborn(pcm: bytes) -> str:
        while not never.is_set():
            try:
                await never.wait()
            except asyncio.CancelledError:
                continue  # an engine that does not let itself be cancelled
        return ""

    async with running(tmp_path) as house:
        house.speech.on_transcribe = stubborn
        clients = [await opened(house, pin=house.pins.pair(f"pin {i}")) for i in range(5)]
        half = [await asyncio.open_connection("127.0.0.1", house.relay.port) for _ in range(5)]
        await opened(house)
        for client in clients:
            await client.challenge()
            await client.speak(1, VOICE)
        await house.until(lambda: len(house.speech.heard) == 5)
        await house.relay.__aexit__(None, None, None)
        never.set()
        for client in clients:
            with pytest.raises(ConnectionClosed):
                while True:
                    await client.receive()
        for _, writer in half:
            writer.close()
    assert "turns do not end" in caplog.text


@pytest.mark.parametrize("rounds", [3, pytest.param(20, marks=pytest.mark.full)])
async def test_reconnecting_leaks_nothing(tmp_path: Path, rounds: int) -> None:
    async with running(tmp_path) as house:
        pins = [house.pins.pair(f"pin {i}") for i in range(50)]

        async def visit(settings: dict[str, object], utt: int) -> None:
            async with WireClient(settings) as client:
                assert await house.ask(client, utt, VOICE[:4096]) == ANSWER

        async def visits(first: int, count: int) -> None:
            for utt in range(first, first + count):
                await asyncio.gather(*(visit(house.settings(pin), utt) for pin in pins))
                await house.until(lambda: house.relay.connected == [])
                for kept in (house.history.records, house.speech.heard, house.assistant.asked):
                    kept.clear()
                gc.collect()

        await visits(0, 5)  # the allocator's own pools have filled by then
        await house.until(lambda: len(asyncio.all_tasks()) <= 4)
        tasks, sockets, memory = len(asyncio.all_tasks()), _sockets(), _memory_mb()
        await visits(5, rounds)
        await house.until(lambda: len(asyncio.all_tasks()) <= tasks)
        await house.until(lambda: _sockets() <= sockets)
        assert _memory_mb() - memory < 10


def _sockets() -> int:
    count = 0
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the listing's own descriptor is closed by now
            count += str(entry.readlink()).startswith("socket:")
    return count


def _memory_mb() -> float:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6


async def test_a_port_in_use_says_what_to_do(tmp_path: Path) -> None:
    house = House(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RelayError, match=rf"port {port} .*another relay running.*--port"):
            async with Relay(Config(tmp_path, RelayConfig(port=port)), house.relay._services):
                pass


@pytest.mark.parametrize("port", [-1, 65536, 99999])
async def test_a_port_that_cannot_be(tmp_path: Path, port: int) -> None:
    with pytest.raises(RelayError, match="cannot listen"):
        async with Relay(Config(tmp_path, RelayConfig(port=port)), House(tmp_path).relay._services):
            pass


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "", "0", "0.0", "0x0", "::ffff:0.0.0.0", "0:0:0:0:0:0:0:0"]
)
async def test_no_listening_everywhere(tmp_path: Path, host: str) -> None:
    """Also by spellings that only the resolver understands."""
    with pytest.raises((ConfigError, RelayError), match=r"name one address|cannot listen"):
        async with Relay(Config(tmp_path, RelayConfig(host=host, port=0)), House(tmp_path).relay._services):
            pass


async def test_a_host_that_is_not_here(tmp_path: Path) -> None:
    for host in ("192.0.2.1", "no-such-host.invalid"):
        with pytest.raises(RelayError, match="cannot listen on"):
            async with Relay(
                Config(tmp_path, RelayConfig(host=host, port=0)), House(tmp_path).relay._services
            ):
                pass


async def test_a_broken_certificate_or_list_of_pins_stops_the_start(tmp_path: Path) -> None:
    house = House(tmp_path)
    before = asyncio.all_tasks()
    for text in ("", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        (tmp_path / "relay.pem").write_text(text)
        with pytest.raises(RelayError, match=r"relay\.pem cannot be used .*pair every pin again"):
            await house.relay.__aenter__()
    (tmp_path / "pins.json").write_text("nonsense")
    with pytest.raises(PinsError, match=r"pins\.json cannot be read"):
        await house.relay.__aenter__()
    assert asyncio.all_tasks() == before


async def test_no_secret_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with running(tmp_path) as house:
        async with house.client() as client:
            await house.ask(client, 1)
        with pytest.raises(PermissionError):
            async with house.client(house.pins.pair("x")) as other:
                house.pins.revoke(other._settings["pin"])
                async with WireClient(other._settings):
                    pass
    lapels = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("lapel"))
    assert house.pin.id in lapels
    assert house.pin.key not in caplog.text
    assert repr(house.pin).count(house.pin.key) == 0
