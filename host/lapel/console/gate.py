"""What stands before every request: the right host, the right origin, the owner, and strict headers."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import scrape
from .owner import Owner

COOKIE = "lapel"
TOKEN_HEADER = "x-lapel-token"
MOST_BODY_BYTES = 1 << 20  # a vCard file of contacts is the largest thing a page sends

# Nothing from elsewhere, nothing inline; WebAssembly for the pin's interpreter.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "microphone=(self), camera=(), geolocation=(), payment=()",
}
_SAFE = ("GET", "HEAD")
_STATIC = "/static/"


class Gate:
    """ASGI middleware. `hosts` are the names this console may be called by: a page elsewhere that points its
    own name at this address (DNS rebinding) is refused. `open_paths` need no owner, nor does what is
    below the folder /static/. `scrapes` says whether an Authorization header may read /metrics."""

    def __init__(
        self,
        app: ASGIApp,
        owner: Owner,
        hosts: Callable[[], Iterable[str]],
        open_paths: Iterable[str],
        scrapes: Callable[[str], bool],
    ) -> None:
        self._app = app
        self._owner = owner
        self._hosts = hosts
        self._open = frozenset(open_paths)
        self._scrapes = scrapes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        shown = headers.get("authorization", "") if scope["path"] == scrape.PATH else ""
        scraper = bool(shown) and await asyncio.to_thread(self._scrapes, shown)
        refusal = self._refusal(scope, headers, scraper)
        if scope["type"] == "websocket":
            if refusal:
                await send({"type": "websocket.close", "code": 1008, "reason": refusal[1]})
                return
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    kept[name] = value
                if not scope["path"].startswith(_STATIC):
                    kept["cache-control"] = "no-store"
            await send(message)

        if refusal:
            status, sentence = refusal
            await JSONResponse({"error": sentence}, status)(scope, receive, send_with_headers)
            return
        await self._app(scope, _bounded(receive), send_with_headers)

    def _refusal(self, scope: Scope, headers: Headers, scraper: bool) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if (urlsplit(f"//{host}").hostname or "") not in self._hosts():
            return 421, "This address is not the console's."
        changes = scope["type"] == "websocket" or scope["method"] not in _SAFE
        if changes and urlsplit(headers.get("origin", "")).netloc != host:
            return 403, "This request comes from another page."
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MOST_BODY_BYTES:
            return 413, f"At most {MOST_BODY_BYTES} bytes."
        visit = self._owner.visit(cookie_parser(headers.get("cookie", "")).get(COOKIE, ""))
        scope["visit"] = visit
        path = scope["path"]
        if path in self._open or path.startswith(_STATIC) or (scraper and not changes):
            return None
        if visit is None:
            return 401, "Sign in first."
        # A websocket cannot carry a header of ours; the origin and a cookie that no other site sends must do.
        if (
            changes
            and scope["type"] == "http"
            and not hmac.compare_digest(headers.get(TOKEN_HEADER, "").encode(), visit.token.encode())
        ):
            return 403, "This request comes from an old page. Load it again."
        return None


def _bounded(receive: Receive) -> Receive:
    """The same, cut off where a body of unknown length grows too large."""
    taken = 0

    async def bounded() -> Message:
        nonlocal taken
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > MOST_BODY_BYTES:
                return {"type": "http.disconnect"}
        return message

    return bounded
