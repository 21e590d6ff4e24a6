"""`lapel monitor`: the log of a board that goes and comes back, with the source that a traceback means."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

WAIT_S = 60


class Board:
    """A port that is a link to a pseudo-terminal, as a USB device gets another name when it comes back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ends: tuple[int, int] | None = None

    def plug(self) -> None:
        self._ends = pty.openpty()
        tty.setraw(self._ends[1])
        self.path.symlink_to(os.ttyname(self._ends[1]))

    def pull(self) -> None:
        if self._ends is not None:
            self.path.unlink()
            for end in self._ends:
                os.close(end)
            self._ends = None

    @contextlib.contextmanager
    def saying(self, text: str) -> Iterator[None]:
        """Again and again, for what comes before the port is opened is lost."""
        assert self._ends is not None
        end, heard = self._ends[0], threading.Event()

        def say() -> None:
            while not heard.wait(0.1):
                os.write(end, text.encode().replace(b"\n", b"\r\n"))

        thread = threading.Thread(target=say)
        thread.start()
        try:
            yield
        finally:
            heard.set()
            thread.join()


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    board = Board(tmp_path / "port")
    board.plug()
    yield board
    board.pull()


@pytest.fixture
def monitor(board: Board) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "lapel", "monitor", "--port", str(board.path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        hung = threading.Timer(WAIT_S, process.kill)
        hung.start()
        yield process
        hung.cancel()
        process.kill()


def until(process: subprocess.Popen[str], wanted: str) -> list[str]:
    """The lines up to one that has `wanted` in it; a log that ends without is a failure."""
    assert process.stdout
    read = []
    for line in process.stdout:
        read.append(line)
        if wanted in line:
            return read
    raise AssertionError(f"no {wanted!r} in {read}")


def test_a_board_that_comes_back_is_heard_again(board: Board, monitor: subprocess.Popen[str]) -> None:
    until(monitor, "Listening")
    with board.saying("0.100 info link: welcomed by home:7770\n"):
        until(monitor, "welcomed by home")
    board.pull()
    board.plug()
    with board.saying("0.100 warning safe: this is the safe copy\n"):
        until(monitor, "this is the safe copy")
    monitor.send_signal(signal.SIGINT)
    assert monitor.wait(WAIT_S) in {0, 130}


def test_a_traceback_shows_its_lines_of_source(board: Board, monitor: subprocess.Popen[str]) -> None:
    until(monitor, "Listening")
    with board.saying('Traceback (most recent call last):\n  File "pin/backoff.py", line 1\nKeyError: x\n'):
        read = until(monitor, "KeyError")
    source = Path(__file__).parents[3] / "firmware/pin/backoff.py"
    assert any("firmware/pin/backoff.py:1" in line for line in read)
    assert any(source.read_text("utf-8").splitlines()[0] in line for line in read)
