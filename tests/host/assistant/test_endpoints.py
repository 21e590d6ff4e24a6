"""Choosing, offering and checking chat endpoints, against stand-in servers on loopback."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from lapel.assistant.endpoints import (
    OPENAI_MODEL,
    OPENAI_URL,
    Endpoint,
    EndpointError,
    chosen,
    offers,
    probe,
    resolved,
)


class Models(BaseHTTPRequestHandler):
    """`/v1/models` as the servers at home send it."""

    status = 200
    body: bytes = json.dumps({"object": "list", "data": [{"id": "llama3.2:latest"}, {"id": "b"}]}).encode()
    silent = threading.Event()
    requests: list[tuple[str, str, str | None]]

    def do_GET(self) -> None:
        self.requests.append((self.command, self.path, self.headers.get("authorization")))
        if self.status == 0:
            self.silent.wait()
            return
        self.send_response(self.status)
        self.send_header("content-length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[tuple[str, type[Models]]]:
    handler = type("Handler", (Models,), {"requests": [], "silent": threading.Event()})
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}/v1", handler
    handler.silent.set()
    httpd.shutdown()
    httpd.server_close()
    thread.join()


@pytest.fixture
def dead() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1"


def test_nothing_is_chosen_for_the_owner() -> None:
    assert chosen(environment={}) is None
    assert chosen(environment={"OPENAI_API_KEY": "sk-1", "LAPEL_LLM_KEY": "k"}) is None


def test_the_environment_is_above_the_configuration() -> None:
    environment = {"LAPEL_LLM_URL": "http://box:8080/v1/", "LAPEL_LLM_KEY": "k2", "LAPEL_LLM_MODEL": "m2"}
    configured = chosen("http://a/v1", "k", "m", {})
    assert configured == Endpoint("http://a/v1", "k", "m", "a")
    assert chosen("http://a/v1", "k", "m", environment) == Endpoint("http://box:8080/v1", "k2", "m2", "box")


def test_the_key_of_openai_is_shown_to_openai_only() -> None:
    environment = {"OPENAI_API_KEY": "sk-1"}
    cloud = chosen(OPENAI_URL, environment=environment)
    assert cloud is not None and cloud.api_key == "sk-1" and cloud.model == OPENAI_MODEL
    home = chosen("http://box/v1", environment=environment)
    assert home is not None and home.api_key == ""


def test_keys_stay_out_of_logs() -> None:
    assert "sk-1" not in repr(Endpoint(OPENAI_URL, "sk-1", "m", "OpenAI"))


@pytest.mark.parametrize("url", ["box:8080", "ftp://box/v1", "http://", "http://[::1/v1", "/v1"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(EndpointError, match="address"):
        chosen(url, environment={})


async def test_what_runs_here_is_offered(server: tuple[str, type[Models]], dead: str) -> None:
    url, handler = server
    found = await offers([("Ollama", url), ("LM Studio", dead)], {"OPENAI_API_KEY": "sk-1"})
    assert [(e.name, e.base_url, e.model) for e in found] == [
        ("Ollama", url, "llama3.2:latest"),
        ("OpenAI (leaves your home)", OPENAI_URL, OPENAI_MODEL),
    ]
    # Only the list was asked for, without anybody's key.
    assert handler.requests == [("GET", "/v1/models", None)]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (0, b""),
        (404, b"{}"),
        (200, b"<html>"),
        (200, b'{"data": null}'),
        (200, b"x" * (2 << 20)),
        (200, b"[]"),
    ],
)
async def test_what_is_something_else_is_not_offered(
    server: tuple[str, type[Models]], status: int, body: bytes
) -> None:
    url, handler = server
    handler.status, handler.body = status, body
    async with asyncio.timeout(5):  # the silent one costs 0.3 s
        assert await offers([("Ollama", url)], {}) == []


async def test_a_chosen_endpoint_gets_a_model(server: tuple[str, type[Models]]) -> None:
    url, handler = server
    endpoint = Endpoint(url, "key", "", "box")
    assert await probe(endpoint) == ["llama3.2:latest", "b"]
    assert (await resolved(endpoint)).model == "llama3.2:latest"
    assert handler.requests[0][2] == "Bearer key"
    for model in ("b", "llama3.2"):
        named = Endpoint(url, "key", model, "box")
        assert await resolved(named) == named
    with pytest.raises(EndpointError, match=r"no model 'c'; it has: llama3.2:latest, b"):
        await resolved(Endpoint(url, "key", "c", "box"))


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [(401, b"", "LAPEL_LLM_KEY"), (404, b"", "end in /v1"), (200, b"hi", "OpenAI-compatible"),
     (200, b'{"data": []}', "LAPEL_LLM_MODEL"), (0, b"", "did not answer in 0.1 s")],
)  # fmt: skip
async def test_why_an_endpoint_cannot_be_used(
    server: tuple[str, type[Models]], status: int, body: bytes, reason: str
) -> None:
    url, handler = server
    handler.status, handler.body = status, body
    with pytest.raises(EndpointError, match=reason):
        await resolved(Endpoint(url, "key", "", "box"), deadline_s=0.1 if status == 0 else 10.0)


async def test_nobody_there(dead: str) -> None:
    with pytest.raises(EndpointError, match="is the server running"):
        await probe(Endpoint(dead, "", "", "box"))
