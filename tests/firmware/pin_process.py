"""The unmodified firmware in its MicroPython process with the stand-ins, and what plays its world."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import struct
import time
from pathlib import Path
from typing import Any

from lapel.virtual import live_hand

ROOT = Path(__file__).parents[2]
FIRMWARE = ROOT / "firmware"
MICROPYTHON = Path(os.environ.get("MICROPYTHON", ROOT / ".venv/micropython/bin/micropython"))
BUTTON = 1
WAIT_S = 20.0  # a hung test must end; nothing is measured by it


class PinProcess:
    """`async with PinProcess(folder, settings) as pin`: the folder is its flash."""

    def __init__(
        self,
        flash: Path,
        settings: dict[str, Any] | None,
        *,
        main: Path = FIRMWARE / "main.py",
        heap: str = "8m",
    ) -> None:
        self.log: list[str] = []
        self._flash = flash
        self._main = main
        self._heap = heap
        self._news = asyncio.Event()
        if settings is not None:
            (flash / "settings.json").write_text(json.dumps(settings), "utf-8")

    async def __aenter__(self) -> PinProcess:
        self._world, theirs = socket.socketpair()
        theirs.setblocking(False)
        self._world.setblocking(False)
        self._process = await asyncio.create_subprocess_exec(
            MICROPYTHON,
            "-X",
            f"heapsize={self._heap}",
            self._main,
            cwd=self._flash,
            env={
                "MICROPYPATH": f".frozen:{FIRMWARE / 'stand_ins'}:{FIRMWARE}",
                "PATH": os.environ.get("PATH", ""),
                "LAPEL_WORLD_FD": str(theirs.fileno()),
            },
            pass_fds=[theirs.fileno()],
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        theirs.close()
        self._tasks = [asyncio.create_task(self._read_log()), asyncio.create_task(self._drop_what_it_says())]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._world.close()

    async def _read_log(self) -> None:
        assert self._process.stdout
        async for line in self._process.stdout:
            self.log.append(line.decode(errors="replace").rstrip())
            self._news.set()

    async def _drop_what_it_says(self) -> None:
        while await asyncio.get_running_loop().sock_recv(self._world, 65536):
            pass

    async def _tell(self, kind: str, body: bytes = b"") -> None:
        head = bytes([ord(kind)]) + len(body).to_bytes(3, "little")
        await asyncio.get_running_loop().sock_sendall(self._world, head + body)

    async def press(self) -> None:
        await self._tell("g", bytes([BUTTON, 0]))

    async def release(self) -> None:
        await self._tell("g", bytes([BUTTON, 1]))

    async def tap(self) -> None:
        await self.press()
        await asyncio.sleep(0.06)
        await self.release()

    async def hand(self, present: bool = True) -> None:
        """A hand that holds still, or none."""
        await self._tell("d", live_hand.message(live_hand.still(live_hand.REST if present else None)))

    async def stall(self, ms: int) -> None:
        await self._tell("s", struct.pack("<I", ms))

    async def battery(self, millivolts: int) -> None:
        """0: the cell and its gauge are gone."""
        await self._tell("b", struct.pack("<H", millivolts))

    async def wifi(self, up: bool, connect_ms: int = 30) -> None:
        await self._tell("w", struct.pack("<BH", up, connect_ms))

    async def type(self, text: str) -> None:
        await self._tell("t", text.encode())

    async def play(self, pcm: bytes) -> None:
        """Sound from now on, s16le at 16 kHz; comes as fast as the pin takes it, is heard in its own time."""
        now_us = time.monotonic_ns() // 1000
        for at in range(0, len(pcm), 4096):
            piece = pcm[at : at + 4096]
            await self._tell("a", struct.pack("<q", now_us + at * 1_000_000 // 32000) + piece)

    def states(self) -> list[str]:
        """The states that it went through, without the first."""
        return [m[1] for line in self.log if (m := re.search(r" state: \w+ -> (\w+)$", line))]

    async def logged(self, pattern: str, since: int = 0) -> str:
        """Wait for a log line that matches, from line `since` on."""
        async with asyncio.timeout(WAIT_S):
            while True:
                self._news.clear()
                for line in self.log[since:]:
                    if re.search(pattern, line):
                        return line
                await self._news.wait()
