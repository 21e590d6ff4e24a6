"""Which copy of the app runs: the part of a pin that is never updated over the air, so it is small.

The flash has two slots, `a/` and `b/`, each a whole app with its signed manifest in the file `manifest`,
which is written last: a slot without one is not complete. `safe/` was installed over the cable for the
day when neither works, and names the board in `safe/board`. `slots.json` says which slot runs:

    slot    "a" or "b"
    trial   whether it has yet to prove itself (see `good`)
    tries   how often in a row it was started, on trial, or failed, later
    bad     slots that failed, such as "b" or "ab"
    floor   the highest version that was good: no lower one is taken
    left    id of the update that was left because it failed, until the relay knows

It is replaced by one rename, so a cut of power leaves the old file or the new one.
"""

import hashlib
import json
import os
import sys

PATH = "slots.json"
SLOTS = ("a", "b")
SAFE = "safe"
MANIFEST = "manifest"
MANIFEST_BYTES = 24576  # as lapel_wire/update.py has it
SIGNATURE_BYTES = 769  # a line break and 768 digits
STARTS = 3  # bad ones in a row before a slot is left
STATE_BYTES = 512

running = ""  # "a", "b", "safe", or "" for a folder without slots, as in a checkout


def begin(rescue=False, crashed=False):
    """Choose what runs now and put it on the path: once, from boot.py. A start on trial is counted before it
    happens. `rescue`: somebody holds the button, so run the safe copy; `crashed`: the watchdog ended the last
    run."""
    global running
    if not any([_is_folder(folder) for folder in SLOTS + (SAFE,)]):
        return
    state = read()
    running = SAFE if rescue and _is_folder(SAFE) else _choose(state, crashed) or SAFE
    import packed  # a checkout has nothing to enter

    sys.path.insert(0, packed.enter(running))


def _choose(state, crashed):
    """The slot to start, or "" if none can be; writes the state if it changed."""
    before = dict(state)
    if state["tries"] >= STARTS and _usable(state, state["slot"]):
        if state["trial"]:
            state["left"] = identity(state["slot"])
        state["bad"] += state["slot"]
        state["trial"], state["tries"] = False, 0
    if not _usable(state, state["slot"]):
        if not _usable(state, other(state["slot"])):
            _write_if_changed(state, before)
            return ""
        state["slot"] = other(state["slot"])
        state["trial"], state["tries"] = False, 0
    elif state["trial"] or crashed:
        state["tries"] += 1
    _write_if_changed(state, before)
    return state["slot"]


def failed():
    """The running slot broke. True if the next start will leave it."""
    state = read()
    if running not in SLOTS or state["slot"] != running:
        return False
    if not state["trial"]:  # on trial its start was counted
        state["tries"] += 1
        write(state)
    return state["tries"] >= STARTS


def good():
    """The running slot has proved itself: it stays. Raises OSError."""
    state = read()
    if running in SLOTS and state["slot"] == running:
        before = dict(state)
        state["trial"], state["tries"] = False, 0
        state["floor"] = max(state["floor"], version(running))
        _write_if_changed(state, before)


def switch(slot):
    """From the next start on `slot` runs, on trial. The one step of an update that counts. Raises OSError."""
    state = read()
    state["slot"], state["trial"], state["tries"] = slot, True, 0
    state["bad"] = state["bad"].replace(slot, "")
    state["left"] = ""
    write(state)


def installed(slot="a"):
    """Files came over the cable: `slot` runs, whatever was before. Raises OSError."""
    write({"slot": slot, "trial": False, "tries": 0, "bad": "", "floor": version(slot), "left": ""})


def told():
    """The relay knows which update was left. Raises OSError."""
    state = read()
    state["left"] = ""
    write(state)


def on_trial():
    """Whether the running slot has yet to prove itself. Waking from deep sleep is a start like any other."""
    state = read()
    return running == state["slot"] and state["trial"]


def board():
    """The name of the board that the installer found, "" in a checkout."""
    try:
        with open(SAFE + "/board") as file:
            return file.read(32).strip()
    except OSError:
        return ""


def other(slot):
    return "b" if slot == "a" else "a"


def complete(slot):
    """Whether a whole app was written there."""
    try:
        os.stat(slot + "/" + MANIFEST)
    except OSError:
        return False
    return True


def manifest(slot):
    """The bytes of a slot's manifest, b"" without one."""
    try:
        with open(slot + "/" + MANIFEST, "rb") as file:
            return file.read(MANIFEST_BYTES)
    except OSError:
        return b""


def describe(slot):
    """What a slot's manifest says, as a dict; {} without one. Its signature was checked when it came."""
    try:
        values = json.loads(manifest(slot)[:-SIGNATURE_BYTES])
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


def version(slot):
    """The version in a slot, 0 for none."""
    number = describe(slot).get("version")
    return number if isinstance(number, int) else 0


def identity(slot):
    """The id of the update in a slot, "" for none."""
    data = manifest(slot)
    return hashlib.sha256(data).digest().hex() if data else ""


def read():
    """The state. What cannot be read, or makes no sense, is what a pin has that was just installed."""
    try:
        with open(PATH) as file:
            kept = json.loads(file.read(STATE_BYTES))
        state = {
            "slot": kept["slot"] if kept["slot"] in SLOTS else "a",
            "trial": bool(kept["trial"]),
            "tries": int(kept["tries"]),
            "bad": "".join([slot for slot in SLOTS if slot in kept["bad"]]),
            "floor": int(kept["floor"]),
            "left": str(kept["left"])[:64],
        }
    except (OSError, ValueError, KeyError, TypeError):
        newest = "b" if version("b") > version("a") else "a"
        state = {"slot": newest, "trial": False, "tries": 0, "bad": "", "floor": 0, "left": ""}
    return state


def write(state):
    """Replace the state in one step. Raises OSError."""
    with open(PATH + ".new", "w") as file:
        file.write(json.dumps(state))
    os.rename(PATH + ".new", PATH)


def _write_if_changed(state, before):
    if state != before:
        try:
            write(state)
        except OSError as error:  # a full or broken flash must not keep the pin from starting
            print("slots: the state cannot be written: %r" % error)


def _usable(state, slot):
    return complete(slot) and slot not in state["bad"]


def _is_folder(path):
    try:
        return os.stat(path)[0] & 0x4000 != 0
    except OSError:
        return False
