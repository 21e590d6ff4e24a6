"""Updates over the air, the relay's side: offers a package to pins, hands out what they ask for, and follows
them.

An offer stands until the pin says that it is good, or refuses, or went back; it is made again whenever the
pin connects, also after the relay was restarted (`updates/wanted.json` in Lapel's home).
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from lapel_wire.update import CHUNK_BYTES, PATCH_FILE, pack_chunk

from ..desks import PinLink
from ..services import Gone
from . import manifest_patch
from .control import ControlError
from .fleet import Fleet
from .package import Package, base, build
from .problems import BoardError
from .signing import SigningError

log = logging.getLogger(__name__)

ENDS = frozenset({"good", "refused", "reverted"})
_ALL = "all"


class Updates:
    """A desk. `update` answers the command line."""

    takes = frozenset({"update_want", "update_state"})

    def __init__(self, home: Path, fleet: Fleet) -> None:
        self._home = home
        self._fleet = fleet
        self._wanted_path = home / "updates" / "wanted.json"
        self._wanted: set[str] = set(_load(self._wanted_path))
        self._offered: dict[str, Package] = {}  # by pin
        self._followers: dict[str, set[asyncio.Queue[dict[str, Any]]]] = {}
        self._sent: dict[str, int] = {}  # bytes that went to a pin for this offer
        self._tasks: set[asyncio.Task[None]] = set()

    async def joined(self, pin: PinLink) -> None:
        if pin.pin_id in self._wanted:
            # Compiling takes a moment: the session must not wait for it.
            task = asyncio.create_task(self._offer_again(pin))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def message(self, pin: PinLink, message: dict[str, Any]) -> None:
        package = self._offered.get(pin.pin_id)
        if package is None or message["update"] != package.id:
            return  # of an offer that no longer stands
        if message["t"] == "update_want":
            await self._give(pin, package, message["file"], message["offset"])
        else:
            self._follow(pin, message)

    def left(self, pin: PinLink) -> None:
        """It resumes when it is back."""

    async def stop(self) -> None:
        """Ends what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def update(self, request: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """Offers this computer's firmware to a pin, or to `all`, and tells how far each is until all have
        ended.
        """
        which = str(request.get("pin"))
        links = self._fleet.connected() if which == _ALL else [self._fleet.link(which)]
        if not links:
            raise ControlError("no pin is connected; wake one with its button and try again")
        events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        under_way = set()
        try:
            for link in links:
                self._followers.setdefault(link.pin_id, set()).add(events)
                try:
                    offered = await self._offer(link)
                except (ControlError, Gone) as error:
                    if which != _ALL:
                        raise ControlError(str(error)) from error
                    yield {"pin": link.pin_id, "phase": "refused", "text": str(error)}  # the others go on
                    continue
                if offered:
                    under_way.add(link.pin_id)
                    package = self._offered[link.pin_id]
                    yield {
                        "pin": link.pin_id,
                        "phase": "offered",
                        "name": package.name,
                        "version": package.version,
                    }
                else:
                    yield {"pin": link.pin_id, "phase": "current", "name": link.firmware}
            while under_way:
                event = await events.get()
                yield event
                if event["phase"] in ENDS:
                    under_way.discard(event["pin"])
        finally:
            for link in links:
                self._followers[link.pin_id].discard(events)

    async def _offer_again(self, pin: PinLink) -> None:
        try:
            await self._offer(pin)
        except (ControlError, Gone) as error:
            log.error("%s gets no update: %s", pin.name, error)

    async def _offer(self, pin: PinLink) -> bool:
        """Whether there is something for it. Raises ControlError, Gone."""
        try:
            package = await asyncio.to_thread(build, self._home, pin.board)
        except (BoardError, SigningError) as error:
            raise ControlError(str(error)) from error
        if package.name == pin.firmware:
            if pin.pin_id in self._offered:  # it runs it, and has yet to prove that it is good
                await self._announce(pin, self._offered[pin.pin_id])
                return True
            self._want(pin.pin_id, False)
            return False
        self._want(pin.pin_id, True)
        self._sent[pin.pin_id] = 0
        await self._announce(pin, package)
        return True

    async def _announce(self, pin: PinLink, package: Package) -> None:
        self._offered[pin.pin_id] = package
        await pin.send(
            "update",
            update=package.id,
            version=package.name,
            manifest_bytes=len(package.manifest),
            total_bytes=package.total_bytes,
        )

    async def _give(self, pin: PinLink, package: Package, file: int, offset: int) -> None:
        if file == PATCH_FILE:
            data: bytes | None = manifest_patch.make(
                base(self._home, package.board, pin.firmware), package.manifest
            )
        else:
            data = package.part(file)
        piece = b"" if data is None else data[offset : offset + CHUNK_BYTES]
        self._sent[pin.pin_id] = self._sent.get(pin.pin_id, 0) + len(piece)
        await pin.send_bytes(pack_chunk(file, offset, piece))

    def _follow(self, pin: PinLink, state: dict[str, Any]) -> None:
        phase = state["phase"]
        event = {
            "pin": pin.pin_id,
            "phase": phase,
            "percent": state.get("percent"),
            "text": state.get("text", ""),
        }
        event["sent_bytes"] = self._sent.get(pin.pin_id, 0)
        for follower in self._followers.get(pin.pin_id, ()):
            follower.put_nowait(event)
        if phase in ENDS:
            log.info("%s: update %s %s", pin.name, phase, state.get("text", ""))
            self._want(pin.pin_id, False)
            self._offered.pop(pin.pin_id, None)

    def _want(self, pin_id: str, wanted: bool) -> None:
        before = set(self._wanted)
        (self._wanted.add if wanted else self._wanted.discard)(pin_id)
        if self._wanted != before:
            self._wanted_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            new = self._wanted_path.with_suffix(".new")
            new.write_text(json.dumps(sorted(self._wanted)), "utf-8")
            new.replace(self._wanted_path)


def _load(path: Path) -> list[str]:
    try:
        values = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return []
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
