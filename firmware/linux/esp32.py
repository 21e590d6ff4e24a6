"""`esp32` on a computer: nothing sleeps, so nothing has to wake."""

WAKEUP_ALL_LOW = False
WAKEUP_ANY_HIGH = True


def wake_on_ext0(pin=None, level=WAKEUP_ALL_LOW):
    """Nothing to do."""
