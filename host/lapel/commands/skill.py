"""`lapel skill`: what there is, and a new one from the template."""

from __future__ import annotations

import argparse
import asyncio
import importlib.resources
import json
import sys

from rich.console import Console
from rich.table import Table

from .. import config
from ..assistant.library import FOLDER, NAME, Skill, load
from ..cli import CommandError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="every skill, its tools, and what is wrong with it")
    listing.add_argument("--json", action="store_true", help="print JSON")
    new = actions.add_parser("new", help="a file to begin with, in the folder of your own skills")
    new.add_argument("name", help="its name: lower-case letters, digits and _")


def run(options: argparse.Namespace) -> int:
    if options.action == "new":
        return _new(options.name)
    settings = config.load()
    skills = asyncio.run(load(settings.skills_home or settings.home, settings.skills))
    if options.json:
        described = [
            {
                "name": skill.name,
                "origin": skill.origin,
                "tools": [tool.name for tool in skill.tools],
                "failure": skill.failure,
            }
            for skill in skills
        ]
        sys.stdout.write(json.dumps(described, ensure_ascii=False) + "\n")
    else:
        _show(skills)
    return 1 if any(skill.failure for skill in skills) else 0


def _show(skills: list[Skill]) -> None:
    table = Table("skill", "from", "tools")
    for skill in skills:
        table.add_row(skill.name, skill.origin, skill.failure or ", ".join(tool.name for tool in skill.tools))
    Console().print(table)


def _new(name: str) -> int:
    if not NAME.fullmatch(name):
        raise CommandError(
            f"{name!r} cannot be a skill's name; expected a lower-case letter, then letters, digits or _"
        )
    path = config.default_home() / FOLDER / f"{name}.py"
    template = importlib.resources.files("lapel.skills").joinpath("template.py.txt").read_text("utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(template.replace("{title}", name.capitalize()).replace("{name}", name))
    except FileExistsError:
        raise CommandError(f"{path} is there already; choose another name") from None
    sys.stdout.write(f"{path}\nEdit it, then: lapel skill list. docs/skills.md tells what it may do.\n")
    return 0
