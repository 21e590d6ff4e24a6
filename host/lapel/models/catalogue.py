"""Which models there are, where they are kept, and whether they have arrived."""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import platformdirs

_HASH_BLOCK_BYTES = 1 << 20


class ModelError(Exception):
    """A model cannot be had. The text says what was expected, what came, and what to do."""


@dataclass(frozen=True)
class ModelFile:
    """One file of a model. `member` is a glob for it inside the package part; `{part}` if cut up."""

    name: str
    size_bytes: int
    sha256: str
    member: str = ""
    url: str = ""

    @property
    def is_cut(self) -> bool:
        """Whether the file is spread over all package parts (else it is whole, in the first)."""
        return "{part" in self.member


@dataclass(frozen=True)
class Package:
    """The wheels that carry a model: `name` `{part}` = 1..count, each with `part_bytes` of a cut file."""

    name: str
    version: str
    count: int
    part_bytes: int


@dataclass(frozen=True)
class Model:
    """One catalogue entry. `entry` is the file an engine is pointed at; empty means the directory."""

    name: str
    title: str
    purpose: str
    licence: str
    entry: str
    files: tuple[ModelFile, ...]
    package: Package | None = None

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


def parse(table: Mapping[str, Any]) -> dict[str, Model]:
    """Models by name from a parsed catalogue file. Raises ModelError when the file is not a catalogue."""
    try:
        return {
            entry["name"]: Model(
                name=entry["name"],
                title=entry["title"],
                purpose=entry["purpose"],
                licence=entry["licence"],
                entry=entry["entry"],
                files=tuple(ModelFile(**file) for file in entry["file"]),
                package=Package(**entry["package"]) if "package" in entry else None,
            )
            for entry in table["model"]
        }
    except (KeyError, TypeError) as error:
        raise ModelError(f"the model catalogue is damaged ({error}); reinstall Lapel") from error


@cache
def catalogue() -> dict[str, Model]:
    """The models Lapel knows, by name, in the order to list them."""
    return parse(tomllib.loads(resources.files(__package__).joinpath("catalogue.toml").read_text("utf-8")))


def find(name: str) -> Model:
    """The model called `name`, or ModelError with the names there are."""
    try:
        return catalogue()[name]
    except KeyError:
        raise ModelError(f"there is no model {name!r}; there are: {', '.join(catalogue())}") from None


def models_dir() -> Path:
    """Where models are kept: `LAPEL_MODELS`, else the user's cache."""
    chosen = os.environ.get("LAPEL_MODELS")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("lapel")) / "models"


def path(name: str | Model, root: Path | None = None) -> Path:
    """What an engine is given to load `name`: a file or a directory, whether or not it is there yet."""
    model = name if isinstance(name, Model) else find(name)
    return (root or models_dir()) / model.name / model.entry


def missing_files(model: Model, root: Path | None = None) -> list[ModelFile]:
    """Files that have not arrived. A file has its final name only after its sha256 was right, so the size
    suffices here; `verify` reads it all."""
    directory = (root or models_dir()) / model.name
    return [file for file in model.files if size_of(directory / file.name) != file.size_bytes]


def is_ready(name: str | Model, root: Path | None = None) -> bool:
    """Whether every file of the model is there."""
    return not missing_files(name if isinstance(name, Model) else find(name), root)


def missing_bytes(names: Iterable[str], root: Path | None = None) -> int:
    """What is still to be downloaded for these models, to name before the first run starts."""
    directory = root or models_dir()
    return sum(
        max(0, file.size_bytes - (size_of(directory / name / f"{file.name}.part") or 0))
        for name in names
        for file in missing_files(find(name), root)
    )


def verify(name: str | Model, root: Path | None = None) -> list[str]:
    """Names of files that are missing or whose sha256 is wrong. Reads everything: seconds for a big model."""
    model = name if isinstance(name, Model) else find(name)
    directory = (root or models_dir()) / model.name
    ready = [file for file in model.files if file not in missing_files(model, root)]
    sound = [file for file in ready if sha256_of(directory / file.name) == file.sha256]
    return [file.name for file in model.files if file not in sound]


def size_of(file: Path) -> int | None:
    """Bytes in `file`, or None if it is not there."""
    try:
        return file.stat().st_size
    except OSError:
        return None


def sha256_of(file: Path) -> str:
    """Hex sha256 of a file, read in blocks."""
    digest = hashlib.sha256()
    with file.open("rb") as source:
        while block := source.read(_HASH_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
