"""How the house is doing: latencies by stage, load, and what was complained about last."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ..services import History, TurnRecord

STAGES = ("transcript", "first_card", "last_card", "shown")
KEPT_TURNS = 500  # for percentiles: a day or two of a household
KEPT_COMPLAINTS = 100
LAG_S = 0.5  # how often the loop's lateness is looked at
_BUCKETS_MS = (10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000)


class Figures:
    """Stands before the relay's history and counts what passes. `watch` runs beside the relay."""

    def __init__(self, history: History) -> None:
        self.connected: Callable[[], int] = lambda: 0
        self._history = history
        self._timings: deque[tuple[str, int, dict[str, float]]] = deque(maxlen=KEPT_TURNS)
        self.lag_ms = 0.0
        self.began = time.time()
        self.registry = CollectorRegistry()
        self._turns = Counter(
            "lapel_turns", "Questions, by how they ended", ["outcome"], registry=self.registry
        )
        self._stage = Histogram(
            "lapel_stage_ms", "Milliseconds from the release of the button to the end of a stage", ["stage"],
            buckets=_BUCKETS_MS, registry=self.registry,
        )  # fmt: skip
        lag = Gauge("lapel_loop_lag_ms", "How late the event loop runs what is due", registry=self.registry)
        lag.set_function(lambda: self.lag_ms)
        pins = Gauge("lapel_pins_connected", "Pins that are connected", registry=self.registry)
        pins.set_function(lambda: float(self.connected()))
        memory = Gauge("lapel_memory_bytes", "Resident memory of the relay's process", registry=self.registry)
        memory.set_function(lambda: float(memory_bytes()))

    def add(self, record: TurnRecord) -> None:
        """A history's `add`: keeps the turn and counts it. Called again when more of it is known."""
        self._history.add(record)
        key = (record.pin, record.utt)
        known = next((entry for entry in self._timings if entry[:2] == key), None)
        before = known[2] if known else {}
        for stage in STAGES:
            if stage in record.timings_ms and stage not in before:
                self._stage.labels(stage).observe(record.timings_ms[stage])
        if known is None:
            self._turns.labels("failed" if record.failure else "answered").inc()
            self._timings.append((*key, dict(record.timings_ms)))
        else:
            known[2].update(record.timings_ms)

    async def watch(self) -> None:
        """Measures how late the loop is, until it is cancelled."""
        while True:
            due = time.monotonic() + LAG_S
            await asyncio.sleep(LAG_S)
            self.lag_ms = round(max(0.0, (time.monotonic() - due) * 1000), 1)

    def metrics(self) -> bytes:
        """Prometheus' text format."""
        return generate_latest(self.registry)

    def percentiles(self) -> dict[str, dict[str, float]]:
        """For each stage the median and the 95th percentile of the last turns, in ms."""
        result = {}
        for stage in STAGES:
            values = sorted(timings[stage] for _, _, timings in self._timings if stage in timings)
            if values:
                result[stage] = {
                    "count": len(values),
                    "p50": values[len(values) // 2],
                    "p95": values[min(len(values) - 1, len(values) * 95 // 100)],
                }
        return result


class Complaints(logging.Handler):
    """The last warnings and errors of the log, for the page."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.latest: deque[dict[str, Any]] = deque(maxlen=KEPT_COMPLAINTS)

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.exc_info and record.exc_info[1]:
            text += f" ({record.exc_info[1]!r})"
        entry = {
            "at_unix_s": record.created,
            "level": record.levelname.lower(),
            "room": record.name,
            "text": text,
        }
        self.latest.append(entry)


def memory_bytes() -> int:
    """Resident memory of this process."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - read at each look
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:  # not Linux: the most it ever had
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
