"""MicroPython's prompt: the unix port on a terminal of its own, started again when it is reset."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import signal
import termios
from collections.abc import Callable
from pathlib import Path

from lapel.virtual.interpreter import find_interpreter

_SHIMS = Path(__file__).parent / "shims"
RESET_CODE = 70  # of shims/machine.py
_OFLAG, _LFLAG = 1, 3  # places in termios' list


class Prompt:
    """`start` it, `write` what comes over the cable; `on_output` gets what it prints, `on_end` its exit
    code.
    """

    def __init__(
        self,
        flash: Path,
        heap: str,
        release: str,
        faulty: bool,
        on_output: Callable[[bytes], None],
        on_end: Callable[[int], None],
    ) -> None:
        self._flash = flash
        self._heap = heap
        self._release = release
        self._faulty = faulty
        self._on_output = on_output
        self._on_end = on_end
        self._master = -1
        self._process: asyncio.subprocess.Process | None = None
        self._waiting: asyncio.Task[None] | None = None

    async def start(self, first: bytes = b"") -> None:
        """`first` is typed before all else."""
        self._master, slave = pty.openpty()
        modes = termios.tcgetattr(slave)
        modes[_OFLAG] &= ~termios.OPOST  # MicroPython ends its lines itself
        modes[_LFLAG] &= ~termios.ECHO
        termios.tcsetattr(slave, termios.TCSANOW, modes)
        os.set_blocking(self._master, False)
        self._process = await asyncio.create_subprocess_exec(
            find_interpreter(),
            "-X",
            f"heapsize={self._heap}",
            *(["-i", "-c", "import faulty"] if self._faulty else []),
            cwd=self._flash,
            env={"MICROPYPATH": f".frozen:{_SHIMS}", "LAPEL_MOCK_RELEASE": self._release},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_own_terminal,
        )
        os.close(slave)
        asyncio.get_running_loop().add_reader(self._master, self._read)
        self._waiting = asyncio.create_task(self._wait())
        self.write(first)

    def write(self, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:  # it computes; mpremote sends no more than a window of 128 bytes ahead
                return
            except OSError:
                return

    async def stop(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGKILL)
            await self._process.wait()
        self._close()

    def _read(self) -> None:
        try:
            data = os.read(self._master, 4096)
        except OSError:  # it has ended
            data = b""
        if data:
            self._on_output(data)
        else:
            asyncio.get_running_loop().remove_reader(self._master)

    async def _wait(self) -> None:
        assert self._process is not None
        code = await self._process.wait()
        while True:  # what it printed last
            try:
                data = os.read(self._master, 4096)
            except OSError:
                break
            self._on_output(data)
        self._close()
        self._waiting = None
        self._on_end(code)

    def _close(self) -> None:
        if self._master >= 0:
            asyncio.get_running_loop().remove_reader(self._master)
            os.close(self._master)
            self._master = -1


def _own_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # Ctrl-C interrupts it, and nothing else


__all__ = ["RESET_CODE", "Prompt"]
