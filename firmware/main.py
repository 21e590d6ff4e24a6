"""Starts the app that `boot.py` chose, or the safe copy. Never updated over the air, so it is small."""

import os
import sys
import time

import slots

PAUSE_MS = 3000  # between a failure and the next start: time for a computer to step in
SAFE_PAUSE_MS = 30_000  # the safe copy itself failed: it would only get hot
TRIAL_MS = 30_000  # for an app on trial to start the watchdog of its own (pin/watchdog.py), or it hangs
HOLD = "hold"  # a file of whoever installs firmware: no watchdog, please


def start():
    """Runs the app. What it raises, or a slot that cannot even be imported, is a bad start."""
    safe = slots.running == slots.SAFE
    try:
        if slots.running and slots.on_trial() and HOLD not in os.listdir():
            import machine

            machine.WDT(timeout=TRIAL_MS)
        if safe:
            from pin.safe import run
        else:
            from pin.start import run
        run()
    except Exception as error:  # noqa: BLE001 - whatever broke, the pin starts again, or another copy does
        sys.print_exception(error)
        keep(error)
    if not slots.running:
        return  # a checkout: whoever ran it sees why
    try:
        slots.failed()
    except OSError as error:
        print("main: the failure cannot be counted: %r" % error)
    time.sleep_ms(SAFE_PAUSE_MS if safe else PAUSE_MS)
    import machine

    machine.reset()


def keep(error):
    """For the relay, if the copy that failed can still do that much."""
    try:
        from pin import crash

        crash.keep(error)
    except Exception as broken:  # noqa: BLE001 - a slot of which nothing can be imported is why this is here
        print("main: the failure is not kept: %r" % broken)


if __name__ == "__main__":
    start()
