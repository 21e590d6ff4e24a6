"""A mock board whose MicroPython waits at its prompt, without esptool before it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from lapel.devices.mock_board.board import MockBoard
from lapel.devices.ports import Port


@asynccontextmanager
async def at_its_prompt(folder: Path, **board: Any) -> AsyncIterator[tuple[MockBoard, Port]]:
    mock = MockBoard(folder, **board)
    mock.flash.put(b"\xe9")
    await mock.plug()
    try:
        yield mock, Port(str(mock.link))
    finally:
        await mock.stop()
