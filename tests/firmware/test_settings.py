"""Settings: two copies, the newest whole one counts; nothing else is taken, and nobody else's."""

import json
import os
import time

from pin import settings as module
from pin.calibration import NOT_CALIBRATED, mirror
from pin.settings import COPIES, NOT_PAIRED, PATH, REPAIR, TAKEN, Settings, SettingsError, load, save, write
from test_slots import Flash

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
OTHER_KEY = "cd" * 32


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


def put(path, text):
    with open(path, "w") as file:
        file.write(text)


def get(path):
    with open(path) as file:
        return file.read()


def test_round_trip():
    with Flash():
        save(GOOD)
        settings = load()
    assert settings.pin == "pin-1"
    assert settings.keys == [b"\xab" * 32]
    assert settings.relays == [("192.168.1.2", 5273), ("lapel.example", 443)]
    assert settings.certificate == bytes(range(6))
    assert settings.wifi == [("home", "secret", False)]
    assert settings.board == "virtual"
    assert settings.update_key is None and settings.volume is None and settings.brightness is None
    assert settings.silent is False and settings.trial is None


def test_saving_goes_from_copy_to_copy():
    with Flash():
        for i in range(5):
            save(changed(pin="pin-%d" % i))
            assert load().pin == "pin-%d" % i
            if i:
                assert sorted(os.listdir()) == list(COPIES)


def test_a_damaged_copy_leaves_the_other():
    with Flash():
        save(changed(pin="old"))
        save(changed(pin="new"))
        newest = next(path for path in COPIES if '"new"' in get(path))
        text = get(newest)
        for at in range(0, len(text), 7):
            put(newest, text[:at] + ("x" if text[at] != "x" else "y") + text[at + 1 :])
            assert load().pin == "old", at
        put(newest, text[:-1])
        assert load().pin == "old"
        put(newest, "")
        assert load().pin == "old"
        put(newest, text)
        assert load().pin == "new"


def test_what_a_computer_left_is_taken_over_once():
    with Flash():
        put(PATH, json.dumps(GOOD))
        assert load().pin == "pin-1"
        assert PATH not in os.listdir()
        settings = load()
        settings.change(volume=30)
        assert load().volume == 30
        put(PATH, json.dumps(GOOD)[:-4])  # the cable was pulled
        assert load().volume == 30
        put(PATH, json.dumps(changed(volume=40)))
        assert load().volume == 40


def test_what_could_not_be_read_again_is_not_written():
    with Flash():
        save(GOOD)
        try:
            save(changed(key=""))
            raise AssertionError("an empty key was saved")
        except SettingsError:
            pass
        assert load().keys == [b"\xab" * 32]
        settings = load()
        for changes in ({"volume": 101}, {"brightness": -1}, {"wifi": [{}]}, {"relays": []}, {"key": None}):
            try:
                settings.change(**changes)
                raise AssertionError("taken: %r" % changes)
            except SettingsError:
                pass
        assert settings.volume is None and settings.relays == load().relays and settings.wifi == load().wifi


def test_a_half_written_new_file_does_not_matter():
    with Flash():
        save(GOOD)
        for path in COPIES:
            put(path + ".new", "7 abc\n{")
        assert load().pin == "pin-1"
        save(changed(pin="pin-3"))
        assert load().pin == "pin-3"


def test_another_relay_needs_the_button():
    with Flash():
        write(GOOD)
        write(changed(volume=5))  # its own
        theirs = changed(key=OTHER_KEY, pin="pin-2")
        for _ in range(3):
            try:
                write(theirs)
                raise AssertionError("another key was taken")
            except SettingsError as error:
                assert error.args[0] == TAKEN
        put(PATH, json.dumps(theirs))
        assert load().pin == "pin-1" and PATH not in os.listdir()
        put(REPAIR, json.dumps({"until": time.time() + 100, "tries": 5}))
        write(theirs)
        assert load().pin == "pin-2" and REPAIR not in os.listdir()
        try:
            write(GOOD)
            raise AssertionError("the window stayed open")
        except SettingsError:
            pass


def test_the_window_ends_after_five_tries_and_after_its_time():
    with Flash():
        write(GOOD)
        put(REPAIR, json.dumps({"until": time.time() + 100, "tries": 5}))
        for _ in range(5):
            try:
                write(changed(key="short"))
                raise AssertionError("taken")
            except SettingsError as error:
                assert error.args[0] == NOT_PAIRED
        try:
            write(changed(key=OTHER_KEY))
            raise AssertionError("a sixth try")
        except SettingsError as error:
            assert error.args[0] == TAKEN
        for until in (time.time() - 1, time.time() + 10_000, "soon", None):
            put(REPAIR, json.dumps({"until": until, "tries": 5}))
            try:
                write(changed(key=OTHER_KEY))
                raise AssertionError("taken: %r" % until)
            except SettingsError as error:
                assert error.args[0] == TAKEN


def test_a_new_key_stands_before_the_old_one_until_it_replaces_it():
    with Flash():
        write(GOOD)
        settings = load()
        settings.change(next_key=OTHER_KEY)
        assert load().keys == [b"\xcd" * 32, b"\xab" * 32]
        settings.change(key=OTHER_KEY, next_key=None)
        assert load().keys == settings.keys == [b"\xcd" * 32]


def test_new_networks_on_trial_fall_back_to_the_old_ones():
    with Flash():
        write(GOOD)
        settings = load()
        settings.change(wifi=[{"ssid": "new", "password": "", "hidden": True}], trial=7)
        assert load().wifi == [("new", "", True)] and load().trial == 7
        settings = load()
        assert settings.fall_back()
        assert settings.wifi == load().wifi == [("home", "secret", False)] and load().trial is None
        assert not settings.fall_back()
        settings.change(relays=[{"host": "other", "port": 1}], trial=8)
        settings.change(trial=None)
        assert not load().fall_back() and load().relays == [("other", 1)]


def test_networks_by_priority():
    networks = [{"ssid": name, "password": "", "priority": n} for name, n in (("a", 1), ("b", 9), ("c", 1))]
    networks.append({"ssid": "d", "password": ""})
    assert [n[0] for n in Settings(changed(wifi=networks)).wifi] == ["b", "a", "c", "d"]


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
        ("wifi", [{"ssid": "a", "password": ""}] * 5),
        ("wifi", [{"ssid": "a", "password": "", "priority": 101}]),
        ("next_key", "ab"),
        ("update_key", "8" * 767),
        ("update_key", "7" + "0" * 767),
        ("update_key", 5),
        ("volume", 101),
        ("brightness", "full"),
        ("trial", -1),
        ("board", 7),
        ("board", "../x"),
    ):
        assert refused(changed(**{name: value})), (name, value)
    assert refused([]) and refused(None)


def test_broken_files():
    with Flash():
        for text in ("", "{", "[]", "null", '"x"', json.dumps(GOOD)[:-1], " " * 20000, "[" * 1000):
            put(PATH, text)
            try:
                load()
                raise AssertionError("taken: %r" % text)
            except SettingsError as error:
                assert error.args[0] == NOT_PAIRED and error.detail.startswith(PATH)
        os.remove(PATH)
        for text in (
            "",
            "1",
            "1 x",
            "x y\n{}",
            "1 %s\n{}" % ("0" * 64),
            module.pack([], 1),
            module.pack(GOOD, -1)[1:],
        ):
            put(COPIES[0], text)
            try:
                load()
                raise AssertionError("taken: %r" % text)
            except SettingsError as error:
                assert error.args[0] == NOT_PAIRED


def test_no_settings():
    with Flash():
        try:
            load()
            raise AssertionError("read what is not there")
        except SettingsError as error:
            assert error.args[0] == NOT_PAIRED and "there are none" in error.detail


def test_calibration_is_bounded():
    usual = mirror(Settings(GOOD))
    assert (usual.hz, usual.damping, usual.laser_delay, usual.field_percent) == (1000, 0.7, 0, 100)
    values = {"mirror_hz": 981.5, "damping": 0.62, "laser_delay": 11, "field_percent": 80, "brightness": 9}
    own = mirror(Settings(changed(projector=values)))
    assert (own.hz, own.damping, own.laser_delay) == (981.5, 0.62, 11)
    assert (own.field_percent, own.brightness) == (80, 9)
    for bad in (
        [], 3, None, {"mirror_hz": "fast"}, {"mirror_hz": 99}, {"damping": 1.01}, {"laser_delay": 2.5},
        {"laser_delay": -1}, {"field_percent": 39}, {"brightness": 0}, {"brightness": 16},
        {"brightness": True},
    ):  # fmt: skip
        try:
            mirror(Settings(changed(projector=bad)))
        except SettingsError as error:
            assert error.args[0] == NOT_CALIBRATED and "projector" in error.detail
        else:
            raise AssertionError("taken: %r" % bad)
