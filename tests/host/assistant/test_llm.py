"""The language model's client against real HTTP on loopback: a stand-in that answers as a test wants."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import lapel.assistant.llm
import pytest
from assistant_house import assistant_for
from lapel.assistant.assistant import system_prompt
from lapel.assistant.endpoints import Endpoint
from lapel.assistant.llm import LanguageModel
from lapel.services import Exchange, Unanswerable

Answer = Callable[["Exchanged"], Awaitable[None]]
BROKE_OFF = "The language model's answer broke off."
UNREACHABLE = "The language model cannot be reached."
FAILED = "The language model failed. The relay's log says how."


class Exchanged:
    """One request that the stand-in got, and the socket to answer it."""

    def __init__(self, head: str, body: dict[str, object], writer: asyncio.StreamWriter) -> None:
        self.head = head
        self.body = body
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def begin(self) -> None:
        """The head of a streamed answer that ends with the connection."""
        await self.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")

    async def piece(self, text: str) -> None:
        event = {"choices": [{"index": 0, "delta": {"content": text}}]}
        await self.send(f"data: {json.dumps(event)}\n\n".encode())


class StandIn:
    """An OpenAI-compatible chat endpoint on loopback."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.requests: list[Exchanged] = []
        self.hung_up = asyncio.Event()  # the client closed a connection

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(
                int(line[15:]) for line in head.lower().split("\r\n") if line.startswith("content-length:")
            )
            request = Exchanged(head, json.loads(await reader.readexactly(length)), writer)
            self.requests.append(request)
            answering = asyncio.create_task(self.answer(request))
            leaving = asyncio.create_task(reader.read())
            await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
            if leaving.done():
                self.hung_up.set()
            answering.cancel()
            leaving.cancel()
            await asyncio.gather(answering, leaving, return_exceptions=True)
        finally:
            writer.close()


def at(endpoint: Endpoint) -> Callable[[], Awaitable[Endpoint]]:
    async def answer() -> Endpoint:
        return endpoint

    return answer


@asynccontextmanager
async def model(answer: Answer) -> AsyncIterator[tuple[LanguageModel, StandIn]]:
    stand_in = StandIn(answer)
    server = await asyncio.start_server(stand_in.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = LanguageModel(at(Endpoint(f"http://127.0.0.1:{port}/v1", "secret-key", "tiny", "stand-in")))
    try:
        async with asyncio.timeout(20):
            yield client, stand_in
    finally:
        await client.close()
        server.close()
        await server.wait_closed()


def fixed(data: bytes) -> Answer:
    async def answer(request: Exchanged) -> None:
        await request.send(data)

    return answer


def streamed(*events: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    return head + b"".join(b"data: " + event + b"\n\n" for event in events)


def status(code: int, body: bytes = b'{"error": {"message": "no"}}') -> bytes:
    head = f"HTTP/1.1 {code} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def ask(client: LanguageModel) -> list[str]:
    return [piece async for piece in client.stream([{"role": "user", "content": "hi"}])]


async def test_pieces_come_as_they_are_sent() -> None:
    go_on = asyncio.Event()

    async def answer(request: Exchanged) -> None:
        await request.begin()
        await request.piece("Hello ")
        await go_on.wait()
        await request.piece("wörld 字")
        await request.send(b'data: {"choices":[]}\n\ndata: {"choices":[{"delta":{"content":null}}]}\n\n')
        await request.send(b": a comment\n\ndata: [DONE]\n\n")

    async with model(answer) as (client, stand_in):
        pieces = client.stream([{"role": "user", "content": "hi"}])
        assert await anext(pieces) == "Hello "
        go_on.set()
        assert [piece async for piece in pieces] == ["wörld 字"]
        (request,) = stand_in.requests
        assert request.head.startswith("POST /v1/chat/completions")
        assert "authorization: bearer secret-key" in request.head.lower()
        assert request.body["model"] == "tiny" and request.body["stream"] is True
        assert request.body["messages"] == [{"role": "user", "content": "hi"}]
        assert request.body["max_tokens"] == lapel.assistant.llm.MAX_TOKENS


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (status(401), "The language model refused its key."),
        (status(403), "The language model refused its key."),
        (status(404), "The language model's endpoint does not know this model."),
        (status(429), "The language model is busy. Ask again in a moment."),
        (status(400), FAILED),
        (status(500, b"<html>"), FAILED),
        (status(503, b"\xff\xfe"), FAILED),
        (b"", UNREACHABLE),
        (b"SSH-2.0-OpenSSH\r\n\r\n", UNREACHABLE),
        (b"HTTP/1.1 302 X\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n", UNREACHABLE),
        (streamed(b'{"error": {"message": "out of memory"}}'), FAILED),
        (streamed(b"{oops"), BROKE_OFF),
        (streamed(b'"text"'), BROKE_OFF),
        (streamed(b"[1]"), BROKE_OFF),
        (streamed(b'{"choices": "text"}'), BROKE_OFF),
        (streamed(b'{"choices": [{}]}'), BROKE_OFF),
        (streamed(b'{"choices": [{"delta": {"content": "\xff"}}]}'), BROKE_OFF),
    ],
)
async def test_what_goes_wrong_has_a_sentence(
    data: bytes, sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with model(fixed(data)) as (client, _):
        with pytest.raises(Unanswerable) as caught:
            await ask(client)
        assert str(caught.value) == sentence
        lines = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
        assert len(lines) == 1 and lines[0].startswith("stand-in (http://127.0.0.1:")
        assert "secret-key" not in caplog.text and "\n" not in lines[0]


@pytest.mark.parametrize("body", [b"", b"<html></html>", b'{"choices": []}'])
async def test_an_answer_that_is_no_stream_is_empty(body: bytes) -> None:
    async with model(fixed(status(200, body))) as (client, _):
        assert await ask(client) == []


async def test_a_stream_that_is_cut() -> None:
    async def answer(request: Exchanged) -> None:
        await request.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        event = b'data: {"choices":[{"delta":{"content":"Hello "}}]}\n\n'
        await request.send(f"{len(event):x}\r\n".encode() + event + b"\r\n")

    async with model(answer) as (client, _):
        pieces = client.stream([])
        assert await anext(pieces) == "Hello "
        with pytest.raises(Unanswerable, match="broke off"):
            await anext(pieces)


async def test_nobody_listens() -> None:
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    client = LanguageModel(at(Endpoint(f"http://127.0.0.1:{port}/v1", "", "tiny", "nobody")))
    with pytest.raises(Unanswerable, match="cannot be reached"):
        await ask(client)
    await client.close()


async def test_a_server_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lapel.assistant.llm, "_READ_S", 0.05)

    async def silent(request: Exchanged) -> None:
        await asyncio.Event().wait()

    async with model(silent) as (client, stand_in):
        with pytest.raises(Unanswerable, match="did not answer"):
            await ask(client)
        await stand_in.hung_up.wait()


async def test_a_stream_that_is_not_wanted_any_more_is_closed() -> None:
    """What a new press does: the model must stop working for nobody."""

    async def endless(request: Exchanged) -> None:
        await request.begin()
        while True:
            await request.piece("and so on ")
            await asyncio.sleep(0)

    async with model(endless) as (client, stand_in):
        assistant = await assistant_for(client)
        pieces = assistant.answer("tell me a story", [])
        assert await anext(pieces) == "and so on "
        await pieces.aclose()
        await stand_in.hung_up.wait()


async def test_a_cancelled_question_is_closed_before_its_first_word() -> None:
    asked = asyncio.Event()

    async def silent(request: Exchanged) -> None:
        asked.set()
        await asyncio.Event().wait()

    async with model(silent) as (client, stand_in):
        asking = asyncio.create_task(ask(client))
        await asked.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await stand_in.hung_up.wait()


async def test_skills_answer_without_the_model_and_the_model_gets_the_talk() -> None:
    async with model(fixed(streamed(b'{"choices":[{"delta":{"content":"1883."}}]}'))) as (client, stand_in):
        assistant = await assistant_for(client)
        (card,) = [piece async for piece in assistant.answer("What can you do?", [])]
        assert card.text.startswith("Hold")
        assert stand_in.requests == []
        earlier = [Exchange("how old is it", "140 years.")]
        assert [piece async for piece in assistant.answer("and when did it open", earlier)] == ["1883."]
        assert stand_in.requests[0].body["messages"] == [
            {"role": "system", "content": system_prompt()},
            {"role": "user", "content": "how old is it"},
            {"role": "assistant", "content": "140 years."},
            {"role": "user", "content": "and when did it open"},
        ]


async def test_another_endpoint_gets_its_own_client() -> None:
    """An embedded model that was restarted has another port and key."""
    good = fixed(streamed(b'{"choices":[{"delta":{"content":"yes"}}]}'))
    async with model(good) as (one, first), model(good) as (two, second):
        endpoints = [await one._endpoint(), await two._endpoint()]

        async def current() -> Endpoint:
            return endpoints[0]

        client = LanguageModel(current)
        assert await ask(client) == ["yes"]
        endpoints.reverse()
        assert await ask(client) == ["yes"]
        assert (len(first.requests), len(second.requests)) == (1, 1)
        await client.close()


async def test_without_an_endpoint_the_reason_is_the_answer() -> None:
    async def none() -> Endpoint:
        raise Unanswerable("The language model is still arriving: 40 %.")

    client = LanguageModel(none)
    with pytest.raises(Unanswerable, match="still arriving: 40 %"):
        await ask(client)
    await client.close()


async def test_questions_at_once_share_one_client(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    make = lapel.assistant.llm._client
    monkeypatch.setattr(
        lapel.assistant.llm, "_client", lambda endpoint: made.append(endpoint) or make(endpoint)
    )
    async with model(fixed(streamed(b'{"choices":[{"delta":{"content":"yes"}}]}'))) as (client, _):
        assert await asyncio.gather(*(ask(client) for _ in range(5))) == [["yes"]] * 5
    assert len(made) == 1


async def test_getting_ready_for_a_server_that_is_not_there(caplog: pytest.LogCaptureFixture) -> None:
    async with model(fixed(status(500))) as (client, _):
        await client.prepare()
    assert "does not answer yet" in caplog.text
