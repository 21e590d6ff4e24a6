"""Cuts the power of a pin at every write and erase of its flash, on MicroPython:

    micropython power_cuts.py settings|update|reset [step [resume]]

What a pin does is run once on LittleFS, and every program and erase of a block is noted. Then, for each of
them, the flash is made as it was after so many, or with a part of the next one done; the real boot.py runs on
it, and what starts must be whole and either old or new. `step` tests every so manyth torn operation (1: all),
and every `resume`th point is also taken up again to its end. Prints the number of points; exit code 1 if one
fails.
"""

import json
import os
import sys

import slots
import update_rig as rig
import vfs
from pin import log, settings

BLOCK_BYTES = 4096
BLOCKS = 96
BOOT = sys.path[-1] + "/boot.py"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAEC\nAwQF\n-----END CERTIFICATE-----\n"
PAIRED = {
    "pin": "p",
    "key": "ab" * 32,
    "relays": [{"host": "h", "port": 1}],
    "certificate": CERTIFICATE,
    "volume": 0,
}


class Disk:
    """A flash in memory; with `journal`, a list, everything that is done to it is noted."""

    def __init__(self, data, journal=None):
        self.data = data
        self.journal = journal

    def readblocks(self, block, buffer, offset=0):
        at = block * BLOCK_BYTES + offset
        buffer[:] = memoryview(self.data)[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=None):
        if offset is None:
            self.ioctl(6, block)
            offset = 0
        self._do(block * BLOCK_BYTES + offset, bytes(buffer))

    def ioctl(self, request, block):
        if request == 4:
            return BLOCKS
        if request == 5:
            return BLOCK_BYTES
        if request == 6:
            self._do(block * BLOCK_BYTES, None)
        return 0

    def _do(self, at, data):
        if self.journal is not None:
            self.journal.append((at, data))
        apply(self.data, at, data)


def apply(image, at, data, part=1.0):
    """One program (`data`) or erase (None), or the first part of it."""
    if data is None:
        data = b"\xff" * BLOCK_BYTES
    count = int(len(data) * part)
    image[at : at + count] = data[:count]


class Mounted:
    def __init__(self, image, journal=None):
        self._disk = Disk(image, journal)

    def __enter__(self):
        vfs.mount(vfs.VfsLfs2(self._disk), "/flash")
        os.chdir("/flash")

    def __exit__(self, *_):
        os.chdir("/")
        vfs.umount("/flash")


def start():
    """As the chip does: boot.py. What runs then."""
    path = list(sys.path)
    slots.running = ""
    with open(BOOT) as file:
        exec(file.read(), {"__name__": "boot"})
    sys.path[:] = path
    return slots.running


class Story:
    """Steps of a pin's life, their effect on the flash, and what may be found after a cut in each."""

    def __init__(self, prepare):
        image = bytearray(b"\xff" * (BLOCKS * BLOCK_BYTES))
        vfs.VfsLfs2.mkfs(Disk(image))
        with Mounted(image):
            prepare()
        self.first = bytes(image)
        self.journal = []
        self.steps = []  # (operations before it, what holds before it, what holds after it)
        self._image = image

    def step(self, action, look):
        begin = len(self.journal)
        with Mounted(bytearray(self._image)):
            before = look()
        with Mounted(self._image, self.journal):
            action()
        with Mounted(bytearray(self._image)):
            after = look()
        self.steps.append((begin, before, after))

    def replay(self, look, step, resume=None, every=0):
        """Looks at every point; the number of them. `resume(image)` takes each `every`th up again."""
        image = bytearray(self.first)
        points = 0
        for i in range(len(self.journal) + 1):
            allowed = [states for states in self.steps if states[0] <= i][-1][1:]
            self._point(bytearray(image), look, allowed, (i, "whole"))
            points += 1
            if every and i % every == 0:
                resume(bytearray(image), (i, "resumed"))
            if i == len(self.journal):
                break
            at, data = self.journal[i]
            if i % step == 0:
                for part in (0.25, 0.6) if data is None or len(data) > 32 else (0.5,):
                    torn = bytearray(image)
                    apply(torn, at, data, part)
                    self._point(torn, look, allowed, (i, part))
                    points += 1
                    if every and i % every == 0:
                        resume(torn, (i, part, "resumed"))
            apply(image, at, data)
        return points

    def _point(self, image, look, allowed, where):
        with Mounted(image):
            found = look()
        assert found in allowed, "at %r: expected one of %r, found %r" % (where, allowed, found)


# settings: pairing, changes, a new key, networks on trial


def told():
    start()
    try:
        found = settings.load()
    except settings.SettingsError:
        return None
    return json.dumps([found.pin, [key.hex() for key in found.keys], found.wifi, found.volume, found.trial])


def settings_story(step, every):
    def pair():
        with open("settings.json", "w") as file:
            file.write(json.dumps(PAIRED))

    def over_the_cable():
        values = dict(PAIRED)
        values.update(volume=9, wifi=[{"ssid": "home", "password": "p" * 60}])
        settings.write(values)

    def change(**changes):
        return lambda: settings.load().change(**changes)

    story = Story(lambda: None)
    story.step(pair, told)
    story.step(lambda: settings.load(), told)
    story.step(over_the_cable, told)
    for volume in range(4):
        story.step(change(volume=volume), told)
    story.step(change(next_key="cd" * 32), told)
    story.step(change(key="cd" * 32, next_key=None), told)
    story.step(change(wifi=[{"ssid": "new", "password": ""}], trial=3), told)
    story.step(lambda: settings.load().fall_back(), told)
    story.step(change(wifi=[{"ssid": "new", "password": ""}], trial=4), told)
    story.step(change(trial=None), told)
    states = [state for s in story.steps for state in s[1:]]
    assert len({str(s) for s in states}) >= 10, "the story does not tell anything"

    def resume(image, where):
        with Mounted(image):
            start()
            settings.write(dict(PAIRED, key="cd" * 32) if told() and "cdcd" in told() else PAIRED)
            assert "abab" in told() or "cdcd" in told(), where

    return story.replay(told, step, resume, every)


# an update into the other slot, its proof, and the next one back

OLD = {"pin/app.py": b"V = 1\n" + bytes(5000), "pin/font.bin": b"f" * 3000, "lapel_wire/w.py": b"V = 1\n"}
NEW = {"pin/app.py": b"V = 2\n" + bytes(6100), "pin/font.bin": b"f" * 3000, "lapel_wire/w.py": b"V = 2\n"}
LAST = {"pin/app.py": b"V = 3\n" + bytes(2500), "pin/more.py": b"#" * 2100, "lapel_wire/w.py": b"V = 3\n"}
APPS = {1: OLD, 2: NEW, 3: LAST}


def whole():
    """The version that starts, if all of it is there and nothing else."""
    slot = start()
    assert slot in ("a", "b"), "nothing can be started: %r" % slot
    content = {name: rig.read(slot + "/" + name) for name in rig.walk(slot)}
    data = content.pop("manifest")
    number = slots.version(slot)
    assert data == rig.manifest(APPS[number], number), "the manifest is another one"
    assert content == APPS[number], "a mixed slot: %r" % sorted(content)
    settings.load()
    return number


def update(number):
    def action():
        slot = start()
        assert rig.run(rig.Link(rig.manifest(APPS[number], number), APPS[number])), "not applied"
        assert slot == slots.running

    return action


def good():
    start()
    slots.good()


def update_story(step, every):
    def prepare():
        rig.install("a", OLD, 1)
        settings.save(PAIRED)
        slots.installed("a")

    story = Story(prepare)
    story.step(update(2), whole)
    story.step(start, whole)
    story.step(good, whole)
    story.step(update(3), whole)
    # Three bad starts: the fourth is back in version 2.
    story.step(start, whole)
    story.step(start, whole)
    story.step(start, whole)
    assert [(s[1], s[2]) for s in story.steps] == [(1, 2), (2, 2), (2, 2), (2, 3), (3, 3), (3, 3), (3, 2)]

    def resume(image, where):
        with Mounted(image):
            for _ in range(2):
                number = whole()
                if slots.read()["trial"]:
                    slots.good()
                if number < 3:
                    assert rig.run(rig.Link(rig.manifest(LAST, 3), LAST)), where
                assert whole() == 3, where

    return story.replay(whole, step, resume, every)


# the factory reset


def reset_story(step, every):
    def prepare():
        rig.install("a", OLD, 1)
        settings.save(PAIRED)
        settings.save(PAIRED)
        slots.installed("a")
        rig.write("alarms.json", b"[]")
        rig.write("kept/1", b"a question")

    def hold():
        with open("forget", "w"):
            pass

    def look():
        # boot.py goes on with a reset that was cut, so a start knows nothing or all.
        assert start() == "a"
        assert "forget" not in os.listdir()
        left = sorted([name for name in os.listdir() if name not in ("a", "slots.json")])
        assert left in ([], ["alarms.json", "kept", "settings.1", "settings.2"]), left
        return left

    story = Story(prepare)
    story.step(hold, look)
    story.step(start, look)
    return story.replay(look, step)


if __name__ == "__main__":
    log.level = log.ERROR + 1
    step = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    every = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    story = {"settings": settings_story, "update": update_story, "reset": reset_story}[sys.argv[1]]
    print("points", story(step, every))
