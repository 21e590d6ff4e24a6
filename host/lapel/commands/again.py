"""Lapel started again in its own place, when its page asks for it: with the settings that need a start."""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def start_again() -> NoReturn:
    """The same command line in this very process, so that a terminal or systemd keeps it."""
    sys.stderr.write("Lapel starts again.\n")
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", "lapel", *sys.argv[1:]])
