"""Music: plays on the owner's MPD, turned on the palm."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field

from ..accounts import AccountError
from ..accounts.faults import honest
from ..accounts.player import Player, Playing
from . import Choice, Context, Reply, Secret, SkillError, tool

log = logging.getLogger(__name__)

_STEP = 10  # percent, of "louder"
_AGAIN_S = 30.0  # a player that is switched on later is found


@dataclass(frozen=True)
class Settings:
    host: str = ""  # of MPD
    port: int = 6600
    password: Secret = field(default_factory=Secret)


@tool(effect="changes")
async def play_music(context: Context, what: str = "") -> Reply:
    """Play music, or go on playing.

    what: a song, an artist, an album or a playlist; what was playing if it is left out
    """
    with honest(context.language):
        playing = await _player(context).play(what)
    if playing is None and what:
        raise SkillError(context.say(en=f"I found no {what}.", zh=f"没有找到{what}。"))
    if playing is None:
        raise SkillError(
            context.say(en="Nothing is queued. Say what to play.", zh="播放列表是空的，请说想听什么。")
        )
    return _card(context, playing)


@tool(effect="changes")
async def pause_music(context: Context) -> Reply:
    """Pause the music."""
    with honest(context.language):
        return _card(context, await _player(context).pause())


@tool(effect="changes")
async def next_song(context: Context) -> Reply:
    """Skip to the next song."""
    return await _skip(context, 1)


@tool(effect="changes")
async def previous_song(context: Context) -> Reply:
    """Go back to the song before."""
    return await _skip(context, -1)


@tool(view="music")
async def what_is_playing(context: Context) -> Reply:
    """Tell which song is playing."""
    with honest(context.language):
        playing = await _player(context).now()
    if playing.state == "stop" and not playing.title:
        return Reply(context.say(en="Nothing is playing.", zh="没有在播放。"))
    return _card(context, playing)


@tool(effect="changes")
async def set_volume(context: Context, level: int) -> Reply:
    """Set the volume of the music.

    level: percent, from 0 to 100
    """
    if not 0 <= level <= 100:
        raise SkillError(context.say(en="Say a volume from 0 to 100.", zh="音量从0到100。"))
    with honest(context.language):
        return _card(context, await _player(context).set_volume(level))


@tool(effect="changes")
async def louder(context: Context) -> Reply:
    """Make the music louder."""
    return await _turn(context, _STEP)


@tool(effect="changes")
async def quieter(context: Context) -> Reply:
    """Make the music quieter."""
    return await _turn(context, -_STEP)


async def start(context: Context) -> None:
    if context.settings.host:
        context.spawn(_tell_home(context))


async def _tell_home(context: Context) -> None:
    while True:
        try:
            async with contextlib.aclosing(_player(context).changes()) as changes:
                async for playing in changes:
                    context.home(playing=_title(playing) if playing.state == "play" else "")
        except AccountError as error:
            log.info("%s", error)
        context.home(playing="")
        await asyncio.sleep(_AGAIN_S)


async def _skip(context: Context, songs: int) -> Reply:
    with honest(context.language):
        playing = await _player(context).skip(songs)
    if playing is None:
        raise SkillError(context.say(en="There is no other song.", zh="没有别的歌了。"))
    return _card(context, playing)


async def _turn(context: Context, by: int) -> Reply:
    with honest(context.language):
        player = _player(context)
        volume = (await player.now()).volume
        if volume is None:
            raise SkillError(context.say(en="The player has no volume.", zh="播放器不能调音量。"))
        return _card(context, await player.set_volume(volume + by))


def _player(context: Context) -> Player:
    settings: Settings = context.settings
    if not settings.host:
        raise SkillError(
            context.say(
                en="Music is not set up. See [skills.music] in the guide.",
                zh="还没有设置音乐。请看指南里的[skills.music]。",
            )
        )
    return Player(settings.host, settings.port, settings.password)


def _card(context: Context, playing: Playing) -> Reply:
    """The player on the palm: swipe for another song, roll the wrist for the volume."""
    pause = Choice(context.say(en="Pause", zh="暂停"), pause_music)
    play = Choice(context.say(en="Play", zh="播放"), play_music)
    title = _title(playing) or context.say(en="Stopped", zh="已停止")
    return Reply(
        title if playing.state == "play" else context.say(en=f"{title} (paused)", zh=f"{title}（暂停）"),
        kind="player",
        choices=[pause if playing.state == "play" else play],
        swipe_next=Choice(context.say(en="Next", zh="下一首"), next_song),
        swipe_previous=Choice(context.say(en="Back", zh="上一首"), previous_song),
        level=playing.volume,
        on_level=set_volume if playing.volume is not None else None,
    )


def _title(playing: Playing) -> str:
    return f"{playing.title} - {playing.artist}" if playing.artist else playing.title
