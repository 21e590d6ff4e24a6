"""Turns in a real SQLite file: kept, completed, forgotten, and disks that fail."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from lapel.services import TurnRecord
from lapel.store import history as module
from lapel.store.history import HistoryError, SqlHistory


def record(utt: int = 1, **fields: object) -> TurnRecord:
    return TurnRecord("pin-1", utt, "question", "answer", "", {"sent": 3}, {"transcript": 1.5}, **fields)


async def kept(home: Path, *records: TurnRecord, days: int = 30) -> list[TurnRecord]:
    """What is in the file after these turns."""
    history = SqlHistory.in_home(home, days)
    for each in records:
        history.add(each)
    await history.close()
    again = SqlHistory.in_home(home, days)
    found = [turn.record for turn in await again.latest(100)]
    await again.close()
    return found


async def test_turns_come_back_newest_first(tmp_path: Path) -> None:
    found = await kept(tmp_path, record(1), record(2, row=None))
    assert [each.utt for each in found] == [2, 1]
    assert (found[1].question, found[1].frames, found[1].timings_ms) == (
        "question", {"sent": 3}, {"transcript": 1.5},
    )  # fmt: skip


async def test_a_turn_that_gets_a_timing_later_stays_one_turn(tmp_path: Path) -> None:
    history = SqlHistory.in_home(tmp_path, 30)
    turn = record()
    history.add(turn)
    turn.timings_ms["shown"] = 9.0
    history.add(turn)
    history.add(record())  # the same number again: a pin that was set back is not the same turn
    assert [each.record.timings_ms for each in await history.latest(9)] == [
        {"transcript": 1.5}, {"transcript": 1.5, "shown": 9.0},
    ]  # fmt: skip
    await history.close()


async def test_what_is_written_is_what_was_said_then(tmp_path: Path) -> None:
    history = SqlHistory.in_home(tmp_path, 30)
    turn = record()
    history.add(turn)
    turn.timings_ms["shown"] = 9.0
    assert (await history.latest(1))[0].record.timings_ms == {"transcript": 1.5}
    await history.close()


async def test_none_are_kept_for_no_days_and_old_ones_go(tmp_path: Path) -> None:
    assert len(await kept(tmp_path, record())) == 1
    with sqlite3.connect(tmp_path / "history.db") as database:
        database.execute("update turns set at_unix_s = ?", (time.time() - 3 * 86400,))
    assert len(await kept(tmp_path, record(2), days=4)) == 2
    assert [each.utt for each in await kept(tmp_path, days=2)] == [2]
    assert await kept(tmp_path, record(3), days=0) == []


async def test_old_turns_go_while_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PRUNE_S", -1)
    history = SqlHistory.in_home(tmp_path, 2)
    history.add(record(1))
    assert len(await history.latest(9)) == 1
    with sqlite3.connect(tmp_path / "history.db") as database:
        database.execute("update turns set at_unix_s = 5")
    history.add(record(2))
    assert [turn.record.utt for turn in await history.latest(9)] == [2]
    await history.close()


@pytest.mark.parametrize("content", [b"this is no database" * 100, b"SQLite format 3\0" + b"\xff" * 4096])
async def test_a_corrupt_file_is_refused_with_what_to_do(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "history.db").write_bytes(content)
    with pytest.raises(HistoryError, match=r"cannot be opened .* move it away"):
        SqlHistory.in_home(tmp_path, 30)
    assert (tmp_path / "history.db").read_bytes() == content


async def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HistoryError, match="cannot be made"):
        SqlHistory.in_home(tmp_path / "file" / "home", 30)
    SqlHistory.in_home(tmp_path / "open", 30)
    assert (tmp_path / "open" / "history.db").stat().st_mode & 0o077 == 0
    (tmp_path / "history.db").mkdir()
    with pytest.raises(HistoryError, match="cannot be opened"):
        SqlHistory.in_home(tmp_path, 30)


async def test_a_full_disk_is_logged_and_passes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    history = SqlHistory.in_home(tmp_path, 30)
    history.add(record(1))
    await history.latest(1)
    pages = [1]  # no page more than there are: SQLite answers as on a full disk

    def limit(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"pragma max_page_count = {pages[0]}")

    sa.event.listen(history._engine, "connect", limit)
    history._engine.dispose()
    huge = record(2)
    huge.answer = "x" * 100_000
    history.add(huge)
    await history.latest(1)
    assert "could not be kept (database or disk is full)" in caplog.text
    pages[0] = 1_000_000
    history._engine.dispose()
    history.add(record(3))
    assert [turn.record.utt for turn in await history.latest(9)] == [3, 1]
    await history.close()


async def test_a_read_only_file_is_logged_and_passes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert len(await kept(tmp_path, record(1))) == 1
    history = SqlHistory(f"sqlite:///file:{tmp_path / 'history.db'}?mode=ro&uri=true", 30)
    history.add(record(2))
    assert [turn.record.utt for turn in await history.latest(9)] == [1]
    assert "old turns could not be removed (attempt to write a readonly database)" in caplog.text
    assert "could not be kept (attempt to write a readonly database)" in caplog.text
    await history.close()


async def test_a_disk_that_does_not_keep_up_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_QUEUE", 5)
    history = SqlHistory.in_home(tmp_path, 30)
    for utt in range(20):
        history.add(record(utt))
    assert "5 turns are waiting for the disk; this one is not kept" in caplog.text
    assert [turn.record.utt for turn in await history.latest(99)] == [4, 3, 2, 1, 0]
    await history.close()


async def test_what_no_database_takes_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    history = SqlHistory.in_home(tmp_path, 30)
    odd = record()
    odd.answer = "\ud800"
    history.add(odd)
    await history.latest(1)
    assert "could not be kept" in caplog.text
    await history.close()
    history.add(record())
    assert "closed" in caplog.text


async def test_a_file_that_breaks_while_it_is_open(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    history = SqlHistory.in_home(tmp_path, 30)
    (tmp_path / "history.db").write_bytes(b"this is no database" * 1000)
    with pytest.raises(HistoryError, match="cannot be read"):
        await history.latest(1)
    history.add(record())
    await history.close()
    assert "could not be kept" in caplog.text


async def test_its_owner_sets_fewer_days_and_what_is_older_goes(tmp_path: Path) -> None:
    history = SqlHistory.in_home(tmp_path, 30)
    history.add(record(1))
    history.keep(30)
    assert len(await history.latest(9)) == 1
    history.keep(0)
    history.add(record(2))
    assert await history.latest(9) == []
    history.keep(30)
    history.add(record(3))
    assert [turn.record.utt for turn in await history.latest(9)] == [3]
    await history.close()
