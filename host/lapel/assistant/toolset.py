"""The tools that there are, and the moments in which they may become others."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import ItemsView, Iterable, Iterator, Mapping, ValuesView

from .tools import ToolInfo


class Toolset(Mapping[str, ToolInfo]):
    """Tools by their names. It is exchanged whole, so that a thread may walk through it meanwhile."""

    def __init__(self) -> None:
        self._tools: dict[str, ToolInfo] = {}

    def exchange(self, tools: Iterable[ToolInfo]) -> None:
        self._tools = {tool.name: tool for tool in tools}

    def __getitem__(self, name: str) -> ToolInfo:
        return self._tools[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tools)

    def __len__(self) -> int:
        return len(self._tools)

    def items(self) -> ItemsView[str, ToolInfo]:
        return self._tools.items()

    def values(self) -> ValuesView[ToolInfo]:
        return self._tools.values()


class Turns:
    """Counts the turns that run, and waits for a moment without one."""

    def __init__(self) -> None:
        self._running = 0
        self._none = asyncio.Event()
        self._none.set()

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        """A turn, or a part of one."""
        self._running += 1
        self._none.clear()
        try:
            yield
        finally:
            self._running -= 1
            if not self._running:
                self._none.set()

    async def none(self, at_most_s: float) -> bool:
        """Waits until none runs, and goes on without another one in between. False: one still does."""
        try:
            async with asyncio.timeout(at_most_s):
                while self._running:
                    await self._none.wait()
        except TimeoutError:
            return False
        return True
