"""What rings at a time: timers, alarms, reminders. Kept before it is promised, so that a crash forgets none.

The relay rings on time, and every pin has a copy and rings by its own clock where there is no relay. Until
the wearer has stopped or snoozed it, something that rings stays in the list: a pin ends what is no longer in
it.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from typing import Literal

from .local_time import after
from .skills import Alarm, Context, Reply, SkillError

log = logging.getLogger(__name__)

MOST = 50  # rings at once; a pin takes the next eight
SNOOZE = dt.timedelta(minutes=5)  # as the pin does by itself
_LOOK_AGAIN_S = 10.0  # the computer's clock may be set while nobody looks
_LATE_S = 60.0  # rung later than this, the card says that it was missed
_STALE_S = 12 * 3600.0  # a relay that was off so long does not ring for yesterday
_UNHEARD_S = 20 * 60.0  # a pin has snoozed three times by then and given up
_ON_PINS = 8  # the wire's limit

Kind = Literal["timer", "alarm", "reminder"]


@dataclass(frozen=True)
class Ring:
    """One thing that rings. `days` are the weekdays on which it comes again (0 is Monday)."""

    id: str
    at_unix_s: float
    label: str
    days: tuple[int, ...] = ()
    minute_of_day: int = 0  # at which it comes again, by the wall
    ringing: bool = False
    length_s: float = 0.0  # of a timer, as it was asked for

    def at(self, zone: dt.tzinfo | None) -> dt.datetime:
        return dt.datetime.fromtimestamp(self.at_unix_s, zone)


async def _wait(changed: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await changed.wait()


class AlarmClock:
    """One skill's rings. `card` makes what the palm shows when one rings, and whether it comes late.

    `wait` returns when the event is set or the seconds are over; a test gives another, with its own clock.
    """

    def __init__(
        self,
        context: Context,
        kind: Kind,
        card: Callable[[Ring, bool], Reply],
        wait: Callable[[asyncio.Event, float], Awaitable[None]] = _wait,
    ) -> None:
        self._context = context
        self._kind = kind
        self._card = card
        self._wait = wait
        self._rings: dict[str, Ring] = {}
        self._changed = asyncio.Event()

    async def open(self) -> None:
        """Reads what was kept. What rang when the relay ended rings again."""
        for key, value in (await self._context.store.items()).items():
            try:
                ring = Ring(**{**value, "days": tuple(value["days"]), "ringing": False})
            except (TypeError, KeyError):
                log.error("%s %s is kept in another shape: left out", self._kind, key)
                continue
            self._rings[ring.id] = ring
        self._tell_pins()

    @property
    def rings(self) -> list[Ring]:
        """Everything that is to ring or rings, soonest first."""
        return sorted(self._rings.values(), key=lambda ring: ring.at_unix_s)

    async def add(
        self, at: dt.datetime, label: str, days: tuple[int, ...] = (), length_s: float = 0.0
    ) -> Ring:
        """Keeps another. Raises SkillError when there are too many, or it cannot be kept."""
        if len(self._rings) >= MOST:
            raise SkillError(
                self._context.say(
                    en=f"There are {MOST} already. Cancel some first.", zh=f"已有{MOST}个，请先取消一些。"
                )
            )
        minute = at.hour * 60 + at.minute
        ring = Ring(secrets.token_hex(4), at.timestamp(), label, days, minute, length_s=length_s)
        await self._keep(ring)
        return ring

    async def move(self, ring: Ring, at: dt.datetime) -> Ring:
        """Another time for it; it is quiet until then."""
        moved = replace(ring, at_unix_s=at.timestamp(), ringing=False)
        await self._keep(moved)
        return moved

    async def remove(self, ring: Ring) -> None:
        """It is over, with all its repetitions."""
        await self._context.store.remove(ring.id)
        self._rings.pop(ring.id, None)
        self._tell_pins()

    async def answered(self, id: str) -> Ring | None:
        """The wearer stopped what rang: it is over, or waits for its next day."""
        ring = self._rings.get(id)
        if ring is None:
            return None
        if ring.days:
            await self.move(ring, _next_day(ring, self._context.now))
        else:
            await self.remove(ring)
        return ring

    async def snooze(self, id: str, until: dt.datetime | None = None) -> Ring | None:
        """It rings again then, or in five minutes."""
        ring = self._rings.get(id)
        return ring and await self.move(ring, until or after(self._context.now, SNOOZE))

    async def stop(self) -> bool:
        """Stops everything that rings; False if nothing does."""
        ringing = [ring for ring in self.rings if ring.ringing]
        for ring in ringing:
            await self.answered(ring.id)
        return bool(ringing)

    async def alarm(self, id: str, what: str, at: dt.datetime | None) -> None:
        """What a pin did with its copy."""
        ring = self._rings.get(id)
        if ring is None:
            return
        if what == "snoozed":
            await self.snooze(id, at)
        elif what == "stopped":
            await self.answered(id)
        elif not ring.ringing and ring.at_unix_s - self._context.now.timestamp() < _LATE_S:
            await self._keep(replace(ring, ringing=True))  # its clock is a little ahead of ours

    async def run(self) -> None:
        """Rings until it is cancelled."""
        async with asyncio.TaskGroup() as notes:
            while True:
                self._changed.clear()
                now = self._context.now.timestamp()
                for ring in self.rings:
                    if not ring.ringing and self._begins(ring, now):
                        # Written beside: a disk may take its time, and the next one is due.
                        notes.create_task(self._note(ring.id))
                for ring in self.rings:
                    if now - ring.at_unix_s > (_UNHEARD_S if ring.ringing else _STALE_S):
                        await self.answered(ring.id)
                due = [ring.at_unix_s for ring in self._rings.values() if not ring.ringing]
                wait_s = min([*due, now + _LOOK_AGAIN_S]) - self._context.now.timestamp()
                if not self._changed.is_set() and wait_s > 0:
                    await self._wait(self._changed, wait_s)
                else:
                    await asyncio.sleep(0)

    def _begins(self, ring: Ring, now: float) -> bool:
        """Rings it if it is due and not stale."""
        late_s = now - ring.at_unix_s
        if late_s < 0:
            return False
        if late_s > _STALE_S:
            log.warning("%s %r was due %.0f h ago: not rung", self._kind, ring.label, late_s / 3600)
            return False
        self._rings[ring.id] = replace(ring, ringing=True)
        self._context.notify(self._card(ring, late_s > _LATE_S), "urgent")
        return True

    async def _note(self, id: str) -> None:
        """Keeps that it has rung: after a crash before this it rings twice, not never."""
        ring = self._rings.get(id)
        if ring is None or not ring.ringing:  # the wearer was faster
            return
        try:
            await self._keep(ring)
        except SkillError as error:  # the disk: it has rung, and rings again after a restart
            log.error("%s %r: %s", self._kind, ring.label, error)

    async def _keep(self, ring: Ring) -> None:
        await self._context.store.put(ring.id, asdict(ring))
        self._rings[ring.id] = ring
        self._changed.set()
        self._tell_pins()

    def _tell_pins(self) -> None:
        zone = self._context.now.tzinfo
        self._context.alarms(
            [Alarm(ring.id, ring.at(zone), ring.label, self._kind) for ring in self.rings[:_ON_PINS]]
        )


def _next_day(ring: Ring, now: dt.datetime) -> dt.datetime:
    """The next of its days after now, at its time of day by the wall."""
    time = dt.time(*divmod(ring.minute_of_day, 60))
    moments = (
        dt.datetime.combine(now.date() + dt.timedelta(days=ahead), time, now.tzinfo) for ahead in range(9)
    )
    return next(moment for moment in moments if moment.weekday() in ring.days and moment > now)
