"""Skills of one's own: twenty-five lines are enough, and one that misbehaves is stopped and named."""

from __future__ import annotations

import argparse
import asyncio
import re
import time
from pathlib import Path
from typing import Any

import pytest
from assistant_house import household_in
from lapel.assistant.household import Household
from lapel.assistant.intents import Matcher
from lapel.assistant.library import load
from lapel.cli import CommandError
from lapel.commands import skill as command
from lapel.skills import Reply, SkillError

GUIDE = Path(__file__).parents[3] / "docs" / "skills.md"

BAD = '''
import asyncio, time
from lapel.skills import Reply, tool

@tool(en=["crash"])
async def crash() -> str:
    """Crash."""
    raise ZeroDivisionError("secret detail")

@tool(deadline_s=0.2, en=["hang"])
async def hang() -> str:
    """Hang."""
    await asyncio.Event().wait()
    return ""

@tool(deadline_s=0.2, en=["spin"])
async def spin() -> str:
    """Spin."""
    while True:
        pass

@tool(en=["flood"])
async def flood() -> Reply:
    """Flood."""
    return Reply("x" * 10_000_000, details="y" * 10_000_000)

@tool(en=["odd"])
async def odd() -> str:
    """Answer with something that is none."""
    return 42

@tool(en=["fine"])
async def fine() -> str:
    """Work."""
    return "fine"
'''


def put(home: Path, name: str, text: str) -> None:
    (home / "skills").mkdir(exist_ok=True)
    (home / "skills" / f"{name}.py").write_text(text, "utf-8")


async def call(household: Household, name: str, **given: Any) -> Reply:
    return await household.call(household.tools[name], given, "en")


async def test_the_guides_die_is_one_short_file(tmp_path: Path) -> None:
    code = re.search(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert code is not None and len(code[1].splitlines()) <= 25
    put(tmp_path, "dice", code[1])
    household = await household_in(tmp_path)
    matcher = Matcher(household.tools)
    for text, sides in (
        ("Roll a die!", 6),
        ("throw a twenty sided dice", 20),
        ("掷骰子", 6),
        ("掷一个十二面骰子", 12),
    ):
        intent = matcher.match(text)
        assert intent is not None and intent.skill == "dice", text
        rolled = {int((await call(household, intent.name, **intent.arguments)).text) for _ in range(60)}
        assert rolled <= set(range(1, sides + 1)) and len(rolled) > 3
    assert household.tools["roll_die"].schema()["properties"]["sides"] == {
        "type": "integer",
        "description": "how many sides it has",
    }
    await household.close()


async def test_the_template_is_a_skill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAPEL_HOME", str(tmp_path))
    new = argparse.Namespace(action="new", name="coin")
    assert command.run(new) == 0
    with pytest.raises(CommandError, match="is there already"):
        command.run(new)
    with pytest.raises(CommandError, match="lower-case letter"):
        command.run(argparse.Namespace(action="new", name="../coin"))
    skills = await load(tmp_path, {})
    coin = next(skill for skill in skills if skill.name == "coin")
    assert not coin.failure and [tool.name for tool in coin.tools] == ["coin"]


async def test_one_that_misbehaves_is_named_and_the_others_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(tmp_path, "bad", BAD)
    put(tmp_path, "good", BAD.replace("crash", "crash2").replace("hang", "hang2").replace("spin", "spin2")
        .replace("flood", "flood2").replace("odd", "odd2").replace("def fine", "def fine2"))  # fmt: skip
    household = await household_in(tmp_path)
    for name, sentence in (
        ("crash", "The skill bad failed. The relay's log says how."),
        ("hang", "The skill bad took too long and was stopped."),
        ("odd", "A skill answered with int, not with a text."),
    ):
        with pytest.raises(SkillError) as error:
            await call(household, name)
        assert str(error.value) == sentence
    assert (await call(household, "fine")).text == "fine"
    flood = await call(household, "flood")
    assert len(flood.text) + len(flood.details) < 5000
    with pytest.raises(SkillError, match="bad hung and was stopped"):
        await call(household, "spin")
    before = time.monotonic()
    with pytest.raises(SkillError, match="hung"):
        await call(household, "fine")  # its thread is gone: it is not called any more, at once
    assert time.monotonic() - before < 1
    assert (await call(household, "fine2")).text == "fine"
    await household.close()


async def test_one_that_always_fails_rests(tmp_path: Path) -> None:
    put(tmp_path, "bad", BAD)
    household = await household_in(tmp_path)
    for _ in range(5):
        with pytest.raises(SkillError, match="The skill bad failed"):
            await call(household, "crash")
    with pytest.raises(SkillError, match="failed 5 times and rests"):
        await call(household, "fine")
    await household.close()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("syntax error here", "SyntaxError"),
        ("import no_such_thing", "No module named"),
        ("raise SystemExit", "SystemExit"),
        ("@tool\nasync def f(x: dict) -> str:\n    'Do.'\n", "docs/skills.md lists"),
        ("@tool\ndef f() -> str:\n    'Do.'\n", "async def f"),
        ("@tool\nasync def f() -> str:\n    return ''\n", "no docstring"),
        ("@tool(effect='reaches')\nasync def f() -> str:\n    'Do.'\n", "needs `confirm`"),
        ("@tool\nasync def set_timer() -> str:\n    'Do.'\n", "name of one of timers"),
    ],
)  # fmt: skip
async def test_what_cannot_be_loaded_says_why(tmp_path: Path, text: str, reason: str) -> None:
    put(tmp_path, "broken", f"from lapel.skills import tool\n{text}")
    put(tmp_path, "fine", BAD)
    skills = {skill.name: skill for skill in await load(tmp_path, {})}
    assert reason in skills["broken"].failure and skills["broken"].tools == ()
    assert not skills["fine"].failure and not skills["clock"].failure


async def test_names_and_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "Bad-Name", BAD)
    put(tmp_path, "clock", BAD)
    put(
        tmp_path,
        "mine",
        "from dataclasses import dataclass, field\nfrom lapel.skills import Secret\n"
        "@dataclass(frozen=True)\nclass Settings:\n    url: str = ''\n    count: int = 3\n"
        "    password: Secret = field(default_factory=Secret)\n",
    )
    monkeypatch.setenv("LAPEL_MINE_PASSWORD", "hunter2")

    async def mine(table: dict[str, Any]) -> Any:
        return next(skill for skill in await load(tmp_path, {"mine": table}) if skill.name == "mine")

    names = [skill for skill in await load(tmp_path, {}) if skill.failure]
    assert [skill.name for skill in names] == ["Bad-Name", "clock"]
    found = (await mine({"url": "http://x", "count": 4})).settings
    assert (found.url, found.count, str(found.password)) == ("http://x", 4, "hunter2")
    assert "hunter2" not in repr(found)
    assert "no setting 'colour'" in (await mine({"colour": 1})).failure
    assert "count: expected int, got 'many'" in (await mine({"count": "many"})).failure
    assert "is a secret; set LAPEL_MINE_PASSWORD" in (await mine({"password": "x"})).failure


async def test_sentences_that_cannot_be_matched_take_no_others_along(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = 'from lapel.skills import tool\n@tool(en=[{}])\nasync def {}(x: str = "") -> str:\n    "Do."\n'
    put(tmp_path, "one", text.format('"open (bracket"', "one"))
    put(tmp_path, "two", text.format('"say {y}"', "two"))
    put(tmp_path, "three", text.format('"bark {x}"', "three"))
    household = await household_in(tmp_path)
    matcher = Matcher(household.tools)
    intent = matcher.match("bark loudly")
    assert intent is not None and intent.arguments == {"x": "loudly"}
    assert "sentences of one are left out" in caplog.text and "sentences of two are left out" in caplog.text
    await household.close()


async def test_hooks_start_alarm_stop_close(tmp_path: Path) -> None:
    put(
        tmp_path,
        "hooks",
        "import asyncio\nSEEN = []\n"
        "async def start(context):\n    SEEN.append('start'); context.spawn(forever())\n"
        "async def forever():\n"
        "    try:\n        await asyncio.Event().wait()\n    finally:\n        SEEN.append('ended')\n"
        "async def alarm(context, id, what, at):\n    SEEN.append((id, what, at))\n"
        "async def stop(context):\n    SEEN.append('stop'); return True\n"
        "async def close(context):\n    SEEN.append('close')\n",
    )
    household = await household_in(tmp_path)
    skill = household.skill("hooks")
    assert skill is not None and skill.module is not None
    await household.tell("hooks", "alarm", "a", "rang", None)
    assert await household.stop() is True
    await asyncio.sleep(0.05)
    await household.close()
    assert skill.module.SEEN == ["start", ("a", "rang", None), "stop", "ended", "close"]
