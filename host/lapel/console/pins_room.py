"""The page of pins: how each one is, what its palm shows, and what its owner may do with it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from ..cards import Card
from ..devices import signing
from ..devices.control import ControlError
from ..devices.fleet import Fleet
from ..devices.pins import Pins, PinsError
from ..devices.signing import SigningError
from ..devices.tickets import TicketError, Tickets
from ..devices.updates import Updates
from ..services import Gone
from . import palm_svg
from .door import fields

LOOK_S = 0.5  # how often the state is compared; a page need not be faster than its reader
KEEP_S = 15.0  # a comment line, so that a page that is gone is noticed
MOST_WATCHERS = 50  # open pages at once
RING_S = 20
_NEW_PIN = "Pin"  # until its owner gives it a name


class PinsRoom:
    """Routes below /api/pins, and /api/live, which tells every open page what has changed."""

    def __init__(
        self, home: Path, address: tuple[str, int], pins: Pins, fleet: Fleet, updates: Updates
    ) -> None:
        self._home = home
        self._address = address  # of the relay, for tickets
        self._pins = pins
        self._fleet = fleet
        self._updates = updates
        self._updating: dict[str, dict[str, Any]] = {}  # the last event of each pin's update
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._watchers = 0
        self._told: tuple[float, str] = (0.0, "")

    @property
    def routes(self) -> list[BaseRoute]:
        return [
            Route("/api/live", self._live),
            Route("/api/pins", self._list),
            Route("/api/pins/{pin}/palm.svg", self._palm),
            Route("/api/pins/{pin}/name", self._rename, methods=["POST"]),
            Route("/api/pins/{pin}/ring", self._ring, methods=["POST"]),
            Route("/api/pins/{pin}/update", self._update, methods=["POST"]),
            Route("/api/pins/{pin}/revoke", self._revoke, methods=["POST"]),
            Route("/api/tickets", self._ticket, methods=["POST"]),
        ]

    def _states(self) -> list[dict[str, Any]]:
        """Every paired pin, in the order they were paired."""
        states = []
        for pin in self._pins.all():
            known = self._fleet.known(pin.id)
            card = known.link.card if known and known.link else None
            states.append(
                {
                    "id": pin.id,
                    "name": pin.name,
                    "paired_unix_s": pin.paired_unix_s,
                    "connected": bool(known and known.link),
                    "heard_unix_s": known.heard_unix_s if known else 0,
                    "firmware": known.firmware if known else "",
                    "board": known.board if known else "",
                    "status": known.status if known else {},
                    "crashes": known.crashes if known else [],
                    "card": _described(card),
                    # Only what runs from a slot has its name; the firmware in a page is this computer's own.
                    "takes_updates": bool(known and "+" in known.firmware),
                    "update": self._updating.get(pin.id),
                }
            )
        return states

    async def _list(self, request: Request) -> Response:
        try:
            return JSONResponse(self._states())
        except PinsError as error:
            return JSONResponse({"error": str(error)}, 500)

    async def _live(self, request: Request) -> Response:
        if self._watchers >= MOST_WATCHERS:
            return JSONResponse({"error": f"At most {MOST_WATCHERS} pages at once."}, 503)
        return StreamingResponse(self._changes(), media_type="text/event-stream")

    async def _changes(self) -> AsyncIterator[str]:
        self._watchers += 1
        try:
            told = ""
            quiet_since = time.monotonic()
            while True:
                state = self._shared_state()
                if state != told:
                    told, quiet_since = state, time.monotonic()
                    yield f"event: pins\ndata: {state}\n\n"
                elif time.monotonic() - quiet_since > KEEP_S:
                    quiet_since = time.monotonic()
                    yield ": still here\n\n"
                await asyncio.sleep(LOOK_S)
        finally:
            self._watchers -= 1

    def _shared_state(self) -> str:
        """The state as JSON, made once for all pages that ask at about the same time."""
        now = time.monotonic()
        if now - self._told[0] >= LOOK_S / 2:
            try:
                self._told = (now, json.dumps(self._states()))
            except PinsError as error:
                self._told = (now, json.dumps({"error": str(error)}))
        return self._told[1]

    async def _palm(self, request: Request) -> Response:
        known = self._fleet.known(request.path_params["pin"])
        card = known.link.card if known and known.link else None
        svg = await asyncio.to_thread(palm_svg.of_card, card)
        return Response(svg, media_type="image/svg+xml")

    async def _rename(self, request: Request) -> Response:
        body = await fields(request, name=str)
        if isinstance(body, Response):
            return body
        try:
            await asyncio.to_thread(self._pins.rename, request.path_params["pin"], body["name"])
        except PinsError as error:
            return JSONResponse({"error": str(error)}, 409)
        return JSONResponse({})

    async def _ring(self, request: Request) -> Response:
        try:
            await self._fleet.link(request.path_params["pin"]).send("ring", seconds=RING_S)
        except (ControlError, Gone) as error:
            return JSONResponse({"error": str(error)}, 409)
        return JSONResponse({})

    async def _update(self, request: Request) -> Response:
        """Begins one, or answers why not; how far it is comes with the live state."""
        pin_id = request.path_params["pin"]
        running = self._tasks.get(pin_id)
        if running is None or running.done():
            try:
                self._fleet.link(pin_id)
            except ControlError as error:
                return JSONResponse({"error": str(error)}, 409)
            self._tasks[pin_id] = asyncio.create_task(self._follow(pin_id))
        return JSONResponse({})

    async def _follow(self, pin_id: str) -> None:
        try:
            async for event in self._updates.update({"pin": pin_id}):
                self._updating[pin_id] = event
        except (ControlError, Gone) as error:
            self._updating[pin_id] = {"phase": "failed", "text": str(error)}

    async def _ticket(self, request: Request) -> Response:
        try:
            ticket = await asyncio.to_thread(self._new_ticket)
        except (TicketError, SigningError) as error:
            return JSONResponse({"error": str(error)}, 409)
        return JSONResponse({"ticket": ticket, "command": "lapel flash --ticket"})

    def _new_ticket(self) -> str:
        signing.modulus(self._home)  # made here: the relay has no second to spare for it
        return Tickets(self._home).make(*self._address, name=_NEW_PIN).text()

    async def stop(self) -> None:
        """Nobody follows an update any more; the pins go on with theirs."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _revoke(self, request: Request) -> Response:
        try:
            await asyncio.to_thread(self._pins.revoke, request.path_params["pin"])
        except PinsError as error:
            return JSONResponse({"error": str(error)}, 409)
        return JSONResponse({})


def _described(card: Card | None) -> dict[str, Any] | None:
    if card is None:
        return None
    title = card.extras.title
    return {"number": card.number, "rev": card.rev, "kind": card.kind, "pages": card.pages, "title": title}
