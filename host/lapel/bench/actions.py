"""Requests that no template fits, through the model inside Lapel: is the action right, with its arguments?"""

from __future__ import annotations

import dataclasses
import datetime
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import models
from ..assistant.action import action_messages, action_schema, choose
from ..assistant.endpoints import Endpoint
from ..assistant.intents import Matcher
from ..assistant.library import load
from ..assistant.likeness import Encoder
from ..assistant.llm import LanguageModel
from ..assistant.local_model import LocalModel
from ..assistant.router import MOST, Router
from ..assistant.tools import ArgumentError, ToolInfo
from ..spoken import When
from .figures import Figure, percentile

NOW = datetime.datetime(2026, 11, 25, 14, 20, tzinfo=datetime.UTC)
_NO_SKILLS = Path("/nonexistent")  # only those of Lapel

# What is said, the tool that is meant, and what its arguments hold: seconds, HH:MM, or words.
REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("ring the bell for me when seventeen minutes have gone by", "set_timer", {"duration": 1020}),
    ("the soup must simmer for forty minutes, watch it for me", "set_timer", {"duration": 2400}),
    ("is there much left on the clock for the chicken", "show_timers", {}),
    ("the cookies want four minutes longer", "add_to_timer", {"duration": 240}),
    ("the tea has steeped enough, kill the countdown", "cancel_timer", {}),
    ("my flight leaves at dawn so get me up at quarter past four am", "set_alarm", {"when": "04:15"}),
    ("I'd like to sleep until nine tomorrow morning, then wake me", "set_alarm", {"when": "09:00"}),
    ("you don't have to wake me at six any more", "cancel_alarm", {}),
    ("please poke me at five pm to pick up the parcel", "set_reminder", {"text": "parcel"}),
    ("I always forget my vitamins, tell me every morning at eight", "set_reminder", {"text": "vitamin"}),
    ("what things were you going to remind me of", "show_reminders", {}),
    ("we're almost out of toilet paper", "add_to_list", {"item": "toilet paper"}),
    ("could you note honey and yoghurt for the supermarket", "add_to_list", {"item": "honey"}),
    ("what did we want to get from the supermarket", "read_list", {}),
    ("I've picked up the yoghurt so strike it off", "remove_from_list", {"item": "yoghurt"}),
    ("FYI the gate code is 9 9 2 1", "remember", {"text": "gate code"}),
    ("store this, Nina likes white wine", "remember", {"text": "wine"}),
    ("what kind of wine does Nina like", "recall", {"about": "wine"}),
    ("do I want a coat this evening", "weather", {}),
    ("how hot is it in Madrid right now", "weather", {"place": "madrid"}),
    ("should I expect rain on my walk on sunday", "will_it_rain", {}),
    ("give Peter the news that I passed the exam", "send_message", {"to": "peter", "text": "exam"}),
    ("could somebody tell Martha I am stuck in traffic", "send_message", {"to": "martha", "text": "traffic"}),
    ("who has been texting me", "read_messages", {}),
    ("answer her that saturday suits me", "reply_to_message", {"text": "saturday"}),
    ("is there any new post in the mailbox of mine", "unread_mail", {}),
    ("send an email off to Hannah that the report is done", "send_mail", {"to": "hannah", "text": "report"}),
    ("where am I expected next", "next_event", {}),
    ("what does wednesday look like for me", "show_day", {}),
    ("mark down a call with Greg on monday at eleven", "add_event", {"title": "call"}),
    ("I fancy hearing Nina Simone", "play_music", {"what": "nina simone"}),
    ("put the band on hold, my phone rings", "pause_music", {}),
    ("not this one again, move along to another song", "next_song", {}),
    ("tell me the title of this tune", "what_is_playing", {}),
    ("volume down to fifteen percent", "set_volume", {"level": 15}),
    ("my ears hurt, less loud please", "quieter", {}),
    ("four of us ate for 132 euros, what's my share", "calculate", {"sum": "132"}),
    ("how much is a gallon in litres", "convert_units", {}),
    ("my badge is hiding somewhere, make a noise", "ring_pin", {}),
    ("what mail address has Victor got", "look_up_contact", {"person": "victor"}),
]  # fmt: skip


async def measure() -> list[Figure]:
    """How many of the requests led to the right action with the right arguments."""
    tools = {tool.name: tool for skill in await load(_NO_SKILLS, {}) for tool in skill.tools}
    router = Router(tools, Matcher(tools).words())
    if models.is_ready("minilm"):
        router.read(Encoder(models.path("minilm")))
    local = LocalModel(models.path("qwen"))
    await local.start()

    async def endpoint() -> Endpoint:
        return Endpoint(local.base_url, local.api_key, "qwen", "qwen", "json")

    model = LanguageModel(endpoint)
    sayable = [tool for tool in tools.values() if tool.sayable]
    right, took = 0, list[float]()
    try:
        await model.object(action_messages("hello", sayable[:MOST]), action_schema([]))
        for text, wanted, arguments in REQUESTS:
            begun = time.perf_counter()
            action = await choose(model, router, sayable, text, text, NOW)
            took.append(time.perf_counter() - begun)
            tool = action.tool
            right += (
                tool is not None and tool.name in wanted.split("|") and holds(tool, action.given, arguments)
            )
    finally:
        await model.close()
        await local.stop()
    return [
        Figure(
            "default model: right action and arguments", 100 * right / len(REQUESTS), "%", 90, at_least=True
        ),
        Figure("default model: time for an action, p50", percentile(took, 50), "s"),
    ]


def holds(tool: ToolInfo, given: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether the arguments are of their types and hold what is wanted."""
    try:
        read = tool.arguments(given, NOW)
    except ArgumentError:
        return False
    return all(_is(read.get(name), value) for name, value in wanted.items())


def _is(value: Any, wanted: Any) -> bool:
    if isinstance(value, When) and value.early is not None and value.early.strftime("%H:%M") == wanted:
        return True  # as an alarm takes it
    for name in ("duration", "at", "text", "name"):  # what the skills' own types hold
        if dataclasses.is_dataclass(value) and hasattr(value, name):
            value = getattr(value, name)
            break
    if isinstance(value, datetime.timedelta):
        return bool(value.total_seconds() == wanted)
    if isinstance(value, datetime.datetime):
        return bool(value.strftime("%H:%M") == wanted)
    if isinstance(wanted, int):
        return bool(value == wanted)
    return str(wanted).casefold() in str(value).casefold()
