"""`esp32` on a PC: wake-up sources, the chip's temperature, free memory."""

WAKEUP_ALL_LOW = False
WAKEUP_ANY_HIGH = True
HEAP_DATA = 4
HEAP_EXEC = 1


def wake_on_ext0(pin=None, level=WAKEUP_ALL_LOW):
    """The host wakes this pin with any change of an input."""


def wake_on_ext1(pins=None, level=WAKEUP_ALL_LOW):
    """As wake_on_ext0."""


def gpio_deep_sleep_hold(on):
    pass


def mcu_temperature():
    return 40


def idf_heap_info(capabilities):
    """One region: total, free, largest free block, least ever free (bytes)."""
    return [(300_000, 150_000, 100_000, 120_000)]
