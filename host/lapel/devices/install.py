"""The firmware onto a board that runs MicroPython: only what differs, each file checked by its hash.

The slot's manifest is removed first and written last, so that a cable pulled in between leaves no slot that
looks complete. While a file `hold` lies on the board its watchdog stays off (pin/watchdog.py).
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import firmware
from .package import Package
from .ports import Port
from .problems import BoardError, Code, pulled
from .repl import Repl

HOLD = "hold"
MAIN = "main.py"
SLOT = "a"
SAFE = "safe"
MANIFEST = "manifest"
SETTINGS = "settings.json"  # plain JSON; the pin takes it over at its next start
COPIES = ("settings.1", "settings.2")  # what the pin keeps them in
CRASHES = "crashes.json"
LIB = "lib"
HEAP_BYTES = 1 << 20  # more than this only PSRAM gives
_MIP_S = 120.0

_FACTS = """
import os, sys, gc
gc.collect()
_u = os.uname()
"""


@dataclass(frozen=True)
class Facts:
    """What the board's MicroPython says of itself."""

    system: str
    release: str
    machine: str
    heap_bytes: int


def facts(repl: Repl) -> Facts:
    system, release, machine, heap = repl.ask(_FACTS, "[_u[0], _u[2], _u[4], gc.mem_free() + gc.mem_alloc()]")
    return Facts(system, release, machine, heap)


def files(package: Package) -> dict[str, bytes]:
    """Everything of ours that lies on a board, apart from its settings: path to content."""
    found = dict(firmware.root())
    safe = firmware.safe(package.board)
    if safe:
        found |= {f"{SAFE}/{path}": data for path, data in safe.items()}
        found[f"{SAFE}/board"] = package.board.encode()
    found |= {f"{SLOT}/{path}": data for path, data in package.files}
    return found


def install(repl: Repl, package: Package, progress: Callable[[int, int], None]) -> int:
    """Writes what differs and checks all of it; how many files were written. Raises BoardError."""
    wanted = files(package)
    manifest = f"{SLOT}/{MANIFEST}"
    there = repl.hashes(list(wanted))
    missing = {path: data for path, data in wanted.items() if there[path] != _hash(data)}
    stale = [
        path
        for folder in (SLOT, SAFE)
        for path in repl.files(folder)
        if path not in wanted and path != manifest
    ]
    if missing or stale:
        repl.remove([manifest, *stale])
    total, done = sum(map(len, missing.values())), 0
    for path, data in missing.items():
        repl.write(path, data, _beyond(done, total, progress))
        done += len(data)
        progress(done, total)
    check(repl, wanted)
    if repl.hashes([manifest])[manifest] != _hash(package.manifest):
        repl.replace(manifest, package.manifest)
        check(repl, {manifest: package.manifest})
    repl.run(f"import slots\nslots.installed({SLOT!r})")
    return len(missing)


def _beyond(done: int, total: int, progress: Callable[[int, int], None]) -> Callable[[int], None]:
    return lambda written: progress(done + written, total)


def check(repl: Repl, wanted: dict[str, bytes]) -> None:
    """Raises BoardError if a file on the board is not what it should be."""
    there = repl.hashes(list(wanted))
    wrong = [path for path, data in wanted.items() if there[path] != _hash(data)]
    if wrong:
        raise BoardError(
            Code.FILE_ALTERED,
            f"{len(wrong)} of {len(wanted)} files on the board are not what was written, such as {wrong[0]}; "
            "run lapel flash again, and with --erase if that does not help: then the flash is broken",
        )


def driver(port: Port, repl: Callable[[], Repl], downloaded: dict[str, Path]) -> int:
    """The depth sensor's driver by mip, checked; how many files were written. Raises BoardError."""
    wanted = {f"{LIB}/{name}": path.read_bytes() for name, path in downloaded.items()}
    with repl() as board:
        there = board.hashes(list(wanted))
    missing = [path for path, data in wanted.items() if there[path] != _hash(data)]
    if not missing:
        return 0
    with tempfile.TemporaryDirectory() as folder:
        # The same package with the files that were fetched and checked in place of their addresses.
        package = Path(folder) / "package.json"
        names = {name: f"{number}-{path.name}" for number, (name, path) in enumerate(downloaded.items())}
        for name, path in downloaded.items():
            shutil.copyfile(path, Path(folder) / names[name])
        package.write_text(json.dumps({"urls": [[name, file] for name, file in names.items()]}), "utf-8")
        _mip(port, package)
    with repl() as board:
        check(board, wanted)
    return len(missing)


def _mip(port: Port, package: Path) -> None:
    command = [sys.executable, "-m", "mpremote", "connect", str(Path(port.path).resolve()), "resume"]
    command += ["mip", "install", "--no-mpy", "--target", LIB, str(package)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_MIP_S, check=False)
    except subprocess.TimeoutExpired:
        raise BoardError(Code.CABLE, f"mip took over {_MIP_S:.0f} s; run lapel flash again") from None
    if done.returncode:
        if not Path(port.path).exists():
            raise pulled()
        last = ((done.stderr or done.stdout).strip().splitlines() or ["nothing"])[-1]
        raise BoardError(
            Code.NO_DRIVER, f"the sensor's driver was not installed: {last}; run lapel flash again"
        )


def settings(repl: Repl) -> dict[str, Any] | None:
    """The settings that the board keeps, whoever wrote them; None if there are none that can be read."""
    from pin.settings import unpack  # the firmware's own reading

    newest: tuple[int, dict[str, Any]] | None = None
    for path in COPIES:
        data = repl.read(path)
        try:
            copy = unpack(data.decode()) if data else None
        except ValueError:
            continue
        if copy and (newest is None or copy[0] > newest[0]):
            newest = copy
    plain = repl.read(SETTINGS)
    try:
        waiting = json.loads(plain) if plain else None
    except ValueError:
        waiting = None
    return waiting if isinstance(waiting, dict) else newest[1] if newest else None


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
