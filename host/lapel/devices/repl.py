"""MicroPython's raw REPL on a board, over `mpremote`'s transport: run code, write files, ask for their
hashes.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from .ports import Port
from .problems import BoardError, Code, pulled

_READ_S = 2.0  # a read that takes longer is looked at again, so that no wait is without end
_ENTER_S = 5.0
_TRIES = 3  # an app that starts just then may swallow the first Ctrl-C
_CHUNK_BYTES = 1024  # a line of source on the board: half of what its USB buffers hold

_HASHES = """
import hashlib, binascii
def _hash(path):
    h = hashlib.sha256()
    b = bytearray(1024)
    try:
        with open(path, "rb") as f:
            while True:
                n = f.readinto(b)
                if not n: return binascii.hexlify(h.digest()).decode()
                h.update(memoryview(b)[:n])
    except OSError:
        return ""
"""
_FILES = """
import os
def _files(folder):
    found = []
    try: entries = list(os.ilistdir(folder or "."))
    except OSError: return found
    for e in entries:
        path = folder + "/" + e[0] if folder else e[0]
        if e[1] & 0x4000: found += _files(path)
        else: found.append(path)
    return found
"""
_FOLDER = """
import os
def _folder(path):
    at = ""
    for part in path.split("/"):
        at = at + "/" + part if at else part
        try: os.mkdir(at)
        except OSError: pass
"""


class Repl:
    """`with Repl(port) as repl:` interrupts whatever runs on the board. Everything raises BoardError."""

    def __init__(self, port: Port, tries: int = _TRIES, enter_s: float = _ENTER_S) -> None:
        self._port = port
        self._tries = tries
        self._enter_s = enter_s

    def __enter__(self) -> Self:
        with self._errors(Code.NO_PROMPT):
            self._transport = SerialTransport(str(Path(self._port.path).resolve()), timeout=_READ_S)
        for attempt in range(self._tries):
            try:
                with self._errors(Code.NO_PROMPT), contextlib.redirect_stdout(io.StringIO()):
                    self._transport.enter_raw_repl(soft_reset=False, timeout_overall=self._enter_s)
                return self
            except BoardError as error:
                if error.code != Code.NO_PROMPT or attempt == self._tries - 1:
                    self._close()
                    raise
        raise AssertionError

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def run(self, code: str, timeout_s: float = 30.0) -> str:
        """What the code prints."""
        with self._errors(Code.NOT_INSTALLED):
            out, failure = self._transport.exec_raw(code, timeout=timeout_s)
            if failure:
                raise TransportExecError(out, failure.decode(errors="replace"))
            return str(out.decode(errors="replace"))

    def ask(self, code: str, expression: str) -> Any:
        """The value of an expression after the code has run, by way of JSON."""
        text = self.run(f"{code}\nimport json\nprint(json.dumps({expression}))")
        try:
            return json.loads(text.strip().splitlines()[-1])
        except (ValueError, IndexError):
            raise BoardError(
                Code.NO_PROMPT,
                f"expected an answer of MicroPython, got {text[:80]!r}; unplug the board, plug it in and run "
                "lapel flash again",
            ) from None

    def write(self, path: str, data: bytes, progress: Callable[[int], None] = lambda written: None) -> None:
        """A whole file, with its folder."""
        folder = path.rpartition("/")[0]
        if folder:
            self.run(f"{_FOLDER}\n_folder({folder!r})")
        with self._errors(Code.NOT_INSTALLED):
            self._transport.fs_writefile(
                path, data, chunk_size=_CHUNK_BYTES, progress_callback=lambda written, _: progress(written)
            )

    def replace(self, path: str, data: bytes) -> None:
        """A file that is there whole, or not at all."""
        self.write(path + ".new", data)
        self.run(f"import os\nos.rename({path + '.new'!r}, {path!r})")

    def read(self, path: str) -> bytes | None:
        """A small file; None if there is none."""
        code = f"import binascii\ntry: d = open({path!r}, 'rb').read(16385)\nexcept OSError: d = None\n"
        text = self.ask(code, "d if d is None else binascii.hexlify(d).decode()")
        return None if text is None else bytes.fromhex(text)

    def remove(self, paths: list[str]) -> None:
        """Files that may not be there."""
        for path in paths:
            self.run(f"import os\ntry: os.remove({path!r})\nexcept OSError: pass")

    def files(self, folder: str = "") -> list[str]:
        """All files below a folder."""
        return list(self.ask(_FILES, f"_files({folder!r})"))

    def hashes(self, paths: list[str]) -> dict[str, str]:
        """SHA-256 of each file as hex digits; "" for one that is not there."""
        found: dict[str, str] = {}
        for start in range(0, len(paths), 16):  # each answer is small
            some = paths[start : start + 16]
            found |= zip(some, self.ask(_HASHES, f"[_hash(p) for p in {some!r}]"), strict=True)
        return found

    def reset(self) -> None:
        """Starts the board anew; the port may go away and come back."""
        with contextlib.suppress(OSError, TransportError):
            self._transport.exec_raw_no_follow("import machine\nmachine.reset()")
        self._close(gone=True)

    def _close(self, gone: bool = False) -> None:
        with contextlib.suppress(OSError, TransportError):
            if not gone:
                self._transport.exit_raw_repl()
        with contextlib.suppress(OSError):
            self._transport.close()

    @contextlib.contextmanager
    def _errors(self, code: Code) -> Iterator[None]:
        try:
            yield
        except TransportExecError as error:
            last = (error.error_output.strip().splitlines() or ["nothing"])[-1]
            if "ENOSPC" in last or "Errno 28" in last:
                last = "its flash is full; run lapel flash --erase"
            raise BoardError(Code.NOT_INSTALLED, f"the board refuses: {last}") from error
        except (OSError, TransportError, IndexError, ValueError) as error:
            # pyserial's SerialException is an OSError; of a port that went away mpremote reads half an
            # answer.
            if not Path(self._port.path).exists():
                raise pulled() from error
            if "failed to access" in str(error):
                raise BoardError(
                    Code.PORT_BUSY,
                    f"{self._port.path} is in use; close lapel monitor or whatever else has it open",
                ) from error
            if code == Code.NOT_INSTALLED:
                raise pulled(str(error)) from error
            raise BoardError(
                Code.NO_PROMPT,
                f"MicroPython does not answer on {self._port.path}; press the board's RESET button and run "
                "lapel flash again, with --erase if that does not help",
            ) from error
