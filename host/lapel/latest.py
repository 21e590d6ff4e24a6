"""What takes a while and is wanted again meanwhile: done one after the other, and only the newest counts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")


class Latest(Generic[T]):
    """`want` something, and `do` is called with it; what was wanted in between is left out. Close it once."""

    def __init__(self, name: str, do: Callable[[T], Awaitable[None]]) -> None:
        self._name = name
        self._do = do
        self._wanted: list[T] = []  # one at most
        self._task: asyncio.Task[None] | None = None

    def want(self, wanted: T) -> None:
        self._wanted = [wanted]
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name=self._name)

    async def done(self) -> None:
        """Waits until nothing is wanted any more."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def close(self) -> None:
        self._wanted = []
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while self._wanted:
            try:
                await self._do(self._wanted.pop())
            except Exception:  # whatever an engine or a skill raises, the next change is to be tried
                log.exception("%s: the change failed; a restart of Lapel takes it over", self._name)
