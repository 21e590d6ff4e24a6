"""A thread for native code that may block, raise or hang, behind an awaitable call with a bounded queue.

An engine instance lives in one thread and is used by that thread alone, so it need not be thread-safe. A
thread that hangs inside native code cannot be stopped: it is left behind (it is a daemon and ends if its call
ever returns) and a new thread loads a new instance, which goes on with the same queue.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from lapel.speech.engine import Busy, EngineMissing, SpeechError, TooSlow

log = logging.getLogger(__name__)

Work = TypeVar("Work")
Result = TypeVar("Result")

QUEUE_LIMIT = 32  # at 0.07 s a question the last one waits 2 s; beyond that a refusal is kinder
MAX_STUCK_THREADS = 2  # each holds an engine in memory; past that the engine is declared broken
CLOSE_DEADLINE_S = 2.0  # a thread in the middle of a long utterance is not waited for any longer

_FAILED = "Speech recognition failed. Please ask again."
_BROKEN = "Speech recognition is stuck. The relay needs a restart."
_CLOSING = "The relay is shutting down."


class _Job(Generic[Work, Result]):
    def __init__(self, work: Work, hang_s: float) -> None:
        self.work = work
        self.hang_s = hang_s
        self.answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self.begun: float | None = None  # time.monotonic(), written by the thread
        self.unwanted = False
        self.watch: asyncio.TimerHandle | None = None


class Worker(Generic[Work, Result]):
    """Runs `load()` once in its thread, then the function it returns for each call, first come first served.

    `load` returns `do(work)`. `refused`, `failed` and `replaced` count for logs and the bench.
    """

    def __init__(
        self, name: str, load: Callable[[], Callable[[Work], Result]], queue_limit: int = QUEUE_LIMIT
    ) -> None:
        self.name = name
        self.refused = self.failed = self.replaced = 0
        self._load = load
        self._limit = queue_limit
        self._queue: queue.SimpleQueue[_Job[Work, Result] | None] = queue.SimpleQueue()
        self._jobs: set[_Job[Work, Result]] = set()
        self._lane: _Lane[Work, Result] | None = None
        self._stuck: list[_Lane[Work, Result]] = []
        self._closed = False

    @property
    def waiting(self) -> int:
        """Calls queued or running."""
        return len(self._jobs)

    async def start(self) -> None:
        """Load the engine now rather than with the first call. Raises EngineMissing."""
        lane = self._running_lane()
        await asyncio.shield(lane.ready)

    async def call(self, work: Work, hang_s: float) -> Result:
        """The result of `do(work)`.

        Raises Busy when the queue is full, TooSlow when the call runs for more than `hang_s` seconds (the
        thread is then replaced), SpeechError when it raises. Cancelling withdraws a queued call; a running
        one goes on and its result is dropped.
        """
        if self._closed:
            raise SpeechError(_CLOSING)
        if len(self._jobs) >= self._limit:
            self.refused += 1
            raise Busy
        self._running_lane()
        job: _Job[Work, Result] = _Job(work, hang_s)
        self._jobs.add(job)
        job.watch = asyncio.get_running_loop().call_later(hang_s, self._watch, job)
        self._queue.put(job)
        try:
            return await job.answer
        finally:
            job.unwanted = True
            if job.begun is None:
                self._forget(job)

    async def close(self) -> None:
        """End the thread; what still waits gets SpeechError. Never takes longer than CLOSE_DEADLINE_S."""
        self._closed = True
        for job in list(self._jobs):
            self._answer(job, error=SpeechError(_CLOSING))
        lane, self._lane = self._lane, None
        if lane is not None:
            self._queue.put(None)
            await asyncio.wait([lane.ended], timeout=CLOSE_DEADLINE_S)

    def _running_lane(self) -> _Lane[Work, Result]:
        if self._lane is None:
            self._stuck = [lane for lane in self._stuck if lane.is_alive()]
            if len(self._stuck) >= MAX_STUCK_THREADS:
                raise SpeechError(_BROKEN)
            self._lane = _Lane(self, self._load, self._queue)
        return self._lane

    def _watch(self, job: _Job[Work, Result]) -> None:
        """The job's time is up, if it has been running all along."""
        if job not in self._jobs:
            return
        ran_s = time.monotonic() - job.begun if job.begun is not None else 0.0
        if ran_s < job.hang_s:
            left_s = job.hang_s - ran_s
            job.watch = asyncio.get_running_loop().call_later(left_s, self._watch, job)
            return
        lane, self._lane = self._lane, None
        if lane is not None:
            lane.abandon()
            self._stuck.append(lane)
        self.replaced += 1
        log.error("%s hung for %.1f s; using a new instance", self.name, ran_s)
        self._answer(job, error=TooSlow())
        try:
            self._running_lane()
        except SpeechError as error:
            log.error("%s hung %d times; giving it up", self.name, self.replaced)
            for other in list(self._jobs):
                self._answer(other, error=error)

    def _lane_failed(self, lane: _Lane[Work, Result], error: Exception) -> None:
        """Loading failed: whoever waits hears why, and the next call tries again."""
        if self._lane is lane:
            self._lane = None
            for job in list(self._jobs):
                self._answer(job, error=EngineMissing(str(error)))

    def _answer(
        self, job: _Job[Work, Result], result: Result | None = None, error: Exception | None = None
    ) -> None:
        self._forget(job)
        job.unwanted = True
        if job.answer.done():
            return
        if error is None:
            job.answer.set_result(result)  # type: ignore[arg-type]  # None only if Result may be None
        elif isinstance(error, SpeechError):
            job.answer.set_exception(error)
        else:
            self.failed += 1
            log.error("%s failed", self.name, exc_info=error)
            failure = SpeechError(_FAILED)
            failure.__cause__ = error
            job.answer.set_exception(failure)

    def _forget(self, job: _Job[Work, Result]) -> None:
        self._jobs.discard(job)
        if job.watch is not None:
            job.watch.cancel()


class _Lane(Generic[Work, Result]):
    """One thread with one engine instance, taking jobs from the worker's queue until it is told to stop."""

    def __init__(
        self,
        worker: Worker[Work, Result],
        load: Callable[[], Callable[[Work], Result]],
        jobs: queue.SimpleQueue[_Job[Work, Result] | None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._worker = worker
        self._load = load
        self._jobs = jobs
        self._abandoned = False
        self.ready: asyncio.Future[None] = self._loop.create_future()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, name=f"speech {worker.name}", daemon=True)
        self._thread.start()

    def abandon(self) -> None:
        """Take no more jobs once the present one returns, if ever."""
        self._abandoned = True

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            do = self._load()
        except Exception as error:  # noqa: BLE001 - native loaders raise anything; whoever waits is told
            self._tell(self._settle_ready, error)
        else:
            self._tell(self._settle_ready, None)
            self._serve(do)
            del do  # native threads must be gone before the process may end
        self._tell(_settle, self.ended)

    def _serve(self, do: Callable[[Work], Result]) -> None:
        while not self._abandoned:
            job = self._jobs.get()
            if job is None:
                return
            if job.unwanted:
                continue
            job.begun = time.monotonic()
            try:
                result = do(job.work)
            except Exception as error:  # noqa: BLE001 - an engine may raise anything; the wearer gets a sentence
                self._tell(self._worker._answer, job, None, error)
            else:
                self._tell(self._worker._answer, job, result)

    def _settle_ready(self, error: Exception | None) -> None:
        if error is None:
            _settle(self.ready)
            return
        log.error("%s cannot be loaded: %s", self._worker.name, error)
        if not self.ready.done():
            self.ready.set_exception(EngineMissing(str(error)))
            self.ready.exception()  # mark as seen: nobody may be waiting for it
        self._worker._lane_failed(self, error)

    def _tell(self, function: Callable[..., None], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            self._loop.call_soon_threadsafe(function, *args)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
