"""An OpenAI-compatible endpoint on loopback whose model says what a test's script says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from lapel.assistant.endpoints import Endpoint
from lapel.assistant.llm import LanguageModel

# From the request's body: a text, or the calls [(name, arguments), ...] that the model wants.
Script = Callable[[dict[str, Any]], "str | list[tuple[str, Any]]"]


def _chunks(said: str | list[tuple[str, Any]]) -> bytes:
    if isinstance(said, str):
        deltas: list[dict[str, Any]] = [{"content": said[i : i + 40]} for i in range(0, len(said), 40)]
    else:
        deltas = [
            {
                "tool_calls": [
                    {
                        "index": i,
                        "id": f"call-{i}",
                        "type": "function",
                        "function": {
                            "name": name,
                            "arguments": given if isinstance(given, str) else json.dumps(given),
                        },
                    }
                ]
            }
            for i, (name, given) in enumerate(said)
        ]
    events = [json.dumps({"choices": [{"index": 0, "delta": delta}]}) for delta in deltas]
    return "".join(f"data: {event}\n\n" for event in [*events, "[DONE]"]).encode()


@asynccontextmanager
async def scripted(script: Script, tools: str = "native") -> AsyncIterator[tuple[LanguageModel, list[Any]]]:
    """The client of such an endpoint, and the bodies of the requests that it got."""
    bodies: list[Any] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
            length = next(int(line[15:]) for line in head if line.startswith("content-length:"))
            bodies.append(json.loads(await reader.readexactly(length)))
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
                + _chunks(script(bodies[-1]))
            )
            await writer.drain()
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async def endpoint() -> Endpoint:
        return Endpoint(f"http://127.0.0.1:{port}/v1", "", "scripted", "scripted", tools)

    client = LanguageModel(endpoint)
    try:
        yield client, bodies
    finally:
        await client.close()
        server.close()
        await server.wait_closed()
