"""Serial ports with boards on them: found by what USB says of them, and found again after a reset."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from .problems import BoardError, Code, pulled

# Makers of the chip, of the XIAO, and of the USB bridges on development boards (CP210x, CH34x, FT232).
_MAKERS = (0x303A, 0x2886, 0x10C4, 0x1A86, 0x0403)
BACK_S = 20.0  # a computer takes up to a few seconds to list a USB device, a hub longer
POLL_S = 0.1
LEAVES_S = 1.5  # a chip resets within milliseconds, USB notices within a second


@dataclass(frozen=True)
class Port:
    """A port that was found. `serial` and `location` are USB's; empty for a port that is not on USB."""

    path: str
    usb: tuple[int, int] | None = None
    serial: str = ""
    location: str = ""
    title: str = ""

    @property
    def is_terminal(self) -> bool:
        """A pseudo-terminal: a mock board of this computer."""
        return Path(self.path).resolve().is_relative_to("/dev/pts")


def find(named: str | None, listed: Callable[[], Iterable[ListPortInfo]] = list_ports.comports) -> Port:
    """The board's port: the one that is `named`, or the only one there is. Raises BoardError."""
    ports = [_port(info) for info in listed()]
    if named:
        known = next((port for port in ports if port.path == named), None)
        if known is None and not Path(named).exists():
            raise BoardError(
                Code.NO_BOARD,
                f"there is no port {named}; {_list(ports) or 'no board is plugged in: check the cable'}",
            )
        return known or Port(named)
    boards = [port for port in ports if port.usb and port.usb[0] in _MAKERS]
    if not boards:
        raise BoardError(
            Code.NO_BOARD,
            "no board found on USB. Plug it in with a cable that carries data (many only charge), hold its "
            "BOOT button while plugging in if it still does not show, or name its port with --port",
        )
    if len(boards) > 1:
        raise BoardError(
            Code.SEVERAL_BOARDS, f"several boards are plugged in; name one with --port: {_list(boards)}"
        )
    return boards[0]


def again(
    port: Port,
    deadline_s: float = BACK_S,
    listed: Callable[[], Iterable[ListPortInfo]] = list_ports.comports,
) -> Port:
    """The same board where it is now: a reset may have given it another name. Raises BoardError."""
    end = time.monotonic() + deadline_s
    while True:
        if not port.serial and not port.location:
            if Path(port.path).exists():
                return port
        else:
            for now in (_port(info) for info in listed()):
                if (port.serial and now.serial == port.serial) or (
                    port.location and now.location == port.location
                ):
                    return now
        if time.monotonic() > end:
            raise pulled(f"{port.path} did not come back within {deadline_s:.0f} s")
        time.sleep(POLL_S)


def restarted(port: Port) -> Port:
    """The same board after it was told to reset. One with USB of its own leaves the bus for a
    moment; one behind a bridge stays. Raises BoardError.
    """
    end = time.monotonic() + LEAVES_S
    while Path(port.path).exists() and time.monotonic() < end:
        time.sleep(0.01)
    return again(port)


def _port(info: ListPortInfo) -> Port:
    usb = (info.vid, info.pid) if info.vid is not None and info.pid is not None else None
    # The chip's own USB writes its address with colons, MicroPython's without.
    serial = (info.serial_number or "").replace(":", "").lower()
    return Port(info.device, usb, serial, info.location or "", info.description or "")


def _list(ports: Iterable[Port]) -> str:
    return ", ".join(f"{port.path} ({port.title})" if port.title else port.path for port in ports)
