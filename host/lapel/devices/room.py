"""The devices' room in a relay: its desks, and the door through which commands ask for them."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from ..desks import Desk
from .changes import Changes
from .control import Control
from .fleet import Fleet
from .pins import Pins
from .updates import Updates


class DeviceRoom:
    """`async with DeviceRoom(home) as room`: `desks` are for the relay's sessions."""

    def __init__(self, home: Path) -> None:
        self.fleet = Fleet()
        self.updates = Updates(home, self.fleet)
        self.changes = Changes(self.fleet, Pins(home))
        self.desks: tuple[Desk, ...] = (self.fleet, self.updates, self.changes)
        self._control = Control(
            home,
            {
                "pins": self.fleet.pins,
                "update": self.updates.update,
                "set": self.changes.set,
                "rotate": self.changes.rotate,
            },
        )
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.updates.stop)
            await stack.enter_async_context(self._control)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()
