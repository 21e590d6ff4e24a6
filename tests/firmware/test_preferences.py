"""What the wearer set on the pin, and how often that is written."""

from fake_pin import Pin, files
from pin.preferences import LEVELS, PATH, SAVE_MS, Preferences

ON_MICROPYTHON = True


def kept(value=None):
    Pin()  # files are a dict
    if value is not None:
        files[PATH] = value
    return Preferences()


def test_what_nobody_set():
    preferences = kept()
    assert preferences.levels == {name: LEVELS[name][2] for name in LEVELS} and not preferences.silent


def test_it_is_kept_a_moment_after_the_last_change():
    preferences = kept()
    for now, level in ((0, 70), (2000, 80), (4000, 90)):
        preferences.poll(now)
        preferences.set_level("volume", level, now)
    preferences.poll(4000 + SAVE_MS - 1)
    assert PATH not in files
    preferences.poll(4000 + SAVE_MS)
    assert files[PATH]["volume"] == 90
    preferences.set_silent(True, 8000)
    preferences.save()  # before the power goes
    assert files[PATH]["silent"] is True and Preferences().silent and Preferences().levels["volume"] == 90


def test_bounds():
    preferences = kept()
    for name, (low, high, _) in LEVELS.items():
        assert preferences.set_level(name, -5, 0) == low and preferences.set_level(name, 500, 0) == high


def test_damage_is_what_nobody_set():
    for value in ([], "x", {"volume": "loud", "brightness": True, "silent": 1}, {"volume": 1000}):
        preferences = kept(value)
        assert preferences.levels["brightness"] == 100 and not preferences.silent
        assert preferences.levels["volume"] in (60, 100)


def test_a_change_is_told():
    preferences = kept()
    told = []
    preferences.on_change = told.append
    preferences.set_level("brightness", 50, 0)
    preferences.set_silent(True, 0)
    assert told == ["brightness", "silent"]


def test_what_the_relay_sets_counts_and_the_rest_stays():
    preferences = kept()
    preferences.set_level("volume", 30, 0)
    preferences.apply({"brightness": 40, "silent": True, "standby": "saver"}, 0)
    assert preferences.levels == {"volume": 30, "brightness": 40} and preferences.silent
