"""The player against a real mpd with real files and an output that nobody hears."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from lapel.accounts import AccountError
from lapel.accounts.player import Player
from own_servers import free_port, music_server


@pytest.fixture
def player(tmp_path: Path) -> Iterator[Player]:
    with music_server(tmp_path) as port:
        yield Player("127.0.0.1", port)


async def test_an_empty_queue_plays_nothing_and_a_search_fills_it(player: Player) -> None:
    assert await player.play() is None
    assert await player.play("no such song") is None
    playing = await player.play("anna lund")
    assert playing is not None
    assert (playing.state, playing.title, playing.artist) == ("play", "Evening Walk", "Anna Lund")
    following = await player.skip(1)
    assert following is not None and following.title == "Morning Rain"
    assert await player.skip(1) is None
    back = await player.skip(-1)
    assert back is not None and back.title == "Evening Walk"


async def test_playlists_titles_and_who_sings(player: Player) -> None:
    for words, title in (
        ("rainy day", "Morning Rain"),
        ("blue bossa", "Blue Bossa"),
        ("morning rain by anna lund", "Morning Rain"),
    ):
        playing = await player.play(words)
        assert playing is not None and playing.title == title


async def test_pause_goes_on_and_volume_turns(player: Player) -> None:
    await player.play("blue")
    assert (await player.pause()).state == "pause"
    going = await player.play()
    assert going is not None and going.state == "play"
    assert (await player.set_volume(40)).volume == 40
    assert (await player.set_volume(400)).volume == 100


async def test_changes_are_told(player: Player) -> None:
    async with asyncio.timeout(10):
        changes = player.changes()
        assert (await anext(changes)).state == "stop"
        await asyncio.sleep(0.3)  # the client begins to listen a moment after its first command
        await player.play("blue bossa")
        async for playing in changes:
            if playing.state == "play":
                assert playing.title == "Blue Bossa"
                break
        await changes.aclose()


async def test_a_player_that_is_not_there_says_so() -> None:
    with pytest.raises(AccountError) as dead:
        await Player("127.0.0.1", free_port()).now()
    assert dead.value.sentence("en") == "The music player cannot be reached."
