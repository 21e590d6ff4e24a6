"""Questions and answers, kept as long as the owner says.

The database library is called on a thread of its own: one writer, in order, never on the event loop.
"""

from __future__ import annotations

import asyncio
import copy
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from ..services import TurnRecord
from .migrate import upgrade
from .tables import turns

log = logging.getLogger(__name__)

_FILE = "history.db"
_DAY_S = 86400
_PRUNE_S = 3600  # old turns are looked for this often
_QUEUE = 1000  # turns waiting to be written; beyond it the disk is not keeping up and they are dropped


class HistoryError(Exception):
    """The history cannot be opened; the text says why and what to do."""


@dataclass(frozen=True)
class KeptTurn:
    at_unix_s: float
    record: TurnRecord


class SqlHistory:
    """Turns in the database at `url`; `days` 0 keeps none. Close it, or the last turns may be lost."""

    def __init__(self, url: str, days: int) -> None:
        self._days = days
        self._waiting = 0
        self._pruned = 0.0
        self._engine = opened(url)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history")
        self._prune_now()  # for an owner who has set fewer days, or none

    @classmethod
    def in_home(cls, home: Path, days: int) -> SqlHistory:
        """The history of this home: an SQLite file. Raises HistoryError."""
        return cls(url_in_home(home), days)

    def keep(self, days: int) -> None:
        """So many from now on; what is older goes at once."""
        if days != self._days:
            self._days = days
            self._pruned = 0.0
            self._thread.submit(self._prune_now)

    def add(self, record: TurnRecord) -> None:
        """Keeps a turn, or what is new in one kept before. A failure is logged: no wearer waits for this."""
        if self._days == 0:
            return
        if self._waiting >= _QUEUE:
            log.error("history: %d turns are waiting for the disk; this one is not kept", self._waiting)
            return
        # As it is now: a turn's timings may grow while it waits to be written.
        values = {name: copy.copy(getattr(record, name)) for name in _RECORD_FIELDS}
        try:
            written = asyncio.get_running_loop().run_in_executor(self._thread, self._write, record, values)
        except RuntimeError:
            log.error("history: closed; this turn is not kept")
            return
        self._waiting += 1
        written.add_done_callback(self._written)

    def _written(self, write: asyncio.Future[None]) -> None:
        self._waiting -= 1
        error = write.exception()
        if isinstance(error, SQLAlchemyError):
            log.error("history: a turn could not be kept (%s); is the disk full?", reason(error))
        elif error is not None:
            log.error("history: a turn could not be kept", exc_info=error)

    async def latest(self, count: int) -> list[KeptTurn]:
        """The newest turns first. Raises HistoryError."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._read, count)
        except SQLAlchemyError as error:
            raise HistoryError(f"the history cannot be read: {reason(error)}") from error

    async def close(self) -> None:
        """Writes what waits and closes the file."""
        await asyncio.to_thread(self._thread.shutdown)
        self._engine.dispose()

    def _write(self, record: TurnRecord, values: dict[str, Any]) -> None:
        with self._engine.begin() as connection:
            if time.time() - self._pruned > _PRUNE_S:
                self._prune(connection)
            if record.row is not None:
                connection.execute(sa.update(turns).where(turns.c.id == record.row).values(**values))
                return
            inserted = connection.execute(sa.insert(turns).values(at_unix_s=time.time(), **values))
            assert inserted.inserted_primary_key is not None
            row = inserted.inserted_primary_key[0]
        record.row = row

    def _prune_now(self) -> None:
        try:
            with self._engine.begin() as connection:
                self._prune(connection)
        except SQLAlchemyError as error:
            log.error("history: old turns could not be removed (%s)", reason(error))

    def _prune(self, connection: sa.Connection) -> None:
        self._pruned = time.time()
        oldest = self._pruned - self._days * _DAY_S
        connection.execute(sa.delete(turns).where(turns.c.at_unix_s < oldest))

    def _read(self, count: int) -> list[KeptTurn]:
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(turns).order_by(turns.c.id.desc()).limit(count)).mappings()
            return [
                KeptTurn(row["at_unix_s"], TurnRecord(**{name: row[name] for name in _RECORD_FIELDS}))
                for row in rows
            ]


_RECORD_FIELDS = ("pin", "utt", "question", "answer", "failure", "frames", "timings_ms")


def url_in_home(home: Path) -> str:
    """The address of this home's database, an SQLite file. Raises HistoryError."""
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        (home / _FILE).touch(mode=0o600)  # what was asked is its owner's alone, in any folder
    except OSError as error:
        raise HistoryError(f"{home / _FILE} cannot be made: {error.strerror}") from error
    return f"sqlite:///{home / _FILE}"


def opened(url: str) -> sa.Engine:
    """The database, with the tables of this version. Raises HistoryError."""
    engine = sa.create_engine(url)
    try:
        upgrade(engine)
    except (SQLAlchemyError, CommandError) as error:
        engine.dispose()
        raise HistoryError(
            f"the history {url} cannot be opened ({reason(error)}); "
            "free space, check who owns the file, or move it away to begin a new one"
        ) from error
    return engine


def reason(error: Exception) -> str:
    """In one line."""
    return str(getattr(error, "orig", None) or error).splitlines()[0]
