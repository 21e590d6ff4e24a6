"""The thread behind an engine: order, bounds, failures, hangs, cancelling and shutting down."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import pytest
from lapel.speech.engine import Busy, EngineMissing, SpeechError, TooSlow
from lapel.speech.worker import MAX_STUCK_THREADS, Worker

LONG_S = 60.0  # never reached: tests end by events


class Engine:
    """Does what its work says: "hang" until released, "raise", or answer with the work in capitals."""

    def __init__(self) -> None:
        self.loaded = 0
        self.seen: list[str] = []
        self.release = threading.Event()
        self.running = threading.Event()
        self.at_once = self.most_at_once = 0

    def load(self) -> Callable[[str], str]:
        self.loaded += 1
        return self.do

    def do(self, work: str) -> str:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.seen.append(work)
        self.running.set()
        try:
            if work.startswith("hang"):
                self.release.wait()
            if work == "raise":
                raise ZeroDivisionError("inside the engine")
            return work.upper()
        finally:
            self.at_once -= 1


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    engine = Engine()
    yield engine
    engine.release.set()


@pytest.fixture
async def worker(engine: Engine) -> AsyncIterator[Worker[str, str]]:
    worker = Worker("test", engine.load, queue_limit=4)
    yield worker
    engine.release.set()
    await worker.close()


async def test_calls_are_answered_in_turn_by_one_thread(engine: Engine, worker: Worker[str, str]) -> None:
    await worker.start()
    assert await asyncio.gather(*(worker.call(work, LONG_S) for work in "abcd")) == list("ABCD")
    assert engine.seen == list("abcd")
    assert engine.loaded == 1 and engine.most_at_once == 1
    assert worker.waiting == 0


async def test_a_full_queue_is_refused_and_counted(engine: Engine, worker: Worker[str, str]) -> None:
    calls = [asyncio.create_task(worker.call(work, LONG_S)) for work in ("hang", "b", "c", "d")]
    await asyncio.sleep(0)
    with pytest.raises(Busy, match="Too many questions"):
        await worker.call("e", LONG_S)
    assert worker.refused == 1
    engine.release.set()
    assert await asyncio.gather(*calls) == ["HANG", "B", "C", "D"]
    assert await worker.call("f", LONG_S) == "F"


async def test_an_engine_that_raises_fails_that_call_only(worker: Worker[str, str]) -> None:
    with pytest.raises(SpeechError, match="failed") as caught:
        await worker.call("raise", LONG_S)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert worker.failed == 1
    assert await worker.call("a", LONG_S) == "A"


async def test_a_hang_costs_one_call_and_the_queue_goes_on(engine: Engine, worker: Worker[str, str]) -> None:
    await worker.start()
    hung = asyncio.create_task(worker.call("hang", 0.05))
    behind = asyncio.create_task(worker.call("b", LONG_S))
    with pytest.raises(TooSlow):
        await hung
    assert await behind == "B"
    assert engine.loaded == 2 and worker.replaced == 1


async def test_waiting_behind_others_is_not_hanging(engine: Engine, worker: Worker[str, str]) -> None:
    first = asyncio.create_task(worker.call("hang", LONG_S))
    second = asyncio.create_task(worker.call("b", 0.02))
    await asyncio.sleep(0.1)
    assert not second.done()
    engine.release.set()
    assert await first == "HANG" and await second == "B"
    assert worker.replaced == 0


async def test_the_result_of_an_abandoned_thread_reaches_nobody(
    engine: Engine, worker: Worker[str, str]
) -> None:
    with pytest.raises(TooSlow):
        await worker.call("hang", 0.02)
    engine.release.set()
    assert await worker.call("a", LONG_S) == "A"
    assert await worker.call("b", LONG_S) == "B"
    assert engine.loaded == 2


async def test_an_engine_that_always_hangs_is_given_up_and_recovers(
    engine: Engine, worker: Worker[str, str]
) -> None:
    for _ in range(MAX_STUCK_THREADS):
        with pytest.raises(TooSlow):
            await worker.call("hang", 0.02)
    with pytest.raises(SpeechError, match="stuck"):
        await worker.call("a", LONG_S)
    assert worker.waiting == 0
    engine.release.set()
    await asyncio.wait([lane.ended for lane in worker._stuck])
    for lane in worker._stuck:
        await asyncio.to_thread(lane._thread.join)
    assert await worker.call("a", LONG_S) == "A"


async def test_cancelling_a_queued_call_withdraws_it(engine: Engine, worker: Worker[str, str]) -> None:
    first = asyncio.create_task(worker.call("hang", LONG_S))
    second = asyncio.create_task(worker.call("b", LONG_S))
    await asyncio.to_thread(engine.running.wait)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    assert worker.waiting == 1
    engine.release.set()
    assert await first == "HANG"
    assert await worker.call("c", LONG_S) == "C"
    assert engine.seen == ["hang", "c"]


async def test_a_cancelled_call_that_hangs_does_not_block_the_next(
    engine: Engine, worker: Worker[str, str]
) -> None:
    first = asyncio.create_task(worker.call("hang", 0.1))
    await asyncio.to_thread(engine.running.wait)
    first.cancel()
    assert await worker.call("b", LONG_S) == "B"
    assert worker.replaced == 1


async def test_closing_while_the_engine_hangs(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lapel.speech.worker.CLOSE_DEADLINE_S", 0.05)
    worker = Worker("test", engine.load)
    calls = [asyncio.create_task(worker.call(work, LONG_S)) for work in ("hang", "b")]
    await asyncio.to_thread(engine.running.wait)
    await worker.close()
    for call in calls:
        with pytest.raises(SpeechError, match="shutting down"):
            await call
    with pytest.raises(SpeechError, match="shutting down"):
        await worker.call("c", LONG_S)


async def test_closing_frees_the_engine() -> None:
    freed = threading.Event()

    class Native:
        def __call__(self, work: str) -> str:
            return work

        def __del__(self) -> None:
            freed.set()

    worker: Worker[str, str] = Worker("test", Native)
    assert await worker.call("a", LONG_S) == "a"
    await worker.close()
    assert freed.is_set()


async def test_loading_that_fails_is_told_and_tried_again() -> None:
    tries = 0

    def load() -> Callable[[str], str]:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise FileNotFoundError("no model here")
        return str.upper

    worker: Worker[str, str] = Worker("test", load)
    with pytest.raises(EngineMissing, match="no model here"):
        await worker.start()
    with pytest.raises(EngineMissing, match="no model here"):
        await worker.call("a", LONG_S)
    assert await worker.call("a", LONG_S) == "A"
    await worker.close()
