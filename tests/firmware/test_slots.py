"""Slots: which copy of the app runs after what."""

import os

import slots
import update_rig as rig

ON_MICROPYTHON = True

FOLDER = "test_slots.tmp"
OLD = {"pin/app.py": b"old", "lapel_wire/x.py": b"same"}
NEW = {"pin/app.py": b"new!", "lapel_wire/x.py": b"same"}


def remove(folder):
    for name in os.listdir(folder):
        path = folder + "/" + name
        if os.stat(path)[0] & 0x4000:
            remove(path)
        else:
            os.remove(path)
    os.rmdir(folder)


class Flash:
    """An empty flash, which the test is in."""

    def __enter__(self):
        if FOLDER in os.listdir():
            remove(FOLDER)
        os.mkdir(FOLDER)
        self._home = os.getcwd()
        os.chdir(FOLDER)

    def __exit__(self, *_):
        os.chdir(self._home)
        remove(FOLDER)
        slots.running = ""


def test_a_folder_without_slots_is_left_as_it_is():
    with Flash():
        assert rig.boot() == ""
        assert os.listdir() == []


def test_a_pin_just_installed_starts_its_slot_and_writes_nothing():
    with Flash():
        rig.install("a", OLD, 3)
        assert rig.boot() == "a"
        assert os.listdir() == ["a"]
        slots.installed("a")
        assert slots.read()["floor"] == 3 and slots.version("a") == 3
        before = rig.read("slots.json")
        for _ in range(5):
            assert rig.boot() == "a"
        assert rig.read("slots.json") == before


def test_a_bad_update_is_left_after_three_starts_and_named():
    with Flash():
        rig.install("a", OLD, 1)
        slots.installed("a")
        rig.install("b", NEW, 2)
        slots.switch("b")
        assert [rig.boot() for _ in range(5)] == ["b", "b", "b", "a", "a"]
        state = slots.read()
        assert state["left"] == slots.identity("b") and not state["trial"] and state["bad"] == "b"
        slots.told()
        assert slots.read()["left"] == ""


def test_a_good_update_stays_and_raises_the_floor():
    with Flash():
        rig.install("a", OLD, 1)
        slots.installed("a")
        rig.install("b", NEW, 2)
        slots.switch("b")
        assert rig.boot() == "b" and slots.on_trial()
        assert rig.boot() == "b"
        slots.good()
        assert not slots.on_trial()
        assert [rig.boot() for _ in range(5)] == ["b"] * 5
        assert slots.read()["floor"] == 2


def test_a_good_slot_that_breaks_is_left_for_the_other_and_then_for_the_safe_copy():
    with Flash():
        rig.install("a", OLD, 1)
        rig.install("b", NEW, 2)
        rig.write("safe/pin/safe.py", b"")
        slots.installed("b")
        for last in (False, False, True):
            assert rig.boot() == "b"
            assert slots.failed() is last
        for last in (False, False, True):
            assert rig.boot() == "a"
            assert slots.failed() is last
        assert rig.boot() == "safe"
        assert rig.boot() == "safe"
        slots.switch("a")  # an update came
        assert rig.boot() == "a" and slots.read()["bad"] == "b"
        slots.good()
        assert rig.boot() == "a"


def test_the_watchdog_counts_as_a_failure():
    with Flash():
        rig.install("a", OLD, 1)
        rig.install("b", NEW, 2)
        slots.installed("b")
        assert [rig.boot(crashed=True) for _ in range(3)] == ["b", "b", "b"]
        assert rig.boot() == "a"


def test_two_failures_and_then_a_good_minute_are_forgotten():
    with Flash():
        rig.install("a", OLD, 1)
        slots.installed("a")
        for _ in range(4):
            assert rig.boot() == "a"
            assert not slots.failed()
            assert rig.boot() == "a"
            assert not slots.failed()
            slots.good()


def test_an_incomplete_slot_is_none():
    with Flash():
        rig.install("a", OLD, 1)
        rig.install("b", NEW, 2)
        slots.installed("b")
        os.remove("b/manifest")
        rig.write("safe/board", b"virtual\n")
        assert rig.boot() == "a" and slots.board() == "virtual"
        os.remove("a/manifest")
        assert rig.boot() == "safe"


def test_the_button_starts_the_safe_copy_once():
    with Flash():
        rig.install("a", OLD, 1)
        slots.installed("a")
        assert rig.boot(rescue=True) == "a", "there is no safe copy"
        rig.write("safe/pin/safe.py", b"")
        assert rig.boot(rescue=True) == "safe"
        assert rig.boot() == "a"


def test_a_damaged_state_starts_the_newest_slot():
    with Flash():
        rig.install("a", OLD, 4)
        rig.install("b", NEW, 5)
        for text in (
            b"",
            b"{",
            b"[]",
            b"null",
            b'{"slot": "c"}',
            b"\xff\xfe",
            b'{"slot":"a","trial":1,"tries":"x"}',
        ):
            rig.write("slots.json", text)
            assert rig.boot() == "b", text


def test_a_flash_that_cannot_be_written_does_not_keep_the_pin_from_starting():
    def broken(state):
        raise OSError(5)

    with Flash():
        rig.install("a", OLD, 1)
        rig.install("b", NEW, 2)
        slots.installed("a")
        slots.switch("b")
        write, slots.write = slots.write, broken
        try:
            assert rig.boot() == "b"
        finally:
            slots.write = write
