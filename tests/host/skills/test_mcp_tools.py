"""MCP servers of the official SDK, over pipes and HTTP, as tools of the house; and those that misbehave."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from assistant_house import household_in
from lapel.accounts import mcp_pipe, tool_servers
from lapel.assistant.acting import Acting
from lapel.assistant.assistant import LocalFirstAssistant
from lapel.assistant.household import Household
from lapel.assistant.intents import Matcher
from lapel.assistant.mcp_tools import McpServers, server_settings
from lapel.skills import SkillError
from own_servers import free_port, program
from scripted_llm import scripted

LIGHTS = str(Path(__file__).with_name("mcp_lights.py"))
STDIO: dict[str, Any] = {"command": sys.executable, "args": [LIGHTS]}
WAIT_S = 30.0


@asynccontextmanager
async def house_with(home: Path, tables: Mapping[str, Mapping[str, Any]]) -> AsyncIterator[Household]:
    household = await household_in(home)
    async with asyncio.timeout(60):
        async with McpServers(tables, household):
            yield household
        await household.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not condition():
            await asyncio.sleep(0.02)


async def call(household: Household, name: str, **given: Any) -> str:
    tool = household.tools[name]
    return (await household.call(tool, tool.arguments(given, household.now), "en")).text


async def check_lights(household: Household) -> None:
    await until(lambda: "lights_light_state" in household.tools)
    assert await call(household, "lights_light_state", room="hall") == "The light in the hall is on."
    tool = household.tools["lights_switch_light"]
    assert (tool.tool.effect, household.tools["lights_light_state"].tool.effect) == ("reaches", "reads")
    assert tool.tool.untrusted
    # Small models give words: they become what the schema says.
    assert tool.schema()["required"] == ["room", "on"]
    given = tool.arguments({"room": "kitchen", "on": "yes", "percent": "forty"}, household.now)
    assert given == {"room": "kitchen", "on": True, "percent": 40}
    with pytest.raises(SkillError, match="lights: Error executing tool fail"):
        await call(household, "lights_fail")


async def test_tools_over_pipes(tmp_path: Path) -> None:
    async with house_with(tmp_path, {"lights": STDIO}) as household:
        await check_lights(household)


async def test_tools_over_http(tmp_path: Path) -> None:
    port = free_port()
    with program([sys.executable, LIGHTS, str(port)], port, tmp_path / "lights.log"):
        url = f"http://127.0.0.1:{port}/mcp"
        async with house_with(tmp_path, {"lights": {"url": url}}) as household:
            await check_lights(household)


async def test_what_acts_asks_first_and_what_the_owner_trusts_does_not(tmp_path: Path) -> None:
    tables = {"lights": STDIO, "trusted": {**STDIO, "trusted": ["switch_light"]}}
    async with house_with(tmp_path, tables) as household:
        await until(lambda: {"lights_switch_light", "trusted_switch_light"} <= household.tools.keys())
        acting = Acting(household)
        given = {"room": "kitchen", "on": True}
        asked = await acting.perform("pin", household.tools["lights_switch_light"], given, "en")
        assert asked.kind == "confirm"
        assert asked.text == "lights, switch light? room: kitchen, on: True"
        state = household.tools["lights_light_state"]
        assert "off" in (await acting.perform("pin", state, {"room": "kitchen"}, "en")).text
        done = await acting.spoken("pin", "yes")
        assert done is not None and done.text == "kitchen on at 100 percent"
        assert "on" in (await acting.perform("pin", state, {"room": "kitchen"}, "en")).text
        at_once = await acting.perform("pin", household.tools["trusted_switch_light"], given, "en")
        assert at_once.kind == "answer"


async def test_a_model_calls_them_and_the_palm_asks(tmp_path: Path) -> None:
    calls = [("lights_switch_light", {"room": "kitchen", "on": True})]
    async with (
        house_with(tmp_path, {"lights": STDIO}) as household,
        scripted(lambda _: calls) as (model, bodies),
    ):
        # The assistant is there before the server: it learns of the tools when they come.
        assistant = LocalFirstAssistant(model, Acting(household), Matcher(household.tools))
        await until(lambda: "lights_switch_light" in household.tools)

        async def ask(text: str) -> Any:
            return [piece async for piece in assistant.answer(text, [], "pin")][-1]

        asked = await ask("Switch on the light in the kitchen")
        assert (asked.kind, asked.text) == ("confirm", "lights, switch light? room: kitchen, on: True")
        offered = {tool["function"]["name"]: tool["function"] for tool in bodies[0]["tools"]}
        assert offered["lights_switch_light"]["parameters"]["properties"]["on"]["type"] == "boolean"
        assert (
            await call(household, "lights_light_state", room="kitchen") == "The light in the kitchen is off."
        )
        assert (await ask("yes")).text == "kitchen on at 100 percent"


async def test_a_server_that_hangs_is_named_and_started_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool_servers, "CALL_S", 0.5)
    monkeypatch.setattr(tool_servers, "_AGAIN_S", (0.05,))
    async with house_with(tmp_path, {"lights": STDIO}) as household:
        await until(lambda: "lights_hang" in household.tools)
        with pytest.raises(SkillError, match="The server lights did not answer"):
            await call(household, "lights_hang")
        await until(lambda: "lights_hang" not in household.tools)
        await until(lambda: "lights_light_state" in household.tools)
        monkeypatch.setattr(tool_servers, "CALL_S", 8.0)
        assert "off" in await call(household, "lights_light_state", room="kitchen")


async def test_a_server_that_floods_is_ended_and_a_long_story_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tool_servers, "_AGAIN_S", (0.05,))
    async with house_with(tmp_path, {"lights": STDIO}) as household:
        await until(lambda: "lights_flood" in household.tools)
        assert len(await call(household, "lights_long_story")) <= tool_servers.RESULT_CHARACTERS
        with pytest.raises(SkillError, match="The server lights"):
            await call(household, "lights_flood")
        assert "lights: a message of over" in caplog.text
        await until(lambda: "lights_flood" not in household.tools)
        await until(lambda: "lights_flood" in household.tools)  # it is back


async def test_a_flood_over_http_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool_servers, "CALL_S", 5.0)
    port = free_port()
    with program([sys.executable, LIGHTS, str(port)], port, tmp_path / "lights.log"):
        async with house_with(tmp_path, {"lights": {"url": f"http://127.0.0.1:{port}/mcp"}}) as household:
            await until(lambda: "lights_flood" in household.tools)
            with pytest.raises(SkillError, match="The server lights"):
                await call(household, "lights_flood")


async def test_a_program_that_babbles_is_ended(caplog: pytest.LogCaptureFixture) -> None:
    babble = 'import sys\nwhile True: sys.stdout.write(\'{"jsonrpc":"2.0","method":"x"}\\n\')'
    async with asyncio.timeout(20), mcp_pipe.pipe("babble", [sys.executable, "-c", babble], {}) as (came, _):
        count = 0
        async for _ in came:
            count += 1
    assert 0 < count <= 1000
    assert "babble: over 500 messages a second" in caplog.text


async def test_no_program_outlives_its_connection(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"sleep 3600 & echo $! $$ > {pids}; wait"
    async with asyncio.timeout(20), mcp_pipe.pipe("parent", ["sh", "-c", script], {}):
        await until(lambda: pids.exists() and len(pids.read_text().split()) == 2)
    await until(lambda: not any(_runs(pid) for pid in pids.read_text().split()))


def _runs(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


async def test_a_server_that_is_not_there_leaves_the_others_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tables = {
        "gone": {"command": "/no/such/program"},
        "dead": {"url": f"http://127.0.0.1:{free_port()}/mcp"},
        "odd": {"command": "x", "url": "y"},
        "mail": STDIO,
        "lights": STDIO,
    }
    async with house_with(tmp_path, tables) as household:
        await until(lambda: "lights_light_state" in household.tools)
        await until(lambda: "MCP server dead" in caplog.text)
    assert "MCP server gone" in caplog.text
    assert "expected either command or url" in caplog.text
    assert "there is a skill mail already" in caplog.text and "unread_mail" in household.tools


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({}, "either command or url"),
        ({"command": "a", "colour": 1}, "no setting 'colour'"),
        ({"command": "a", "args": "b"}, "expected a list"),
        ({"url": "lights"}, "expected an address"),
    ],
)
def test_settings_say_what_is_wrong(table: dict[str, Any], reason: str) -> None:
    with pytest.raises(SkillError, match=reason):
        server_settings("lights", table)
