"""The relay's own share of a turn: engines that cost nothing, one pin and a hundred.

The relay runs in a process of its own over real TLS; the pins' side is `WireClient`. A turn counts from
the last message of the question to the first card.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import os
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from .. import config
from ..devices.pins import Pins
from ..relay import Relay
from ..session import Services
from ..store.history import SqlHistory
from .figures import Figure, percentile
from .instant import InstantAssistant, InstantSpeech
from .wire_client import WireClient

QUESTION_S = 2.0
MANY = 100
TURNS = 2  # each of the many pins asks this often: 200 turns
ALONE_TURNS = 30
_TURN_S = 20.0


async def measure() -> list[Figure]:
    """Latency of one pin and of a hundred that release at once, turns answered, and memory."""
    async with _relay_process(MANY) as (settings, process):
        memory_before = _memory_mb(process.pid)
        alone = await _turns(settings[:1], ALONE_TURNS, random.Random(1))
        many = await _turns(settings, TURNS, random.Random(2))
        memory_after = _memory_mb(process.pid)
    asked = MANY * TURNS
    return [
        Figure("relay: 1 pin, release to first card, p50", percentile(alone, 50), "ms", 5),
        Figure("relay: 100 pins at once, release to first card, p50", percentile(many, 50), "ms"),
        Figure("relay: 100 pins at once, release to first card, p95", percentile(many, 95), "ms", 100),
        Figure(f"relay: 100 pins at once, turns answered of {asked}", len(many), "", asked, at_least=True),
        Figure("relay: memory before any pin", memory_before, "MB"),
        Figure("relay: memory with 100 pins", memory_after, "MB", 150),
    ]


async def _turns(settings: list[dict[str, Any]], rounds: int, seed: random.Random) -> list[float]:
    """Milliseconds from release to first card of every turn that was answered."""
    pcm = seed.randbytes(int(QUESTION_S * 16000) * 2)
    answered: list[float] = []
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(WireClient(each)) for each in settings]
        # One pin's frames serve all: encoding a hundred times would load this side, not the relay.
        frames = clients[0].frames(0, pcm)
        for turn in range(rounds):
            await asyncio.gather(*(_upload(client, turn, frames) for client in clients))
            await asyncio.sleep(0.5)  # frames are in before anybody releases, as when they are spoken
            times = await asyncio.gather(
                *(_release(client, turn, len(frames)) for client in clients), return_exceptions=True
            )
            answered += [value for value in times if isinstance(value, float)]
    return answered


async def _upload(client: WireClient, utt: int, frames: list[bytes]) -> None:
    await client.send("utterance_start", utt=utt)
    for frame in frames:
        await client.connection.send(frame[:4] + utt.to_bytes(4, "little") + frame[8:])


async def _release(client: WireClient, utt: int, frames: int) -> float:
    """Milliseconds to the first card."""
    released = time.perf_counter()
    async with asyncio.timeout(_TURN_S):
        await client.send("utterance_end", utt=utt, frames=frames, samples=frames * 512)
        card = await client.expect("card")
        taken_ms = (time.perf_counter() - released) * 1000
        while card["more"]:
            card = await client.expect("card")
    return taken_ms


@asynccontextmanager
async def _relay_process(pins: int) -> AsyncIterator[tuple[list[dict[str, Any]], asyncio.subprocess.Process]]:
    """A relay with instant engines in a process of its own: settings of its pins, and the process."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        registry = Pins(home)
        paired = [registry.pair(f"pin {i}") for i in range(pins)]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "lapel.bench.relay_load", "--serve", folder,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdin is not None and process.stdout is not None
        try:
            port = int(await asyncio.wait_for(process.stdout.readline(), 30))
            yield [registry.settings(pin, "127.0.0.1", port) for pin in paired], process
        finally:
            process.stdin.close()  # the served relay ends with its standard input
            await process.wait()


async def _serve(home: Path) -> None:
    settings = config.load(home)
    settings = dataclasses.replace(settings, relay=config.RelayConfig(port=0))
    history = SqlHistory.in_home(home, days=30)
    async with Relay(settings, Services(InstantSpeech(), InstantAssistant(), history)) as relay:
        sys.stdout.write(f"{relay.port}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
    await history.close()


def _memory_mb(pid: int) -> float:
    """Resident memory of a process, from /proc."""
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--serve", type=Path, required=True)
    asyncio.run(_serve(parser.parse_args().serve))
