"""The page of pins: how each one is, what its palm shows, and what its owner may do with it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from ..cards import Card
from ..devices.control import ControlError
from ..devices.fleet import Fleet
from ..devices.pins import Pins, PinsError
from ..services import Gone
from . import palm_svg
from .door import fields

LOOK_S = 0.5  # how often the state is compared; a page need not be faster than its reader
KEEP_S = 15.0  # a comment line, so that a page that is gone is noticed
MOST_WATCHERS = 50  # open pages at once
RING_S = 20


class PinsRoom:
    """Routes below /api/pins, and /api/live, which tells every open page what has changed."""

    def __init__(self, pins: Pins, fleet: Fleet) -> None:
        self._pins = pins
        self._fleet = fleet
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
            Route("/api/pins/{pin}/revoke", self._revoke, methods=["POST"]),
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
