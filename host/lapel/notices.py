"""What reaches a pin unasked: notices with their priority, what is to ring, the home view; and what its
wearer does with cards: choices, levels, views of the menu.

A pin that is away gets its notices when it is back, the newest few. In the quiet hours nothing knocks but
what is urgent.
"""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .assistant.acting import Acting
from .assistant.assistant import LocalFirstAssistant
from .cards import Card, Shown, laid_out, readable, shortened
from .desks import PinLink
from .services import Gone
from .skills import Alarm, Alert, Reply, SkillError

log = logging.getLogger(__name__)

WAITING = 12  # notices for a pin that is away; an older one is no news
WAITING_S = 12 * 3600.0  # and after half a day none is
A_MINUTE = 20  # notices of one skill; one that floods is not listened to
_ALARMS, _LABEL_BYTES, _HOME_BYTES = 8, 48, 96  # the wire's limits
_UNREAD = 999
_UNKNOWN_PINS = 200  # of which notices wait


@dataclass(frozen=True)
class QuietHours:
    """From one time of day to another, perhaps over midnight; the same twice is never."""

    begin: datetime.time = datetime.time(0)
    end: datetime.time = datetime.time(0)

    def at(self, now: datetime.time) -> bool:
        if self.begin <= self.end:
            return self.begin <= now < self.end
        return now >= self.begin or now < self.end


@dataclass
class _Pin:
    """One pin: its link while it is here, and the last of the news that it got."""

    link: PinLink | None = None
    doing: asyncio.Task[None] | None = None
    seen: int = 0


@dataclass(frozen=True)
class _News:
    """A notice of a skill, kept for pins that are away: numbered from 1 in each run."""

    number: int
    at_s: float
    skill: str
    reply: Reply | str
    alert: Alert


class Notices:
    """A desk for pins, and the outlet for skills. `serve` gives it what chosen things lead to."""

    takes = frozenset({"event", "open", "alarm", "utterance_start", "ask"})

    def __init__(
        self,
        quiet: QuietHours = QuietHours(),
        clock: Callable[[], datetime.datetime] | None = None,
    ) -> None:
        self.quiet = quiet
        self._clock = clock or (lambda: datetime.datetime.now().astimezone())
        self._acting: Acting | None = None
        self._assistant: LocalFirstAssistant | None = None
        self._pins: dict[str, _Pin] = {}
        self._alarms: dict[str, list[Alarm]] = {}
        self._homes: dict[str, dict[str, Any]] = {}
        self._said: dict[str, deque[float]] = {}
        self._news: deque[_News] = deque(maxlen=WAITING)
        self._told = 0  # the number of the newest
        self._tasks: set[asyncio.Task[None]] = set()

    def serve(self, acting: Acting, assistant: LocalFirstAssistant | None = None) -> None:
        """From here on choices, views and alarms are acted upon."""
        self._acting = acting
        self._assistant = assistant

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # What skills say (`context.Outlet`).

    def notify(self, skill: str, reply: Reply | str, alert: Alert) -> None:
        """A card for every pin of the house; one that is away, or was since the start, gets it later."""
        loop = asyncio.get_running_loop()
        said = self._said.setdefault(skill, deque(maxlen=A_MINUTE))
        if len(said) == A_MINUTE and loop.time() - said[0] < 60:
            log.error("skill %s: more than %d notices a minute; this one is dropped", skill, A_MINUTE)
            return
        said.append(loop.time())
        self._told += 1
        news = _News(self._told, loop.time(), skill, reply, alert)
        self._news.append(news)
        for pin in self._pins.values():
            if pin.link is not None:
                pin.seen = news.number
                self._spawn(self._push(pin.link, news))

    def alarms(self, skill: str, alarms: Sequence[Alarm]) -> None:
        self._alarms[skill] = list(alarms)
        self._to_all(self._send_alarms)

    def home(self, skill: str, next: str | None, unread: int | None, playing: str | None) -> None:
        kept = self._homes.setdefault(skill, {})
        before = self._home()
        kept |= {
            name: value
            for name, value in (("next", next), ("unread", unread), ("playing", playing))
            if value is not None
        }
        if self._home() != before:
            self._to_all(self._send_home)

    def ring(self, skill: str, seconds: int) -> None:
        async def send(link: PinLink) -> None:
            await link.send("ring", seconds=max(0, min(60, seconds)))

        self._to_all(send)

    # What pins say (`desks.Desk`).

    async def joined(self, pin: PinLink) -> None:
        known = self._pins.get(pin.pin_id)
        if known is None:
            if len(self._pins) >= _UNKNOWN_PINS:
                gone = next((key for key, each in self._pins.items() if each.link is None), None)
                if gone is not None:
                    del self._pins[gone]
            known = self._pins[pin.pin_id] = _Pin()
        # Before anything is sent: what comes meanwhile reaches it by its link.
        known.link, seen, known.seen = pin, known.seen, self._told
        waiting = [news for news in self._news if news.number > seen]
        if (missed := self._told - seen - len(waiting)) > 0:
            log.warning("%s: %d notices came while it was away and are dropped", pin.name, missed)
        await self._send_home(pin)
        await self._send_alarms(pin)
        now = asyncio.get_running_loop().time()
        for news in waiting:
            if now - news.at_s < WAITING_S:
                await self._push(pin, news)

    def left(self, pin: PinLink) -> None:
        known = self._pins.get(pin.pin_id)
        if known is not None and known.link is pin:
            known.link = None
            _cancel(known.doing)

    async def message(self, pin: PinLink, message: dict[str, Any]) -> None:
        acting = self._acting
        if acting is None:
            return
        if message["t"] in ("utterance_start", "ask"):
            _cancel(self._pin(pin).doing)  # a press interrupts everything
            acting.waitings.pressed(pin.pin_id, message["utt"])
        elif message["t"] == "open":
            self._do(pin, self._view(pin, acting, message["view"]))
        elif message["t"] == "alarm":
            self._spawn(self._rang(acting, message))
        elif message["name"] == "dismissed":
            acting.waitings.dismissed(pin.pin_id, message["card"], message.get("by", "wearer"))
        elif message["name"] == "chosen" and "choice" in message:
            self._do(pin, self._chosen(pin, acting, message["choice"]))
        elif message["name"] == "level" and "level" in message:
            # Beside what is being done: the next tap must not undo the turn of a wrist.
            self._spawn(
                self._told_or_refused(pin, acting.level(pin.pin_id, message["card"], message["level"]))
            )

    async def _chosen(self, pin: PinLink, acting: Acting, choice: str) -> None:
        shown = await acting.chosen(pin.pin_id, choice)
        if shown is None:
            log.info("%s chose %s, which means nothing any more", pin.name, choice)
            shown = Shown("That is no longer open.", kind="notice")
        await self._show(pin, shown)

    async def _view(self, pin: PinLink, acting: Acting, view: str) -> None:
        tools = [tool for tool in acting.household.tools.values() if tool.tool.view == view]
        found: list[Shown] = []
        refused = f"Nothing here shows {shortened(view, 24)}."
        for tool in tools:
            try:
                found.append(await acting.perform(pin.pin_id, tool, {}, acting.household.language))
            except SkillError as error:
                refused = str(error)
        if not found:
            await self._show(pin, Shown(refused, kind="notice"))
            return
        # Several may fill one view, such as messages and mail: the others follow on further pages.
        others = " ".join(f"{shown.text} {shown.details}" for shown in found[1:])
        await self._show(pin, replace(found[0], details=f"{found[0].details} {others}".strip()))

    async def _rang(self, acting: Acting, message: dict[str, Any]) -> None:
        owner = next(
            (
                (skill, alarm)
                for skill, alarms in self._alarms.items()
                for alarm in alarms
                if alarm_id(skill, alarm.id) == message["id"]
            ),
            None,
        )
        if owner is None:
            log.info("an alarm %s is of no skill", message["id"])
            return
        unix_ms = message.get("unix_ms")
        zone = self._clock().tzinfo
        at = None if unix_ms is None else datetime.datetime.fromtimestamp(unix_ms / 1000, zone)
        await acting.household.tell(owner[0], "alarm", owner[1].id, message["what"], at)

    async def _show(self, pin: PinLink, shown: Shown) -> None:
        if self._assistant is not None:
            self._assistant.said(pin.pin_id, shown)
        await pin.send_card(_card(shown, pin))

    async def _push(self, pin: PinLink, news: _News) -> None:
        alert = news.alert
        if alert == "normal" and self.quiet.at(self._clock().time()):
            alert = "quiet"
        shown = self._shown(pin.pin_id, news.skill, news.reply)
        await pin.send_card(_card(replace(shown, extras=replace(shown.extras, alert=alert)), pin))

    async def _send_home(self, pin: PinLink) -> None:
        offset = self._clock().utcoffset()  # the pin's own clock is UTC
        local = {} if offset is None else {"utc_offset_min": int(offset.total_seconds() // 60)}
        await pin.send("home", **self._home(), **local)

    async def _send_alarms(self, pin: PinLink) -> None:
        soonest = sorted(
            ((skill, alarm) for skill, alarms in self._alarms.items() for alarm in alarms),
            key=lambda each: each[1].at,
        )
        listed = [
            {
                "id": alarm_id(skill, alarm.id),
                "unix_ms": max(0, int(alarm.at.timestamp() * 1000)),
                "label": shortened(alarm.label, _LABEL_BYTES),
                "kind": alarm.kind,
            }
            for skill, alarm in soonest[:_ALARMS]
        ]
        await pin.send("alarms", alarms=listed)

    def _home(self) -> dict[str, Any]:
        """The first that has something to tell; what is unread is added up."""
        homes = list(self._homes.values())
        told = {"unread": min(_UNREAD, sum(max(0, home.get("unread", 0)) for home in homes))}
        for name in ("next", "playing"):
            text = next((home[name] for home in homes if home.get(name)), "")
            if text:
                told[name] = shortened(text, _HOME_BYTES)
        return told

    def _shown(self, pin_id: str, skill: str, reply: Reply | str) -> Shown:
        """With this pin's own choices; without any if the skill offers what is none."""
        reply = Reply(reply, kind="notice") if isinstance(reply, str) else reply
        if self._acting is None:
            return Shown(reply.text, reply.details, reply.kind)
        try:
            return self._acting.notice(pin_id, skill, reply)
        except SkillError as error:
            log.error("skill %s: %s", skill, error)
            return Shown(reply.text, reply.details, reply.kind)

    def _pin(self, pin: PinLink) -> _Pin:
        return self._pins.setdefault(pin.pin_id, _Pin(pin))

    def _do(self, pin: PinLink, work: Coroutine[Any, Any, None]) -> None:
        """Beside the session; what the wearer does next on this pin ends it."""
        known = self._pin(pin)
        _cancel(known.doing)
        known.doing = self._spawn(self._told_or_refused(pin, work))

    async def _told_or_refused(self, pin: PinLink, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except SkillError as error:
            await self._show(pin, Shown(str(error), kind="error"))

    def _to_all(self, send: Callable[[PinLink], Coroutine[Any, Any, None]]) -> None:
        for pin in self._pins.values():
            if pin.link is not None:
                self._spawn(send(pin.link))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        async def guarded() -> None:
            try:
                await work
            except Gone as error:
                log.info("a notice has no one to reach: %s", error)
            except Exception:  # one pin's card that the wire refuses must not end anything else
                log.exception("a notice could not be sent")

        task = asyncio.get_running_loop().create_task(guarded(), name="notices")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def alarm_id(skill: str, name: str) -> str:
    """The wire's id of a skill's alarm: the same over restarts, as a pin may tell later what became of it."""
    return hashlib.sha256(f"{skill}/{name}".encode()).hexdigest()[:20]


def _card(shown: Shown, pin: PinLink) -> Card:
    shown = readable(shown)
    return laid_out(replace(shown, text=shown.text or "..."), pin.display)


def _cancel(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
