"""The language model, behind any OpenAI-compatible endpoint."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
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


class LanguageModel:
    """Streams answers. `endpoint` is asked before each one and raises Unanswerable while there is none."""

    def __init__(self, endpoint: Callable[[], Awaitable[Endpoint]]) -> None:
        self._endpoint = endpoint
        self._client: openai.AsyncOpenAI | None = None
        self._connected: Endpoint | None = None
        self._connecting = asyncio.Lock()

    async def stream(
        self, messages: list[dict[str, str]], max_tokens: int = MAX_TOKENS
    ) -> AsyncGenerator[str, None]:
        """The answer to `messages` (OpenAI's chat format) in pieces. Raises Unanswerable."""
        endpoint = await self._endpoint()
        client = await self._client_for(endpoint)
        request: dict[str, Any] = {"model": endpoint.model, "messages": messages, "stream": True}
        request |= {"max_tokens": max_tokens, "temperature": _TEMPERATURE}
        begun = False
        try:
            async with await client.chat.completions.create(**request) as chunks:
                async for chunk in chunks:
                    if chunk.choices and chunk.choices[0].delta.content:
                        begun = True
                        yield chunk.choices[0].delta.content
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
