"""What a relay changes on a pin while it runs: settings, networks and relays on trial, a new key."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fake_relay import FakeRelay
from lapel.virtual import flash as pin_flash
from lapel_wire import VERSION
from lapel_wire.challenge import mac
from pin.states import IDLE, LISTENING
from pin.upkeep import Upkeep
from pin_process import PinProcess

MAIN = Path(__file__).parent / "limited_app.py"
NETWORKS = [{"ssid": "new", "password": "secret", "hidden": True}]


def make_flash(tmp_path: Path, **limits: int) -> Path:
    flash = tmp_path / "flash"
    flash.mkdir()
    (flash / "limits.json").write_text(json.dumps(limits), "utf-8")
    return flash


def kept(flash: Path) -> dict[str, Any]:
    values = pin_flash.read(flash)
    assert values is not None
    return values


async def test_what_the_relay_sets_is_kept(tmp_path: Path) -> None:
    flash = make_flash(tmp_path)
    async with FakeRelay(tmp_path / "home") as relay, PinProcess(flash, relay.settings(), main=MAIN):
        await relay.until(lambda: relay.connections)
        await relay.say("settings", request=1, volume=30, brightness=70, silent=True)
        assert "error" not in await relay.message("settings_done", request=1)
        await relay.say("settings", request=2, volume=0)
        await relay.message("settings_done", request=2)
        values = kept(flash)
        assert (values["volume"], values["brightness"], values["silent"]) == (0, 70, True)
        assert len(relay.connections) == 1, "no need for another connection"


async def test_new_networks_and_relays_prove_themselves_with_a_connection(tmp_path: Path) -> None:
    flash = make_flash(tmp_path)
    async with FakeRelay(tmp_path / "home") as relay, PinProcess(flash, relay.settings(), main=MAIN) as pin:
        await relay.until(lambda: relay.connections)
        relays = [{"host": "localhost", "port": relay.port}]
        await relay.say("settings", request=5, networks=NETWORKS, relays=relays)
        assert "error" not in await relay.message("settings_done", request=5)
        await relay.until(lambda: len(relay.connections) == 2)
        await pin.logged("the new networks or relays work")
        values = kept(flash)
        assert values["wifi"] == NETWORKS and values["relays"] == relays and "trial" not in values


async def test_relays_that_lead_nowhere_are_given_up_for_the_old_ones(tmp_path: Path) -> None:
    flash = make_flash(tmp_path, **{"pin.upkeep.TRIAL_MS": 1500, "pin.discover.ANSWER_MS": 1})
    async with FakeRelay(tmp_path / "home") as relay, PinProcess(flash, relay.settings(), main=MAIN):
        await relay.until(lambda: relay.connections)
        before = kept(flash)
        await relay.say("settings", request=6, relays=[{"host": "127.0.0.1", "port": 1}])
        await relay.message("settings_done", request=6)
        assert kept(flash)["relays"][0]["port"] == 1
        await relay.until(lambda: len(relay.connections) == 2)
        done = await relay.until(lambda: [m for m in relay.got if m["t"] == "settings_done" and "error" in m])
        assert done[0]["request"] == 6 and "no connection" in done[0]["error"]
        assert kept(flash) == before


async def test_a_trial_goes_on_after_a_restart(tmp_path: Path) -> None:
    flash = make_flash(tmp_path, **{"pin.upkeep.TRIAL_MS": 1500, "pin.discover.ANSWER_MS": 1})
    async with FakeRelay(tmp_path / "home") as relay:
        async with PinProcess(flash, relay.settings(), main=MAIN):
            await relay.until(lambda: relay.connections)
            await relay.say("settings", request=7, relays=[{"host": "127.0.0.1", "port": 1}])
            await relay.message("settings_done", request=7)
        assert kept(flash)["trial"] == 7
        async with PinProcess(flash, None, main=MAIN):
            await relay.until(lambda: len(relay.connections) == 2)
        assert kept(flash)["relays"][0]["port"] == relay.port


async def test_what_a_pin_cannot_live_with_is_answered_and_changes_nothing(tmp_path: Path) -> None:
    flash = make_flash(tmp_path)
    async with FakeRelay(tmp_path / "home") as relay, PinProcess(flash, relay.settings(), main=MAIN):
        await relay.until(lambda: relay.connections)
        before = await relay.until(lambda: pin_flash.read(flash))
        for request, change in enumerate(({"networks": []}, {"relays": []})):
            await relay.say("settings", request=request, **change)
            assert "needs a" in (await relay.message("settings_done", request=request))["error"]
        assert kept(flash) == before and len(relay.connections) == 1


async def test_a_new_key_is_shown_offered_and_then_the_only_one(tmp_path: Path) -> None:
    flash = make_flash(tmp_path)
    async with FakeRelay(tmp_path / "home") as relay, PinProcess(flash, relay.settings(), main=MAIN) as pin:
        await relay.until(lambda: relay.connections)
        old, new = relay.key, secrets.token_bytes(32)
        await relay.say("rekey", key=new.hex())
        rekeyed = await relay.message("rekeyed")
        parts = (VERSION, "pin-1", relay.got[0]["nonce"], relay.nonces[0])
        assert rekeyed["mac"] == mac(new, "rekey", *parts)
        # A relay that did not get that far still opens with the old one.
        relay.connections[-1].transport.abort()
        await relay.until(lambda: len(relay.connections) == 2)
        assert (kept(flash)["key"], kept(flash)["next_key"]) == (old.hex(), new.hex())
        relay.key = new
        relay.connections[-1].transport.abort()
        await relay.until(lambda: len(relay.connections) == 3)
        await relay.until(lambda: "next_key" not in kept(flash))
        assert kept(flash)["key"] == new.hex()
        # And now the old one opens nothing.
        relay.key = old
        lines = len(pin.log)
        relay.connections[-1].transport.abort()
        await relay.message("error", code="wrong_key")
        await pin.logged("does not know this pin", lines)
        assert not [line for line in pin.log[lines:] if "welcomed" in line]


async def test_frames_of_a_kind_that_nobody_takes_are_answered(tmp_path: Path) -> None:
    flash = make_flash(tmp_path)
    async with FakeRelay(tmp_path / "home") as relay, PinProcess(flash, relay.settings(), main=MAIN):
        await relay.until(lambda: relay.connections)
        for frame in (b"", b"\x09abc", b"\x03\x01"):
            relay.got.clear()
            await relay.connections[-1].send(frame)
            assert (await relay.message("error"))["code"] in ("unknown_type", "bad_length")
        assert len(relay.connections) == 1


async def test_the_address_that_worked_is_first_until_the_pin_joins_a_network_again(tmp_path: Path) -> None:
    flash = make_flash(tmp_path)
    async with FakeRelay(tmp_path / "home") as relay:
        home, public = {"host": "127.0.0.1", "port": 1}, {"host": "127.0.0.1", "port": relay.port}
        async with PinProcess(flash, relay.settings(relays=[home, public]), main=MAIN) as pin:
            await relay.until(lambda: relay.connections)
            assert [line for line in pin.log if "127.0.0.1:1:" in line], "home was not tried first"
            lines = len(pin.log)
            relay.connections[-1].transport.abort()
            await relay.until(lambda: len(relay.connections) == 2)
            assert not [line for line in pin.log[lines:] if "127.0.0.1:1:" in line]
            lines = len(pin.log)
            await pin.wifi(False)
            relay.connections[-1].transport.abort()
            await pin.logged("no Wi-Fi network", lines)
            await pin.wifi(True)
            await relay.until(lambda: len(relay.connections) == 3)
            assert [line for line in pin.log[lines:] if "127.0.0.1:1:" in line]


def test_no_update_begins_on_a_low_battery_or_with_little_memory() -> None:
    app = SimpleNamespace(machine=SimpleNamespace(state=IDLE), memory_low=False, battery_low=False)
    settings = SimpleNamespace(trial=None)
    upkeep = Upkeep(settings, SimpleNamespace(on_binary={}), None, "virtual", lambda: None)
    rests: list[bool] = []
    upkeep.updater.step = lambda now, idle: rests.append(idle)
    upkeep.enter(app)
    upkeep.poll(0)
    app.battery_low = True
    upkeep.poll(1)
    app.battery_low, app.memory_low = False, True
    upkeep.poll(2)
    app.memory_low, app.machine.state = False, LISTENING
    upkeep.poll(3)
    assert rests == [True, False, False, False]
