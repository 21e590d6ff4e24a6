"""The unmodified firmware, steered by nothing but the virtual hand before its depth sensor."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boards.virtual as board
import pytest
from fake_relay import FakeRelay
from lapel.virtual import live_hand
from lapel.virtual.hand import Cup, Plane, Shape, face
from lapel.virtual.live_hand import REST
from lapel.virtual.pin import VirtualPin
from pin import haptic
from pin_process import WAIT_S

PLAYER = [{"id": "previous", "label": "<"}, {"id": "pause", "label": "||"}, {"id": "next", "label": ">"}]
SETTLE_S = 0.5  # a hand that came, or swiped, is quiet for so long before it means something again


class House:
    """A pin that is linked to a fake relay, and what a person does with its hand."""

    def __init__(self, relay: FakeRelay, pin: VirtualPin) -> None:
        self.relay = relay
        self.pin = pin

    @property
    def armed(self) -> bool:
        return self.pin.outputs.get(board.LASER_ARM) == 1

    async def until_armed(self, armed: bool = True) -> None:
        await self.pin.until(lambda: self.armed == armed, WAIT_S, f"ARM {armed}")

    async def show(self) -> None:
        await self.pin.hand.show()
        await self.until_armed()
        await asyncio.sleep(SETTLE_S)

    async def choose(self, right: int = 0) -> None:
        """One move: tilt by so many places, a fist, level again."""
        if right:
            moved = self.pin.haptics.count(bytes(haptic.MOVED)) + abs(right)
            await self.pin.hand.turn(right=right)
            # A person feels each step.
            await self.pin.until(
                lambda: self.pin.haptics.count(bytes(haptic.MOVED)) >= moved, WAIT_S, "the focus"
            )
        await self.pin.hand.close(0.25)
        await self.pin.hand.turn()
        await asyncio.sleep(0.3)

    async def event(self, name: str, card: int, **fields: Any) -> dict[str, Any]:
        return await self.relay.message("event", name=name, card=card, **fields)


@contextlib.asynccontextmanager
async def house(tmp_path: Path) -> AsyncIterator[House]:
    flash = tmp_path / "flash"
    flash.mkdir()
    async with FakeRelay(tmp_path / "home") as relay:
        (flash / "settings.json").write_text(json.dumps(relay.settings()), "utf-8")
        pin = VirtualPin(flash)
        await pin.start()
        try:
            await pin.wait_for_line("-> idle", WAIT_S)
            await pin.wait_for_line("depth: ready", WAIT_S)
            await relay.until(lambda: relay.connections)
            await asyncio.sleep(0.8)  # an empty field was seen: what comes from now on comes
            yield House(relay, pin)
        finally:
            await pin.stop()


async def test_a_raised_palm_shows_home_and_a_walk_through_the_menus(tmp_path: Path) -> None:
    async with house(tmp_path) as at_home:
        pin = at_home.pin
        assert not at_home.armed
        await at_home.show()
        home, lit = await pin.look()
        assert lit and bytes(haptic.SHOWN) in pin.haptics
        pin.mark()
        await at_home.choose(1)  # day
        day, lit = await pin.look()
        assert lit and day != home
        await at_home.choose(1)  # timers, which only the relay knows
        assert (await at_home.relay.message("open"))["view"] == "timers"
        await at_home.relay.card(3, [["Tea 2:00"]], kind="menu", choices=[{"id": "stop", "label": "Stop"}])
        await at_home.event("shown", 3)
        await pin.hand.close(0.9)  # held long: a choice, and a step back
        await at_home.event("chosen", 3, choice="stop")
        await pin.hand.push()
        await pin.wait_for_line("thinking -> showing", WAIT_S)
        await pin.hand.away()
        await at_home.until_armed(False)
        await pin.wait_for_line("showing -> idle", WAIT_S)


async def test_the_next_song_within_two_moves_and_two_seconds(tmp_path: Path) -> None:
    async with house(tmp_path) as at_home:
        await at_home.relay.say("home", unread=0, playing="Blue in Green", utc_offset_min=0)

        async def answer() -> float:
            await at_home.relay.message("open", view="music")
            swipe = {"next": "next", "previous": "previous"}
            await at_home.relay.card(
                8, [["Blue in", "Green"]], kind="player", choices=PLAYER, focus=1, swipe=swipe, level=40
            )
            await at_home.event("chosen", 8, choice="next")
            return time.monotonic()

        answering = asyncio.create_task(answer())
        begin = time.monotonic()
        await at_home.pin.hand.show()
        await at_home.until_armed()
        await asyncio.sleep(begin + 1.1 - time.monotonic())  # a person sees the title first
        await at_home.pin.hand.swipe(1)
        took_s = await asyncio.wait_for(answering, WAIT_S) - begin
        print(f"next song {took_s:.2f} s after the hand began to come")
        assert took_s <= 2.3  # 0.3 s of which the hand comes into the field


async def test_a_message_is_confirmed_in_one_move_and_silence_is_a_no(tmp_path: Path) -> None:
    choices = [{"id": "no", "label": "No"}, {"id": "yes", "label": "Yes"}]
    async with house(tmp_path) as at_home:
        await at_home.relay.card(5, [["To Ann:", "I am late"]], kind="confirm", choices=choices)
        await at_home.show()
        await at_home.event("shown", 5)
        await at_home.choose(1)
        await at_home.event("chosen", 5, choice="yes")
        await at_home.relay.card(6, [["To Bob:", "I am late"]], kind="confirm", choices=choices)
        await at_home.event("shown", 6)
        await at_home.choose(0)  # whoever closes a fist without looking says no
        await at_home.event("chosen", 6, choice="no")


async def test_pages_turn_with_a_swipe_and_volume_with_the_wrist(tmp_path: Path) -> None:
    async with house(tmp_path) as at_home:
        pages = [["one two three", "four five six", "seven eight"]] * 3
        await at_home.relay.card(5, pages)
        await at_home.show()
        await at_home.event("shown", 5)
        await at_home.pin.hand.swipe(1)
        await at_home.event("page", 5, page=1)
        await asyncio.sleep(SETTLE_S)
        await at_home.pin.hand.swipe(-1)
        await at_home.event("page", 5, page=0)
        await at_home.relay.card(6, [["Blue in", "Green"]], kind="player", choices=PLAYER, focus=1, level=40)
        await at_home.event("shown", 6)
        await asyncio.sleep(SETTLE_S)
        await at_home.pin.hand.turn(right=-1)
        await at_home.event("level", 6, level=50)
        await at_home.pin.hand.turn()
        await asyncio.sleep(0.3)
        await at_home.pin.hand.turn(right=1)
        level = await at_home.event("level", 6, level=40)
        assert level["level"] == 40


async def test_a_message_waits_for_the_next_palm(tmp_path: Path) -> None:
    async with house(tmp_path) as at_home:
        await at_home.relay.card(7, [["Ann: hello"]], alert="normal")
        await at_home.pin.until(lambda: bytes(haptic.ALERT) in at_home.pin.haptics, WAIT_S, "a knock")
        await asyncio.sleep(0.3)
        assert not at_home.armed
        await at_home.show()
        await at_home.event("shown", 7)


@pytest.mark.parametrize("seed", range(3))
async def test_dark_within_250_ms_of_the_hands_removal(tmp_path: Path, seed: int) -> None:
    async with house(tmp_path) as at_home:
        await at_home.show()
        await asyncio.sleep(0.02 * seed)  # another moment of the sensor's period
        removed = time.monotonic()
        fell: list[float] = []
        hear = at_home.pin.on_message

        def watch(kind: str, body: bytes) -> None:
            hear(kind, body)
            if kind == "o" and body[0] == board.LASER_ARM and body[1] == 0:
                fell.append(int.from_bytes(body[2:10], "little") / 1e6)

        at_home.pin.on_message = watch
        at_home.pin.hand.place(None)
        await at_home.until_armed(False)
        print(f"ARM low {1000 * (fell[0] - removed):.0f} ms after the hand was gone")
        assert fell[0] - removed <= 0.250


THINGS: dict[str, list[Shape]] = {
    "face": [face(300)],
    "wall": [Plane(300)],
    "near wall": [Plane(180, tilt_x_deg=10)],
    "table": [Plane(280, tilt_x_deg=45)],
    "table's edge": [Plane(300, tilt_x_deg=20, edge_mm=0)],
    "cup": [Cup(260)],
}


@pytest.mark.parametrize("thing", THINGS)
async def test_what_is_no_hand_gets_no_light(tmp_path: Path, thing: str) -> None:
    async with house(tmp_path) as at_home:
        armed: list[bytes] = []
        hear = at_home.pin.on_message

        def watch(kind: str, body: bytes) -> None:
            hear(kind, body)
            if kind == "o" and body[0] == board.LASER_ARM and body[1] == 1:
                armed.append(body)

        at_home.pin.on_message = watch
        await at_home.pin.press()  # a user action, so that only the palm is missing
        await asyncio.sleep(0.05)
        await at_home.pin.release()
        await at_home.relay.card(1, [["Hello"]])
        for _ in range(40):
            at_home.pin.hand.thing(*THINGS[thing])
            await asyncio.sleep(0.06)
        assert not armed
        await at_home.pin.hand.away()
        await at_home.pin.hand.show()  # the same card is there for a hand
        await at_home.event("shown", 1)


async def test_a_hand_that_was_always_there_is_not_raised(tmp_path: Path) -> None:
    """The pin starts, or somebody sits down, with a hand in front of it: nobody asked for light."""
    async with house(tmp_path) as at_home:
        pin = at_home.pin
        for _ in range(15):  # it swings through the field
            pin.hand.place(replace(REST, x_mm=-80))
            await asyncio.sleep(0.07)
            pin.hand.place(replace(REST, distance_mm=380))
            await asyncio.sleep(0.07)
            pin.hand.place(None)
            await asyncio.sleep(0.07)
        assert not at_home.armed and pin.lit_at is None


async def test_a_sensor_that_stops_is_felt_and_gives_no_light(tmp_path: Path) -> None:
    async with house(tmp_path) as at_home:
        pin = at_home.pin
        await at_home.show()
        await pin.hand.away()
        pin.palm(True, frozen=True)
        await pin.wait_for_line("The palm sensor does not work.", WAIT_S)
        await pin.until(lambda: bytes(haptic.ERROR) in pin.haptics, WAIT_S, "the motor")
        assert not at_home.armed
        since = len(pin.lines)
        pin.palm(True)
        await pin.wait_for_line("depth: ready", WAIT_S, since)
        await pin.press()
        await asyncio.sleep(0.05)
        await pin.release()
        await at_home.relay.card(2, [["Hello"]])
        await at_home.event("shown", 2)


async def test_a_fist_is_a_choice_at_once(tmp_path: Path) -> None:
    """From when a hand begins to close: it closes, the recogniser is sure, and the relay hears of it."""
    async with house(tmp_path) as at_home:
        await at_home.show()
        begin = time.monotonic()
        closing = asyncio.create_task(at_home.pin.hand.close())
        await at_home.relay.message("open", view="music")
        took_s = time.monotonic() - begin
        await closing
        print(f"chosen {1000 * took_s:.0f} ms after the hand began to close")
        assert took_s <= live_hand.CLOSE_S + 0.350 + 0.067
