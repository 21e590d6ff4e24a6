"""`lapel models`: what can be fetched, what is here, and whether it is whole."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys

from rich.console import Console
from rich.table import Table

from .. import config, models
from ..house import needed_models


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=("list", "fetch", "check"), default="list")
    parser.add_argument("names", nargs="*", metavar="MODEL", help="default: what your settings need")
    parser.add_argument("--json", action="store_true", help="print JSON (list)")


def run(options: argparse.Namespace) -> int:
    needed = needed_models(config.load())
    if options.action == "list":
        return _list(options.json, needed)
    names = options.names or needed
    return asyncio.run(_fetch(names)) if options.action == "fetch" else _check(names)


def _list(as_json: bool, needed: list[str]) -> int:
    rows = [
        {
            "name": model.name,
            "purpose": model.purpose,
            "licence": model.licence,
            "size_bytes": model.size_bytes,
            "ready": models.is_ready(model),
            "needed": model.name in needed,
        }
        for model in models.catalogue().values()
    ]
    if as_json:
        sys.stdout.write(json.dumps(rows) + "\n")
        return 0
    table = Table("model", "for", "licence", "size", "state")
    for row in rows:
        state = "here" if row["ready"] else "needed: lapel models fetch" if row["needed"] else "not here"
        size = f"{models.find(str(row['name'])).size_bytes / 1e6:.0f} MB"
        table.add_row(str(row["name"]), str(row["purpose"]), str(row["licence"]), size, state)
    console = Console()
    console.print(table)
    console.print(f"They are kept in {models.models_dir()}", soft_wrap=True)
    return 0


async def _fetch(names: list[str]) -> int:
    size = models.missing_bytes(names)
    if size:
        sys.stderr.write(f"To download: {size / 1e6:.0f} MB. It can be stopped and continued.\n")
    for name in names:
        with models.progress_bar() as progress:
            await models.fetch(name, progress)
        sys.stderr.write(f"{name} is here.\n")
    return 0


def _check(names: list[str]) -> int:
    bad = 0
    for name in names:
        if not models.is_ready(name):
            sys.stdout.write(f"{name}: not here; lapel models fetch {name}\n")
            bad += 1
            continue
        wrong = models.verify(name)
        bad += bool(wrong)
        sys.stdout.write(f"{name}: {'; '.join(wrong) if wrong else 'whole'}\n")
    return 1 if bad else 0
