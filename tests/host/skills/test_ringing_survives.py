"""Timers outlive `kill -9` of the process that promised them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCRIPT = str(Path(__file__).with_name("ringing_process.py"))


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The house; killed as if the power had gone, whatever happens."""
    running = subprocess.Popen([sys.executable, SCRIPT, *arguments], stdout=subprocess.PIPE, text=True)
    try:
        yield running
    finally:
        running.kill()
        running.wait()
        assert running.stdout is not None
        running.stdout.close()


def line(running: subprocess.Popen[str]) -> list[str]:
    assert running.stdout is not None
    return running.stdout.readline().split(" ", 3)


def test_timers_survive_kill_9(tmp_path: Path) -> None:
    home = str(tmp_path)
    with process(home, "set", "3", "pasta") as first:
        kept_s = float(line(first)[0])
    with process(home, "set", "3600", "roast") as second:  # killed a second time, with another
        assert line(second)[1].strip() == "kept"
    with process(home, "wait") as third:
        at_s, skill, alert, text = line(third)
    assert (skill, alert, text.strip()) == ("timers", "urgent", "pasta: time is up")
    assert float(at_s) >= kept_s + 2.9
