"""The real MicroPython for the tests: where it is and how it is run."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "firmware"
MICROPYTHON = Path(os.environ.get("MICROPYTHON", ROOT / ".venv/micropython/bin/micropython"))
RUN_S = 120  # a hung interpreter must not hang the suite


def run_micropython(
    *args: object, heap: str = "8m", timeout_s: float = RUN_S
) -> subprocess.CompletedProcess[str]:
    """Run the interpreter with the firmware on its path; stdout and stderr together in `stdout`."""
    return subprocess.run(
        [MICROPYTHON, "-X", f"heapsize={heap}", *map(str, args)],
        env={"MICROPYPATH": f".frozen:{FIRMWARE}", "PATH": os.environ.get("PATH", "")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout_s,
        check=False,
    )
