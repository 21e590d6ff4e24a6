"""`lapel service install`: the relay as a systemd user unit."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from .. import config
from ..cli import CommandError

_NAME = "lapel.service"
_UNIT = """\
[Unit]
Description=Lapel, the relay of an AI pin
After=network-online.target
Wants=network-online.target

[Service]
ExecStart={python} -m lapel relay
Environment={home}
Restart=on-failure
RestartSec=3
NoNewPrivileges=true
PrivateTmp=true
ProtectSystem=full

[Install]
WantedBy=default.target
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("install", "remove", "print"))


def run(options: argparse.Namespace) -> int:
    if options.action == "print":
        sys.stdout.write(unit())
        return 0
    path = unit_path()
    if options.action == "remove":
        return _remove(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(unit(), "utf-8")
    sys.stderr.write(f"Wrote {path}\n")
    _systemctl("daemon-reload")
    _systemctl("enable", "--now", _NAME)
    sys.stderr.write(
        "The relay runs now and whenever you are logged in. "
        "To run it without a login: loginctl enable-linger\n"
        f"Its log: journalctl --user -u {_NAME} -f\n"
    )
    return 0


def unit() -> str:
    """The unit's text for this installation."""
    return _UNIT.format(python=_quoted(sys.executable), home=_quoted(f"LAPEL_HOME={config.default_home()}"))


def unit_path() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "systemd" / "user" / _NAME


def _remove(path: Path) -> int:
    if not path.exists():
        raise CommandError(f"there is no {path}; nothing to remove")
    _systemctl("disable", "--now", _NAME)
    path.unlink()
    sys.stderr.write(f"Removed {path}. Your pins, keys and history stay in {config.default_home()}\n")
    return 0


def _quoted(text: str) -> str:
    """A word of a unit file: specifiers and spaces made plain (systemd.syntax, "Quoting")."""
    text = text.replace("%", "%%").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"' if " " in text else text


def _systemctl(*arguments: str) -> None:
    program = shutil.which("systemctl")
    if program is None:
        raise CommandError(
            "this computer has no systemctl; run `lapel relay` with whatever starts your services, "
            "or use the Containerfile"
        )
    done = subprocess.run(
        [program, "--user", *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode:
        raise CommandError(f"systemctl --user {' '.join(arguments)} failed: {done.stderr.strip()}")
