"""Pure test files run twice: by pytest on CPython, and whole, as one more item, on the real MicroPython."""

import os
import subprocess
from pathlib import Path

import lapel.viper  # noqa: F401 - makes pin.* and lapel_wire.* importable on CPython
import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FIRMWARE = ROOT / "firmware"
MICROPYTHON = Path(os.environ.get("MICROPYTHON", ROOT / ".venv/micropython/bin/micropython"))
MARK = "\nON_MICROPYTHON = True\n"
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


class OnMicroPython(pytest.Item):
    def runtest(self) -> None:
        if not MICROPYTHON.exists():
            pytest.fail(f"there is no {MICROPYTHON}: run `make setup`, or set MICROPYTHON", pytrace=False)
        result = run_micropython(HERE / "run_on_micropython.py", self.path)
        if result.returncode:
            pytest.fail(result.stdout, pytrace=False)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, f"{self.path.name} on MicroPython"


class PureFile(pytest.File):
    def collect(self):
        yield OnMicroPython.from_parent(self, name="on_micropython")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> PureFile | None:
    if file_path.match("test_*.py") and MARK in file_path.read_text(encoding="utf-8"):
        return PureFile.from_parent(parent, path=file_path)
    return None
