"""The log as JSON, a line each, for whoever collects logs: `[log] json = true`, or `--log-json`.

A line tells what happened and to which pin and turn, never what was said: an exception is its type and where
it came from, because its text may quote a question; keys of the settings are struck out wherever they are.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterable
from contextvars import ContextVar
from datetime import UTC, datetime

from .config import Config

# Set where a session and a turn begin; each of their tasks inherits them.
PIN: ContextVar[str | None] = ContextVar("pin", default=None)
TURN: ContextVar[int | None] = ContextVar("turn", default=None)

HIDDEN = "***"
_LEAST_SECRET = 6  # characters: a shorter one would strike out words
_FRAMES = 12  # of a traceback, the innermost


class JsonLines(logging.Formatter):
    """Fields: time (UTC, ISO 8601), level, logger, message, and pin, turn, exception where there are any."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._secrets = sorted((s for s in secrets if len(s) >= _LEAST_SECRET), key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (pin := PIN.get()) is not None:
            line["pin"] = pin
        if (turn := TURN.get()) is not None:
            line["turn"] = turn
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = _exception(record.exc_info[1])
        text = json.dumps(line, ensure_ascii=False)
        for secret in self._secrets:
            text = text.replace(json.dumps(secret, ensure_ascii=False)[1:-1], HIDDEN)
        return text


def use(config: Config) -> None:
    """From now on what goes to the terminal or the log file is JSON."""
    formatter = JsonLines(secrets(config))
    for handler in logging.root.handlers:
        if isinstance(handler, logging.StreamHandler):  # files are streams, too
            handler.setFormatter(formatter)


def secrets(config: Config) -> set[str]:
    """Keys of endpoints, and what servers of tools get in their environment and headers."""
    found = {config.speech.key, config.llm.key, config.voice.key}
    for server in config.mcp.values():
        for name in ("env", "headers"):
            table = server.get(name)
            if isinstance(table, dict):
                found.update(str(value) for value in table.values())
    return found - {""}


def _exception(error: BaseException) -> dict[str, object]:
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return {
        "type": type(error).__qualname__,
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
