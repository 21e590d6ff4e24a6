"""Settings: what is read back is what was written, and nothing else is taken."""

import json
import os

from pin.settings import NOT_CALIBRATED, NOT_PAIRED, PATH, Settings, SettingsError, load, save

ON_MICROPYTHON = True

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAEC\nAwQF\n-----END CERTIFICATE-----\n"
GOOD = {
    "pin": "pin-1",
    "key": "ab" * 32,
    "relays": [{"host": "192.168.1.2", "port": 5273}, {"host": "lapel.example", "port": 443}],
    "certificate": CERTIFICATE,
    "wifi": [{"ssid": "home", "password": "secret"}],
    "board": "virtual",
}
FILE = "test_settings.tmp"


def remove(path):
    try:  # noqa: SIM105 - MicroPython has no contextlib.suppress
        os.remove(path)
    except OSError:
        pass


def refused(values):
    try:
        Settings(values)
    except SettingsError as error:
        assert error.args[0] == NOT_PAIRED
        return error.detail
    raise AssertionError("taken: %r" % values)


def changed(**changes):
    values = dict(GOOD)
    values.update(changes)
    return values


def test_round_trip():
    try:
        save(GOOD, FILE)
        settings = load(FILE)
    finally:
        remove(FILE)
    assert settings.pin == "pin-1"
    assert settings.key == b"\xab" * 32
    assert settings.relays == [("192.168.1.2", 5273), ("lapel.example", 443)]
    assert settings.certificate == bytes(range(6))
    assert settings.wifi == [("home", "secret")]
    assert settings.board == "virtual"


def test_saving_replaces_the_old_file_and_leaves_no_other():
    try:
        save(GOOD, FILE)
        save(changed(pin="pin-2"), FILE)
        assert load(FILE).pin == "pin-2"
        assert FILE + ".new" not in os.listdir(".")
    finally:
        remove(FILE)


def test_what_could_not_be_read_again_is_not_written():
    try:
        save(GOOD, FILE)
        try:
            save(changed(key=""), FILE)
            raise AssertionError("an empty key was saved")
        except SettingsError:
            pass
        assert load(FILE).key == b"\xab" * 32
    finally:
        remove(FILE)


def test_a_half_written_new_file_does_not_matter():
    try:
        save(GOOD, FILE)
        with open(FILE + ".new", "w") as file:
            file.write('{"pin": "pi')
        assert load(FILE).pin == "pin-1"
        save(changed(pin="pin-3"), FILE)
        assert load(FILE).pin == "pin-3"
    finally:
        remove(FILE)
        remove(FILE + ".new")


def test_wifi_and_board_may_be_missing():
    values = changed()
    del values["wifi"], values["board"]
    settings = Settings(values)
    assert settings.wifi == [] and settings.board is None


def test_each_needed_field_is_asked_for_by_name():
    for name in ("pin", "key", "relays", "certificate"):
        values = changed()
        del values[name]
        assert name in refused(values)


def test_wrong_values():
    for name, value in (
        ("key", "ab" * 31),
        ("key", "zz" * 32),
        ("key", ""),
        ("key", 5),
        ("pin", "p" * 33),
        ("pin", None),
        ("relays", []),
        ("relays", {}),
        ("relays", ["192.168.1.2"]),
        ("relays", [{"host": "a", "port": 0}]),
        ("relays", [{"host": "a", "port": 65536}]),
        ("relays", [{"host": "a", "port": "5273"}]),
        ("relays", [{"host": "a", "port": 1}] * 5),
        ("certificate", ""),
        ("certificate", "hello"),
        ("certificate", CERTIFICATE[:-10]),
        ("wifi", [{"ssid": "home"}]),
        ("wifi", "home"),
        ("board", 7),
        ("board", "../x"),
    ):
        assert refused(changed(**{name: value})), (name, value)
    assert refused([]) and refused(None)


def test_broken_files():
    try:
        for text in ("", "{", "[]", "null", '"x"', json.dumps(GOOD)[:-1], " " * 20000):
            with open(FILE, "w") as file:
                file.write(text)
            try:
                load(FILE)
                raise AssertionError("taken: %r" % text)
            except SettingsError as error:
                assert error.args[0] == NOT_PAIRED
    finally:
        remove(FILE)


def test_no_file():
    assert PATH == "settings.json"
    try:
        load("there-is-no-such.file")
        raise AssertionError("read a file that is not there")
    except SettingsError as error:
        assert "cannot be read" in error.detail


def test_calibration_is_bounded():
    mirror = Settings(GOOD).mirror
    assert (mirror.hz, mirror.damping, mirror.laser_delay, mirror.field_percent) == (1000, 0.7, 0, 100)
    values = {"mirror_hz": 981.5, "damping": 0.62, "laser_delay": 11, "field_percent": 80, "brightness": 9}
    mirror = Settings(changed(projector=values)).mirror
    assert (mirror.hz, mirror.damping, mirror.laser_delay) == (981.5, 0.62, 11)
    assert (mirror.field_percent, mirror.brightness) == (80, 9)
    for bad in (
        [], 3, None, {"mirror_hz": "fast"}, {"mirror_hz": 99}, {"damping": 1.01}, {"laser_delay": 2.5},
        {"laser_delay": -1}, {"field_percent": 39}, {"brightness": 0}, {"brightness": 16},
        {"brightness": True},
    ):  # fmt: skip
        try:
            Settings(changed(projector=bad))
        except SettingsError as error:
            assert error.args[0] == NOT_CALIBRATED and "projector" in error.detail
        else:
            raise AssertionError("taken: %r" % bad)
