"""A conversation: stop, repeat, more, never mind, follow-up questions, and what a model does with tools."""

from __future__ import annotations

import asyncio
import datetime
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from assistant_house import household_in
from lapel.assistant.acting import Acting
from lapel.assistant.action import action_schema, filled, grounded
from lapel.assistant.agent import MAX_ROUNDS
from lapel.assistant.assistant import LocalFirstAssistant
from lapel.assistant.controls import Control, control
from lapel.assistant.intents import Matcher
from lapel.assistant.router import Router
from lapel.assistant.spans import possible, typed_spans, words_pattern
from lapel.cards import Shown
from lapel.services import Exchange
from scripted_llm import Script, scripted

NOW = datetime.datetime(2026, 11, 25, 14, 20, tzinfo=datetime.UTC)
LOOKS = '''
import asyncio
from lapel.skills import Reply, SkillError, tool
SEEN = []

@tool(en=["look up {what}"])
async def look(what: str, place: str = "") -> Reply:
    """Look something up."""
    SEEN.append(("begin", what))
    await asyncio.sleep(0.05)
    SEEN.append(("end", what))
    return Reply(f"{what} {place}".strip(), details="All about it.")

@tool(effect="changes")
async def keep(what: str) -> str:
    """Keep something for later."""
    SEEN.append(("kept", what))
    return f"Kept {what}."

@tool
async def breaks() -> str:
    """Break."""
    raise ValueError("inside")
'''


@asynccontextmanager
async def talking(home: Path, script: Script, tools: str = "native") -> AsyncIterator[Any]:
    (home / "skills").mkdir()
    (home / "skills" / "looks.py").write_text(LOOKS, "utf-8")
    household = await household_in(home, clock=lambda: NOW)
    try:
        async with scripted(script, tools) as (model, bodies):
            assistant = LocalFirstAssistant(model, Acting(household), Matcher(household.tools))
            skill = household.skill("looks")
            assert skill is not None and skill.module is not None

            async def say(text: str, *earlier: Exchange) -> Any:
                pieces = [piece async for piece in assistant.answer(text, list(earlier), "pin")]
                if pieces and isinstance(pieces[-1], Shown):
                    return pieces[-1]
                return "".join(piece for piece in pieces if isinstance(piece, str))

            yield say, bodies, skill.module.SEEN, household
    finally:
        await household.close()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Stop!", Control.STOP), ("停", Control.STOP), ("please be quiet", Control.STOP),
        ("Say that again, please.", Control.REPEAT), ("repeat", Control.REPEAT), ("再说一遍", Control.REPEAT),
        ("Tell me more", Control.MORE), ("go on", Control.MORE), ("还有呢", Control.MORE),
        ("Never mind.", Control.NEVER_MIND), ("forget it", Control.NEVER_MIND), ("算了", Control.NEVER_MIND),
        ("stop the timer", None), ("repeat after me: hello", None), ("more about Rome", None), ("", None),
    ],
)  # fmt: skip
def test_words_to_the_conversation_itself(text: str, wanted: Control | None) -> None:
    assert control(text) is wanted


async def test_repeat_and_more(tmp_path: Path) -> None:
    async with talking(tmp_path, lambda body: "From the model.") as (say, bodies, _, _household):
        assert (await say("repeat")).text == "I have not said anything yet."
        assert (await say("look up bees")).text == "bees"
        assert (await say("say that again")).text == "bees"
        assert (await say("tell me more", Exchange("look up bees", "bees"))).text == "All about it."
        assert bodies == []
        assert await say("what is honey made of") == "From the model."
        assert (await say("repeat")).text == "From the model."
        earlier = Exchange("what is honey made of", "From the model.")
        assert await say("tell me more", earlier) == "From the model."
        assert bodies[-1]["messages"][-1] == {"role": "user", "content": "Tell me more about that."}
        assert (await say("never mind")).text == "OK."


async def test_stop_reaches_the_skills(tmp_path: Path) -> None:
    async with talking(tmp_path, lambda body: "") as (say, _, _seen, household):
        assert (await say("stop")).text == "OK."

        async def stopped() -> bool:
            return True

        household.stop = stopped
        assert (await say("停")).text == "已停止。"


async def test_follow_up_questions_keep_their_context(tmp_path: Path) -> None:
    async with talking(tmp_path, lambda body: "From the model.") as (say, bodies, _, _household):
        assert (await say("what time is it in Tokyo")).text == "11:20 PM"
        assert (await say("and in London?")).text == "2:20 PM"
        assert (await say("what about New York")).text == "9:20 AM"
        assert (await say("东京现在几点")).text == "23:20"
        assert (await say("那伦敦呢")).text == "14:20"
        assert await say("why is that") == "From the model."
        assert await say("and in Paris?") == "From the model."  # that was another question
        assert len(bodies) == 2


async def test_look_ups_run_side_by_side_and_their_results_are_told(tmp_path: Path) -> None:
    def script(body: dict[str, Any]) -> Any:
        results = [m["content"] for m in body["messages"] if m["role"] == "tool"]
        if results:
            return f"Both: {'; '.join(results)}"
        return [("look", {"what": "bees"}), ("look", {"what": "ants"}), ("breaks", {}), ("nothing", {})]

    async with talking(tmp_path, script) as (say, bodies, seen, _household):
        answer = await say("compare those two insects")
        assert [what for what, _ in seen] == ["begin", "begin", "end", "end"]
        assert "bees\nAll about it." in answer and "ants" in answer
        assert "The skill looks failed." in answer and "no tool 'nothing'" in answer
        names = {tool["function"]["name"] for tool in bodies[0]["tools"]}
        assert {"look", "keep", "set_timer"} <= names and "stop_timer" not in names


async def test_a_change_ends_the_turn_with_its_own_card(tmp_path: Path) -> None:
    async with talking(tmp_path, lambda body: [("keep", {"what": "a"}), ("keep", {"what": "b"})]) as (
        say, bodies, seen, _household,
    ):  # fmt: skip
        assert (await say("hold on to a and b for a while")).text == "Kept a. Kept b."
        assert seen == [("kept", "a"), ("kept", "b")] and len(bodies) == 1


async def test_a_model_that_goes_in_circles_is_stopped(tmp_path: Path) -> None:
    async with talking(tmp_path, lambda body: [("look", {"what": "again"})]) as (say, bodies, _, _household):
        assert "going in circles" in await say("look around for something")
        assert len(bodies) == MAX_ROUNDS + 1


async def test_a_press_ends_tools_that_run(tmp_path: Path) -> None:
    async with talking(tmp_path, lambda body: [("look", {"what": "x"})]) as (say, _, seen, _household):
        asking = asyncio.create_task(say("please find x out"))
        while not seen:
            await asyncio.sleep(0.005)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await asyncio.sleep(0.1)
        assert seen == [("begin", "x")]


async def test_an_endpoint_is_asked_once_whether_it_calls_tools(tmp_path: Path) -> None:
    def script(body: dict[str, Any]) -> Any:
        if body.get("tools") and body["tools"][0]["function"]["name"] == "turn_on":
            return [("turn_on", {})]
        return [("keep", {"what": "wine"})] if body.get("tools") else "No tools."

    async with talking(tmp_path, script, tools="auto") as (say, bodies, _, _household):
        for _ in range(2):
            assert (await say("could you keep the wine for later, my friend")).text == "Kept wine."
        assert len(bodies) == 3


async def test_a_model_without_tools_writes_a_checked_action(tmp_path: Path) -> None:
    said: list[Any] = [{"action": "keep", "what": "wine"}]

    def script(body: dict[str, Any]) -> Any:
        return json.dumps(said[0]) if "response_format" in body else "In words."

    async with talking(tmp_path, script, tools="json") as (say, bodies, seen, _household):
        request = "I want you to keep something for later, the wine"
        assert (await say(request)).text == "Kept wine."
        branches = bodies[0]["response_format"]["json_schema"]["schema"]["anyOf"]
        assert {branch["properties"]["action"]["const"] for branch in branches} >= {"keep", "none"}
        beer = {"action": "keep", "what": "beer"}  # nobody said that
        for made_up in ({"action": "none"}, beer, {"action": "no_such"}, [1], "oops"):
            said[0] = made_up
            assert await say(request) == "In words."
        assert seen == [("kept", "wine")]


async def test_open_questions_do_not_wait_for_an_action(tmp_path: Path) -> None:
    async with talking(tmp_path, lambda body: "In words.", tools="json") as (say, bodies, _, _household):
        for question in ("why is the sky blue", "who wrote Hamlet", "how do volcanoes form"):
            assert await say(question) == "In words."
        assert len(bodies) == 3 and not any("response_format" in body for body in bodies)


async def test_arguments_must_have_been_said(tmp_path: Path) -> None:
    async with talking(tmp_path, lambda body: "") as (_, _bodies, _seen, household):
        timer, look = household.tools["set_timer"], household.tools["look"]
        said = "give me ten minutes for the eggs"
        assert grounded(timer, {"duration": "ten minutes", "name": "eggs"}, said, NOW) == {
            "duration": "ten minutes",
            "name": "eggs",
        }
        assert grounded(timer, {"duration": "ten minutes", "name": "laundry"}, said, NOW) == {
            "duration": "ten minutes"
        }
        assert grounded(timer, {"duration": "a while"}, said, NOW) is None
        assert grounded(look, {"what": "zebras"}, said, NOW) is None
        schema = action_schema([timer], said, NOW)["anyOf"][0]
        assert schema["required"] == ["action", "duration", "name"]
        assert schema["properties"]["duration"] == {"enum": ["ten minutes"]}


async def test_a_grammar_holds_arguments_to_what_was_said(tmp_path: Path) -> None:
    pattern = re.compile(words_pattern('drop Claire a line: "see you, on Sunday"') or "")
    for run in ("Claire", "see you, on Sunday", "a line"):
        assert pattern.fullmatch(run)
    for other in ("claire", "you Sunday", "", 'see "you'):
        assert not pattern.fullmatch(other)
    assert re.fullmatch(words_pattern("买5个苹果") or "", "5个")
    assert words_pattern("word " * 60) is None
    async with talking(tmp_path, lambda body: "") as (_, _bodies, _seen, household):
        tools = household.tools
        said = "nag me on thursday at noon, it takes two hours and costs forty"
        event = typed_spans(tools["add_event"], said, NOW)
        assert event == {
            "when": ["on thursday at noon", "forty"][: len(event["when"])],
            "duration": ["two hours"],
        }
        alarm = typed_spans(tools["set_alarm"], "up every weekday at half past six", NOW)
        assert alarm == {"when": ["every weekday at half past six"], "days": []}
        can = {tool.name for tool in possible(list(tools.values()), "is it late in Rome", NOW)}
        assert "current_time" in can and not can & {"set_timer", "set_volume", "convert_units", "set_alarm"}
        day = filled(tools["show_day"], {}, "is my friday afternoon packed", NOW)
        assert day == {"day": "friday afternoon"}


async def test_the_router_tells_requests_from_questions(tmp_path: Path) -> None:
    async with talking(tmp_path, lambda body: "") as (_, _bodies, _seen, household):
        router = Router(household.tools, Matcher(household.tools).words())
        assert router.route("the potatoes need another five minutes")[0].tool.name == "add_to_timer"
        assert router.route("what is photosynthesis") == []
        assert router.route("") == []


@pytest.mark.parametrize("tools", ["json", "native"])
async def test_what_the_wearer_told_is_given_to_the_model(tmp_path: Path, tools: str) -> None:
    async with talking(tmp_path, lambda body: "At nine.", tools) as (say, bodies, _, household):
        assert (await say("remember that my train </data> leaves at nine")).text.startswith("Noted")
        assert await say("when does my train leave") == "At nine."
        asked = bodies[-1]["messages"][-1]["content"]
        assert "<data>\n- my train (/data) leaves at nine\n</data>" in asked
        assert asked.endswith("\n\nwhen does my train leave") and "response_format" not in bodies[-1]
        await household.memory.remember("我的火车九点开")
        await say("我的火车几点开")
        assert "九点开" in bodies[-1]["messages"][-1]["content"]
        for other in ("when was the railway invented", "why is the sky blue", "火车是谁发明的"):
            await say(other)
            assert bodies[-1]["messages"][-1] == {"role": "user", "content": other}
