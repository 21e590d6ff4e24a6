"""How late timers ring: real ones, on a relay that has nothing else to do."""

from __future__ import annotations

import asyncio
import datetime as dt
import tempfile
from pathlib import Path

from ..alarm_clock import AlarmClock, Ring
from ..assistant.context import AddressBook, Silent, SkillContext
from ..local_time import local_now
from ..skills import Reply
from ..store.keeping import SqlKeeping
from .figures import Figure, percentile

_COUNT = 40
_FIRST_S, _APART_S = 4.0, 0.05  # keeping forty takes a slow disk two seconds
LIMIT_MS = 100


async def measure() -> list[Figure]:
    """Forty timers, kept in a real database, a twentieth of a second apart."""
    late_ms: list[float] = []
    done = asyncio.Event()

    def card(ring: Ring, late: bool) -> Reply:
        late_ms.append((dt.datetime.now().timestamp() - ring.at_unix_s) * 1000)
        if len(late_ms) == _COUNT:
            done.set()
        return Reply(ring.label)

    with tempfile.TemporaryDirectory() as home:
        keeping = SqlKeeping.in_home(Path(home))
        context = SkillContext(
            "timers",
            settings=None,
            store=keeping.store("timers"),
            memory=keeping,
            outlet=Silent(),
            book=AddressBook(),
            clock=local_now,
        )
        clock = AlarmClock(context, "timer", card)
        begin = context.now + dt.timedelta(seconds=_FIRST_S)
        for n in range(_COUNT):
            await clock.add(begin + dt.timedelta(seconds=n * _APART_S), str(n))
        ringing = asyncio.create_task(clock.run())
        async with asyncio.timeout(_FIRST_S + _COUNT * _APART_S + 20):
            await done.wait()
        ringing.cancel()
        await asyncio.gather(ringing, return_exceptions=True)
        await keeping.close()
    return [
        Figure("timers: ring after their time, median", percentile(late_ms, 50), "ms"),
        Figure(f"timers: ring after their time, latest of {_COUNT}", max(late_ms), "ms", LIMIT_MS),
    ]
