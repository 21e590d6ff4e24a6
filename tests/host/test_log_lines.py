"""The log as JSON: what a line holds, and what it never does."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lapel import config, log_lines
from relay_house import House, ListedHistory


@pytest.fixture
def lines() -> Iterator[Any]:
    """What was logged as JSON since the last look."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log_lines.JsonLines(["sk-verysecret", 'quoted"secret', "abc"]))
    level = logging.root.level
    logging.root.addHandler(handler)
    logging.root.setLevel(logging.DEBUG)
    try:
        yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    finally:
        logging.root.removeHandler(handler)
        logging.root.setLevel(level)


def test_a_line_has_its_fields_and_no_key(lines: Any) -> None:
    log = logging.getLogger("lapel.some.room")
    log.warning("tried %s and %s,\nabc", "sk-verysecret", 'quoted"secret')
    (line,) = lines()
    assert line == {
        "time": line["time"],
        "level": "warning",
        "logger": "lapel.some.room",
        "message": "tried *** and ***,\nabc",
    }
    assert line["time"].endswith("+00:00") and line["time"][10] == "T"


def test_an_exception_is_its_kind_and_place(lines: Any) -> None:
    def fails() -> None:
        raise ValueError("what is my mother's telephone number")

    try:
        fails()
    except ValueError:
        logging.getLogger("lapel.turn").exception("utterance 7 failed")
    (line,) = lines()
    assert line["exception"]["type"] == "ValueError"
    assert line["exception"]["at"][-1].endswith(" fails") and "mother" not in json.dumps(line)


async def test_a_turn_says_whose_it_is_and_not_what_was_asked(lines: Any, tmp_path: Path) -> None:
    house = House(tmp_path, history=ListedHistory())
    async with asyncio.timeout(20), house.relay, house.client() as client:
        await house.ask(client, 3)
    told = [line for line in lines() if line["logger"].startswith("lapel.")]
    assert told and all(line.get("pin") in (None, house.pin.id) for line in told)
    answered = next(line for line in told if "answered" in line["message"])
    assert answered["pin"] == house.pin.id and answered["turn"] == 3
    record = house.history.records[0]
    for line in told:
        assert record.question not in line["message"] and record.answer not in line["message"]


def test_every_key_of_the_settings_is_a_secret(tmp_path: Path) -> None:
    settings = dataclasses.replace(
        config.Config(tmp_path),
        speech=config.SpeechConfig(key="one-key"),
        llm=config.LlmConfig(key="two-key"),
        voice=config.VoiceConfig(key="three-key"),
        mcp={
            "a": {"env": {"TOKEN": "four-key"}, "headers": {"authorization": "five-key"}},
            "b": {"url": "x"},
        },
    )
    assert log_lines.secrets(settings) == {"one-key", "two-key", "three-key", "four-key", "five-key"}


def test_only_what_goes_to_a_stream_becomes_json(tmp_path: Path) -> None:
    before = logging.root.handlers
    stream, other = logging.StreamHandler(io.StringIO()), logging.NullHandler()
    logging.root.handlers = [stream, other]
    try:
        log_lines.use(config.Config(tmp_path))
        assert isinstance(stream.formatter, log_lines.JsonLines) and other.formatter is None
    finally:
        logging.root.handlers = before
