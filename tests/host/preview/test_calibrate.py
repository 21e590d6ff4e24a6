"""`lapel calibrate`: bounded values in a pin's settings, whole or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from lapel.devices.pins import Pins
from lapel.preview import calibration, drawing, measure
from lapel.preview.calibration import CalibrationError
from lapel.virtual import flash as flash_folder
from lapel.virtual.beam import Mirror
from pin.projector import speed
from rich.console import Console


def calibrate(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lapel", "calibrate", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL
    )


@pytest.fixture
def flash(tmp_path: Path) -> Path:
    (tmp_path / "settings.json").write_text(json.dumps({"pin": "p1", "key": "secret"}), "utf-8")
    return tmp_path


def kept(flash: Path) -> dict[str, object]:
    return dict(json.loads((flash / "settings.json").read_text("utf-8")))


def test_values_are_kept_beside_what_was_there(flash: Path) -> None:
    result = calibrate(flash, "--mirror-hz", 985.5, "--laser-delay", 3, "--json")
    assert result.returncode == 0, result.stderr
    settings = kept(flash)
    assert (settings["pin"], settings["key"]) == ("p1", "secret")
    assert settings["projector"] == json.loads(result.stdout)
    assert settings["projector"] == {
        "field_percent": 100, "mirror_hz": 985.5, "damping": 0.7, "laser_delay": 3, "brightness": 15
    }  # fmt: skip
    assert calibrate(flash, "--damping", 0.65).returncode == 0
    again = kept(flash)["projector"]
    assert isinstance(again, dict) and (again["mirror_hz"], again["damping"]) == (985.5, 0.65)
    assert (flash / "settings.json").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in flash.iterdir()] == ["settings.json"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--mirror-hz", "99"], "mirror_hz: expected a number from 100 to 2500 Hz, got 99"),
        (["--mirror-hz", "nan"], "mirror_hz: expected a number"),
        (["--damping", "1.01"], "damping: expected a number from 0.1 to 1"),
        (["--laser-delay", "1.5"], "laser_delay: expected a whole number"),
        (["--laser-delay", "65"], "from 0 to 64"),
        (["--brightness", "0"], "from 1 to 15"),
        (["--field-percent", "101"], "from 40 to 100"),
        (["--brightness", "lots"], "invalid float value"),
        (["--png", "x.png"], "expected together with --pattern"),
        ([], "nobody to ask"),
    ],
)
def test_what_is_out_of_bounds_changes_nothing(flash: Path, arguments: list[str], sentence: str) -> None:
    before = (flash / "settings.json").read_bytes()
    result = calibrate(flash, *arguments)
    assert result.returncode != 0 and sentence in result.stderr and "Traceback" not in result.stderr
    assert (flash / "settings.json").read_bytes() == before


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is not JSON"),
        ("[]", "expected an object"),
        ('{"projector": 3}', "expected an object"),
        ('{"projector": {"damping": "x"}}', "damping is 'x', not a number"),
    ],
)
def test_damaged_settings_are_told(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "settings.json").write_text(text, "utf-8")
    with pytest.raises(CalibrationError, match=sentence):
        calibration.load(tmp_path)


def test_a_missing_flash_is_told(tmp_path: Path) -> None:
    result = calibrate(tmp_path / "none", "--damping", "0.7")
    assert result.returncode == 1 and "lapel pair --to" in result.stderr


def test_the_bounds_are_those_of_the_pin() -> None:
    for value in calibration.VALUES:
        field = value.name.removeprefix("mirror_")
        for number in (value.low, value.high, value.usual):
            assert getattr(speed.Mirror(**{field: number}), field) == number
        for number in (value.low - 1, value.high + 1):
            with pytest.raises(ValueError, match="a mirror: "):
                speed.Mirror(**{field: number})


def test_every_pattern_can_be_drawn_at_the_bounds() -> None:
    for value in calibration.VALUES:
        for hz in (100.0, 2500.0):
            frame = drawing.draw(value.pattern, Mirror(hz, 0.7))
            assert frame.samples <= drawing.MAX_SAMPLES


def test_a_pattern_tells_right_from_wrong() -> None:
    pattern = calibration.value("mirror_hz").pattern
    right, wrong = (measure.measure(drawing.draw(pattern, Mirror(hz)), Mirror()) for hz in (1000.0, 850.0))
    assert wrong.path_error > 3 * right.path_error


def test_the_guide_asks_until_it_is_right(flash: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lapel.commands import calibrate as command

    answers = iter(["", "9999", "high", "1010", "", "", "", ""])
    console = Console(record=True, width=80)
    monkeypatch.setattr(console, "input", lambda prompt: next(answers))
    _, values = calibration.load(flash)
    assert command._guide(values, console) == values | {"mirror_hz": 1010.0}
    said = console.export_text()
    assert "expected a number from 100 to 2500 Hz, got 9999" in said and "got 'high'" in said
    assert next(answers, None) is None


def test_a_virtual_pin_keeps_its_calibration(tmp_path: Path) -> None:
    pins = Pins(tmp_path / "home")
    pin = flash_folder.prepare(tmp_path / "pin", pins, "127.0.0.1", 5273)
    settings, values = calibration.load(tmp_path / "pin")
    calibration.save(tmp_path / "pin", settings, values | {"mirror_hz": 950.0})
    assert flash_folder.prepare(tmp_path / "pin", pins, "127.0.0.1", 5274) == pin
    settings, values = calibration.load(tmp_path / "pin")
    assert values["mirror_hz"] == 950.0 and settings["relays"][0]["port"] == 5274


def test_a_smaller_field_and_dimmer_light_are_drawn() -> None:
    full = drawing.draw(["10:42"])
    small = drawing.draw(["10:42"], field_percent=50, brightness=5)
    assert small.glyph_height < 0.6 * full.glyph_height
    assert measure.measure(small).light_mw < 0.5 * measure.measure(full).light_mw
