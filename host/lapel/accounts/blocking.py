"""Clients that block (mail, CalDAV) run on threads, and are cut off when nobody waits any more."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_T = TypeVar("_T")
_THREADS = 8  # calls at once; a server that hangs holds one until its socket is cut


class Line:
    """The connection that a blocking call has opened, so that it can be cut."""

    def __init__(self) -> None:
        self._cut: Callable[[], object] | None = None
        self._is_cut = False

    def opened(self, cut: Callable[[], object]) -> None:
        """Says how to close what was just opened; closes it at once if nobody waits."""
        self._cut = cut
        if self._is_cut:
            self.cut()

    def cut(self) -> None:
        self._is_cut = True
        if self._cut is not None:
            with contextlib.suppress(OSError):
                self._cut()


_pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="account")


async def blocking(call: Callable[[Line], _T]) -> _T:
    """`call(line)` on a thread. Cancelled, it cuts the line that the call has opened."""
    line = Line()
    work = asyncio.get_running_loop().run_in_executor(_pool, call, line)
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        line.cut()
        work.add_done_callback(lambda done: done.cancelled() or done.exception())  # seen, not reported
        raise
