"""A hundred thousand malformed messages, on each interpreter."""

from pathlib import Path

import pytest
from conftest import run_micropython
from test_wire_messages import fuzz

HERE = Path(__file__).parent


@pytest.mark.full
@pytest.mark.parametrize("seed", range(4))
def test_malformed_messages_on_cpython(seed: int) -> None:
    fuzz(seed, 25_000)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(4))
def test_malformed_messages_on_micropython(seed: int, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    call = f"from test_wire_messages import fuzz\nfuzz({seed}, 25000)\n"
    script.write_text(f"import sys\nsys.path.insert(0, {str(HERE)!r})\n{call}")
    result = run_micropython(script)
    assert result.returncode == 0, result.stdout
