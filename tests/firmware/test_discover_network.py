"""A pin whose addresses do not answer finds its relay in the network, and believes nobody else there."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import lapel.discovery
import pytest
from fake_relay import FakeRelay
from pin_process import PinProcess
from zeroconf import InterfaceChoice

GROUP = ("224.0.0.251", 5353)
MAIN = Path(__file__).parent / "limited_app.py"


def _has_multicast() -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.sendto(b"", GROUP)
        except OSError:
            return False
    return True


@asynccontextmanager
async def announced(port: int) -> AsyncIterator[None]:
    # On every interface, but for a relay that only this computer reaches.
    async with lapel.discovery.announce("127.0.0.1", port, InterfaceChoice.All):
        yield


def _flash(tmp_path: Path) -> Path:
    flash = tmp_path / "flash"
    flash.mkdir()
    # Where there is no multicast the same question goes to this computer itself.
    limits = {} if _has_multicast() else {"pin.discover.GROUP": "127.0.0.1"}
    (flash / "limits.json").write_text(json.dumps(limits), "utf-8")
    return flash


def _closed_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


async def test_a_relay_that_moved_is_found_and_kept(tmp_path: Path) -> None:
    async with FakeRelay(tmp_path / "home") as relay:
        settings = relay.settings(relays=[{"host": "127.0.0.1", "port": _closed_port()}])
        async with announced(relay.port), PinProcess(_flash(tmp_path), settings, main=MAIN) as pin:
            await relay.until(lambda: relay.connections)
            await pin.logged("the network knows 1 other")
            # After a lost link it begins where it found it.
            lines = len(pin.log)
            relay.connections[0].transport.abort()
            await relay.until(lambda: len(relay.connections) > 1)
            assert not [line for line in pin.log[lines:] if "the network knows" in line]


async def test_somebody_else_who_says_to_be_the_relay_is_not_believed(tmp_path: Path) -> None:
    async with FakeRelay(tmp_path / "home") as relay, FakeRelay(tmp_path / "other") as impostor:
        settings = relay.settings(relays=[{"host": "127.0.0.1", "port": _closed_port()}])
        async with announced(impostor.port), PinProcess(_flash(tmp_path), settings, main=MAIN) as pin:
            await pin.logged("certificate was refused")
            assert not impostor.got and not impostor.connections


async def test_nobody_is_asked_while_a_known_address_answers(tmp_path: Path) -> None:
    flash = _flash(tmp_path)
    async with (
        FakeRelay(tmp_path / "home") as relay,
        announced(relay.port),
        PinProcess(flash, relay.settings(), main=MAIN) as pin,
    ):
        await relay.until(lambda: relay.connections)
        assert not [line for line in pin.log if "the network knows" in line]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
async def test_on_loopback_there_is_nobody_to_tell(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lapel.discovery, "AsyncZeroconf", None)  # would raise
    async with lapel.discovery.announced(host, 5273):
        pass


async def test_a_network_without_multicast_costs_the_announcement_only(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def none(**_: object) -> None:
        raise OSError(19, "No such device")

    monkeypatch.setattr(lapel.discovery, "AsyncZeroconf", none)
    async with lapel.discovery.announced("192.0.2.77", 5273):
        await asyncio.sleep(0)
    assert "not announced" in caplog.text
