"""The chip itself, through `esptool`. It is GPL, so it runs as a program of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .boards import Board
from .ports import Port
from .problems import BoardError, Code, pulled

_ASK_S = 60.0  # connecting tries for about ten seconds, a slow bridge uploads the stub in as many
_WRITE_S = 600.0  # 2 MB at 115200 baud take three minutes
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*%")


@dataclass(frozen=True)
class Chip:
    """What answered. `psram_mb` is 0 if there is none inside the chip."""

    kind: str
    flash_mb: int
    psram_mb: int
    mac: str


def ask(port: Port) -> Chip:
    """Resets the board into its bootloader, asks, and resets it. Raises BoardError."""
    text = _run(port, ["flash-id"], _ASK_S, lambda line: None)
    kind, flash = _found(r"Chip type:\s+(\S+)", text), _found(r"Detected flash size:\s+(\d+)MB", text)
    psram = _found(r"Embedded PSRAM (\d+)MB", text)
    if not kind:
        raise BoardError(Code.NO_BOOTLOADER, f"esptool said nothing of a chip: {_last(text)}")
    return Chip(kind, int(flash or 0), int(psram or 0), _found(r"MAC:\s+(\S+)", text))


def check(chip: Chip, board: Board) -> None:
    """Raises BoardError if this chip is not the board's, or lacks what the firmware needs."""
    if chip.kind != board.chip:
        raise BoardError(
            Code.WRONG_CHIP,
            f"expected an {board.chip} for {board.name}, this board has an {chip.kind}; "
            "Lapel needs the S3: is it the right board, and the right --board?",
        )
    if chip.flash_mb < board.flash_mb:
        raise BoardError(
            Code.SMALL_FLASH,
            f"expected at least {board.flash_mb} MB of flash, this board has {chip.flash_mb} MB; "
            "get the variant with more flash",
        )
    if board.psram_inside and chip.psram_mb < board.psram_mb:
        has = f"{chip.psram_mb} MB" if chip.psram_mb else "none"
        raise BoardError(
            Code.NO_PSRAM,
            f"expected {board.psram_mb} MB of PSRAM, this board has {has}; Lapel does not fit without: "
            "get the variant with PSRAM (its module's name ends in R8)",
        )


def write(port: Port, image: Path, progress: Callable[[float], None]) -> None:
    """Erases the whole flash and writes the image to its start; `progress` gets 0 to 1. Raises BoardError."""

    def follow(line: str) -> None:
        percent = _PERCENT.search(line)
        if line.startswith("Writing at") and percent:
            progress(float(percent[1]) / 100)

    text = _run(port, ["write-flash", "--erase-all", "0x0", str(image)], _WRITE_S, follow)
    if "Hash of data verified" not in text:
        raise BoardError(
            Code.NOT_WRITTEN, f"the image was written but not verified: {_last(text)}; run lapel flash again"
        )
    progress(1.0)


def _run(port: Port, command: list[str], deadline_s: float, follow: Callable[[str], None]) -> str:
    """esptool's output. Raises BoardError."""
    path = str(Path(port.path).resolve())
    call = [sys.executable, "-m", "esptool", "--chip", "auto", "--port", path, "--after", "hard-reset"]
    lines = []
    with subprocess.Popen(
        ["timeout", str(deadline_s), *call, *command] if sys.platform == "linux" else [*call, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                lines.append(line)
                follow(line)
        except BaseException:
            process.kill()
            raise
    text = "".join(lines)
    if process.returncode:
        raise _error(port, command[0], text)
    return text


def _error(port: Port, command: str, text: str) -> BoardError:
    """The sentence for an esptool that failed."""
    if not Path(port.path).exists():
        return pulled()
    if "Permission denied" in text:
        return BoardError(
            Code.PORT_BUSY,
            f"you may not open {port.path}; add yourself to its group (on Debian: "
            "sudo usermod -aG dialout $USER), log in again and run lapel flash again",
        )
    if "port is busy" in text or "Could not open" in text or "exclusively lock" in text:
        return BoardError(
            Code.PORT_BUSY, f"{port.path} is in use; close lapel monitor or whatever else has it open"
        )
    if "MD5 of file does not match" in text or "erify" in _last(text):
        return BoardError(
            Code.NOT_WRITTEN,
            "what is in the flash is not what was written; try another cable and run lapel flash again: if "
            "it fails again the flash is broken",
        )
    if command == "flash-id" or "Failed to connect" in text or "No serial data received" in text:
        return BoardError(
            Code.NO_BOOTLOADER,
            f"the board on {port.path} does not answer; hold its BOOT button, press RESET (or plug it in "
            f"again), let go and run lapel flash again. esptool says: {_last(text)}",
        )
    return BoardError(Code.NOT_WRITTEN, f"the image was not written: {_last(text)}; run lapel flash again")


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    return match[1] if match else ""


def _last(text: str) -> str:
    """What esptool says is wrong, or its last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    fatal = [line for line in lines if "error" in line.lower()]
    return (fatal or lines or ["nothing"])[-1]
