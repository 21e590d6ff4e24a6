"""The power is cut at every write and erase while alarms, crashes and resets are kept: old or new."""

import os
import subprocess
from pathlib import Path

from interpreter import FIRMWARE, MICROPYTHON

HERE = Path(__file__).parent
RUN_S = 300  # a hung interpreter must not hang the suite


def test_alarms_and_crashes_survive_a_cut_at_every_operation(tmp_path: Path) -> None:
    result = subprocess.run(
        [MICROPYTHON, "-X", "heapsize=64m", HERE / "keep_cuts.py", "1"],
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
    assert int(result.stdout.split()[-1]) >= 250
