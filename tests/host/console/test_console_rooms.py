"""What the pages read and do, over HTTP, on a real relay."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from lapel.bench.wire_client import WireClient
from lapel.config import Config, ConsoleConfig, RelayConfig
from lapel.config_file import change
from lapel.console.browser_pin import BrowserPin
from lapel.console.figures import Figures
from lapel.console.history_room import HistoryRoom
from lapel.console.pins_room import PinsRoom
from lapel.console.server import Console
from lapel.console.settings_room import SettingsRoom
from lapel.devices.room import DeviceRoom
from lapel.services import TurnRecord
from lapel.store.history import SqlHistory
from lapel.store.keeping import SqlKeeping
from relay_house import House, ListedHistory
from test_console_access import owned


class Rooms:
    """A relay, its console's rooms, and a client that has signed in."""

    def __init__(self, house: House, client: httpx.AsyncClient, history: SqlHistory) -> None:
        self.house = house
        self.client = client
        self.history = history
        self.restarts = 0

    async def get(self, path: str) -> Any:
        answer = await self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, expected: int = 200, **body: Any) -> Any:
        answer = await self.client.post(path, json=body)
        assert answer.status_code == expected, answer.text
        return answer.json()


@pytest.fixture
async def rooms(tmp_path: Path) -> AsyncIterator[Rooms]:
    async with asyncio.timeout(30), DeviceRoom(tmp_path) as devices:
        history = SqlHistory.in_home(tmp_path, 30)
        keeping = SqlKeeping.in_home(tmp_path)
        house = House(tmp_path, history=history, desks=devices.desks)
        settings = Config(tmp_path, relay=RelayConfig(port=0), console=ConsoleConfig(port=0))
        async with house.relay:
            pins = PinsRoom(tmp_path, ("192.168.1.5", 5273), house.pins, devices.fleet, devices.updates)
            made: list[Rooms] = []

            def restart() -> None:
                made[0].restarts += 1

            settings_room = SettingsRoom(settings, lambda: [], lambda changed: False, restart)
            routes = [
                *BrowserPin(house.pins, house.relay.serve).routes,
                *pins.routes,
                *HistoryRoom(keeping).routes,
                *settings_room.routes,
            ]
            async with Console(settings.console, tmp_path, routes) as console:
                base = f"http://127.0.0.1:{console.port}"
                async with httpx.AsyncClient(
                    base_url=base, headers={"origin": base}, trust_env=False
                ) as client:
                    await owned(console, client)
                    made.append(Rooms(house, client, history))
                    yield made[0]
            await pins.stop()
        await history.close()
        await keeping.close()


async def test_a_pin_is_seen_with_what_its_palm_shows(rooms: Rooms) -> None:
    (before,) = await rooms.get("/api/pins")
    assert not before["connected"] and before["card"] is None
    async with rooms.house.client() as client:
        await client.send("status", heap_free=1000, uptime_s=5, resets=0, dropped=0, battery_percent=81)
        await rooms.house.ask(client, 1)
        (pin,) = await rooms.get("/api/pins")
        assert pin["connected"] and pin["status"]["battery_percent"] == 81
        assert "1883" in json.dumps(pin["card"]["pages"])
        drawn = await rooms.client.get(f"/api/pins/{pin['id']}/palm.svg")
        assert drawn.text.startswith("<svg") and drawn.text.count("M") > 10
        await client.send("event", name="dismissed", card=pin["card"]["number"])
        while (await rooms.get("/api/pins"))[0]["card"] is not None:
            await asyncio.sleep(0.01)


async def test_the_live_stream_tells_what_changed(rooms: Rooms) -> None:
    async with rooms.client.stream("GET", "/api/live") as stream:
        lines = stream.aiter_lines()
        told = [json.loads(line[6:]) async for line in _data(lines, 1)]
        assert told[0][0]["connected"] is False
        async with rooms.house.client():
            told = [json.loads(line[6:]) async for line in _data(lines, 1)]
            assert told[0][0]["connected"] is True


async def _data(lines: AsyncIterator[str], count: int) -> AsyncIterator[str]:
    async for line in lines:
        if line.startswith("data: "):
            yield line
            count -= 1
            if not count:
                return


async def test_a_pin_is_rung_renamed_and_revoked(rooms: Rooms) -> None:
    pin = rooms.house.pin.id
    assert "not connected" in (await rooms.post(f"/api/pins/{pin}/ring", 409))["error"]
    async with rooms.house.client() as client:
        await rooms.post(f"/api/pins/{pin}/ring")
        assert (await client.expect("ring"))["seconds"] > 0
    await rooms.post(f"/api/pins/{pin}/name", name="Kitchen")
    assert (await rooms.get("/api/pins"))[0]["name"] == "Kitchen"
    await rooms.post(f"/api/pins/{pin}/name", 409, name="")
    await rooms.post("/api/pins/pin-nobody/name", 409, name="Nobody")
    await rooms.post(f"/api/pins/{pin}/revoke")
    assert await rooms.get("/api/pins") == []


async def test_a_ticket_is_made_with_the_command_for_it(rooms: Rooms) -> None:
    made = await rooms.post("/api/tickets")
    assert made["command"] == "lapel flash --ticket" and len(made["ticket"]) > 50


async def test_a_pin_in_a_page_is_challenged_like_any_other(rooms: Rooms) -> None:
    settings = await rooms.post("/browser-pin/pair")
    files = (await rooms.get("/browser-pin/firmware.json"))["files"]
    assert "@micropython.viper" not in "".join(files.values())
    assert "pin/app.py" in files and "stand_ins/pump.py" not in files
    port = int(str(rooms.client.base_url).rsplit(":", 1)[1].strip("/"))
    cookie = f"lapel={rooms.client.cookies['lapel']}"
    for key, lets_in in ((settings["key"], True), ("00" * 32, False)):
        client = PageClient(settings | {"key": key}, port, cookie)
        try:
            await client.open()
            await client.challenge()
            assert lets_in
            assert await rooms.house.ask(client, 1)
        except PermissionError:
            assert not lets_in
        finally:
            await client.connection.close()


class PageClient(WireClient):
    """A pin on the console's own websocket, as a page opens it."""

    def __init__(self, settings: dict[str, Any], port: int, cookie: str) -> None:
        super().__init__(settings)
        self._port, self._cookie = port, cookie

    async def open(self) -> None:
        from websockets.asyncio.client import connect

        origin = f"http://127.0.0.1:{self._port}"
        self._connection = await connect(
            f"ws://127.0.0.1:{self._port}/pin",
            additional_headers={"cookie": self._cookie, "origin": origin},
            proxy=None,
        )


async def test_history_is_searched_seen_deleted_exported_and_erased(rooms: Rooms) -> None:
    for utt, question in enumerate(("How old is the bridge?", "Where is Lisbon?")):
        rooms.history.add(TurnRecord("pin-1", utt, question=question, answer="It opened in 1883."))
    while len(await rooms.get("/api/history")) < 2:
        await asyncio.sleep(0.01)
    newest, oldest = await rooms.get("/api/history")
    assert newest["question"] == "Where is Lisbon?" and oldest["pages"] == 1
    assert [turn["id"] for turn in await rooms.get("/api/history?q=lisbon")] == [newest["id"]]
    assert await rooms.get("/api/history?q=%25") == []  # a sign, not a wildcard
    assert [turn["id"] for turn in await rooms.get(f"/api/history?before={newest['id']}")] == [oldest["id"]]
    picture = await rooms.client.get(f"/api/history/{oldest['id']}/0.svg")
    assert picture.headers["content-type"] == "image/svg+xml" and "M" in picture.text
    await rooms.post(f"/api/history/{oldest['id']}/delete")
    assert len(await rooms.get("/api/history")) == 1
    assert (await rooms.get("/api/history/export"))["turns"][0]["question"] == "Where is Lisbon?"
    await rooms.post("/api/history/erase", 400, everything=False)
    await rooms.post("/api/history/erase", everything=True)
    assert await rooms.get("/api/history") == []


async def test_settings_are_read_without_their_secrets_and_written_checked(
    rooms: Rooms, tmp_path: Path
) -> None:
    path = tmp_path / "config.toml"
    path.write_text('# mine\n[llm]\nkey = "a secret"  # of the shed\n')
    read = await rooms.get("/api/settings")
    assert "a secret" not in json.dumps(read)
    bad = await rooms.post("/api/settings", 400, changes={"history": {"days": -1}})
    assert "expected 0 to" in bad["error"]
    assert (
        "[relay]" in (await rooms.post("/api/settings", 400, changes={"relay": {"host": "0.0.0.0"}}))["error"]
    )
    assert await rooms.post("/api/settings", changes={"history": {"days": 3}}) == {"restart": True}
    text = path.read_text()
    assert "# mine" in text and "# of the shed" in text and "days = 3" in text
    assert path.stat().st_mode & 0o777 == 0o600
    await rooms.post("/api/settings", changes={"history": {"days": None}})
    assert "days" not in path.read_text()
    await rooms.post("/api/restart")
    while not rooms.restarts:
        await asyncio.sleep(0.01)


def test_a_change_that_cannot_be_read_again_is_not_written(tmp_path: Path) -> None:
    from lapel.config import ConfigError

    change(tmp_path, {"skills.weather": {"place": "Lisbon"}, "llm": {"model": "small"}})
    assert change(tmp_path, {}).skills == {"weather": {"place": "Lisbon"}}
    before = (tmp_path / "config.toml").read_text()
    for bad in ({"llm": {"url": "nonsense"}}, {"nothing": {"x": 1}}, {"llm": {"model": 7}}):
        with pytest.raises(ConfigError):
            change(tmp_path, bad)
        assert (tmp_path / "config.toml").read_text() == before


def test_figures_count_a_turn_once_and_keep_its_stages() -> None:
    figures = Figures(ListedHistory())
    record = TurnRecord("pin-1", 1, question="q", timings_ms={"transcript": 80.0, "first_card": 100.0})
    figures.add(record)
    record.timings_ms["shown"] = 140.0
    figures.add(record)
    figures.add(TurnRecord("pin-1", 2, question="q", failure="none", timings_ms={"transcript": 20.0}))
    assert figures.percentiles()["transcript"] == {"count": 2, "p50": 80.0, "p95": 80.0}
    metrics = figures.metrics().decode()
    assert 'lapel_turns_total{outcome="answered"} 1.0' in metrics
    assert 'lapel_turns_total{outcome="failed"} 1.0' in metrics
    assert 'lapel_stage_ms_count{stage="shown"} 1.0' in metrics
