"""The console on a relay that runs: every room with what it needs of the house."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from ..config import Config
from ..devices.pins import Pins
from ..devices.room import DeviceRoom
from ..relay import Relay
from ..store.keeping import SqlKeeping
from .browser_pin import BrowserPin
from .figures import Complaints, Figures
from .health_room import HealthRoom
from .history_room import HistoryRoom
from .pins_room import PinsRoom
from .server import Console


@asynccontextmanager
async def console_on(
    config: Config,
    relay: Relay,
    devices: DeviceRoom,
    keeping: SqlKeeping,
    figures: Figures,
    examine: Callable[[], list[Any]],
    queues: Callable[[], dict[str, int]],
) -> AsyncIterator[Console]:
    """Serves until the block ends. Raises ConsoleError, OwnerError."""
    complaints = Complaints()
    pins = Pins(config.home)
    pins_room = PinsRoom(config.home, (config.relay.host, relay.port), pins, devices.fleet, devices.updates)
    rooms = [
        *BrowserPin(pins, relay.serve).routes,
        *pins_room.routes,
        *HistoryRoom(keeping).routes,
        *HealthRoom(figures, complaints, examine, queues).routes,
    ]
    logging.root.addHandler(complaints)
    watching = asyncio.create_task(figures.watch(), name="console figures")
    try:
        async with Console(config.console, config.home, rooms) as console:
            yield console
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        logging.root.removeHandler(complaints)
        await pins_room.stop()
