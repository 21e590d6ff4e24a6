"""The wiring table is the single source of pins: the firmware's board files must say the same."""

import csv
import importlib
from pathlib import Path

import pytest

WIRING = Path(__file__).parents[2] / "hardware" / "wiring" / "pins.csv"
COLUMNS = {
    "xiao_esp32s3": "gpio",  # the board that the table was made for
    "xiao_esp32s3_matrix": "gpio",
    "xiao_esp32s3_voice_matrix": "gpio",
    "um_tinys3": "um_tinys3",
    "esp32s3_devkitc": "esp32s3_devkitc",
    "blinka": "blinka",
}
# GPIOs that each board brings out and that nothing on it uses (their makers' pinout drawings).
FREE = {
    "xiao_esp32s3": {1, 2, 3, 4, 5, 6, 7, 8, 9, 43, 44},
    "um_tinys3": {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 21, 34, 35, 36, 37, 43, 44},
    "esp32s3_devkitc": {1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 21, 39, 40, 41, 42, 47},
}
RTC = set(range(22))  # the ESP32-S3 wakes from deep sleep by these only
STRAPS = {0, 3, 45, 46}  # read at reset: never an output, never held


def wired(column: str) -> dict[str, int | str]:
    """Signal to pin, as numbers for chips and as names for Blinka."""
    with WIRING.open(encoding="utf-8", newline="") as table:
        rows = {row["signal"]: row[column] for row in csv.DictReader(table) if row[column]}
    return {signal: int(pin) if pin.isdigit() else pin for signal, pin in rows.items()}


@pytest.mark.parametrize("board", COLUMNS)
def test_each_pin_has_one_signal(board: str) -> None:
    pins = wired(COLUMNS[board])
    assert pins
    assert len(set(pins.values())) == len(pins)


@pytest.mark.parametrize("board", COLUMNS)
def test_the_board_file_names_the_wired_pins(board: str) -> None:
    pins = wired(COLUMNS[board])
    with WIRING.open(encoding="utf-8", newline="") as table:
        signals = {row["signal"] for row in csv.DictReader(table)}
    named = {
        name: value
        for name, value in vars(importlib.import_module(f"boards.{board}")).items()
        if name in signals
    }
    assert {name: value for name, value in named.items() if value is not None} == pins


def test_no_board_file_is_left_out() -> None:
    folder = WIRING.parents[2] / "firmware" / "boards"
    assert {path.stem for path in folder.glob("*.py")} - {"virtual"} == set(COLUMNS)


@pytest.mark.parametrize("board", FREE)
def test_the_pins_are_free_on_the_board(board: str) -> None:
    pins = wired(COLUMNS[board])
    assert set(pins.values()) <= FREE[board]
    assert pins["BUTTON"] in RTC
    outputs = {"LASER_ARM", "SCAN_BCLK", "SCAN_WS", "SCAN_SD", "MIC_BCLK", "MIC_WS", "DEPTH_LPN"}
    assert not {pins[name] for name in outputs & pins.keys()} & STRAPS


def test_a_board_says_that_it_speaks_only_if_its_lines_are_wired_and_free() -> None:
    speaking = set()
    for board in FREE | {"xiao_esp32s3_matrix": set(), "xiao_esp32s3_voice_matrix": set()}:
        facts = importlib.import_module(f"boards.{board}")
        wires = getattr(facts, "SPEAKER", None)
        if wires is None:
            continue
        speaking.add(board)
        assert {f"{wires}_{line}" for line in ("BCLK", "WS", "SD")} <= wired(COLUMNS[board]).keys()
        assert wires != "SCAN" or getattr(facts, "SCANNER", "vector") == "matrix"
    assert speaking == {"xiao_esp32s3_voice_matrix", "esp32s3_devkitc"}


def test_the_xiao_is_full() -> None:
    assert set(wired("gpio").values()) == FREE["xiao_esp32s3"]
