"""Log lines on the console: time, level, area, text."""

from pin.clock import ticks_ms

LINE_CHARACTERS = 200  # a serial console at 115200 baud prints this in 17 ms

DEBUG, INFO, WARNING, ERROR = 0, 1, 2, 3
_NAMES = ("debug", "info", "warning", "error")

level = INFO


def log(severity, area, text):
    """One line, printable and bounded: a peer's text may be part of it."""
    if severity < level:
        return
    line = "%d.%03d %s %s: " % (ticks_ms() // 1000, ticks_ms() % 1000, _NAMES[severity], area)
    text = str(text)[:LINE_CHARACTERS]
    print(line + "".join([c if c >= " " else " " for c in text]))


def debug(area, text):
    log(DEBUG, area, text)


def info(area, text):
    log(INFO, area, text)


def warning(area, text):
    log(WARNING, area, text)


def error(area, text):
    log(ERROR, area, text)
