"""Matrix (https://spec.matrix.org): texts to and from people, in rooms that are not encrypted.

Encrypted rooms would need libolm and a verified device; what comes in one is told as such, and nothing is
sent into one as plain text.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import nio
from aiohttp import ClientError

from . import AccountError, within

log = logging.getLogger(__name__)

_SYNC_MS = 30_000  # the server answers at once when something comes
_AGAIN_S = 20.0  # a server at home that is being restarted is back within a minute
_TEXT_CHARACTERS = 2000


@dataclass(frozen=True)
class Message:
    """What somebody wrote."""

    room: str
    sender: str  # @anna:home.example
    name: str  # as the room shows it
    text: str


class Matrix:
    """One account. `open` it once; every method raises AccountError."""

    def __init__(self, homeserver: str, user: str, password: str) -> None:
        self._password = password
        config = nio.AsyncClientConfig(request_timeout=40, max_timeouts=1, max_limit_exceeded=1)
        self._client = nio.AsyncClient(homeserver, user, config=config)
        self._joined = False

    async def open(self) -> None:
        """Logs in and learns of its rooms; what was said before is not told."""
        await self._ask(self._client.login(self._password, device_name="Lapel"))
        await self._ask(self._client.sync(timeout=0, full_state=True))
        self._joined = True

    async def close(self) -> None:
        if self._client.logged_in:
            try:
                async with asyncio.timeout(2):
                    await self._client.logout()  # or every start leaves a device behind
            except (TimeoutError, ClientError, OSError) as error:
                log.info("matrix: not logged out: %r", error)
        await self._client.close()

    async def send(self, to: str, text: str) -> None:
        """A text to a person (@anna:home.example) or into a room (!id:home.example)."""
        if not self._joined:
            raise AccountError("matrix", "unreachable", "not logged in yet")
        room = to if to.startswith("!") else await self._room_with(to)
        known = self._client.rooms.get(room)
        if known is not None and known.encrypted:
            raise AccountError("matrix", "failed", f"the room with {to} is encrypted")
        content = {"msgtype": "m.text", "body": text}
        await self._ask(self._client.room_send(room, "m.room.message", content))

    async def messages(self, welcome: Callable[[str], Awaitable[bool]]) -> AsyncIterator[Message]:
        """What comes, as it comes, for ever. Invitations of those who are `welcome` are accepted."""
        came: list[Message] = []

        def text(room: nio.MatrixRoom, event: nio.RoomMessageText) -> None:
            if event.sender != self._client.user_id:
                name = room.user_name(event.sender) or event.sender
                came.append(Message(room.room_id, event.sender, name, event.body[:_TEXT_CHARACTERS]))

        def sealed(room: nio.MatrixRoom, event: nio.MegolmEvent) -> None:
            name = room.user_name(event.sender) or event.sender
            came.append(Message(room.room_id, event.sender, name, "(encrypted)"))

        listening = False
        while True:
            try:
                if not self._joined:
                    await self.open()
                if not listening:  # only now: the first look brings what was said long ago
                    self._client.add_event_callback(text, nio.RoomMessageText)
                    self._client.add_event_callback(sealed, nio.MegolmEvent)
                    listening = True
                await self._join_invited(welcome)
                await self._ask(self._client.sync(timeout=_SYNC_MS), seconds=_SYNC_MS / 1000 + 10)
            except AccountError as error:
                if error.fault == "refused":
                    raise
                log.warning("%s; looking again in %.0f s", error, _AGAIN_S)
                await asyncio.sleep(_AGAIN_S)
            while came:
                yield came.pop(0)

    async def _join_invited(self, welcome: Callable[[str], Awaitable[bool]]) -> None:
        for room, invitation in list(self._client.invited_rooms.items()):
            if invitation.inviter and await welcome(invitation.inviter):
                await self._ask(self._client.join(room))
            else:
                log.info("matrix: an invitation of %s is left alone", invitation.inviter)

    async def _room_with(self, person: str) -> str:
        """A room of the two alone; a new one if there is none."""
        for room in self._client.rooms.values():
            members = {*room.users, *room.invited_users}
            if members == {person, self._client.user_id} and not room.encrypted:
                return str(room.room_id)
        made = await self._ask(self._client.room_create(is_direct=True, invite=[person]))
        await self._ask(self._client.sync(timeout=0))
        return str(made.room_id)

    async def _ask(self, request: Awaitable[Any], seconds: float | None = None) -> Any:
        try:
            async with within("matrix", seconds):
                reply = await request
        except (ClientError, nio.exceptions.LocalProtocolError) as error:
            raise AccountError("matrix", "unreachable", repr(error)) from error
        if isinstance(reply, nio.ErrorResponse):
            fault = "refused" if reply.status_code in ("M_FORBIDDEN", "M_UNKNOWN_TOKEN") else "failed"
            raise AccountError("matrix", fault, str(reply))  # type: ignore[arg-type]
        return reply
