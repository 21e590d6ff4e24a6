"""An OpenAI-compatible endpoint that streams one fixed sentence at once: the trip without a model's time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

SENTENCE = "It opened in 1883, so it is more than 140 years old."
MODEL = "instant"


@asynccontextmanager
async def instant_llm(sentence: str = SENTENCE) -> AsyncIterator[str]:
    """The endpoint's base URL while it runs, on a free loopback port."""
    server = await asyncio.start_server(partial(_serve, sentence), "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


async def _serve(sentence: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            lines = head.decode("latin-1").split("\r\n")
            length = next((int(v.split(":")[1]) for v in lines if v.lower().startswith("content-length:")), 0)
            await reader.readexactly(length)
            is_chat = lines[0].split()[1].endswith("/chat/completions")
            body, kind = (
                (_stream(sentence), "text/event-stream") if is_chat else (_models(), "application/json")
            )
            answer = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
            writer.write(answer.encode() + body)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the client is done
    finally:
        writer.close()


def _models() -> bytes:
    return json.dumps({"object": "list", "data": [{"id": MODEL, "object": "model"}]}).encode()


def _stream(sentence: str) -> bytes:
    events = []
    for word in sentence.split(" "):
        choice = {"index": 0, "delta": {"content": word + " "}, "finish_reason": None}
        chunk = {"id": "0", "object": "chat.completion.chunk", "created": 0, "model": MODEL}
        events.append(f"data: {json.dumps(chunk | {'choices': [choice]})}\n\n")
    return "".join([*events, "data: [DONE]\n\n"]).encode()
