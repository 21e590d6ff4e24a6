"""What is kept beside the turns, skills' values and the wearer's facts; all of it searched, exported, erased.

As with the history, the database library is called on a thread of its own.
"""

from __future__ import annotations

import asyncio
import datetime
import json
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from ..skills import Fact, SkillError
from .history import opened, reason, url_in_home
from .tables import facts, skill_values, turns

_T = TypeVar("_T")
_VALUE_BYTES = 1 << 20  # of one value: a skill that needs more wants files
_FOUND = 20  # a palm shows a few, a model reads no more
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
# Words that say nothing about what a note is about.
_COMMON = frozenset(
    "a an the i me my mine you your it is are was were be of to in on at for and or that this what when "  # noqa: SIM905
    "where who how did do does about with from have has had say said ask asked tell told".split()
)


class SqlKeeping:
    """Opens the database at `url`, which may be the history's. Raises HistoryError. Close it at the end."""

    def __init__(self, url: str) -> None:
        self._engine = opened(url)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="keeping")

    @classmethod
    def in_home(cls, home: Path) -> SqlKeeping:
        return cls(url_in_home(home))

    def store(self, skill: str) -> SkillStore:
        """What this skill keeps."""
        return SkillStore(self, skill)

    async def run(self, work: Callable[[sa.Connection], _T]) -> _T:
        """`work` in a transaction, on the thread. Raises SkillError with a sentence for the wearer."""

        def transaction() -> _T:
            with self._engine.begin() as connection:
                return work(connection)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, transaction)
        except SQLAlchemyError as error:
            raise SkillError(f"The house's memory failed: {reason(error)}.") from error

    async def remember(self, text: str) -> Fact:
        now = time.time()
        row = await self.run(
            lambda c: c.execute(sa.insert(facts).values(at_unix_s=now, text=text)).inserted_primary_key
        )
        assert row is not None
        return Fact(int(row[0]), text, _local(now))

    async def facts(self, about: str = "") -> list[Fact]:
        rows = await self.run(lambda c: c.execute(sa.select(facts).order_by(facts.c.id.desc())).all())
        found = [Fact(row.id, row.text, _local(row.at_unix_s)) for row in rows]
        words = _words(about)
        if not words:
            return found
        scored = [(len(words & _words(fact.text)), fact) for fact in found]
        return [fact for score, fact in sorted(scored, key=lambda each: -each[0]) if score]

    async def forget(self, fact: int) -> None:
        await self.run(lambda c: c.execute(sa.delete(facts).where(facts.c.id == fact)))

    async def change(self, fact: int, text: str) -> bool:
        """Another text for a fact; False if there is no such fact."""
        query = sa.update(facts).where(facts.c.id == fact).values(text=text)
        return bool(await self.run(lambda c: c.execute(query).rowcount))

    async def asked(self, about: str) -> list[tuple[datetime.datetime, str, str]]:
        """Turns in whose question or answer every word of `about` is, newest first; all if it has none."""
        words = _words(about)
        both = turns.c.question + " " + turns.c.answer
        query = sa.select(turns.c.at_unix_s, turns.c.question, turns.c.answer)
        for word in words:
            query = query.where(both.icontains(word, autoescape=True))
        query = query.order_by(turns.c.id.desc()).limit(_FOUND)
        rows = await self.run(lambda c: c.execute(query).all())
        return [(_local(row.at_unix_s), row.question, row.answer) for row in rows]

    async def everything(self) -> dict[str, Any]:
        """All that is kept of the wearer, for an export."""

        def read(c: sa.Connection) -> dict[str, Any]:
            return {
                "turns": [dict(row) for row in c.execute(sa.select(turns).order_by(turns.c.id)).mappings()],
                "facts": [dict(row) for row in c.execute(sa.select(facts).order_by(facts.c.id)).mappings()],
                "skills": [dict(row) for row in c.execute(sa.select(skill_values)).mappings()],
            }

        return await self.run(read)

    async def erase(self) -> dict[str, int]:
        """Everything, for good; how much it was."""

        def remove(c: sa.Connection) -> dict[str, int]:
            return {
                table.name: c.execute(sa.delete(table)).rowcount for table in (turns, facts, skill_values)
            }

        erased = await self.run(remove)
        await asyncio.get_running_loop().run_in_executor(self._thread, self._vacuum)
        return erased

    def _vacuum(self) -> None:
        """What was erased is gone from the file too (PostgreSQL does so by itself)."""
        if self._engine.dialect.name == "sqlite":
            with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM")

    async def close(self) -> None:
        await asyncio.to_thread(self._thread.shutdown)
        self._engine.dispose()


class SkillStore:
    """A `Store` in the database."""

    def __init__(self, keeping: SqlKeeping, skill: str) -> None:
        self._keeping = keeping
        self._skill = skill

    async def get(self, key: str, default: Any = None) -> Any:
        query = sa.select(skill_values.c.value).where(self._is(key))
        row = await self._keeping.run(lambda c: c.execute(query).first())
        return default if row is None else row[0]

    async def put(self, key: str, value: Any) -> None:
        size = len(json.dumps(value))  # also: it is JSON at all
        if size > _VALUE_BYTES:
            raise SkillError(f"{self._skill} wants to keep {size >> 10} KiB under {key}; at most 1024.")

        def write(c: sa.Connection) -> None:
            if not c.execute(sa.update(skill_values).where(self._is(key)).values(value=value)).rowcount:
                c.execute(sa.insert(skill_values).values(skill=self._skill, key=key, value=value))

        await self._keeping.run(write)

    async def remove(self, key: str) -> None:
        await self._keeping.run(lambda c: c.execute(sa.delete(skill_values).where(self._is(key))))

    async def items(self) -> dict[str, Any]:
        query = sa.select(skill_values.c.key, skill_values.c.value).where(skill_values.c.skill == self._skill)
        return {row.key: row.value for row in await self._keeping.run(lambda c: c.execute(query).all())}

    def _is(self, key: str) -> Any:
        return (skill_values.c.skill == self._skill) & (skill_values.c.key == key)


def _words(text: str) -> set[str]:
    """Words that tell what a text is about; of Chinese, pairs of signs."""
    found: set[str] = set()
    for word in _WORD.findall(text.lower()):
        if re.search(r"[\u3400-\u9fff]", word):
            found |= {word[i : i + 2] for i in range(len(word) - 1)} or {word}
        elif word not in _COMMON:
            found.add(word.removesuffix("s") if len(word) > 3 else word)
    return found


def _local(unix_s: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(unix_s).astimezone()
