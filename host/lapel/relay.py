"""The websocket server that pins connect to. One session per pin; a pin that comes back replaces itself."""

from __future__ import annotations

import asyncio
import logging
import socket
from http import HTTPStatus
from types import TracebackType
from typing import Self

from lapel_wire import MAX_MESSAGE_BYTES, PATH, WireError, messages
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from .config import Config, check_listen_address, public_address
from .connection import PinConnection
from .conversation import Conversation
from .devices.certificate import server_context
from .devices.pins import Pin, Pins, PinsError
from .devices.tickets import TicketDoor
from .handshake import Greeted, Refused, authenticate
from .session import Services, Session

log = logging.getLogger(__name__)

OPEN_S = 5.0  # TLS and the websocket upgrade, on a slow Wi-Fi
CHALLENGE_S = 5.0  # two messages each way
PING_S = 10.0  # a half-open link is found within two of these
CLOSE_S = 2.0
_CONTROL_QUEUE = 32  # messages read ahead of a session; beyond it TCP holds the pin back
STRANGERS = 100  # unauthenticated connections at once; then the oldest goes, or strangers could lock pins out
REVOKED_S = 2.0  # a revoked pin that is connected is cut off within this


class RelayError(Exception):
    """The relay cannot start; the text says why and what to do."""


class Relay:
    """`async with Relay(...)` listens; `port` is the one it got."""

    def __init__(self, config: Config, services: Services) -> None:
        self._config = config
        self._services = services
        self._pins = Pins(config.home)
        self._sessions: dict[str, PinConnection] = {}
        self._conversations: dict[str, Conversation] = {}
        self._strangers: dict[PinConnection, None] = {}  # in the order they came
        self._tickets = TicketDoor(config.home, self._pins, self._addresses, lambda: self.connected)
        self._server: Server | None = None
        self._watching: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        host, port = self._config.relay.host, self._config.relay.port
        paired = self.paired
        try:
            tls = server_context(self._config.home)
        except (OSError, ValueError) as error:  # an ssl.SSLError is an OSError
            raise RelayError(
                f"the certificate {self._config.home / 'relay.pem'} cannot be used ({error}); "
                "restore it from a backup, or delete it and pair every pin again"
            ) from error
        try:
            await _check_address(host, port)
            self._server = await serve(
                self.serve,
                host,
                port,
                ssl=tls,
                process_request=self._admit,
                compression=None,  # ADPCM does not shrink, and pins have no room for it
                max_size=MAX_MESSAGE_BYTES,
                max_queue=_CONTROL_QUEUE,
                open_timeout=OPEN_S,
                ping_interval=PING_S,
                ping_timeout=PING_S,
                close_timeout=CLOSE_S,
                server_header=None,
            )
        except (OSError, OverflowError) as error:  # OverflowError: no such port
            raise RelayError(
                f"cannot listen on {host} port {port} ({getattr(error, 'strerror', None) or error}); "
                "is another relay running? Set another port in config.toml or with --port"
            ) from error
        log.info("relay listens on %s port %d for %d paired pins", host, self.port, paired)
        self._watching = asyncio.create_task(self._watch_revoked())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watching is not None:
            self._watching.cancel()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    @property
    def port(self) -> int:
        assert self._server is not None, "the relay is not running"
        return int(next(iter(self._server.sockets)).getsockname()[1])

    @property
    def paired(self) -> int:
        """How many pins may connect."""
        return len(self._pins.all())

    @property
    def connected(self) -> list[str]:
        """Ids of the pins that are connected now."""
        return sorted(self._sessions)

    def _addresses(self) -> list[tuple[str, int]]:
        """Where pins find this relay, the nearest first."""
        return [(self._config.relay.host, self.port), *public_address(self._config.relay)]

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        if self._tickets.takes(request.path):
            status, text = self._tickets.answer(request.path, request.headers.get("Authorization", ""))
            return connection.respond(status, text + "\n")
        if request.path != PATH:
            return connection.respond(HTTPStatus.NOT_FOUND, f"Pins connect to {PATH}.\n")
        return None

    async def serve(self, connection: PinConnection) -> None:
        """Challenges who is there and serves it until it leaves; the console brings its own pins here."""
        if len(self._strangers) >= STRANGERS:
            oldest = next(iter(self._strangers))
            log.warning("%d strangers at once; %s has to go", len(self._strangers), _address(oldest))
            del self._strangers[oldest]
            oldest.transport.abort()
        self._strangers[connection] = None
        try:
            async with asyncio.timeout(CHALLENGE_S):
                greeted = await authenticate(connection, self._pins, self._has_room)
        except Refused as refused:
            await self._turn_away(connection, refused.code, refused.sentence, str(refused))
            return
        except WireError as error:
            await self._turn_away(connection, error.code, "", error.text)
            return
        except PinsError as error:
            await self._turn_away(connection, "relay", "The relay cannot read its list of pins.", str(error))
            return
        except TimeoutError:
            await self._turn_away(connection, "timeout", "", f"no proof within {CHALLENGE_S:.0f} s")
            return
        except ConnectionClosed:
            log.info("%s left during the challenge", _address(connection))
            return
        finally:
            self._strangers.pop(connection, None)
        await self._session(connection, greeted)

    def _has_room(self, pin: Pin) -> bool:
        # A pin that comes back takes the place of its old link, which may be half open.
        return pin.id in self._sessions or len(self._sessions) < self._config.relay.max_pins

    async def _watch_revoked(self) -> None:
        while True:
            await asyncio.sleep(REVOKED_S)
            for pin_id, connection in list(self._sessions.items()):
                try:
                    known = self._pins.get(pin_id)
                except PinsError:
                    break  # an unreadable list revokes nobody; whoever connects meanwhile is told
                if known is None:
                    log.warning("%s was revoked and is cut off", pin_id)
                    connection.transport.abort()

    async def _session(self, connection: PinConnection, greeted: Greeted) -> None:
        pin_id = greeted.pin.id
        before = self._sessions.get(pin_id)
        self._sessions[pin_id] = connection
        if before is not None:
            # The old link may be half open and would not answer a close: it goes without being waited for.
            log.info("%s connected again; its old link is dropped", pin_id)
            before.transport.abort()
        conversation = self._conversations.setdefault(pin_id, Conversation())
        try:
            await Session(connection, greeted, conversation, self._services).run()
        finally:
            if self._sessions.get(pin_id) is connection:
                del self._sessions[pin_id]

    async def _turn_away(self, connection: PinConnection, code: str, sentence: str, detail: str) -> None:
        log.warning("refused %s: %s", _address(connection), detail)
        try:
            if sentence:
                await connection.send(messages.encode(messages.DOWN, "error", code=code, text=sentence))
            await connection.close(1008, code)
        except ConnectionClosed:
            pass  # it left first


def _address(connection: PinConnection) -> str:
    address = connection.remote_address
    return f"{address[0]}:{address[1]}" if address else "a closed connection"


async def _check_address(host: str, port: int) -> None:
    """Raises ConfigError if `host`, or what it resolves to ("0" does), means every network."""
    check_listen_address(host)
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for *_, address in found:
        check_listen_address(str(address[0]))
