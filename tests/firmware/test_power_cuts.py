"""The power is cut at every write and erase: a pin always starts, with the old or the new, never a mix."""

import os
import subprocess
from pathlib import Path

import pytest
from interpreter import FIRMWARE, MICROPYTHON

HERE = Path(__file__).parent
RUN_S = 300  # a hung interpreter must not hang the suite


def points(tmp_path: Path, story: str, *options: int) -> int:
    result = subprocess.run(
        [MICROPYTHON, "-X", "heapsize=64m", HERE / "power_cuts.py", story, *map(str, options)],
        env={
            "MICROPYPATH": f".frozen:{FIRMWARE / 'stand_ins'}:{HERE}:{FIRMWARE}",
            "PATH": os.environ.get("PATH", ""),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=RUN_S,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return int(result.stdout.split()[-1])


@pytest.mark.parametrize(("story", "fewest"), [("settings", 250), ("reset", 20)])
def test_every_operation_whole_and_torn_and_taken_up_again(tmp_path: Path, story: str, fewest: int) -> None:
    assert points(tmp_path, story, 1, 1) >= fewest


def test_an_update_at_every_operation(tmp_path: Path) -> None:
    assert points(tmp_path, "update", 3, 25) >= 500


@pytest.mark.full
def test_an_update_at_every_operation_whole_and_torn_and_taken_up_again(tmp_path: Path) -> None:
    assert points(tmp_path, "update", 1, 1) >= 900
