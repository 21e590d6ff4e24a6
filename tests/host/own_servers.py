"""Servers that an owner may have, the real programs on loopback; each ends with its `with`."""

from __future__ import annotations

import asyncio
import contextlib
import http.server
import imaplib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiosmtpd.controller import Controller

_START_S = 20.0  # a busy machine; each is up in a second or two
_STOP_S = 5.0

USER, PASSWORD = "demouser", "demopass"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def program(command: list[str], port: int, log: Path) -> Iterator[None]:
    """Runs a server until it listens, and ends it."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        give_up = time.monotonic() + _START_S
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"{command[0]} did not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_STOP_S)


def beside_python(name: str) -> str:
    """A program of this environment."""
    return str(Path(sys.executable).with_name(name))


@contextmanager
def imap_server(folder: Path) -> Iterator[int]:
    """pymap with its demonstration mailbox."""
    port = free_port()
    command = [beside_python("pymap"), "--host", "127.0.0.1", "--port", str(port), "--no-tls"]
    with program([*command, "dict", "--demo-data"], port, folder / "pymap.log"):
        yield port


def put_letter(port: int, sender: str, subject: str, text: str, **headers: str) -> None:
    """Puts an unread letter into the inbox."""
    lines = [f"From: {sender}", f"To: {USER}@home.example", f"Subject: {subject}"]
    lines += ["Date: Sun, 22 Nov 2026 09:00:00 +0000", f"Message-ID: <{abs(hash(subject))}@mail.example>"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    with imaplib.IMAP4("127.0.0.1", port) as imap:
        imap.login(USER, PASSWORD)
        letter = ("\r\n".join(lines) + "\r\n\r\n" + text.replace("\n", "\r\n")).encode()
        assert imap.append("INBOX", "", "", letter)[0] == "OK"


class _Kept:
    """Keeps the letters that came."""

    def __init__(self) -> None:
        self.letters: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.letters.append(envelope)
        return "250 OK"


@contextmanager
def smtp_server() -> Iterator[tuple[int, list[Any]]]:
    """aiosmtpd, and the envelopes that it was given."""
    kept = _Kept()
    controller = Controller(kept, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield controller.port, kept.letters
    finally:
        controller.stop()


@contextmanager
def caldav_server(folder: Path) -> Iterator[str]:
    """Radicale with one calendar, "Home", of the user `demouser`."""
    port = free_port()
    (folder / "users").write_text(f"{USER}:{PASSWORD}\n")
    command = [sys.executable, "-m", "radicale", "--server-hosts", f"127.0.0.1:{port}"]
    command += ["--auth-type", "htpasswd", "--auth-htpasswd-filename", str(folder / "users")]
    command += ["--auth-htpasswd-encryption", "plain", "--config", ""]
    command += ["--storage-filesystem-folder", str(folder / "calendars")]
    with program(command, port, folder / "radicale.log"):
        from caldav.davclient import DAVClient

        url = f"http://127.0.0.1:{port}/"
        with DAVClient(url=url, username=USER, password=PASSWORD, enable_rfc6764=False) as client:
            client.principal().make_calendar(name="Home")
        yield url


SONGS = (("Blue Bossa", "The Quartet"), ("Evening Walk", "Anna Lund"), ("Morning Rain", "Anna Lund"))


@contextmanager
def music_server(folder: Path) -> Iterator[int]:
    """mpd with three real audio files and an output that nobody hears; skips where mpd is not installed."""
    if shutil.which("mpd") is None:
        pytest.skip("mpd is not installed (apt-get install mpd)")
    music = folder / "music"
    music.mkdir()
    for title, artist in SONGS:
        _song(music / f"{title}.wav", title, artist)
    (folder / "playlists").mkdir()
    (folder / "playlists" / "Rainy Day.m3u").write_text("Morning Rain.wav\nBlue Bossa.wav\n")
    port = free_port()
    (folder / "mpd.conf").write_text(
        f'music_directory "{music}"\nplaylist_directory "{folder / "playlists"}"\n'
        f'db_file "{folder / "mpd.db"}"\nbind_to_address "127.0.0.1"\nport "{port}"\nauto_update "no"\n'
        'audio_output {\n type "null"\n name "nobody"\n mixer_type "null"\n}\n'
    )
    with program(["mpd", "--no-daemon", "--stderr", str(folder / "mpd.conf")], port, folder / "mpd.log"):
        _update_database(port)
        yield port


def _song(path: Path, title: str, artist: str) -> None:
    """Sixty seconds of silence with RIFF tags, which mpd reads."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2 * 8000 * 60))
    tags = b"INFO" + b"".join(_chunk(name, text) for name, text in ((b"INAM", title), (b"IART", artist)))
    data = path.read_bytes() + b"LIST" + len(tags).to_bytes(4, "little") + tags
    path.write_bytes(data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:])


def _chunk(name: bytes, text: str) -> bytes:
    value = text.encode() + b"\0"
    return name + len(value).to_bytes(4, "little") + value + b"\0" * (len(value) % 2)


def _update_database(port: int) -> None:
    import mpd

    client = mpd.MPDClient()
    client.connect("127.0.0.1", port)
    client.update()
    give_up = time.monotonic() + _START_S
    while "updating_db" in client.status():
        assert time.monotonic() < give_up
        time.sleep(0.02)
    client.disconnect()


@contextmanager
def matrix_server(folder: Path) -> Iterator[str]:
    """Synapse with the users @me, @anna and @tom of `home.example`; skips where there is none.

    It brings 240 MB of packages, so it has an environment of its own: LAPEL_SYNAPSE is its Python.
    """
    python = os.environ.get("LAPEL_SYNAPSE", "")
    if not python or not Path(python).exists():
        pytest.skip("LAPEL_SYNAPSE names no Python with matrix-synapse (.ci/run sets one up)")
    port = free_port()
    config = {
        "server_name": "home.example",
        "pid_file": str(folder / "synapse.pid"),
        "listeners": [
            {
                "port": port,
                "type": "http",
                "bind_addresses": ["127.0.0.1"],
                "resources": [{"names": ["client"]}],
            }
        ],
        "database": {"name": "sqlite3", "args": {"database": str(folder / "synapse.db")}},
        "media_store_path": str(folder / "media"),
        "signing_key_path": str(folder / "signing.key"),
        "registration_shared_secret": "of this test",
        "report_stats": False,
        "trusted_key_servers": [],
        "macaroon_secret_key": "of this test too",
        "form_secret": "and this",
        "rc_login": {kind: {"per_second": 1000, "burst_count": 1000} for kind in ("address", "account")},
    }
    path = folder / "synapse.yaml"
    path.write_text(json.dumps(config))  # JSON is YAML
    subprocess.run([python, "-m", "synapse.app.homeserver", "-c", str(path), "--generate-keys"], check=True)
    with program([python, "-m", "synapse.app.homeserver", "-c", str(path)], port, folder / "synapse.log"):
        url = f"http://127.0.0.1:{port}"
        register = str(Path(python).with_name("register_new_matrix_user"))
        for user in ("me", "anna", "tom"):
            command = [register, "-c", str(path), "-u", user, "-p", PASSWORD, "--no-admin", url]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        yield url


class WeatherServer:
    """A stand-in for Open-Meteo with its shape of replies; the real one is not on loopback."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.places = {"lisbon": (38.717, -9.133), "tokyo": (35.69, 139.69), "里斯本": (38.717, -9.133)}
        self.url = ""

    def reply(self, path: str, query: dict[str, str]) -> dict[str, Any]:
        self.asked.append((path, query))
        if path == "/v1/search":
            found = self.places.get(query["name"].lower())
            if found is None:
                return {"generationtime_ms": 0.5}
            return {"results": [{"name": query["name"].title(), "latitude": found[0], "longitude": found[1]}]}
        days = [f"2026-11-{day}" for day in range(22, 29)]
        return {
            "current": {"temperature_2m": 17.6, "weather_code": 2, "wind_speed_10m": 11.2},
            "daily": {
                "time": days,
                "weather_code": [2, 61, 0, 3, 95, 71, 45],
                "temperature_2m_max": [19.4, 16.1, 18.0, 17.2, 15.5, 3.0, 12.0],
                "temperature_2m_min": [12.2, 11.0, 9.7, 10.1, 10.0, -2.4, 8.0],
                "precipitation_probability_max": [10, 85, 0, 20, 90, 70, 5],
            },
        }


@contextmanager
def weather_server() -> Iterator[WeatherServer]:
    server = WeatherServer()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            body = json.dumps(server.reply(parts.path, query)).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with _threaded(Handler) as url:
        server.url = url
        yield server


@contextmanager
def message_target() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A service that takes JSON, as apprise's `json://` sends it: its address, and what came."""
    came: list[dict[str, Any]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with _threaded(Handler) as url:
        yield url.replace("http://", "json://"), came


@contextmanager
def _threaded(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@asynccontextmanager
async def silent_server() -> AsyncIterator[int]:
    """Takes connections and never says a word."""

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await server.wait_closed()
