"""The runner of pure test files says what failed, and never takes nothing for a pass."""

from pathlib import Path

from interpreter import run_micropython

RUNNER = Path(__file__).parent / "run_on_micropython.py"

SAMPLE = """
import sys

def test_plain():
    assert sys.implementation.name == "micropython"

async def test_async():
    assert False, "an async test runs to its end"

def helper():
    assert False, "not a test"
"""


def run(folder: Path, source: str, *names: str) -> tuple[int, str]:
    file = folder / "test_sample.py"
    file.write_text(source)
    result = run_micropython(RUNNER, file, *names)
    return result.returncode, result.stdout


def test_a_failure_is_reported(tmp_path: Path) -> None:
    code, out = run(tmp_path, SAMPLE)
    assert code == 1
    assert "ok test_plain" in out and "FAILED test_async" in out and "an async test runs to its end" in out
    assert "1 of 2 passed" in out and "helper" not in out


def test_single_functions(tmp_path: Path) -> None:
    assert run(tmp_path, SAMPLE, "test_plain")[0] == 0
    assert run(tmp_path, SAMPLE, "test_async")[0] == 1


def test_no_test_is_no_pass(tmp_path: Path) -> None:
    assert run(tmp_path, "x = 1\n")[0] == 1
    assert run(tmp_path, SAMPLE, "test_missing")[0] == 1


def test_a_file_that_does_not_load_fails(tmp_path: Path) -> None:
    code, out = run(tmp_path, "import nothing_of_this_name\n\ndef test_a():\n    pass\n")
    assert code == 1 and "nothing_of_this_name" in out
