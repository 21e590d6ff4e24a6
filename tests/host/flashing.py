"""A mock board, a relay with its devices' room, and `lapel flash` as a program, for tests."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lapel.devices.mock_board.board import MockBoard
from lapel.devices.room import DeviceRoom
from relay_house import House

RUN_S = 120.0  # a hung program must end; nothing is measured by it
STEPS = 12
WIFI = "home\nthe password\nn\n\n"


@dataclass
class Bench:
    """A folder with a home, an image and a board; `flash` runs the program."""

    folder: Path
    home: Path
    cache: Path
    house: House
    room: DeviceRoom
    board: MockBoard
    events: list[str] = field(default_factory=list)

    @property
    def image(self) -> Path:
        return self.folder / "image.bin"

    async def lapel(
        self, *arguments: str, typed: str = "", on_line: Callable[[str], None] = lambda line: None
    ) -> tuple[int, str]:
        """A command of Lapel in this home: its exit code and what it said."""
        environment = os.environ | {"LAPEL_HOME": str(self.home), "XDG_CACHE_HOME": str(self.cache)}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "lapel", *arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=environment,
        )
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(typed.encode())
        process.stdin.close()
        said = []
        try:
            async with asyncio.timeout(RUN_S):
                async for line in process.stdout:
                    said.append(line.decode())
                    on_line(said[-1])
                return await process.wait(), "".join(said)
        except TimeoutError:
            raise AssertionError(f"{arguments} did not end; it said: {''.join(said)}") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def flash(
        self,
        *more: str,
        typed: str = WIFI,
        relay: str = "",
        on_line: Callable[[str], None] = lambda line: None,
    ) -> tuple[int, str]:
        """`lapel flash` on the board, without a network."""
        port, relay = str(self.board.link), relay or f"127.0.0.1:{self.house.relay.port}"
        arguments = ("flash", "--port", port, "--image", str(self.image), "--relay", relay, "--no-driver")
        return await self.lapel(*arguments, *more, typed=typed, on_line=on_line)


@asynccontextmanager
async def bench(folder: Path, cache: Path, **board: object) -> AsyncIterator[Bench]:
    """Everything runs, the board is plugged in, and nothing outlasts the test."""
    home = folder / "home"
    home.mkdir(mode=0o700)
    (folder / "image.bin").write_bytes(b"\xe9" + bytes(range(256)) * 300)
    events: list[str] = []
    async with DeviceRoom(home) as room, AsyncExitStack() as stack:
        house = House(home, desks=room.desks)
        await stack.enter_async_context(house.relay)
        mock = MockBoard(folder / "board", on_event=events.append, **board)  # type: ignore[arg-type]
        await mock.plug()
        try:
            yield Bench(folder, home, cache, house, room, mock, events)
        finally:
            await mock.stop()
