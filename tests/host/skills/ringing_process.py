"""A house in a process of its own, to be killed: `HOME set SECONDS NAME` keeps a timer, `HOME wait` rings."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

from lapel.assistant.context import Silent
from lapel.assistant.household import Household
from lapel.store.keeping import SqlKeeping


class Printed(Silent):
    """Says on stdout what is notified, and when."""

    def notify(self, skill: str, reply: Any, alert: str) -> None:
        sys.stdout.write(f"{time.time():.3f} {skill} {alert} {reply.text}\n")
        sys.stdout.flush()


async def main(home: Path, what: str, arguments: list[str]) -> None:
    keeping = SqlKeeping.in_home(home)
    household = Household(home, {}, keeping.store, keeping, Printed())
    await household.load()
    household.start()
    await household.started()
    if what == "set":
        tool = household.tools["set_timer"]
        given = {"duration": f"{arguments[0]} seconds", "name": arguments[1]}
        await household.call(tool, tool.arguments(given, household.now), "en")
        sys.stdout.write(f"{time.time():.3f} kept\n")
        sys.stdout.flush()
    await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:]))
