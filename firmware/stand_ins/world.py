"""The world around a virtual pin: clock, sound, hand, Wi-Fi and wires, as the host plays them.

The stand-ins for hardware register here as devices, which have `advance(us)` (let time pass up to now),
`due()` (when to look again, in us, or pump.NEVER) and `dispatch()` (call the firmware's handlers). Handlers
run as scheduled callbacks only. Whatever firmware calls into a device is put between `enter()` and `leave()`:
a callback in the middle of that is put off.
"""

import json
import os
import struct
import sys
import time

import pump
import world_link
from room import RATE_HZ, Room

BATTERY_MV = 3900
DEPTH_BYTES = 192  # of 64 zones: distances, then statuses
RETRY_US = 5000  # when the host did not take everything
HANDLERS_QUEUED = 8  # MICROPY_SCHEDULER_DEPTH of the ESP32 port; further edges are lost there too

epoch_us = time.ticks_us()
link = world_link.from_environment()
room = Room()
devices = []
edges = []  # GPIO inputs call these with (gpio, level)
levels = {}  # of inputs, as the host set them
outputs = {}  # of outputs, as the firmware set them
past = {}  # counters of devices that were closed
typed = []  # questions that the wearer typed, oldest first; on_typed() is called when one came
on_typed = None

depth = bytearray(128 * b"\0" + 64 * b"\xff")  # before the depth sensor: at first nothing
depth_count = 0  # how often that was told
depth_frozen = False  # the depth sensor gives nothing new
wifi_up = True
wifi_connect_ms = 30
battery_mv = BATTERY_MV

_busy = 0
_missed = False
_stall_ms = 0
_asked = False  # the host wants the counters
_played = 0  # samples of sound so far
_heard = 0  # of which the host knows that they have passed
_head = bytearray(16)


def board(name, default):
    """A constant of this board, if the board file has it."""
    try:
        from boards import virtual
    except ImportError:
        return default
    return getattr(virtual, name, default)


def position(us):
    """Samples of the room's clock up to `us`."""
    return (us - epoch_us) * RATE_HZ // 1_000_000


def time_of(position):
    """When that many samples have passed, in us."""
    return epoch_us + (position * 1_000_000 + RATE_HZ - 1) // RATE_HZ


def enter():
    """Firmware calls into a device: let time pass up to now. Returns now in us."""
    global _busy
    _busy += 1
    return _advance()


def leave():
    global _busy, _missed
    _busy -= 1
    if not _busy:
        if _missed:
            _missed = False
            while not pump.schedule(_poll):
                time.sleep_ms(1)
        else:
            pump.wake_at(_due())


def send(kind, head, data=b"", start=0, count=0):
    """A message to the host, if there is one."""
    if link:
        link.send(ord(kind), head, data, start, count)


def output(gpio, level):
    """The firmware sets an output."""
    now = enter()
    try:
        if outputs.get(gpio) != level:
            outputs[gpio] = level
            send("o", struct.pack("<BBq", gpio, level, now))
            if link:
                link.flush()
    finally:
        leave()


def counters():
    """What the hardware did since the pin was switched on, closed devices too."""
    values = {"played": _played, "forgotten": room.forgotten, "link_lost": link.lost if link else 0}
    for name in past:
        values[name] = past[name]
    for device in devices:
        device.count(values)
    return values


def add(values, name, count):
    """A device's share of a counter."""
    values[name] = values.get(name, 0) + count


def _poll(_):
    global _missed, _stall_ms
    if _busy:
        _missed = True
        return
    try:
        pump.hook()
        _advance()
        _dispatch()
        if _stall_ms:  # only now: a press that came before it was an interrupt before it
            time.sleep_ms(_stall_ms)
            _stall_ms = 0
            _advance()
            _dispatch()
    except Exception as error:  # noqa: BLE001 - a broken stand-in is told; the pin runs as far as it goes
        sys.print_exception(error)
    pump.wake_at(_due())
    pump.ran()


def _dispatch():
    i = 0
    while i < len(devices):  # a handler may open or close a device
        devices[i].dispatch()
        i += 1


def _advance():
    global _heard, _asked
    if link:
        _receive()  # first: what was said before now must be in the room before now passes
    now = time.ticks_us()
    for device in devices:
        device.advance(now)
    if _heard != _played and position(now) >= room.end:
        _heard = _played
        send("m", struct.pack("<q", _heard))
    if _asked:
        _asked = False
        send("c", json.dumps(counters()).encode())
    if link:
        link.flush()
    return now


def _due():
    if _stall_ms:
        return time.ticks_us()
    at = pump.NEVER
    for device in devices:
        at = min(at, device.due())
    if _heard != _played:
        at = min(at, time_of(room.end))
    if link and link.pending():
        at = min(at, time.ticks_us() + RETRY_US)
    return at


def _receive():
    try:
        while True:
            kind = link.read()
            if not kind:
                return
            _hear(kind, link.body, link.length)
    except (OSError, EOFError):  # the host is gone: a virtual pin must not outlive it
        pump.die()


def _hear(kind, body, length):
    global _played, _stall_ms, _asked, battery_mv
    global depth_count, depth_frozen, wifi_up, wifi_connect_ms
    if kind == 0x61:  # a
        samples = (length - 8) // 2
        at = 0
        for i in range(8):
            at |= body[i] << 8 * i
        needed = position(time.ticks_us())
        for device in devices:
            needed = min(needed, device.needs(needed))
        room.append(position(at), body, 8, samples, needed)
        _played += samples
    elif kind == 0x67:  # g
        gpio = body[0]
        level = body[1]
        if levels.get(gpio) != level:
            levels[gpio] = level
            for edge in edges:
                edge(gpio, level)
    elif kind == 0x64:  # d
        depth_frozen = body[0] == 1
        world_link.move_bytes(depth, 0, body, 1, DEPTH_BYTES)
        depth_count += 1
    elif kind == 0x77:  # w
        wifi_up = body[0] == 1
        wifi_connect_ms = body[1] | body[2] << 8
    elif kind == 0x73:  # s
        _stall_ms = struct.unpack_from("<I", body)[0]
    elif kind == 0x62:  # b
        battery_mv = body[0] | body[1] << 8
    elif kind == 0x74:  # t
        typed.append(bytes(body[:length]).decode())
    elif kind == 0x71:  # q
        _asked = True


def _start():
    text = os.getenv("LAPEL_INPUTS")
    if text:  # inputs that are held from the start: gpio=level,...
        for item in text.split(","):
            gpio, level = item.split("=")
            levels[int(gpio)] = int(level)
    pump.start(_poll, link)


_start()
