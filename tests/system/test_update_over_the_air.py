"""An update over the air onto a pin that runs from its slots: relay and firmware together."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from flashing import Bench, bench
from lapel import viper
from lapel.devices import boards, control, install, package, signing
from lapel.devices.pins import Pin

WAIT_S = 60.0


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the firmware that a test may change."""
    copy = tmp_path / "firmware"
    shutil.copytree(viper.source_root(), copy, ignore=shutil.ignore_patterns("__pycache__", "browser"))
    monkeypatch.setattr(viper, "source_root", lambda: copy)
    return copy


@pytest.fixture
async def bare(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Bench]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    async with bench(tmp_path, tmp_path / "cache") as running:
        yield running


async def installed(bare: Bench) -> Pin:
    """The board as flashing leaves it, without its steps."""
    pin = bare.house.pins.pair("kitchen")
    signing.modulus(bare.home)
    made = await asyncio.to_thread(package.build, bare.home, boards.MOCK)
    for path, data in {**install.files(made), "a/manifest": made.manifest}.items():
        file = bare.board.files / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    settings = bare.house.settings(pin) | {"board": boards.MOCK, "wifi": [{"ssid": "home", "password": ""}]}
    (bare.board.files / "settings.json").write_text(json.dumps(settings))
    bare.board.flash.put(bare.image.read_bytes())
    await bare.board.unplug()
    await bare.board.plug()
    await until_connected(bare, pin, made.name)
    return pin


async def until_connected(bare: Bench, pin: Pin, firmware: str) -> None:
    end = asyncio.get_running_loop().time() + WAIT_S
    while {link.pin_id: link.firmware for link in bare.room.fleet.connected()}.get(pin.id) != firmware:
        log = bare.board.pin.last_log() if bare.board.pin else ""
        late = asyncio.get_running_loop().time() > end
        assert not late, f"{pin.id} is not connected with {firmware}; {bare.events}; {log}"
        await asyncio.sleep(0.05)


async def follow(bare: Bench, pin: Pin, last: str) -> list[dict[str, Any]]:
    """What `lapel update` is told, up to that phase."""

    def ask() -> list[dict[str, Any]]:
        events = []
        for event in control.ask(bare.home, "update", pin=pin.id):
            events.append(event)
            if event["phase"] == last:
                break
        return events

    async with asyncio.timeout(WAIT_S):
        return await asyncio.to_thread(ask)


async def test_one_changed_file_travels_and_the_pin_runs_it(source: Path, bare: Bench) -> None:
    pin = await installed(bare)
    assert [event["phase"] for event in await follow(bare, pin, "current")] == ["current"]

    changed = source / "pin" / "channel.py"
    changed.write_text(changed.read_text() + "\n\ndef of_a_new_version():\n    return 42\n")
    new = await asyncio.to_thread(package.build, bare.home, boards.MOCK)
    events = await follow(bare, pin, "switched")
    assert [event["phase"] for event in events if event["phase"] != "receiving"] == [
        "offered",
        "verified",
        "switched",
    ]
    await until_connected(bare, pin, new.name)
    (size,) = [len(data) for path, data in new.files if path == "pin/channel.mpy.z"]
    assert size > 2000
    assert events[-1]["sent_bytes"] <= 2 * size
    assert (bare.board.files / "b" / "pin" / "channel.mpy.z").read_bytes() == dict(new.files)[
        "pin/channel.mpy.z"
    ]
    assert json.loads((bare.board.files / "slots.json").read_text())["slot"] == "b"


async def test_one_that_was_altered_is_refused(
    source: Path, bare: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin = await installed(bare)
    changed = source / "pin" / "backoff.py"
    changed.write_text(changed.read_text() + "\n\nOTHER = 1\n")
    monkeypatch.setattr(signing, "sign", lambda home, data: "1" * 768)
    events = await follow(bare, pin, "refused")
    assert events[-1]["phase"] == "refused" and "signature" in events[-1]["text"]
    assert not (bare.board.files / "b" / "manifest").exists()
