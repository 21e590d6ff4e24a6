"""Tools of other programs: one connection to an MCP server, kept, and bounded in all that it may send.

https://modelcontextprotocol.io, through its own SDK; over pipes or streamable HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from .mcp_pipe import pipe

log = logging.getLogger(__name__)

START_S = 20.0  # a program that installs itself at its first start
CALL_S = 8.0
MOST_TOOLS = 64  # of one server: more fit no model's context
RESULT_CHARACTERS = 4000
_DESCRIPTION_CHARACTERS = 400
_SCHEMA_CHARACTERS = 8000
_REPLY_BYTES = 1 << 20
_PAGES = 8  # of a list of tools
_LOOK_S = 60.0  # its tools may change, and a server over HTTP may be gone
_AGAIN_S = (2.0, 10.0, 60.0)  # between attempts to reach it
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class ToolServerError(Exception):
    """A server did not do what was asked; the text names it, for the wearer."""


@dataclass(frozen=True)
class ServerSettings:
    """Where a server is: a command, or a URL. `environment` names variables that it is given."""

    name: str
    command: tuple[str, ...] = ()
    url: str = ""
    environment: tuple[str, ...] = ()
    token_variable: str = ""  # of the environment: sent over HTTP as a bearer token
    trusted: frozenset[str] = frozenset()  # tools that need no yes


@dataclass(frozen=True)
class ServerTool:
    """One tool as its server describes it. `reads`: it says that it changes nothing."""

    name: str
    description: str
    schema: Mapping[str, Any] = field(default_factory=dict)
    reads: bool = False


class ToolServer:
    """`run` it in a task; `changed` is called when it has other tools, or none any more."""

    def __init__(self, settings: ServerSettings, changed: Callable[[ToolServer], None]) -> None:
        self.settings = settings
        self.tools: tuple[ServerTool, ...] = ()
        self._changed = changed
        self._client: Client | None = None
        self._broken = asyncio.Event()
        self._closed = False

    async def run(self) -> None:
        """Connects, and again whenever the connection breaks, until it is closed."""
        attempt = 0
        while not self._closed:
            try:
                async with self._connected() as client:
                    attempt = 0
                    await self._serve(client)
            except (TimeoutError, OSError, MCPError, httpx2.HTTPError, ValueError, ExceptionGroup) as error:
                log.warning("MCP server %s: %s", self.settings.name, _reason(error))
            finally:
                self._client = None
                if self.tools:
                    self.tools = ()
                    self._changed(self)
            if not self._closed:
                await asyncio.sleep(_AGAIN_S[min(attempt, len(_AGAIN_S) - 1)])
            attempt += 1

    def close(self) -> None:
        """Before `run` is cancelled: a connection that breaks just then can take the cancellation's place."""
        self._closed = True
        self._broken.set()

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> str:
        """What the tool says, as text. Raises ToolServerError."""
        name = self.settings.name
        if self._client is None:
            raise ToolServerError(f"The server {name} is not there.")
        try:
            async with asyncio.timeout(CALL_S):
                result = await self._client.call_tool(tool, dict(arguments), read_timeout_seconds=CALL_S)
        except TimeoutError:
            self._broken.set()  # it may hang: it is started anew
            raise ToolServerError(f"The server {name} did not answer.") from None
        except (MCPError, httpx2.HTTPError, OSError, ValueError, RuntimeError) as error:
            log.warning("MCP server %s: %s: %s", name, tool, _reason(error))
            self._broken.set()
            raise ToolServerError(f"The server {name} failed.") from error
        text = _text(result)
        if result.is_error:
            raise ToolServerError(f"{name}: {text[:200] or 'that failed.'}")
        return text

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[Client]:
        settings = self.settings
        async with contextlib.AsyncExitStack() as stack:
            async with asyncio.timeout(START_S):
                if settings.command:
                    given = {n: os.environ[n] for n in settings.environment if n in os.environ}
                    transport: Any = pipe(settings.name, settings.command, given)
                else:
                    http = await stack.enter_async_context(_http(settings.token_variable))
                    transport = streamable_http_client(
                        settings.url, http_client=http, max_sse_event_size=_REPLY_BYTES
                    )
                client = await stack.enter_async_context(Client(transport, cache=None))
            yield client

    async def _serve(self, client: Client) -> None:
        self._broken.clear()
        self._client = client
        while not self._closed:
            async with asyncio.timeout(START_S):
                tools = await _listed(client, self.settings.name)
            if tools != self.tools:
                self.tools = tools
                self._changed(self)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self._broken.wait()
                    return


async def _listed(client: Client, name: str) -> tuple[ServerTool, ...]:
    """The tools that can be used; the others are named in the log."""
    tools: list[ServerTool] = []
    cursor = None
    for _ in range(_PAGES):
        page = await client.list_tools(cursor=cursor)
        for tool in page.tools:
            if not _NAME.fullmatch(tool.name) or len(json.dumps(tool.input_schema)) > _SCHEMA_CHARACTERS:
                log.error("MCP server %s: the tool %.80r is left out: its name or schema", name, tool.name)
                continue
            description = " ".join((tool.description or tool.title or tool.name).split())
            reads = bool(tool.annotations and tool.annotations.read_only_hint)
            tools.append(
                ServerTool(tool.name, description[:_DESCRIPTION_CHARACTERS], tool.input_schema, reads)
            )
        cursor = page.next_cursor
        if not cursor:
            break
    if len(tools) > MOST_TOOLS:
        log.error("MCP server %s: only the first %d of %d tools are used", name, MOST_TOOLS, len(tools))
    return tuple(tools[:MOST_TOOLS])


def _text(result: Any) -> str:
    parts = []
    for part in result.content:
        text = getattr(part, "text", None)
        parts.append(text if isinstance(text, str) else f"({part.type})")
    if not parts and result.structured_content is not None:
        parts.append(json.dumps(result.structured_content, ensure_ascii=False))
    return " ".join("\n".join(parts).split())[:RESULT_CHARACTERS]


def _reason(error: BaseException) -> str:
    """The first cause, of a group too."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {str(error)[:200]}"


class _Bounded(httpx2.AsyncByteStream):
    """A response that ends with an error where it is too long."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for block in self._stream:
            size += len(block)
            if size > _REPLY_BYTES:
                raise httpx2.ReadError(f"a response of over {_REPLY_BYTES} bytes")
            yield block

    async def aclose(self) -> None:
        await self._stream.aclose()


class _BoundedTransport(httpx2.AsyncHTTPTransport):
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Bounded(response.stream)
        return response


def _http(token_variable: str) -> httpx2.AsyncClient:
    headers = {}
    if token := os.environ.get(token_variable, ""):
        headers["authorization"] = f"Bearer {token}"
    timeout = httpx2.Timeout(CALL_S, read=None)  # its stream of notices is silent for hours
    return httpx2.AsyncClient(headers=headers, timeout=timeout, transport=_BoundedTransport())
