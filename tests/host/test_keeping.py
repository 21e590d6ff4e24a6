"""What is kept beside the turns, in a real SQLite file."""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import sqlite3
import sys
from pathlib import Path

import pytest
from lapel.cli import CommandError
from lapel.commands import memory
from lapel.services import TurnRecord
from lapel.skills import SkillError
from lapel.store.history import HistoryError, SqlHistory
from lapel.store.keeping import SqlKeeping


async def with_turns(home: Path, *turns: tuple[str, str]) -> SqlKeeping:
    history = SqlHistory.in_home(home, 30)
    for i, (question, answer) in enumerate(turns):
        history.add(TurnRecord("pin-1", i, question, answer))
    await history.close()
    return SqlKeeping.in_home(home)


async def test_values_of_skills_are_apart_and_survive(tmp_path: Path) -> None:
    keeping = SqlKeeping.in_home(tmp_path)
    one, two = keeping.store("one"), keeping.store("two")
    await one.put("a", {"x": [1, "字"]})
    await one.put("a", {"x": [2]})
    await two.put("a", 7)
    await one.put("b", None)
    await keeping.close()
    keeping = SqlKeeping.in_home(tmp_path)
    one = keeping.store("one")
    assert await one.items() == {"a": {"x": [2]}, "b": None}
    assert await one.get("a") == {"x": [2]} and await one.get("c", 5) == 5
    await one.remove("a")
    assert await one.items() == {"b": None} and await keeping.store("two").get("a") == 7
    with pytest.raises(SkillError, match="at most 1024"):
        await one.put("big", "x" * (2 << 20))
    with pytest.raises(TypeError):
        await one.put("odd", object())
    await keeping.close()


async def test_a_value_that_was_kept_is_there_after_a_kill(tmp_path: Path) -> None:
    code = (
        "import asyncio, os, sys\nfrom pathlib import Path\nfrom lapel.store.keeping import SqlKeeping\n"
        "async def main():\n    keeping = SqlKeeping.in_home(Path(sys.argv[1]))\n"
        "    await keeping.store('timers').put('t', 1)\n    os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, str(tmp_path))
    assert await asyncio.wait_for(process.wait(), 60) == -9
    keeping = SqlKeeping.in_home(tmp_path)
    assert await keeping.store("timers").get("t") == 1
    await keeping.close()


async def test_facts(tmp_path: Path) -> None:
    keeping = SqlKeeping.in_home(tmp_path)
    key = await keeping.remember("The spare key is under the pot")
    await keeping.remember("The plumber comes on Tuesday")
    await keeping.remember("车停在三层")
    assert (await keeping.facts())[0].text == "车停在三层"
    assert [fact.id for fact in await keeping.facts("where is the spare keys")] == [key.id]
    assert [fact.text for fact in await keeping.facts("我的车停哪儿")] == ["车停在三层"]
    assert await keeping.facts("zebra") == []
    assert await keeping.change(key.id, "The spare key is with Bob")
    assert not await keeping.change(99, "x")
    assert (await keeping.facts("spare key"))[0].text == "The spare key is with Bob"
    await keeping.forget(key.id)
    assert len(await keeping.facts()) == 2
    await keeping.close()


async def test_earlier_questions(tmp_path: Path) -> None:
    keeping = await with_turns(
        tmp_path,
        ("flights to Lisbon", "Two hours."),
        ("how is the weather", "Sunny in lisbon."),
        ("100%_done", "ok"),
    )
    assert [turn[1] for turn in await keeping.asked("Lisbon")] == ["how is the weather", "flights to Lisbon"]
    assert [turn[1] for turn in await keeping.asked("the flight to lisbon")] == ["flights to Lisbon"]
    assert len(await keeping.asked("")) == 3
    assert [turn[1] for turn in await keeping.asked("%")] != []  # no word: everything
    assert await keeping.asked("madrid") == []
    await keeping.close()


async def test_everything_is_exported_and_erased(tmp_path: Path) -> None:
    keeping = await with_turns(tmp_path, ("my secret question", "an answer"))
    await keeping.remember("my secret fact")
    await keeping.store("lists").put("shopping", ["milk"])
    told = await keeping.everything()
    assert told["turns"][0]["question"] == "my secret question"
    assert told["facts"][0]["text"] == "my secret fact"
    assert told["skills"] == [{"skill": "lists", "key": "shopping", "value": ["milk"]}]
    assert json.dumps(told)
    assert await keeping.erase() == {"turns": 1, "facts": 1, "skill_values": 1}
    assert all(not rows for rows in (await keeping.everything()).values())
    await keeping.close()
    assert b"my secret" not in (tmp_path / "history.db").read_bytes()  # nor in what the file leaves free


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LAPEL_HOME", str(tmp_path))

    def lapel(*words: str) -> str:
        parser = argparse.ArgumentParser()
        memory.add_arguments(parser)
        assert memory.run(parser.parse_args(words)) == 0
        return capsys.readouterr().out

    number = lapel("remember", "the code is 4711").strip()
    assert "the code is 4711" in lapel("facts")
    lapel("change", number, "the code is 1174")
    lapel("export", str(tmp_path / "all.json"))
    assert json.loads((tmp_path / "all.json").read_text())["facts"][0]["text"] == "the code is 1174"
    assert (tmp_path / "all.json").stat().st_mode & 0o077 == 0
    assert json.loads(lapel("export"))["turns"] == []
    with pytest.raises(CommandError, match="no fact 99"):
        lapel("forget", "99")
    lapel("forget", number)
    assert lapel("facts") == "" and lapel("search", "code") == ""
    monkeypatch.setattr("sys.stdin", io.StringIO("no\n"))
    with pytest.raises(CommandError, match="nothing was erased"):
        lapel("erase")
    assert "Erased: 0 turns, 0 facts" in lapel("erase", "--yes")


async def test_a_database_of_before_the_migrations_is_taken_over(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "history.db") as database:
        database.execute(
            "create table turns (id integer primary key, at_unix_s float not null, pin varchar(32) not null, "
            "utt integer not null, question text not null, answer text not null, failure text not null, "
            "frames json not null, timings_ms json not null)"
        )
        database.execute("insert into turns values (1, 9e9, 'p', 1, 'old question', 'a', '', '{}', '{}')")
    keeping = SqlKeeping.in_home(tmp_path)
    assert [turn[1] for turn in await keeping.asked("old question")] == ["old question"]
    await keeping.remember("new")
    await keeping.close()
    with sqlite3.connect(tmp_path / "history.db") as database:
        assert database.execute("select version_num from alembic_version").fetchall() == [("0002",)]


async def test_a_database_of_a_newer_lapel_is_refused(tmp_path: Path) -> None:
    await SqlKeeping.in_home(tmp_path).close()
    with sqlite3.connect(tmp_path / "history.db") as database:
        database.execute("update alembic_version set version_num = '9999'")
    with pytest.raises(HistoryError, match="9999"):
        SqlKeeping.in_home(tmp_path)


async def test_the_tables_are_what_the_migrations_make(tmp_path: Path) -> None:
    import sqlalchemy as sa
    from lapel.store.tables import metadata

    keeping = SqlKeeping.in_home(tmp_path)
    made = sa.inspect(keeping._engine)
    for table in metadata.sorted_tables:
        assert {column["name"] for column in made.get_columns(table.name)} == set(table.columns.keys())
    await keeping.close()
