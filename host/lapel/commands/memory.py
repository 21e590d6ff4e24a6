"""`lapel memory`: what Lapel keeps of its owner, searched, exported, erased; and the facts, edited."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from .. import config
from ..cli import CommandError
from ..skills import SkillError
from ..store.keeping import SqlKeeping


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    search = actions.add_parser("search", help="earlier questions and answers with these words")
    search.add_argument("words", nargs="+")
    export = actions.add_parser("export", help="all conversations, facts and skills' data as one JSON file")
    export.add_argument("file", nargs="?", type=Path, help="where to (default: standard output)")
    erase = actions.add_parser("erase", help="all of it, for good")
    erase.add_argument("--yes", action="store_true", help="do not ask")
    actions.add_parser("facts", help="what you asked to remember")
    change = actions.add_parser("change", help="another text for a fact")
    change.add_argument("id", type=int)
    change.add_argument("text")
    forget = actions.add_parser("forget", help="one fact, for good")
    forget.add_argument("id", type=int)
    remember = actions.add_parser("remember", help="a new fact")
    remember.add_argument("text")


def run(options: argparse.Namespace) -> int:
    actions: dict[str, Callable[[SqlKeeping, argparse.Namespace], Awaitable[None]]] = {
        "search": _search,
        "export": _export,
        "erase": _erase,
        "facts": _facts,
        "change": _change,
        "forget": _forget,
        "remember": _remember,
    }
    if options.action == "erase" and not options.yes:
        sys.stderr.write("All conversations, facts and skills' data are erased for good. Type yes to go on: ")
        if sys.stdin.readline().strip() != "yes":
            raise CommandError("nothing was erased")

    async def work() -> None:
        keeping = SqlKeeping.in_home(config.load().home)
        try:
            await actions[options.action](keeping, options)
        except SkillError as error:
            raise CommandError(str(error)) from error
        finally:
            await keeping.close()

    asyncio.run(work())
    return 0


async def _search(keeping: SqlKeeping, options: argparse.Namespace) -> None:
    for at, question, answer in await keeping.asked(" ".join(options.words)):
        sys.stdout.write(f"{at:%Y-%m-%d %H:%M}  {question}\n                  {answer}\n")


async def _export(keeping: SqlKeeping, options: argparse.Namespace) -> None:
    text = json.dumps(await keeping.everything(), ensure_ascii=False, indent=1) + "\n"
    if options.file is None:
        sys.stdout.write(text)
        return
    options.file.touch(mode=0o600)  # it is its owner's alone
    options.file.write_text(text, "utf-8")


async def _erase(keeping: SqlKeeping, options: argparse.Namespace) -> None:
    erased = await keeping.erase()
    sys.stdout.write("Erased: " + ", ".join(f"{count} {name}" for name, count in erased.items()) + ".\n")


async def _facts(keeping: SqlKeeping, options: argparse.Namespace) -> None:
    for fact in await keeping.facts():
        sys.stdout.write(f"{fact.id:4}  {fact.at:%Y-%m-%d}  {fact.text}\n")


async def _change(keeping: SqlKeeping, options: argparse.Namespace) -> None:
    if not await keeping.change(options.id, options.text):
        raise _no_fact(options.id)


async def _forget(keeping: SqlKeeping, options: argparse.Namespace) -> None:
    if not any(fact.id == options.id for fact in await keeping.facts()):
        raise _no_fact(options.id)
    await keeping.forget(options.id)


async def _remember(keeping: SqlKeeping, options: argparse.Namespace) -> None:
    fact = await keeping.remember(options.text)
    sys.stdout.write(f"{fact.id}\n")


def _no_fact(number: int) -> CommandError:
    return CommandError(f"there is no fact {number}; lapel memory facts lists them")
