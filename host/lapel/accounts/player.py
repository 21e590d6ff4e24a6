"""The music player: MPD, by its own protocol (https://mpd.readthedocs.io/en/stable/protocol.html)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import mpd
from mpd.asyncio import MPDClient

from . import AccountError, within

_MOST_SONGS = 200  # of a search: an evening


@dataclass(frozen=True)
class Playing:
    """What the player does. `volume` is None where the output has none."""

    state: str  # play, pause, stop
    title: str = ""
    artist: str = ""
    album: str = ""
    volume: int | None = None


class Player:
    """One MPD. Each call has a connection of its own, which costs a millisecond at home and never goes stale.

    Raises AccountError.
    """

    def __init__(self, host: str, port: int, password: str = "") -> None:
        self._host = host
        self._port = port
        self._password = password

    async def now(self) -> Playing:
        async with self._connected() as client:
            return await _now(client)

    async def play(self, what: str = "") -> Playing | None:
        """Goes on, or plays what fits these words: a playlist, else songs. None if there is nothing."""
        async with self._connected() as client:
            if what:
                if not await _queue(client, what):
                    return None
                await client.play(0)
            else:
                status = await client.status()
                if int(status.get("playlistlength", 0)) == 0:
                    return None
                await client.play()
            return await _now(client)

    async def pause(self) -> Playing:
        async with self._connected() as client:
            await client.pause(1)
            return await _now(client)

    async def skip(self, songs: int) -> Playing | None:
        """To the next song (1) or the previous one (-1); None if there is none."""
        async with self._connected() as client:
            status = await client.status()
            position = int(status.get("song", -1)) + songs
            if status["state"] == "stop" or not 0 <= position < int(status.get("playlistlength", 0)):
                return None
            await client.play(position)
            return await _now(client)

    async def set_volume(self, percent: int) -> Playing:
        async with self._connected() as client:
            await client.setvol(max(0, min(100, percent)))
            return await _now(client)

    async def changes(self) -> AsyncGenerator[Playing, None]:
        """What plays now, and again at each change, for as long as the player is there."""
        client = await self._connect()
        try:
            yield await _now(client)
            async for _ in client.idle(["player", "mixer"]):
                yield await _now(client)
        except (mpd.MPDError, OSError) as error:
            raise AccountError("music", "unreachable", str(error)) from error
        finally:
            client.disconnect()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Any]:
        async with within("music"):
            client = await self._connect()
            try:
                yield client
            except mpd.CommandError as error:
                raise AccountError("music", "failed", str(error)) from error
            except mpd.MPDError as error:
                raise AccountError("music", "unreachable", str(error)) from error
            finally:
                client.disconnect()

    async def _connect(self) -> Any:
        client = MPDClient()
        try:
            async with within("music"):
                await client.connect(self._host, self._port)
                if self._password:
                    await client.password(self._password)
        except mpd.MPDError as error:
            client.disconnect()
            if isinstance(error, mpd.CommandError):
                raise AccountError("music", "refused", str(error)) from error
            # The library waits five seconds itself, for a server that says nothing.
            raise AccountError("music", "silent", str(error)) from error
        except BaseException:
            client.disconnect()
            raise
        return client


async def _now(client: Any) -> Playing:
    status, song = await client.status(), await client.currentsong()
    volume = int(status.get("volume", -1))
    title = _first(song.get("title")) or str(song.get("file", "")).rpartition("/")[2].rpartition(".")[0]
    return Playing(
        status["state"],
        title,
        _first(song.get("artist")),
        _first(song.get("album")),
        volume if volume >= 0 else None,
    )


async def _queue(client: Any, what: str) -> bool:
    """Puts what fits into the emptied queue; False, and the queue as it was, if nothing does."""
    wanted = what.casefold()
    names = [entry["playlist"] for entry in await client.listplaylists()]
    for name in names:
        if name.casefold() == wanted:
            await client.clear()
            await client.load(name)
            return True
    files = [song["file"] for song in await client.search("any", what) if "file" in song]
    if not files:
        words = what.split()
        by = next((i for i, word in enumerate(words) if word.lower() in ("by", "from")), 0)
        if by:  # "yesterday by the beatles"
            found = await client.search("title", " ".join(words[:by]), "artist", " ".join(words[by + 1 :]))
            files = [song["file"] for song in found if "file" in song]
    if not files:
        return False
    await client.clear()
    for file in files[:_MOST_SONGS]:
        await client.add(file)
    return True


def _first(tag: Any) -> str:
    """A tag may have come several times."""
    return str(tag[0] if isinstance(tag, list) else tag or "")
