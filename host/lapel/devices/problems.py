"""What can go wrong between a computer and a board: a sentence for the maker, a code for scripts."""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """Exit codes of `lapel flash` (README has the table)."""

    NO_BOARD = 10
    SEVERAL_BOARDS = 11
    PORT_BUSY = 12
    NO_BOOTLOADER = 13
    WRONG_CHIP = 14
    SMALL_FLASH = 15
    NO_PSRAM = 16
    NO_IMAGE = 17
    IMAGE_ALTERED = 18
    NOT_WRITTEN = 19
    CABLE = 20
    NO_PROMPT = 21
    WRONG_IMAGE = 22
    NOT_COMPILED = 23
    NOT_INSTALLED = 24
    FILE_ALTERED = 25
    NO_DRIVER = 26
    NO_RELAY = 27
    BAD_TICKET = 28
    BAD_SETTINGS = 29
    NOT_STARTED = 30
    NO_WIFI = 31
    RELAY_UNREACHED = 32
    RELAY_REFUSES = 33
    NOT_CONNECTED = 34


class BoardError(Exception):
    """A step failed; the text says what was expected, what came and what to do."""

    def __init__(self, code: Code, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def pulled(detail: str = "") -> BoardError:
    """The port went away in the middle of a step."""
    why = f" ({detail})" if detail else ""
    return BoardError(Code.CABLE, f"the board is gone{why}; plug it in again and run lapel flash again")
