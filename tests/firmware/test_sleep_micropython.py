"""Sleep, alarms, charge and failures of the unmodified app on the real MicroPython, whose resets are real
ends of a process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fake_relay import FakeRelay, answer
from lapel.virtual import flash as flashes
from lapel.virtual.pin import VirtualPin
from test_app_micropython import heard_from, tone

HERE = Path(__file__).parent
NAPS = {"pin.power.IDLE_MS": 100, "pin.power.NAP_MS": 600, "pin.wall.LEAST_MARGIN_MS": 1500}
DEEP = {**NAPS, "pin.power.DEEP_MS": 1, "pin.power.LOOK_STAY_MS": 200, "pin.power.LOOK_LIMIT_MS": 400}
WAIT_S = 20.0


@contextlib.asynccontextmanager
async def house(
    tmp_path: Path, limits: dict[str, Any], program: str = "limited_app.py", **settings: Any
) -> AsyncIterator[tuple[FakeRelay, VirtualPin]]:
    """A fake relay and a virtual pin that is linked to it."""
    storage = tmp_path / "flash"
    storage.mkdir()
    (storage / "limits.json").write_text(json.dumps(limits), "utf-8")
    async with FakeRelay(tmp_path / "home", answer) as relay:
        flashes.write(storage, relay.settings(**settings))
        pin = VirtualPin(storage, program=HERE / program)
        await pin.start()
        try:
            yield relay, pin
        finally:
            await pin.stop()


def in_ms(ms: int) -> int:
    return int(time.time() * 1000) + ms


async def tap(pin: VirtualPin) -> None:
    await pin.press()
    await asyncio.sleep(0.06)
    await pin.release()
    await asyncio.sleep(0.06)


def alarm(name: str, at_ms: int) -> dict[str, Any]:
    return {"id": name, "unix_ms": at_ms, "label": "Tea", "kind": "timer"}


async def test_an_alarm_rings_without_its_relay_and_a_tap_snoozes_it(tmp_path: Path) -> None:
    async with house(tmp_path, {"pin.alarms.SNOOZE_MS": 1500}) as (relay, pin):
        await pin.wait_for_line("connecting -> idle", WAIT_S)
        due = in_ms(2500)
        await relay.say("alarms", alarms=[alarm("tea", due)])
        await asyncio.sleep(0.5)
        await relay.stop()
        await pin.wait_for_line("-> offline", WAIT_S)
        await pin.until(lambda: len(pin.haptics) > 0, WAIT_S, "a buzz")
        assert -100 < in_ms(0) - due < 1500
        await pin.wait_for_line("offline -> showing", WAIT_S)
        await tap(pin)
        await pin.wait_for_line("showing -> offline", WAIT_S)
        buzzes = len(pin.haptics)
        await pin.until(lambda: len(pin.haptics) > buzzes, WAIT_S, "the snooze's end")
        await relay.start()
        await relay.message("alarm", id="tea", what="rang")
        await relay.message("alarm", id="tea", what="snoozed")


async def test_a_double_tap_stops_what_rings(tmp_path: Path) -> None:
    async with house(tmp_path, {}) as (relay, pin):
        await pin.wait_for_line("connecting -> idle", WAIT_S)
        await relay.say("alarms", alarms=[alarm("tea", in_ms(300))])
        await pin.wait_for_line("idle -> showing", WAIT_S)
        await tap(pin)
        await tap(pin)
        await relay.message("alarm", id="tea", what="stopped")
        await pin.wait_for_line("showing -> idle", WAIT_S)


async def test_the_relay_chooses_how_it_stands_by(tmp_path: Path) -> None:
    async with house(tmp_path, NAPS) as (relay, pin):
        await pin.wait_for_line("connecting -> idle", WAIT_S)
        await asyncio.sleep(1.0)
        assert not any("nap" in line for line in pin.lines)  # reachable, unless it is told otherwise
        await relay.say("settings", request=1, standby="saver", look_minutes=30)
        await relay.message("settings_done", request=1)
        await pin.wait_for_line("power: nap for 1800 s", WAIT_S)


async def test_it_wakes_from_a_nap_for_an_alarm(tmp_path: Path) -> None:
    async with house(tmp_path, NAPS, standby="saver", look_minutes=0) as (relay, pin):
        await pin.wait_for_line("connecting -> idle", WAIT_S)
        due = in_ms(6000)
        await relay.say("alarms", alarms=[alarm("tea", due)])
        await pin.wait_for_line("power: nap for", WAIT_S)
        await pin.until(lambda: len(pin.haptics) > 0, WAIT_S, "a buzz")
        assert -100 < in_ms(0) - due < 1500
        await relay.message("alarm", id="tea", what="rang")


async def test_deep_sleep_ends_for_an_alarm_by_its_own_clock(tmp_path: Path) -> None:
    async with house(tmp_path, DEEP, standby="saver", look_minutes=0) as (relay, pin):
        await pin.wait_for_line("connecting -> idle", WAIT_S)
        due = in_ms(9000)
        await relay.say("alarms", alarms=[alarm("tea", due)])
        await asyncio.sleep(0.2)
        await relay.stop()  # nobody tells it the time again
        await pin.wait_for_line("rst:deepsleep", WAIT_S)
        await pin.until(lambda: len(pin.haptics) > 0, WAIT_S, "a buzz")
        assert -100 < in_ms(0) - due < 2500  # with a process's start
        assert pin.resets >= 1
        await relay.start()
        await relay.message("alarm", id="tea", what="rang")


async def test_an_alarm_outlives_the_power_and_waits_for_the_time(tmp_path: Path) -> None:
    async with house(tmp_path, {}) as (relay, pin):
        await pin.wait_for_line("connecting -> idle", WAIT_S)
        await relay.say("alarms", alarms=[alarm("tea", in_ms(1500))])
        await asyncio.sleep(0.3)
        await relay.stop()
        await pin.stop()  # the plug is pulled: the clock starts in 2000
        await asyncio.sleep(1.5)
        again = VirtualPin(pin.flash, program=HERE / "limited_app.py")
        await again.start()
        try:
            await again.wait_for_line("-> offline", WAIT_S)
            await asyncio.sleep(1.0)
            assert not again.haptics  # it does not know whether it is time
            await relay.start()
            await again.until(lambda: len(again.haptics) > 0, WAIT_S, "a buzz")
            await relay.message("alarm", id="tea", what="rang")
        finally:
            await again.stop()


async def test_the_first_word_after_a_nap_is_whole(tmp_path: Path) -> None:
    """Pressed in light sleep, with Wi-Fi that takes a second to come: the microphone does not wait for it."""
    async with house(tmp_path, NAPS, standby="saver") as (relay, pin):
        await pin.wait_for_line("power: nap for", WAIT_S)
        pin.wifi(True, 1000)
        said = tone(1.5)
        await pin.press()
        await pin.play(said, lead_s=0.1)
        await pin.release()
        end = await relay.message("utterance_end")
        utterance = relay.utterances[end["utt"]]
        assert end["dropped"] == 0 and heard_from(utterance, end, said) is not None


async def test_a_press_in_deep_sleep_is_heard_from_the_start_of_the_program(tmp_path: Path) -> None:
    async with house(tmp_path, DEEP, standby="saver", look_minutes=0) as (relay, pin):
        await pin.wait_for_line("rst:deepsleep", WAIT_S)
        asleep = len(pin.lines)
        await pin.press()
        await pin.wait_for_line("-> listening", WAIT_S, since=asleep)
        listening = time.monotonic()
        await pin.play(tone(1.0), lead_s=0.1)
        await pin.release()
        end = await relay.message("utterance_end")
        assert end["samples"] >= 16000 and end["dropped"] == 0
        assert time.monotonic() - listening < WAIT_S


async def test_a_look_asks_the_relay_and_naps_again(tmp_path: Path) -> None:
    limits = {**NAPS, "pin.power.LOOK_UNKNOWN_MS": 800, "pin.power.LOOK_STAY_MS": 300}
    async with house(tmp_path, limits, standby="saver", look_minutes=0) as (relay, pin):
        (pin.flash / "alarms.json").write_text("")
        await pin.wait_for_line("power: nap for", WAIT_S)
        assert len(relay.connections) == 1
        # A clock that is wrong while alarms wait is the one reason to look so soon.
        await pin.stop()
        kept = {"alarms": [{**alarm("x", in_ms(10**8)), "snoozes": 0}], "events": [], "done": []}
        (pin.flash / "alarms.json").write_text(json.dumps(kept), "utf-8")
        await relay.stop()
        again = VirtualPin(pin.flash, program=HERE / "limited_app.py")
        await again.start()
        try:
            await again.wait_for_line("nap -> look", WAIT_S)
            await relay.start()
            await relay.until(lambda: len(relay.connections) > 1)
        finally:
            await again.stop()


async def test_low_battery_is_said_once_and_light_is_refused(tmp_path: Path) -> None:
    async with house(tmp_path, {"pin.battery.READ_MS": 200}) as (relay, pin):
        await pin.wait_for_line("connecting -> idle", WAIT_S)
        pin.battery(3550)
        await pin.wait_for_line("idle -> showing", WAIT_S)
        await relay.until(lambda: [m for m in relay.got if m["t"] == "status" and m["battery_percent"] < 15])
        pin.battery(3380)  # 4 percent
        pin.palm(True)
        await asyncio.sleep(1.0)
        pin.mark()
        await tap(pin)
        await relay.card(7, [["Hello"]])
        await asyncio.sleep(1.5)
        assert pin.lit_at is None
        assert not [m for m in relay.got if m["t"] == "event" and m["name"] == "shown"]


@pytest.mark.parametrize("how", ["hang", "raise"])
async def test_a_failure_is_survived_and_told(tmp_path: Path, how: str) -> None:
    limits = {"pin.watchdog.BITE_MS": 3000, "pin.watchdog.APP_MS": 1000, "pin.watchdog.START_MS": 100}
    limits["break_app"] = how
    async with house(tmp_path, limits, program="broken_app.py") as (relay, pin):
        told = await relay.message("crash")
        if how == "hang":
            assert told["text"] == "watchdog: app fell silent while idle", told
            await relay.message("crash", text="watchdog: reset while doing what is not known")
            assert any(line.startswith("rst:watchdog") for line in pin.lines)
            status = next(m for m in reversed(relay.got) if m["t"] == "status")
            assert (status["cause"], status["resets"]) == ("watchdog", 1)
        else:
            assert "RuntimeError: broken on purpose" in told["text"] and "Traceback" in told["text"]
        await relay.until(lambda: len(relay.connections) == 2)


async def test_hold_keeps_the_watchdog_off(tmp_path: Path) -> None:
    limits = {"pin.watchdog.BITE_MS": 1000, "pin.watchdog.START_MS": 100}
    async with house(tmp_path, limits) as (_, pin):
        (pin.flash / "hold").write_text("")
        await pin.stop()
        await asyncio.sleep(0)
        again = VirtualPin(pin.flash, program=HERE / "limited_app.py")
        await again.start()
        try:
            await again.wait_for_line("connecting -> idle", WAIT_S)
            again.stall(2500)
            await again.wait_for_line("watchdog: off", WAIT_S)
            await asyncio.sleep(3.0)
            assert again.running and again.resets == 0
        finally:
            await again.stop()


async def test_without_memory_it_starts_again_while_nobody_uses_it(tmp_path: Path) -> None:
    limits = {"pin.memory.LOOK_MS": 200}
    async with house(tmp_path, limits, program="starved_app.py") as (relay, pin):
        await pin.wait_for_line("connecting -> idle", WAIT_S)
        (pin.flash / "starve").write_text("")
        await pin.wait_for_line("rst:hard", WAIT_S)
        told = await relay.message("crash")
        assert told["text"] == "memory: restarted with 50000 bytes free"
        await relay.until(lambda: len(relay.connections) == 2)
