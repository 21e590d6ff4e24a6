"""The folder that is a virtual pin's flash: what a host writes there is what the pin has, then and later."""

from pathlib import Path

import pytest
from lapel.devices.pins import Pins
from lapel.virtual import flash as pin_flash
from pin import settings as kept


def taken_over(flash: Path, monkeypatch: pytest.MonkeyPatch) -> kept.Settings:
    """As the pin does at its start."""
    monkeypatch.chdir(flash)
    return kept.load()


def test_what_is_written_is_read_before_and_after_the_pin_took_it_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pins = Pins(tmp_path / "home")
    flash = tmp_path / "flash"
    flash.mkdir()
    assert pin_flash.read(flash) is None
    paired = pins.settings(pins.pair("mine"), "127.0.0.1", 1)
    pin_flash.write(flash, paired)
    before = pin_flash.read(flash)
    assert before is not None and before["key"] == paired["key"]
    assert (flash / "settings.json").stat().st_mode & 0o777 == 0o600
    assert taken_over(flash, monkeypatch).pin == paired["pin"]
    assert [path.name for path in flash.iterdir()] == ["settings.2"]
    assert flash.stat().st_mode & 0o777 == 0o700, "the pin makes its files as everybody's"
    assert pin_flash.read(flash) == before


def test_the_newest_whole_copy_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pins = Pins(tmp_path / "home")
    flash = tmp_path / "flash"
    pin_flash.write(flash, pins.settings(pins.pair("mine"), "127.0.0.1", 1))
    settings = taken_over(flash, monkeypatch)
    settings.change(volume=10)
    settings.change(volume=20)
    assert (pin_flash.read(flash) or {})["volume"] == 20
    newest = flash / "settings.2"
    newest.write_text(newest.read_text("utf-8").replace('"volume": 20', '"volume": 99'), "utf-8")
    assert (pin_flash.read(flash) or {})["volume"] == 10


def test_a_pin_that_is_still_paired_keeps_its_key_and_calibration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pins = Pins(tmp_path / "home")
    flash = tmp_path / "flash"
    first = pin_flash.prepare(flash, pins, "127.0.0.1", 1)
    settings = taken_over(flash, monkeypatch)
    settings.change(projector={"mirror_hz": 981.0})
    assert pin_flash.prepare(flash, pins, "127.0.0.1", 2) == first
    settings = taken_over(flash, monkeypatch)
    assert settings.relays == [("127.0.0.1", 2)] and settings.values["projector"] == {"mirror_hz": 981.0}


def test_a_pin_that_the_relay_no_longer_knows_is_paired_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pins = Pins(tmp_path / "home")
    flash = tmp_path / "flash"
    first = pin_flash.prepare(flash, pins, "127.0.0.1", 1)
    old = taken_over(flash, monkeypatch).keys
    pins.revoke(first)
    second = pin_flash.prepare(flash, pins, "127.0.0.1", 1)
    settings = taken_over(flash, monkeypatch)
    assert settings.pin == second != first and settings.keys != old


@pytest.mark.parametrize("text", ["", "[]", "{", "\xff", '{"pin": 7}'])
def test_a_damaged_file_is_paired_anew(tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pins = Pins(tmp_path / "home")
    flash = tmp_path / "flash"
    flash.mkdir()
    (flash / "settings.json").write_text(text, "latin-1")
    pin = pin_flash.prepare(flash, pins, "127.0.0.1", 1)
    assert taken_over(flash, monkeypatch).pin == pin
