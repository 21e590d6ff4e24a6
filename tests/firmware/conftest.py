"""Pure test files run twice: by pytest on CPython, and whole, as one more item, on the real MicroPython."""

from pathlib import Path

import lapel.viper  # noqa: F401 - makes pin.* and lapel_wire.* importable on CPython
import pytest
from interpreter import MICROPYTHON, run_micropython

HERE = Path(__file__).parent
MARK = "\nON_MICROPYTHON = True\n"


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
