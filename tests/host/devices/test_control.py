"""The socket through which commands ask the running relay."""

import asyncio
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from lapel.devices.control import NAME, Control, ControlError, NoRelay, ask


async def count(request: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    for number in range(request["to"]):
        yield {"number": number}


async def refuse(request: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    yield {"number": 0}
    raise ControlError("no such thing")


HANDLERS = {"count": count, "refuse": refuse}


async def answers(home: Path, do: str, **fields: Any) -> list[dict[str, Any]]:
    return await asyncio.to_thread(lambda: list(ask(home, do, **fields)))


async def test_answers_come_one_by_one_and_errors_as_sentences(tmp_path: Path) -> None:
    async with Control(tmp_path, HANDLERS):
        assert await answers(tmp_path, "count", to=3) == [{"number": 0}, {"number": 1}, {"number": 2}]
        with pytest.raises(ControlError, match="no such thing"):
            await answers(tmp_path, "refuse")
        with pytest.raises(ControlError, match="older"):
            await answers(tmp_path, "what")
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / NAME))
        writer.write(b"no json\n")
        assert await reader.read() == b""
        writer.close()


async def test_for_its_owner_only_and_gone_with_the_relay(tmp_path: Path) -> None:
    async with Control(tmp_path, HANDLERS):
        assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
    assert not (tmp_path / NAME).exists()
    with pytest.raises(NoRelay, match="start it with"):
        await answers(tmp_path, "count", to=1)


async def test_a_second_relay_leaves_the_first_its_socket(tmp_path: Path) -> None:
    async with Control(tmp_path, HANDLERS):
        async with Control(tmp_path, {}):
            assert await answers(tmp_path, "count", to=1) == [{"number": 0}]
        assert await answers(tmp_path, "count", to=1) == [{"number": 0}]


async def test_what_a_killed_relay_left_is_replaced(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("")
    async with Control(tmp_path, HANDLERS):
        assert await answers(tmp_path, "count", to=1) == [{"number": 0}]


async def test_a_home_with_a_long_path(tmp_path: Path) -> None:
    home = tmp_path / ("h" * 120)
    async with Control(home, HANDLERS):
        assert await answers(home, "count", to=1) == [{"number": 0}]
