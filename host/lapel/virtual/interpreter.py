"""Where MicroPython's unix port is."""

import os
import shutil
import sys
from pathlib import Path


class InterpreterMissing(RuntimeError):
    """There is none; the text says what to do."""


def find_interpreter() -> Path:
    """LAPEL_MICROPYTHON, this environment's own, or the PATH's. Raises InterpreterMissing."""
    named = os.environ.get("LAPEL_MICROPYTHON")
    if named:
        if not os.access(named, os.X_OK):
            raise InterpreterMissing(
                f"LAPEL_MICROPYTHON: expected a program, {named} is none; correct or unset it"
            )
        return Path(named)
    own = Path(sys.prefix) / "micropython" / "bin" / "micropython"
    if own.exists():
        return own
    found = shutil.which("micropython")
    if found:
        return Path(found)
    raise InterpreterMissing(
        f"no MicroPython interpreter: expected {own} or one on the PATH; run `make setup`. There is no "
        "package of it for Linux on ARM (aarch64): build MicroPython's unix port there and name it in "
        "LAPEL_MICROPYTHON"
    )
