"""The console on a relay that runs: every room with what it needs of the house."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from ..config import Config
from ..devices.pins import Pins
from ..house import House
from ..relay import Relay
from .browser_pin import BrowserPin
from .figures import Complaints, Figures
from .health_room import HealthRoom
from .history_room import HistoryRoom
from .pins_room import PinsRoom
from .server import Console
from .settings_room import SettingsRoom


@asynccontextmanager
async def console_on(
    config: Config,
    house: House,
    relay: Relay,
    figures: Figures,
    examine: Callable[[], list[Any]],
    restart: Callable[[], None],
    keep_days: Callable[[int], None],
) -> AsyncIterator[Console]:
    """Serves until the block ends. `examine` is the doctor's, `restart` ends Lapel to begin it again,
    `keep_days` is the history's. Raises ConsoleError, OwnerError."""

    def apply(changed: Config) -> bool:
        keep_days(changed.history.days)
        return house.apply(changed)

    complaints = Complaints()
    pins, devices = Pins(config.home), house.devices
    pins_room = PinsRoom(config.home, (config.relay.host, relay.port), pins, devices.fleet, devices.updates)
    browser_pin = BrowserPin(pins, relay.serve)
    rooms = [
        *browser_pin.routes,
        *pins_room.routes,
        *HistoryRoom(house.keeping).routes,
        *SettingsRoom(config, lambda: house.household.skills, apply, restart).routes,
        *HealthRoom(figures, complaints, examine, lambda: {"Pins connected": len(relay.connected)}).routes,
    ]
    figures.connected = lambda: len(relay.connected)
    logging.root.addHandler(complaints)
    warming = asyncio.create_task(asyncio.to_thread(browser_pin.warm))
    watching = asyncio.create_task(figures.watch(), name="console figures")
    try:
        async with Console(config.console, config.home, rooms) as console:
            yield console
    finally:
        watching.cancel()
        await asyncio.gather(watching, warming, return_exceptions=True)
        logging.root.removeHandler(complaints)
        await pins_room.stop()
