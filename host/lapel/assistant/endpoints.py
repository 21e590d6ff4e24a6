"""Which chat endpoint answers the open questions.

The owner's choice is `LAPEL_LLM_URL` or the configuration; without one the model inside Lapel answers.
Servers found running at home, and a key of OpenAI in the environment, are only offered: nothing is sent to a
model that the owner did not choose.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import httpx

PROBE_DEADLINE_S = 0.3  # a server on this machine answers in milliseconds; three are asked at once
CHECK_DEADLINE_S = 4.0  # an endpoint of the owner's may be across the world
OPENAI_URL = "https://api.openai.com/v1"
OPENAI_MODEL = "gpt-4o-mini"  # the cheap one that serves short answers
_REPLY_LIMIT_BYTES = 1 << 20

# Where these programs listen unless told otherwise (their own documentation).
LOCAL_SERVERS = (
    ("Ollama", "http://127.0.0.1:11434/v1"),
    ("llama.cpp", "http://127.0.0.1:8080/v1"),
    ("LM Studio", "http://127.0.0.1:1234/v1"),
)


class EndpointError(Exception):
    """An endpoint cannot be used. The text says which, what came and what to do."""


@dataclass(frozen=True)
class Endpoint:
    """An OpenAI-compatible chat endpoint. `base_url` ends in `/v1`; `name` is for people."""

    base_url: str
    api_key: str = field(repr=False)  # keys stay out of logs
    model: str
    name: str
    tools: str = "auto"  # "native": it calls tools; "json": it writes an action; "none"; "auto": asked once


def chosen(
    url: str = "", key: str = "", model: str = "", environment: Mapping[str, str] = os.environ
) -> Endpoint | None:
    """The endpoint the owner has chosen: `LAPEL_LLM_URL`, else the configured `url`; None if there is none.

    `LAPEL_LLM_KEY` and `LAPEL_LLM_MODEL` go with it. `OPENAI_API_KEY` is used for OpenAI's own address only:
    the key of one service is not shown to another. Raises EndpointError for an address that is not one.
    """
    base_url = (environment.get("LAPEL_LLM_URL") or url).strip().rstrip("/")
    if not base_url:
        return None
    try:
        parsed = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise EndpointError(f"the language model's address {base_url!r} is not a URL: {error}") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise EndpointError(
            f"the language model's address {base_url!r} should look like http://127.0.0.1:11434/v1"
        )
    api_key = environment.get("LAPEL_LLM_KEY") or key
    is_openai = parsed.host == httpx.URL(OPENAI_URL).host
    if is_openai:
        api_key = api_key or environment.get("OPENAI_API_KEY", "")
    wanted = environment.get("LAPEL_LLM_MODEL") or model or (OPENAI_MODEL if is_openai else "")
    return Endpoint(base_url, api_key, wanted, parsed.host)


async def offers(
    servers: Sequence[tuple[str, str]] = LOCAL_SERVERS, environment: Mapping[str, str] = os.environ
) -> list[Endpoint]:
    """Endpoints the owner could choose: what runs on this machine, and OpenAI if its key is set.

    Only the list of models is asked for. What does not answer in 0.3 s is left out.
    """
    found = await asyncio.gather(*(_offer(name, url) for name, url in servers))
    endpoints = [endpoint for endpoint in found if endpoint is not None]
    if key := environment.get("OPENAI_API_KEY"):
        endpoints.append(Endpoint(OPENAI_URL, key, OPENAI_MODEL, "OpenAI (leaves your home)"))
    return endpoints


async def _offer(name: str, base_url: str) -> Endpoint | None:
    try:
        models = await list_models(base_url, deadline_s=PROBE_DEADLINE_S)
    except EndpointError:
        return None
    return Endpoint(base_url, "", models[0], name) if models else None


async def probe(endpoint: Endpoint, deadline_s: float = CHECK_DEADLINE_S) -> list[str]:
    """The models `endpoint` has. Raises EndpointError when it does not answer or refuses the key."""
    return await list_models(endpoint.base_url, endpoint.api_key, deadline_s)


async def resolved(endpoint: Endpoint, deadline_s: float = CHECK_DEADLINE_S) -> Endpoint:
    """`endpoint` with a model it has: the one that was named, else its first.

    Raises EndpointError when it does not answer, refuses the key, or lacks the model.
    """
    models = await probe(endpoint, deadline_s)
    if endpoint.model:
        # Ollama lists `llama3.2:latest` and answers to `llama3.2`.
        if models and endpoint.model not in models and f"{endpoint.model}:latest" not in models:
            raise EndpointError(
                f"{endpoint.name} has no model {endpoint.model!r}; it has: {', '.join(models[:10])}"
            )
        return endpoint
    if not models:
        raise EndpointError(f"{endpoint.name} names no model; set LAPEL_LLM_MODEL to the one it serves")
    return replace(endpoint, model=models[0])


async def list_models(base_url: str, api_key: str = "", deadline_s: float = CHECK_DEADLINE_S) -> list[str]:
    """The ids at `/v1/models`. Raises EndpointError with the reason."""
    headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
    # Probes of this machine must not go through a proxy of the network.
    is_local = httpx.URL(base_url).host in ("127.0.0.1", "::1", "localhost")
    try:
        async with (
            asyncio.timeout(deadline_s),
            httpx.AsyncClient(headers=headers, trust_env=not is_local) as client,
            client.stream("GET", f"{base_url}/models") as reply,
        ):
            body = b""
            async for block in reply.aiter_bytes():
                body += block
                if len(body) > _REPLY_LIMIT_BYTES:
                    raise EndpointError(f"{base_url} sends more than a list of models")
    except TimeoutError:
        raise EndpointError(
            f"{base_url} did not answer in {deadline_s:g} s; is the server running?"
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = str(error) or type(error).__name__
        raise EndpointError(f"{base_url} cannot be reached ({reason}); is the server running?") from error
    if reply.status_code in (401, 403):
        raise EndpointError(f"{base_url} refused the key; set LAPEL_LLM_KEY to the right one")
    if reply.status_code != httpx.codes.OK:
        raise EndpointError(
            f"{base_url}/models answered HTTP {reply.status_code}; the address should end in /v1"
        )
    return _model_ids(base_url, body)


def _model_ids(base_url: str, body: bytes) -> list[str]:
    try:
        listed = json.loads(body)["data"] or []  # Ollama without models says null
        return [str(model["id"]) for model in listed]
    except (ValueError, KeyError, TypeError) as error:
        raise EndpointError(f"{base_url}/models is not a list of models; is it OpenAI-compatible?") from error
