"""The language model, behind any OpenAI-compatible endpoint."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import httpx
import openai

from ..services import Unanswerable
from .endpoints import Endpoint

log = logging.getLogger(__name__)

MAX_TOKENS = 120  # about ninety words, eight palm pages; the prompt asks for a third of that
_CONNECT_S = 4.0
_READ_S = 30.0  # the turn's own deadlines are shorter; this one only frees the socket
_TEMPERATURE = 0.3  # facts, not prose
_BROKE_OFF = "The language model's answer broke off."
MAX_CALLS = 8  # tools that a model may call at once; a wearer asks for two or three things
_MAX_ARGUMENTS = 4000  # characters


@dataclass
class ToolCall:
    """What a model wants called; `arguments` is JSON text as it wrote it."""

    id: str = ""
    name: str = ""
    arguments: str = ""


class LanguageModel:
    """Streams answers. `endpoint` is asked before each one and raises Unanswerable while there is none."""

    def __init__(self, endpoint: Callable[[], Awaitable[Endpoint]]) -> None:
        self._endpoint = endpoint
        self._client: openai.AsyncOpenAI | None = None
        self._connected: Endpoint | None = None
        self._connecting = asyncio.Lock()
        self._ways: dict[tuple[str, str], str] = {}  # how the models act that were asked

    async def stream(
        self, messages: Sequence[Mapping[str, Any]], max_tokens: int = MAX_TOKENS
    ) -> AsyncGenerator[str, None]:
        """The answer to `messages` (OpenAI's chat format) in pieces. Raises Unanswerable."""
        async with aclosing(self._chunks(messages, max_tokens)) as deltas:
            async for delta in deltas:
                if delta.content:
                    yield delta.content

    async def stream_with_tools(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]
    ) -> AsyncGenerator[str | list[ToolCall], None]:
        """The answer in pieces, and at its end the tools that the model wants called. Raises Unanswerable."""
        calls: dict[int, ToolCall] = {}
        async with aclosing(self._chunks(messages, MAX_TOKENS, tools=list(tools))) as deltas:
            async for delta in deltas:
                if delta.content:
                    yield delta.content
                for part in getattr(delta, "tool_calls", None) or ():
                    call = calls.setdefault(part.index, ToolCall())
                    call.id = part.id or call.id
                    call.name += (part.function and part.function.name) or ""
                    call.arguments += (part.function and part.function.arguments) or ""
                    if len(call.arguments) > _MAX_ARGUMENTS or len(calls) > MAX_CALLS:
                        raise Unanswerable("The language model wants too much at once.")
        if calls:
            yield list(calls.values())

    async def object(
        self, messages: Sequence[Mapping[str, Any]], schema: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """A JSON object of this schema, held to it by the endpoint's grammar; None if it is none.

        Raises Unanswerable.
        """
        form = {"type": "json_schema", "json_schema": {"name": "action", "strict": True, "schema": schema}}
        pieces = [
            delta.content
            async for delta in self._chunks(messages, MAX_TOKENS, response_format=form, temperature=0.0)
            if delta.content
        ]
        try:
            found = json.loads("".join(pieces))
        except ValueError:
            return None
        return found if isinstance(found, dict) else None

    async def way_of_tools(self, probe: bool = True) -> str:
        """ "native", "json" or "none": how this endpoint's model acts. One that nobody told is asked once;
        without `probe` it is not asked, and "none" until somebody did. Raises Unanswerable.
        """
        endpoint = await self._endpoint()
        if endpoint.tools != "auto":
            return endpoint.tools
        key = (endpoint.base_url, endpoint.model)
        if key not in self._ways and probe:
            self._ways[key] = await self._probe_tools()
            log.info("%s acts by: %s", endpoint.name, self._ways[key])
        return self._ways.get(key, "none")

    async def _probe_tools(self) -> str:
        """Whether the model calls a tool when it is told to. One that cannot be asked is taken for json."""
        messages = [{"role": "user", "content": "Turn on the lamp. Use the tool."}]
        lamp = {
            "name": "turn_on",
            "description": "Turn on a lamp.",
            "parameters": {"type": "object", "properties": {}},
        }
        try:
            async for piece in self.stream_with_tools(messages, [{"type": "function", "function": lamp}]):
                if isinstance(piece, list):
                    return "native"
        except Unanswerable as error:
            log.info("the language model takes no tools: %s", error)
        return "json"

    async def _chunks(
        self, messages: Sequence[Mapping[str, Any]], max_tokens: int, **more: Any
    ) -> AsyncGenerator[Any, None]:
        """What the model adds, chunk by chunk. Raises Unanswerable."""
        endpoint = await self._endpoint()
        client = await self._client_for(endpoint)
        request: dict[str, Any] = {"model": endpoint.model, "messages": list(messages), "stream": True}
        request |= {"max_tokens": max_tokens, "temperature": _TEMPERATURE} | more
        begun = False
        try:
            async with await client.chat.completions.create(**request) as chunks:
                async for chunk in chunks:
                    if chunk.choices:
                        delta = chunk.choices[0].delta
                        begun = begun or bool(delta.content)
                        yield delta
        except openai.OpenAIError as error:
            log.error("%s (%s): %s", endpoint.name, endpoint.base_url, _log_text(error))
            raise Unanswerable(_BROKE_OFF if begun else _sentence(error)) from error
        except (httpx.HTTPError, ValueError, TypeError, AttributeError) as error:
            # openai before 3 lets httpx's errors through; the others come of chunks of another shape.
            log.error("%s (%s): the stream broke: %r", endpoint.name, endpoint.base_url, error)
            raise Unanswerable(_BROKE_OFF) from error

    async def prepare(self) -> None:
        """Makes the client and its connection ahead of the first question: they take 0.2 s."""
        client = await self._client_for(await self._endpoint())
        try:
            await client.models.list(timeout=_CONNECT_S)
        except openai.OpenAIError as error:
            log.warning("the language model does not answer yet: %s", _log_text(error))

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    async def _client_for(self, endpoint: Endpoint) -> openai.AsyncOpenAI:
        """The client of this endpoint; a restarted embedded model has another port and key."""
        async with self._connecting:  # the first two questions must not make one each
            if self._client is None or endpoint != self._connected:
                await self.close()
                self._client = await asyncio.to_thread(
                    _client, endpoint
                )  # it reads the system's certificates
                self._connected = endpoint
            return self._client


def _client(endpoint: Endpoint) -> openai.AsyncOpenAI:
    timeout = openai.Timeout(_READ_S, connect=_CONNECT_S)
    return openai.AsyncOpenAI(
        base_url=endpoint.base_url, api_key=endpoint.api_key or "none", timeout=timeout, max_retries=0
    )


def _sentence(error: openai.OpenAIError) -> str:
    if isinstance(error, openai.APITimeoutError):
        return "The language model did not answer."
    if isinstance(error, openai.APIConnectionError):
        return "The language model cannot be reached."
    if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
        return "The language model refused its key."
    if isinstance(error, openai.RateLimitError):
        return "The language model is busy. Ask again in a moment."
    if isinstance(error, openai.NotFoundError):
        return "The language model's endpoint does not know this model."
    return "The language model failed. The relay's log says how."


def _log_text(error: openai.OpenAIError) -> str:
    return " ".join(str(error).split())[:300]
