"""Waiting for a pin to connect: its log says how far it is, the relay says that it is there."""

from __future__ import annotations

import contextlib
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import serial

from .ports import BACK_S, Port, again
from .problems import BoardError, Code

CONNECT_S = 90.0  # four networks at 8 s each, as many relays, and a second round
_READ_S = 0.2
_LINE_BYTES = 512
_ASK_EVERY_S = 1.0
_ROUNDS = 3  # a complaint that comes so often does not go away by waiting

WELCOMED = re.compile(r"link: welcomed by (\S+)")
# What a pin's log says, the worst last: the first that matches is what is wrong. (pattern, code, sentence)
_SIGNS: tuple[tuple[re.Pattern[str], Code, str], ...] = (
    (
        re.compile(r"another relay's key was refused"),
        Code.BAD_SETTINGS,
        "this pin belongs to another relay: unplug it, plug it in with its button held for 2 seconds and run "
        "lapel flash again within two minutes, or run lapel flash --erase",
    ),
    (
        re.compile(r"does not know this pin|not a relay of this pin|wrong_key|unknown_pin"),
        Code.RELAY_REFUSES,
        "the relay does not know this pin; run lapel flash --pair to pair it again",
    ),
    (
        re.compile(r"link: \S+:\d+: (.+)"),
        Code.RELAY_UNREACHED,
        "the pin is on the Wi-Fi but does not reach the relay ({0}); check that lapel relay runs, that "
        "[relay] host in its config.toml is its address in this network, and that no firewall is between",
    ),
    (
        re.compile(r"no Wi-Fi network of the settings is in reach"),
        Code.NO_WIFI,
        "the pin joins none of its Wi-Fi networks; check their names and passwords with lapel flash --wifi "
        "(the chip knows 2.4 GHz only)",
    ),
    (
        re.compile(r"not paired|settings: (.+)"),
        Code.BAD_SETTINGS,
        "the pin does not take its settings ({0}); run lapel flash --pair",
    ),
    (
        re.compile(r"((?:\w+Error|safe copy)\b[^\n]*)|Traceback"),
        Code.NOT_STARTED,
        "the firmware does not start ({0}); lapel monitor shows why, lapel flash --erase installs it anew",
    ),
)


def wait(
    port: Port, connected: Callable[[], bool], progress: Callable[[str], None], deadline_s: float = CONNECT_S
) -> str:
    """Follows the board's log until it is connected; where to. Raises BoardError that says what is in the
    way.
    """
    end = time.monotonic() + deadline_s
    log: list[str] = []
    complaints: Counter[str] = Counter()
    asked, welcomed = 0.0, ""
    for line in lines(port, end):
        if line:
            log.append(line)
            progress(line)
            found = WELCOMED.search(line)
            welcomed = found[1] if found else welcomed
            complaint = line.partition(" ")[2]  # without its time
            complaints[complaint] += any(pattern.search(line) for pattern, _, _ in _SIGNS)
            if complaints[complaint] >= _ROUNDS and not welcomed:
                raise diagnosis(log)
        if time.monotonic() - asked > _ASK_EVERY_S or welcomed:
            asked = time.monotonic()
            if connected() or (welcomed and line == ""):  # a relay elsewhere cannot be asked
                return welcomed
    raise diagnosis(log, welcomed)


def lines(port: Port, end: float, back_s: float = BACK_S) -> Iterator[str]:
    """Lines that the board prints until `end`; "" now and then when there is none. Finds it again after a
    reset.

    Raises BoardError if it stays away for `back_s`.
    """
    while time.monotonic() < end:
        with contextlib.suppress(OSError):  # it went away: look for it again
            path = str(Path(again(port, back_s).path).resolve())
            with serial.serial_for_url(path, 115200, timeout=_READ_S) as opened:
                part = b""
                while time.monotonic() < end:
                    part += opened.read(opened.in_waiting or 1)
                    *whole, part = part.split(b"\n")
                    part = part[-_LINE_BYTES:]
                    for data in whole:
                        yield data.decode(errors="replace").rstrip("\r")
                    if not whole:
                        yield ""
        yield ""


def diagnosis(log: list[str], welcomed: str = "") -> BoardError:
    """What a log of a pin that did not connect says is wrong."""
    text = "\n".join(log)
    if not welcomed:
        for pattern, code, sentence in _SIGNS:
            found = None
            for found in pattern.finditer(text):  # noqa: B007 - the last one is the newest
                pass
            if found is not None:
                groups = [group or found[0] for group in found.groups()]
                return BoardError(code, sentence.format(*groups))
    if not log:
        return BoardError(
            Code.NOT_STARTED,
            f"the board printed nothing for {CONNECT_S:.0f} s; press its RESET button, then run lapel doctor "
            "--port",
        )
    return BoardError(
        Code.NOT_CONNECTED,
        f"the pin did not connect within {CONNECT_S:.0f} s; its last words: {log[-1]!r}. "
        "Run lapel monitor to watch it, and lapel doctor --port",
    )
