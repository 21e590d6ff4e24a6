"""Runs first on every start, by itself: chooses the copy of the app that `main.py` starts.

With the button held while the power comes, and let go after 2 s, the safe copy runs and the pin may be paired
again for two minutes. Held for 10 s, the pin forgets everything that it was told (factory reset).
"""

import json
import os
import sys
import time

import machine
import packed
import slots

RESCUE_MS = 2000  # nobody holds it for that long by accident
RESET_MS = 10_000
POLL_MS = 20
FORGET = "forget"  # a file that says: everything else goes. It goes last, so a cut of power only delays that
REPAIR = "repair.json"  # while it lies there, another relay may pair this pin (pin/settings.py)
REPAIR_S = 120
REPAIR_TRIES = 5
KEPT = ("boot.py", "main.py", "packed.py", slots.PATH, "slots.py", "lib", slots.SAFE) + slots.SLOTS


def held_ms(board):
    """How long the button is held from now on, at most RESET_MS."""
    pin = machine.Pin(board.BUTTON, machine.Pin.IN, machine.Pin.PULL_UP)
    ms = 0
    while ms < RESET_MS and not pin.value():
        time.sleep_ms(POLL_MS)
        ms += POLL_MS
    return ms


def board():
    """The board's file, of the safe copy. None without one."""
    name = slots.board()
    if not name:
        return None
    sys.path.insert(0, packed.enter(slots.SAFE))
    try:
        return getattr(__import__("boards." + name), name)
    except (ImportError, AttributeError) as error:
        print("boot: the button cannot be asked: %r" % error)
        return None
    finally:
        sys.path.pop(0)
        packed.leave()
        for module in [m for m in sys.modules if m.split(".")[0] == "boards"]:
            del sys.modules[module]  # the app's own may differ


def forget():
    """The factory reset: settings, keys, and whatever the app keeps."""
    for name in os.listdir():
        if name not in KEPT and name != FORGET:
            _remove(name)
    _remove(FORGET)


def _remove(name):
    try:
        os.remove(name)
    except OSError:  # a folder of the app's: it holds files only
        for inner in os.listdir(name):
            os.remove(name + "/" + inner)
        os.rmdir(name)


def start():
    cause = machine.reset_cause()
    held = 0
    if cause == machine.PWRON_RESET:
        here = board()
        held = held_ms(here) if here else 0
    try:
        if held >= RESET_MS:
            open(FORGET, "w").close()
        if FORGET in os.listdir():
            forget()
        if held >= RESCUE_MS:
            with open(REPAIR, "w") as file:
                file.write(json.dumps({"until": time.time() + REPAIR_S, "tries": REPAIR_TRIES}))
        elif cause != machine.SOFT_RESET and REPAIR in os.listdir():
            os.remove(REPAIR)  # a soft reset is how a computer takes over; every other one ends the window
    except OSError as error:  # a full or broken flash must not keep the pin from starting
        print("boot: %r" % error)
    slots.begin(held >= RESCUE_MS, cause == machine.WDT_RESET)


start()
