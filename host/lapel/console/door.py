"""Signing in: who the visitor is, the first passphrase, and out again."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .. import __version__
from .gate import COOKIE
from .owner import SESSION_S, Owner, OwnerError
from .tries import Tries

log = logging.getLogger(__name__)

OPEN_PATHS = ("/api/session", "/api/welcome", "/api/sign-in")


class Door:
    """The routes in front of everything else. A passphrase's hash is computed on a thread."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._tries = Tries()
        self._checking = asyncio.Lock()  # one hash of 32 MiB at a time, however many ask
        self.routes = [
            Route("/api/session", self._session),
            Route("/api/welcome", self._welcome, methods=["POST"]),
            Route("/api/sign-in", self._sign_in, methods=["POST"]),
            Route("/api/sign-out", self._sign_out, methods=["POST"]),
            Route("/api/passphrase", self._change, methods=["POST"]),
        ]

    async def _session(self, request: Request) -> Response:
        visit = request.scope["visit"]
        return JSONResponse(
            {
                "version": __version__,
                "owned": self._owner.is_set,
                "signed_in": visit is not None,
                "token": visit.token if visit else "",
            }
        )

    async def _welcome(self, request: Request) -> Response:
        body = await fields(request, invitation=str, passphrase=str)
        if isinstance(body, Response):
            return body
        return await self._guarded(
            request, lambda: self._owner.accept(body["invitation"], body["passphrase"])
        )

    async def _sign_in(self, request: Request) -> Response:
        body = await fields(request, passphrase=str)
        if isinstance(body, Response):
            return body

        def check() -> None:
            if not self._owner.knows(body["passphrase"]):
                raise OwnerError("That is not the passphrase.")

        return await self._guarded(request, check)

    async def _change(self, request: Request) -> Response:
        body = await fields(request, old=str, new=str)
        if isinstance(body, Response):
            return body

        def change() -> None:
            if not self._owner.knows(body["old"]):
                raise OwnerError("That is not the passphrase.")
            self._owner.change(body["new"])

        return await self._guarded(request, change)

    async def _sign_out(self, request: Request) -> Response:
        response = JSONResponse({})
        response.delete_cookie(COOKIE)
        return response

    async def _guarded(self, request: Request, check: Any) -> Response:
        """Runs `check` unless this address has failed too often; signs in if it passes."""
        address = request.client.host if request.client else "?"
        async with self._checking:
            wait_s = self._tries.wait_s(address)
            if wait_s > 0:
                seconds = round(wait_s + 0.5)
                return JSONResponse(
                    {"error": f"Too many tries. Wait {seconds} s."}, 429, {"retry-after": str(seconds)}
                )
            try:
                await asyncio.to_thread(check)
            except OwnerError as error:
                self._tries.failed(address)
                log.warning("console: sign-in refused from %s: %s", address, error)
                return JSONResponse({"error": str(error)}, 403)
        self._tries.passed(address)
        response = JSONResponse({})
        secure = request.url.scheme == "https"
        response.set_cookie(
            COOKIE, self._owner.sign_in(), max_age=SESSION_S, httponly=True, samesite="strict", secure=secure
        )
        return response


async def fields(request: Request, **kinds: type) -> dict[str, Any] | Response:
    """The request's JSON object with exactly these fields, or the answer to one that is not so."""
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        return JSONResponse({"error": "Expected a JSON object."}, 400)
    if not isinstance(body, dict) or body.keys() != kinds.keys():
        return JSONResponse({"error": f"Expected the fields {', '.join(kinds)}."}, 400)
    for name, kind in kinds.items():
        if type(body[name]) is not kind:
            return JSONResponse({"error": f"{name}: expected {kind.__name__}."}, 400)
    return body
