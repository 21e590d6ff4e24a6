"""`lapel intent`: where a sentence would go, with its arguments. Nothing is done."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import datetime
import json
import sys
from typing import Any

from .. import config
from ..assistant.controls import control
from ..assistant.intents import Matcher
from ..assistant.library import load
from ..spoken import When


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", help="what would be said")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    found = asyncio.run(_find(options.text))
    if options.json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
    else:
        arguments = ", ".join(f"{name}={value}" for name, value in found["args"].items())
        tool = f".{found['tool']}" if found.get("tool") else ""
        sys.stdout.write(f"{found['skill']}{tool}({arguments})\n")
    return 0


async def _find(text: str) -> dict[str, Any]:
    settings = config.load()
    skills = await load(settings.skills_home or settings.home, settings.skills)
    for skill in skills:
        skill.worker.close()
    said = control(text)
    if said is not None:
        return {"skill": "conversation", "tool": said.value.replace(" ", "_"), "args": {}}
    intent = Matcher({tool.name: tool for skill in skills for tool in skill.tools}).match(text)
    if intent is None:
        return {"skill": "llm", "args": {}}
    return {
        "skill": intent.skill,
        "tool": intent.name,
        "args": {name: _as_json(value) for name, value in intent.arguments.items()},
        "language": intent.language,
    }


def _as_json(value: Any) -> Any:
    """Durations in seconds, times as ISO 8601; of a skill's own type what is in it; all else as its text."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, When):
        return {"at": value.at.isoformat(), **({"days": list(value.days)} if value.days else {})}
    if dataclasses.is_dataclass(value):
        held = [_as_json(part) for part in vars(value).values() if part not in ("", None, ())]
        return held[0] if len(held) == 1 else str(value) if str(value) != repr(value) else held
    return str(value)
