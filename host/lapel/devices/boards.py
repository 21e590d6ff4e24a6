"""What a board's file in `firmware/boards` says of it, for whoever flashes it."""

from __future__ import annotations

import ast
import importlib
from dataclasses import dataclass
from pathlib import Path

from lapel import viper

from .ports import Port
from .problems import BoardError, Code

MICROPYTHON = "1.29.0"  # what mpy-cross compiles for, and what was tested
MOCK = "virtual"  # the board that a pseudo-terminal of this computer is
_RELEASED = "20260824"  # in the names of that version's images
_OCTAL_MB = 8  # PSRAM of this size and more inside an ESP32-S3 is octal (its data sheet, "Series Comparison")
_IMAGES = "https://micropython.org/resources/firmware"


@dataclass(frozen=True)
class Board:
    """`image` is the name of MicroPython's build for it; `psram_inside` means esptool can see its PSRAM."""

    name: str
    image: str
    image_octal: str
    chip: str
    flash_mb: int
    psram_mb: int
    psram_inside: bool
    usb: tuple[tuple[int, int], ...]
    architecture: str  # as mpy-cross calls it

    def image_url(self, psram_mb: int) -> str:
        """Where its pinned image is published, for a chip with so much PSRAM inside."""
        image = self.image_octal if self.image_octal and psram_mb >= _OCTAL_MB else self.image
        return f"{_IMAGES}/{image}-{_RELEASED}-v{MICROPYTHON}.bin"


def names() -> list[str]:
    """Boards that can be flashed."""
    return [name for name in _all_files() if load(name).image and name != MOCK]


def load(name: str) -> Board:
    """The board of this name. Raises BoardError."""
    if name not in _all_files():
        raise BoardError(Code.NO_BOARD, f"there is no board {name!r}; known: {', '.join(names())}")
    facts = importlib.import_module(f"boards.{name}")
    return Board(
        name,
        getattr(facts, "IMAGE", ""),
        getattr(facts, "IMAGE_OCTAL", ""),
        getattr(facts, "CHIP", "ESP32-S3"),
        getattr(facts, "FLASH_MB", 0),
        getattr(facts, "PSRAM_MB", 0),
        getattr(facts, "PSRAM_INSIDE", True),
        tuple(getattr(facts, "USB", ())),
        getattr(facts, "ARCH", "xtensawin"),
    )


def candidates(port: Port) -> list[str]:
    """Boards that this port may belong to, as far as USB or its kind says."""
    if port.is_terminal:
        return [MOCK]
    return [name for name in names() if port.usb in load(name).usb] or names()


def files(name: str) -> list[str]:
    """The board's file and those that it builds on, as module names."""
    found, ahead = [], [name]
    while ahead:
        module = ahead.pop()
        found.append(module)
        tree = ast.parse((_folder() / f"{module}.py").read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("boards."):
                ahead.append((node.module or "").removeprefix("boards."))
    return found


def _all_files() -> list[str]:
    return sorted(path.stem for path in _folder().glob("*.py"))


def _folder() -> Path:
    return viper.source_root() / "boards"
