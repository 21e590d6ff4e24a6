"""Where a skill's code runs: those of Lapel in the relay's loop, all others each on a thread of its own.

A plug-in may block, loop or never return. Its thread has an event loop for it alone; one that no longer
turns is given up: what Python can still interrupt is interrupted, and the skill is not called again.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

log = logging.getLogger(__name__)

_T = TypeVar("_T")
_ALIVE_S = 1.0  # a loop that does not turn once in this time after its call was cancelled is blocked


class Stuck(Exception):
    """The worker is blocked and was given up."""


class Worker(Protocol):
    """Runs a skill's coroutines."""

    async def run(self, work: Callable[[], Awaitable[_T]], deadline_s: float) -> _T:
        """The result. Raises TimeoutError after the deadline, Stuck, and what `work` raises."""
        ...

    def close(self) -> None: ...


class HereWorker:
    """In the loop of whoever calls: for code that is known to behave."""

    async def run(self, work: Callable[[], Awaitable[_T]], deadline_s: float) -> _T:
        async with asyncio.timeout(deadline_s):
            return await work()

    def close(self) -> None:
        return None


class ThreadWorker:
    """On a thread of its own with its own loop."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._stuck = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._turn, name=f"skill {name}", daemon=True)
        self._thread.start()

    async def run(self, work: Callable[[], Awaitable[_T]], deadline_s: float) -> _T:
        if self._stuck:
            raise Stuck(self.name)

        async def task() -> _T:
            try:
                return await work()
            except (SystemExit, KeyboardInterrupt) as error:  # they would end the loop and answer nobody
                raise RuntimeError(f"{type(error).__name__} in a skill") from error

        future: Future[_T] = asyncio.run_coroutine_threadsafe(task(), self._loop)
        try:
            async with asyncio.timeout(deadline_s):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            if future.done() and not future.cancelled():
                raise  # its own
            if not await self._turns():
                raise Stuck(self.name) from None
            raise

    async def call(self, work: Callable[[], _T], deadline_s: float) -> _T:
        """A plain function, such as an import, on the thread. Raises as `run`."""

        async def called() -> _T:
            return work()

        return await self.run(called, deadline_s)

    def close(self) -> None:
        if not self._stuck:
            self._loop.call_soon_threadsafe(self._loop.stop)

    def _turn(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.run_until_complete(asyncio.sleep(0))
        except SystemExit:
            log.error("skill %s: its thread was ended", self.name)
        finally:
            if not self._stuck:
                self._loop.close()

    async def _turns(self) -> bool:
        """Whether the loop still turns; one that does not is given up."""
        turned: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        here = asyncio.get_running_loop()
        self._loop.call_soon_threadsafe(lambda: here.call_soon_threadsafe(_done, turned))
        try:
            await asyncio.wait_for(turned, _ALIVE_S)
        except TimeoutError:
            self._stuck = True
            log.error("skill %s blocks its thread and is not called again", self.name)
            ident = self._thread.ident
            if ident is not None:  # reaches a loop in Python; a call into the system ends by itself or never
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(ident), ctypes.py_object(SystemExit)
                )
            return False
        return True


def _done(future: asyncio.Future[Any]) -> None:
    if not future.done():
        future.set_result(None)
