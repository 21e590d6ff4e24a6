"""`lapel flash` on a board that is a bootloader, then a prompt, then a pin that runs what was installed."""

import dataclasses
import json
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from flashing import STEPS, WIFI, Bench, bench
from lapel.devices.problems import Code
from lapel.devices.tickets import Tickets


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compiled files, shared by all tests."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
async def good(tmp_path: Path, cache: Path) -> AsyncIterator[Bench]:
    async with bench(tmp_path, cache) as running:
        yield running


async def test_from_a_bare_board_to_a_pin_that_is_ready(good: Bench) -> None:
    code, said = await good.flash("--name", "kitchen")
    assert code == 0, said
    assert "Your pin is ready" in said
    assert "the password" not in said
    assert good.board.phase == "pin"
    assert [event for event in good.events if event in ("prompt", "pin")][-1] == "pin"
    pin = good.house.pins.named("kitchen")
    assert good.house.relay.connected == [pin.id]
    # The pin runs what was installed: its hello names the slot's package.
    manifest = json.loads((good.board.files / "a" / "manifest").read_bytes().split(b"\n")[0])
    assert good.room.fleet.link(pin.id).firmware == manifest["name"]
    assert not (good.board.files / "hold").exists()
    assert not (good.board.files / "settings.json").exists()  # the pin has taken them over

    code, said = await good.flash(typed="")  # once more: nothing is asked, nothing is written
    assert code == 0, said
    assert (
        f"stays {pin.id}" in said
        and "0 files written" in said
        and "Erase and write MicroPython: nothing" in said
    )
    assert len(good.house.pins.all()) == 2  # the house has a pin of its own

    code, said = await good.lapel("doctor", "--port", str(good.board.link), "--json")
    found = {one["part"]: one["state"] for one in json.loads(said)}
    assert found["MicroPython"] == found["PSRAM"] == found["firmware"] == found["settings"] == "ok", said
    assert found["connection"] == "ok", said
    assert code == 0


FAULTS = [
    ({"chip": "esp32c3"}, Code.WRONG_CHIP, "expected an ESP32-S3"),
    ({"flash_mb": 4}, Code.SMALL_FLASH, "this board has 4 MB"),
    ({"psram_mb": 0}, Code.NO_PSRAM, "this board has none"),
    ({"faults": frozenset({"flash"})}, Code.NOT_WRITTEN, "not what was written"),
    ({"faults": frozenset({"psram"})}, Code.WRONG_IMAGE, "it finds no PSRAM"),
    ({"faults": frozenset({"files"})}, Code.FILE_ALTERED, "not what was written"),
    ({"faults": frozenset({"wifi"})}, Code.NO_WIFI, "joins none of its Wi-Fi networks"),
]


@pytest.mark.parametrize(("board", "expected", "sentence"), FAULTS, ids=[code.name for _, code, _ in FAULTS])
async def test_a_broken_board_is_named(
    tmp_path: Path, cache: Path, board: dict[str, object], expected: Code, sentence: str
) -> None:
    async with bench(tmp_path, cache, **board) as broken:
        code, said = await broken.flash("--erase")
    assert code == expected, said
    assert sentence in said
    assert "Traceback" not in said


@pytest.mark.full
async def test_a_relay_that_is_not_there_and_one_that_forgot_the_pin(good: Bench) -> None:
    code, said = await good.flash("--erase", relay="127.0.0.1:1")
    assert code == Code.RELAY_UNREACHED, said
    code, said = await good.flash("--pair", "--relay", "127.0.0.1:1")  # tried after the one that answers
    assert code == 0, said
    (pin,) = [pin for pin in good.house.pins.all() if pin.device]
    good.house.pins.revoke(pin.id)
    code, said = await good.flash(typed="")
    assert code == Code.RELAY_REFUSES, said
    assert "--pair" in said
    code, said = await good.flash("--erase")
    assert code == 0, said


async def test_no_relay_and_a_wrong_ticket(good: Bench) -> None:
    code, said = await good.flash("--erase", "--ticket", typed="\n")
    assert code == Code.NO_RELAY, said
    code, said = await good.flash("--erase", "--ticket", typed="AAAAA-BBBBB\n")
    assert code == Code.BAD_TICKET, said


async def test_at_another_computer_with_a_ticket(good: Bench, tmp_path: Path) -> None:
    ticket = Tickets(good.home).make("relay.example", good.house.relay.port, "garden")
    text = dataclasses.replace(ticket, host="127.0.0.1").text()  # none is made for loopback
    there = good.home
    good.home = tmp_path / "another computer"
    code, said = await good.flash("--ticket", typed=f"{text}\n{WIFI}")
    assert code == 0, said
    assert text not in said
    assert not (good.home / "pins.json").exists()
    assert good.house.relay.connected == [good.house.pins.named("garden").id]
    code, said = await good.flash("--erase", "--ticket", typed=f"{text}\n{WIFI}")
    assert code == Code.BAD_TICKET and "was used" in said, said
    good.home = there


async def test_questions_without_an_answer_and_useless_ones(good: Bench) -> None:
    for typed in ("", "home\nshort\n", "\n", "a name that is longer than a network's may be\n"):
        code, said = await good.flash("--erase", typed=typed)
        assert code == Code.BAD_SETTINGS, said


async def test_what_is_no_image_and_no_port(good: Bench) -> None:
    good.image.write_bytes(b"\x7fELF" + bytes(1000))
    code, said = await good.flash("--erase")
    assert code == Code.NO_IMAGE, said
    good.image.unlink()
    code, said = await good.flash("--erase")
    assert code == Code.NO_IMAGE, said
    await good.board.unplug()
    code, said = await good.flash()
    assert code == Code.NO_BOARD, said


async def pulled_at(good: Bench, step: int, seed: int) -> tuple[int, str]:
    """Runs flash and pulls the cable a moment after the step before `step` has ended."""
    import asyncio

    moment = random.Random(seed).uniform(0.0, 0.4)
    pulls: list[asyncio.Task[None]] = []

    async def pull() -> None:
        await asyncio.sleep(moment)
        await good.board.unplug()

    def watch(line: str) -> None:
        if line.lstrip().startswith(f"{step - 1}/{STEPS}") and not pulls:
            pulls.append(asyncio.create_task(pull()))

    result = await good.flash(on_line=watch)
    await asyncio.gather(*pulls)
    return result


SETTLED = {Code.CABLE, Code.NO_BOARD, Code.NO_PROMPT, Code.NO_BOOTLOADER}


async def pull_and_repeat(good: Bench, steps: list[int]) -> None:
    for step in steps:
        code, said = await pulled_at(good, step, step)
        assert code == 0 or code in SETTLED, (step, said)  # a step may end before the hand is there
        assert "Traceback" not in said
        await good.board.plug()
    code, said = await good.flash()
    assert code == 0, said


async def test_a_pulled_cable_is_survived_by_running_it_again(good: Bench) -> None:
    await pull_and_repeat(good, [6, 8])


@pytest.mark.full
async def test_a_cable_pulled_at_each_step(good: Bench) -> None:
    await pull_and_repeat(good, list(range(2, STEPS + 1)))
