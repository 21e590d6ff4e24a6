"""Pure test files run twice: by pytest on CPython, and whole, as one more item, on the real MicroPython."""

import importlib
from collections.abc import Iterator
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


@pytest.fixture(autouse=True)
def what_a_fake_pin_replaces() -> Iterator[None]:
    """fake_pin runs on MicroPython too, without monkeypatch, and puts its own into the firmware."""
    names = (("pin.keep", "load"), ("pin.keep", "save"), ("pin.app", "ticks_ms"), ("pin.button", "ticks_ms"))
    kept = [(importlib.import_module(module), name) for module, name in names]
    values = [getattr(module, name) for module, name in kept]
    yield
    for (module, name), value in zip(kept, values, strict=True):
        setattr(module, name, value)
