"""What the owner changes on a pin through the relay: its settings, and its key."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from typing import Any

from lapel_wire import WireError
from lapel_wire.challenge import same
from lapel_wire.messages import NUMBER_MAX

from ..desks import PinLink
from ..services import Gone
from .control import ControlError
from .fleet import Fleet
from .pins import Pins, PinsError

log = logging.getLogger(__name__)

ANSWER_S = 15.0  # a pin writes its settings in under a second, and answers when it looks up from its work


class Changes:
    """A desk. `set` and `rotate` answer the command line."""

    takes = frozenset({"settings_done", "rekeyed"})

    def __init__(self, fleet: Fleet, pins: Pins) -> None:
        self._fleet = fleet
        self._pins = pins
        self._request = random.randrange(NUMBER_MAX // 2)
        self._settings: dict[int, asyncio.Future[str]] = {}
        self._keys: dict[str, asyncio.Future[bool]] = {}

    async def joined(self, pin: PinLink) -> None:
        known = self._pins.get(pin.pin_id)
        if known is not None and known.next_key and not known.next_confirmed:
            await pin.send("rekey", key=known.next_key)  # the last one, or its answer, was lost

    async def message(self, pin: PinLink, message: dict[str, Any]) -> None:
        if message["t"] == "settings_done":
            waiting = self._settings.get(message["request"])
            if waiting is not None and not waiting.done():
                waiting.set_result(message.get("error", ""))
            elif message.get("error"):
                log.warning("%s went back to its settings before: %s", pin.name, message["error"])
            return
        known = self._pins.get(pin.pin_id)
        if known is None or not known.next_key:
            return
        kept = same(message["mac"], pin.mac(bytes.fromhex(known.next_key), "rekey"))
        if kept:
            self._pins.confirm(pin.pin_id, True)
            log.info("%s keeps its next key", pin.name)
        else:
            log.warning("%s answered a new key wrongly; the old one stays", pin.name)
        answer = self._keys.get(pin.pin_id)
        if answer is not None and not answer.done():
            answer.set_result(kept)

    def left(self, pin: PinLink) -> None:
        """Whoever waits for its answer has a deadline."""

    async def set(self, request: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """Sends `changes` (fields of the wire's `settings`) and waits until the pin has written them."""
        link = self._fleet.link(str(request.get("pin")))
        self._request = (self._request + 1) % NUMBER_MAX
        number = self._request
        answer = self._settings[number] = asyncio.get_running_loop().create_future()
        try:
            await link.send("settings", request=number, **request["changes"])
            async with asyncio.timeout(ANSWER_S):
                error = await answer
        except WireError as wrong:
            raise ControlError(f"this setting cannot be sent: {wrong.text}") from wrong
        except (Gone, TimeoutError) as gone:
            raise ControlError(f"{link.name} did not answer; try again when it is connected") from gone
        finally:
            del self._settings[number]
        if error:
            raise ControlError(f"{link.name} did not take it: {error}")
        yield {"pin": link.pin_id, "done": True}

    async def rotate(self, request: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """Gives the pin a new key; the old one counts until the pin has used the new one."""
        link = self._fleet.link(str(request.get("pin")))
        answer = self._keys[link.pin_id] = asyncio.get_running_loop().create_future()
        try:
            pin = await asyncio.to_thread(self._pins.rotate, link.pin_id)
            await link.send("rekey", key=pin.next_key)
            async with asyncio.timeout(ANSWER_S):
                kept = await answer
        except PinsError as error:
            raise ControlError(str(error)) from error
        except (Gone, TimeoutError) as gone:
            raise ControlError(
                f"{link.name} did not answer; its old key still counts, and the new one is offered again "
                "when it connects"
            ) from gone
        finally:
            del self._keys[link.pin_id]
        if not kept:
            raise ControlError(f"{link.name} answered wrongly; its old key still counts")
        yield {"pin": link.pin_id, "kept": True}
