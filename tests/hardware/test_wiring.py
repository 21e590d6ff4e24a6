"""The wiring table is the single source of pins: the firmware's board file must say the same."""

import csv
from pathlib import Path

import boards.xiao_esp32s3 as board

WIRING = Path(__file__).parents[2] / "hardware" / "wiring" / "pins.csv"


def wired() -> dict[str, int]:
    with WIRING.open(encoding="utf-8", newline="") as table:
        return {row["signal"]: int(row["gpio"]) for row in csv.DictReader(table)}


def test_each_gpio_has_one_signal() -> None:
    pins = wired()
    assert len(set(pins.values())) == len(pins) == 11  # all that a XIAO brings out


def test_the_board_file_names_the_wired_pins() -> None:
    pins = wired()
    named = {name: value for name, value in vars(board).items() if name in pins}
    assert named == {name: pins[name] for name in named}
    parts = {"BUTTON", "LASER_ARM", "MIC_BCLK", "MIC_WS", "MIC_SD", "SCAN_BCLK", "SCAN_WS", "SCAN_SD"}
    assert parts <= set(named)
