"""Settings and keys through the relay, telemetry, and whom an old key still opens."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from lapel.bench.wire_client import WireClient
from lapel.devices import control
from lapel.devices.control import ControlError
from lapel.devices.pins import Pin, Pins
from lapel.devices.room import DeviceRoom
from lapel_wire import VERSION
from lapel_wire.challenge import mac
from relay_house import House, running


@asynccontextmanager
async def served(home: Path) -> AsyncIterator[House]:
    async with DeviceRoom(home) as room, running(home, desks=room.desks) as house:
        yield house


async def command(home: Path, do: str, **fields: Any) -> list[dict[str, Any]]:
    return await asyncio.to_thread(lambda: list(control.ask(home, do, **fields)))


class RekeyedClient(WireClient):
    """Remembers this connection's challenge, as a pin does."""

    async def challenge(self, version: int = VERSION) -> None:
        sent: dict[str, Any] = {}
        send, expect = self.send, self.expect

        async def watch_send(t: str, **fields: Any) -> None:
            sent.update({t: fields})
            await send(t, **fields)

        async def watch_expect(t: str) -> dict[str, Any]:
            sent[t] = await expect(t)
            return dict(sent[t])

        self.send, self.expect = watch_send, watch_expect  # type: ignore[method-assign]
        await super().challenge(version)
        self.send, self.expect = send, expect  # type: ignore[method-assign]
        self.parts = (version, sent["hello"]["pin"], sent["hello"]["nonce"], sent["challenge"]["nonce"])

    async def keep_key(self, wrong: bool = False) -> str:
        """Answers a `rekey`; the key it was given."""
        key = str((await self.expect("rekey"))["key"])
        shown = mac(bytes.fromhex("00" * 32 if wrong else key), "rekey", *self.parts)
        await self.send("rekeyed", mac=shown)
        return key


def with_key(house: House, pin: Pin, key: str) -> dict[str, Any]:
    return house.settings(dataclasses.replace(pin, key=key, next_key="", next_confirmed=False))


async def test_a_key_is_rotated_and_the_old_one_ends_with_the_first_use(tmp_path: Path) -> None:
    async with served(tmp_path) as house:
        pins = Pins(tmp_path)
        old = house.pin.key
        async with RekeyedClient(house.settings()) as client:
            asked = asyncio.create_task(command(tmp_path, "rotate", pin=house.pin.id))
            new = await client.keep_key()
            assert await asked == [{"pin": house.pin.id, "kept": True}]
        kept = pins.get(house.pin.id)
        assert kept is not None and (kept.key, kept.next_key, kept.expected_key) == (old, new, new)
        async with WireClient(with_key(house, house.pin, new)):
            pass
        kept = pins.get(house.pin.id)
        assert kept is not None and (kept.key, kept.next_key) == (new, "")
        with pytest.raises(PermissionError):
            async with WireClient(with_key(house, house.pin, old)):
                pass


async def test_a_pin_that_says_the_key_is_wrong_is_asked_with_the_old_one_next(tmp_path: Path) -> None:
    async with served(tmp_path) as house:
        async with RekeyedClient(house.settings()) as client:
            asked = asyncio.create_task(command(tmp_path, "rotate", pin=house.pin.id))
            await client.keep_key()
            await asked
        refusing = WireClient(with_key(house, house.pin, house.pin.key))
        await refusing.open()
        hello = {"pin": house.pin.id, "nonce": "ab" * 32, "firmware": "x", "board": "x"}
        await refusing.send("hello", v=VERSION, display={"kind": "vector", "cols": 12, "lines": 3}, **hello)
        await refusing.expect("challenge")
        await refusing.send("error", code="wrong_key", text="The relay has another key.")
        await refusing.connection.wait_closed()
        async with RekeyedClient(with_key(house, house.pin, house.pin.key)) as client:
            new = await client.keep_key()  # and is given the new one again
            await house.until(lambda: (house.pins.get(house.pin.id) or house.pin).next_confirmed)
        async with WireClient(with_key(house, house.pin, new)):
            pass


async def test_a_wrong_answer_changes_nothing(tmp_path: Path) -> None:
    async with served(tmp_path) as house:
        async with RekeyedClient(house.settings()) as client:
            asked = asyncio.create_task(command(tmp_path, "rotate", pin=house.pin.id))
            await client.keep_key(wrong=True)
            with pytest.raises(ControlError, match="old key still counts"):
                await asked
        async with house.client():
            pass


async def test_settings_reach_the_pin_and_its_refusal_the_owner(tmp_path: Path) -> None:
    async with served(tmp_path) as house, house.client() as client:
        network = {"ssid": "garden", "password": "a long one", "hidden": True}
        changes = {"volume": 40, "networks": [network]}
        asked = asyncio.create_task(command(tmp_path, "set", pin=house.pin.id, changes=changes))
        got = await client.expect("settings")
        assert got["volume"] == 40 and got["networks"] == [network]
        await client.send("settings_done", request=got["request"])
        assert await asked == [{"pin": house.pin.id, "done": True}]
        asked = asyncio.create_task(command(tmp_path, "set", pin=house.pin.id, changes={"brightness": 5}))
        got = await client.expect("settings")
        await client.send("settings_done", request=got["request"], error="the flash is full")
        with pytest.raises(ControlError, match="the flash is full"):
            await asked
        with pytest.raises(ControlError, match="cannot be sent"):
            await command(tmp_path, "set", pin=house.pin.id, changes={"volume": 101})
    async with served(tmp_path / "empty") as house:
        with pytest.raises(ControlError, match="not connected"):
            await command(tmp_path / "empty", "set", pin=house.pin.id, changes={"volume": 1})


async def test_telemetry_and_crashes_are_kept(tmp_path: Path) -> None:
    async with served(tmp_path) as house:
        status = {"heap_free": 5, "uptime_s": 9, "resets": 2, "dropped": 0, "battery_percent": 71}
        async with house.client() as client:
            await client.send("status", **status)
            await client.send("crash", text="Traceback: boom")
            async with asyncio.timeout(5):
                while not (pins := await command(tmp_path, "pins")) or not pins[0]["crashes"]:
                    await asyncio.sleep(0.01)
            (entry,) = pins
            assert (
                entry["connected"] and entry["status"] == status and entry["crashes"] == ["Traceback: boom"]
            )
            assert (entry["firmware"], entry["board"]) == ("client", "none")
        async with asyncio.timeout(5):
            while (await command(tmp_path, "pins"))[0]["connected"]:
                await asyncio.sleep(0.01)


async def test_an_update_for_a_board_that_nobody_knows_is_a_sentence(tmp_path: Path) -> None:
    async with served(tmp_path) as house, house.client():
        with pytest.raises(ControlError, match="there is no board 'none'"):
            await command(tmp_path, "update", pin=house.pin.id)
