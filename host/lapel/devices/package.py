"""An update as it travels: the files of a slot, and the manifest that names and signs them."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from lapel_wire.update import MODULUS_DIGITS

from .. import __version__
from . import firmware, signing

_NO_SIGNATURE = "0" * MODULUS_DIGITS
_LOCK_S = 30.0
_KEPT = 20  # manifests of a board: a pin that slept through more updates gets a whole one


@dataclass(frozen=True)
class Package:
    """`files` in the order of the manifest: path, content. `id` names the update on the wire."""

    board: str
    name: str
    version: int
    manifest: bytes
    files: tuple[tuple[str, bytes], ...]

    @property
    def id(self) -> str:
        return hashlib.sha256(self.manifest).hexdigest()

    @property
    def total_bytes(self) -> int:
        return sum(len(data) for _, data in self.files)

    def part(self, file: int) -> bytes | None:
        """The manifest (0) or the manifest's file of that number, from 1."""
        if file == 0:
            return self.manifest
        return self.files[file - 1][1] if 0 < file <= len(self.files) else None


def build(home: Path, board: str) -> Package:
    """This computer's firmware for a board, signed. The same files give the same package. Raises BoardError,
    SigningError."""
    files = firmware.app(board)
    name = _name(files)
    folder = home / "updates" / board
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with FileLock(str(folder / "lock"), timeout=_LOCK_S):
        kept = _kept(folder)
        if kept and kept[-1].name == name:
            return Package(board, name, kept[-1].version, kept[-1].data, tuple(files.items()))
        # Seconds of the clock, so that it grows also for a home that was restored; never back, whatever the
        # clock says.
        version = max(int(time.time()), kept[-1].version + 1 if kept else 0)
        text = _text(board, name, version, files)
        manifest = text + b"\n" + signing.sign(home, text).encode()
        path = folder / f"{version}.manifest"
        new = path.with_suffix(".new")
        new.write_bytes(manifest)
        new.replace(path)
        for old in kept[: -_KEPT + 1]:
            (folder / f"{old.version}.manifest").unlink(missing_ok=True)
    return Package(board, name, version, manifest, tuple(files.items()))


def base(home: Path, board: str, name: str) -> bytes:
    """The manifest of a package that this home made before; empty if it did not, or long ago."""
    found = [old.data for old in _kept(home / "updates" / board) if old.name == name]
    return found[-1] if found else b""


def unsigned(board: str) -> Package:
    """The same for a board on this computer's cable when the key is on another one. No pin takes it over the
    air.
    """
    files = firmware.app(board)
    name, version = _name(files), int(time.time())
    manifest = _text(board, name, version, files) + b"\n" + _NO_SIGNATURE.encode()
    return Package(board, name, version, manifest, tuple(files.items()))


def _name(files: dict[str, bytes]) -> str:
    """Says which files these are, in the 24 bytes that a pin's hello has for it."""
    digest = hashlib.sha256()
    for path, data in files.items():
        digest.update(path.encode() + b"\0" + hashlib.sha256(data).digest())
    return f"{__version__}+{digest.hexdigest()[:10]}"


def _text(board: str, name: str, version: int, files: dict[str, bytes]) -> bytes:
    entries = [[path, len(data), hashlib.sha256(data).hexdigest()] for path, data in files.items()]
    values = {"v": 1, "board": board, "version": version, "name": name, "files": entries}
    return json.dumps(values, separators=(",", ":")).encode()


@dataclass(frozen=True)
class _Manifest:
    name: str
    version: int
    data: bytes


def _kept(folder: Path) -> list[_Manifest]:
    """Manifests that were made for a board, the newest last."""
    found = []
    for path in folder.glob("*.manifest"):
        try:
            data = path.read_bytes()
            values = json.loads(data.rpartition(b"\n")[0])
            found.append(_Manifest(str(values["name"]), int(values["version"]), data))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # broken off, or not ours: as if it had never been made
    return sorted(found, key=lambda manifest: manifest.version)
