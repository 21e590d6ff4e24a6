"""Each part of a pin alone, tried over its cable before the case is closed.

The code below runs on the board, in MicroPython, with the firmware's own drivers; what it measures comes
back as one line of JSON and is judged here. A test asks its maker to press, speak or look where no chip can
tell.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..devices.repl import Repl

PRESS_S = 15  # for the button
RUN_S = 60.0  # the depth sensor's upload alone takes 2 to 8 s
ADDRESSES = {0x29: "U2 depth sensor", 0x36: "U5 fuel gauge", 0x5A: "U6 haptic driver", 0x74: "U4 LED matrix"}
QUIET_RMS, LOUD_RMS = 3.0, 8000.0  # of 16 bits; a dead line is 0, noise of a room about 10 to 60
CLOSE_MM = (100, 600)  # a hand or a sheet held before the sensor
CELL_MV = (3000, 4350)

# The board's pins and the firmware's modules. Slot a, or the one that runs.
PRELUDE = """
import json, sys
try:
    with open("slots.json") as _f: _slot = json.load(_f).get("slot", "a")
except (OSError, ValueError): _slot = "a"
try:
    import packed
    _slot = packed.enter(_slot)
except ImportError: pass
for _p in ("lib", _slot):
    if _p not in sys.path: sys.path.insert(0, _p)
import machine
from machine import Pin
B = json.loads(%r)
def bus():
    return machine.I2C(0, scl=Pin(B["SCL"]), sda=Pin(B["SDA"]), freq=400000)
"""

_CHIP = """
import gc, os
gc.collect()
s = os.statvfs("/") if hasattr(os, "statvfs") else None
R = {"machine": getattr(sys.implementation, "_machine", ""), "version": sys.version,
     "heap": gc.mem_free() + gc.mem_alloc(), "mhz": machine.freq() // 1000000,
     "flash": s[0] * s[2] if s else 0}
"""
_BUS = """
R = {"found": bus().scan()}
"""
_BUTTON = """
import time
p = Pin(B["BUTTON"], Pin.IN, Pin.PULL_UP)
R = {"rest": p.value(), "pressed": False, "released": False, "edges": 0}
last, end = R["rest"], time.ticks_add(time.ticks_ms(), 1000 * SECONDS)
while time.ticks_diff(end, time.ticks_ms()) > 0 and not R["released"]:
    now = p.value()
    if now != last:
        R["edges"] += 1
        last = now
        if not now: R["pressed"] = True
        elif R["pressed"]: R["released"] = True
    time.sleep_ms(2)
"""
# A line without its resistor keeps what the chip's weak pull-up left on it.
_ARM = """
import time
if B["LASER_ARM"] is None:
    R = {"after": None}
else:
    p = Pin(B["LASER_ARM"], Pin.IN, Pin.PULL_UP)
    time.sleep_ms(2)
    p.init(Pin.IN, None)
    time.sleep_ms(5)
    R = {"after": p.value()}
    p.init(Pin.OUT, value=0)
"""
_MIC = """
from machine import I2S
import struct
m = I2S(0, sck=Pin(B["MIC_BCLK"]), ws=Pin(B["MIC_WS"]), sd=Pin(B["MIC_SD"]), mode=I2S.RX, bits=32,
        format=I2S.MONO, rate=16000, ibuf=16384)
buf = bytearray(4096)
n = total = squares = peak = equal = 0
first = None
for block in range(32):
    got = m.readinto(buf) or 0
    if block < 16: continue  # the microphone wakes up
    for i in range(0, got, 4):
        v = struct.unpack_from("<i", buf, i)[0] >> B["MIC_SHIFT"]
        if first is None: first = v
        equal += v == first
        n += 1; total += v; squares += v * v
        if abs(v) > peak: peak = abs(v)
m.deinit()
mean = total / max(1, n)
R = {"samples": n, "mean": mean, "rms": max(0, squares / max(1, n) - mean * mean) ** 0.5, "peak": peak,
     "stuck": n > 0 and equal == n, "value": first}
"""
_DEPTH = """
import time
from vl53l5cx.mp import VL53L5CXMP
from vl53l5cx import DATA_DISTANCE_MM, DATA_TARGET_STATUS, RESOLUTION_8X8
t = time.ticks_ms()
s = VL53L5CXMP(bus(), lpn=None if B.get("DEPTH_LPN") is None else Pin(B["DEPTH_LPN"], Pin.OUT, value=1))
alive = bool(s.is_alive())
s.init()
up = time.ticks_diff(time.ticks_ms(), t)
s.resolution = RESOLUTION_8X8
s.ranging_freq = 15
line = Pin(B["DEPTH_INT"], Pin.IN)
s.start_ranging({DATA_DISTANCE_MM, DATA_TARGET_STATUS})
frames, lows, t = [], 0, time.ticks_ms()
while len(frames) < 10 and time.ticks_diff(time.ticks_ms(), t) < 3000:
    if s.check_data_ready():
        lows += line.value() == 0
        r = s.get_ranging_data()
        frames.append([d for d, c in zip(r.distance_mm, r.target_status) if c in (5, 9)])
    time.sleep_ms(2)
took = time.ticks_diff(time.ticks_ms(), t)
s.stop_ranging()
last = sorted(frames[-1]) if frames else []
R = {"alive": alive, "upload_ms": up, "frames": len(frames), "took_ms": took, "line": lows,
     "zones": len(last), "median_mm": last[len(last) // 2] if last else 0}
"""
_GAUGE = """
from pin.gauge import Gauge
g = Gauge(bus())
R = {"ok": g.read(), "mv": g.millivolts, "percent": g.percent}
"""
_HAPTIC = """
import time
from pin.haptic import Haptic, ALERT
h = Haptic(bus(), B.get("HAPTIC") or "erm")
R = {"played": h.play(ALERT)}
time.sleep_ms(1500)
h.rest()
R["failures"] = h.failures
"""
_MATRIX = """
import time
from pin.projector.is31fl3731 import Is31fl3731, COLUMNS, ROWS
m = Is31fl3731(bus())
m.power(True)
for name in ("corners", "columns", "all"):
    for step in range(COLUMNS if name == "columns" else 1):
        for i in range(len(m.pixels)):
            x, y = i % COLUMNS, i // COLUMNS
            corner = x in (0, COLUMNS - 1) and y in (0, ROWS - 1)
            lit = corner if name == "corners" else x == step or name == "all"
            m.pixels[i] = 60 if lit else 0
        m.show()
        time.sleep_ms(60 if name == "columns" else 1500)
m.power(False)
R = {"shown": 3}
"""
_SCAN = """
from machine import I2S
from array import array
import time
n = 480
buf = array("i", bytes(8 * n))
import math
for k in range(n):
    v = int(math.sin(2 * math.pi * k / n) * 0.25 * 2147483647)
    buf[2 * k] = (v & ~0x1FF) | ((k & 1) << 1) | 4  # the pilot toggles; blanked: no light is asked for
    buf[2 * k + 1] = v & ~0x1FF
Pin(B["LASER_ARM"], Pin.OUT, value=0)
s = I2S(1, sck=Pin(B["SCAN_BCLK"]), ws=Pin(B["SCAN_WS"]), sd=Pin(B["SCAN_SD"]), mode=I2S.TX, bits=32,
        format=I2S.STEREO, rate=48000, ibuf=20000)
t, sent = time.ticks_ms(), 0
while time.ticks_diff(time.ticks_ms(), t) < 1000 * SECONDS:
    sent += s.write(buf)
took = time.ticks_diff(time.ticks_ms(), t)
s.deinit()
R = {"rate": sent // 8 * 1000 // max(1, took)}
"""

_SPEAKER = """
from machine import I2S
from array import array
import math, time
wires = B["SPEAKER"]
if wires is None:
    R = {"rate": None}
else:
    tone = array("h", [int(8000 * math.sin(2 * math.pi * k / 16)) for k in range(320)])
    s = I2S(1, sck=Pin(B[wires + "_BCLK"]), ws=Pin(B[wires + "_WS"]), sd=Pin(B[wires + "_SD"]),
            mode=I2S.TX, bits=16, format=I2S.MONO, rate=16000, ibuf=4096)
    t, sent = time.ticks_ms(), 0
    while time.ticks_diff(time.ticks_ms(), t) < 1000 * SECONDS:
        sent += s.write(tone)
    took = time.ticks_diff(time.ticks_ms(), t)
    s.deinit()
    R = {"rate": sent // 2 * 1000 // max(1, took)}
"""

Result = dict[str, Any]


@dataclass(frozen=True)
class Verdict:
    """`advice` is what to look at when it is not `ok`."""

    ok: bool
    said: str
    advice: str = ""


@dataclass(frozen=True)
class Test:
    """One part. `ask` is said before it runs; `seen` is a question that only eyes or skin can answer."""

    name: str
    title: str
    code: str
    judge: Callable[[Result], Verdict]
    ask: str = ""
    seen: str = ""
    seconds: int = 0


def _chip(r: Result) -> Verdict:
    said = f"{r['machine'] or 'MicroPython'}, {r['heap'] >> 20} MB of heap, {r['mhz']} MHz"
    if r["heap"] < 1 << 20:
        return Verdict(False, said, "no PSRAM found: the wrong image, see lapel flash --erase")
    return Verdict(True, said)


def _bus(r: Result) -> Verdict:
    found = [ADDRESSES.get(a, f"unknown at 0x{a:02x}") for a in r["found"]]
    said = "on the bus: " + (", ".join(found) or "nothing")
    if len(r["found"]) > 16:
        return Verdict(False, said, "everything answers: SDA is held low; look for a bridge of solder at SDA")
    if not r["found"]:
        return Verdict(False, said, "measure 3.3 V at both lines at rest; swapped SDA and SCL look the same")
    if 0x29 not in r["found"]:
        return Verdict(False, said, "U2 is missing: its LPN belongs to 3.3 V, its VIN to 3.3 V")
    return Verdict(True, said)


def _button(r: Result) -> Verdict:
    said = f"at rest {r['rest']}, {r['edges']} edges"
    if not r["rest"]:
        return Verdict(False, said, "held low at rest: a bridge, or the switch is turned by 90 degrees")
    if not r["released"]:
        return Verdict(False, said, "no press seen: the switch's other pair of legs, or GPIO and pad differ")
    return Verdict(True, said)


def _arm(r: Result) -> Verdict:
    if r["after"] is None:
        return Verdict(True, "this board has no LASER_ARM")
    if r["after"]:
        return Verdict(False, "the line floats", "R2 (100 kohm to ground) is missing: never fit a laser so")
    return Verdict(True, "falls by itself: R2 is there")


def _mic(r: Result) -> Verdict:
    said = f"rms {r['rms']:.0f}, peak {r['peak']}, mean {r['mean']:.0f} over {r['samples']} samples"
    if not r["samples"] or r["stuck"]:
        return Verdict(
            False, said, "the line never moves: no supply (is the red light on?), SD, or L/R is not at ground"
        )
    if r["rms"] < QUIET_RMS:
        return Verdict(False, said, "too quiet for any room: the port is covered or full of flux")
    if r["rms"] > LOUD_RMS:
        return Verdict(False, said, "noise: BCLK and WS swapped, or the ground wire is missing")
    return Verdict(True, said)


def _depth(r: Result) -> Verdict:
    rate = 1000 * r["frames"] / max(1, r["took_ms"])
    said = f"{rate:.1f} frames/s, {r['zones']} zones, median {r['median_mm']} mm, upload {r['upload_ms']} ms"
    if r["frames"] < 10:
        return Verdict(False, said, "no frames: the supply sags (C1), or wires longer than 15 cm")
    if not r["line"]:
        return Verdict(False, said, "INT stays high: its wire to pad D2")
    if r["zones"] < 16 or not CLOSE_MM[0] <= r["median_mm"] <= CLOSE_MM[1]:
        return Verdict(False, said, "hold a sheet 25 cm before it; is the protective film off the sensor?")
    return Verdict(True, said)


def _gauge(r: Result) -> Verdict:
    said = f"{r['mv']} mV, {r['percent']} percent"
    if not r["ok"] or not CELL_MV[0] <= r["mv"] <= CELL_MV[1]:
        return Verdict(False, said, "no cell between its CELL and GND pins, or the plug is turned round")
    return Verdict(True, said)


def _haptic(r: Result) -> Verdict:
    if not r["played"] or r["failures"]:
        return Verdict(
            False, f"{r['failures']} failures", "the chip stops answering: its supply when the motor starts"
        )
    return Verdict(True, "a double click was played")


def _matrix(r: Result) -> Verdict:
    return Verdict(r["shown"] == 3, "corners, a wandering column, all")


def _scan(r: Result) -> Verdict:
    said = f"{r['rate']} samples/s"
    if not 47_000 <= r["rate"] <= 52_000:  # the buffer takes 2,500 samples ahead
        return Verdict(False, said, "expected 48,000 samples/s: another program holds I2S 1")
    return Verdict(True, said)


def _speaker(r: Result) -> Verdict:
    if r["rate"] is None:
        advice = "left out on purpose? then this is right; else flash the board whose file has SPEAKER"
        return Verdict(False, "this board's file names no speaker", advice)
    said = f"{r['rate']} samples/s"
    if not 15_500 <= r["rate"] <= 19_000:  # the buffer takes 2,048 samples ahead
        return Verdict(False, said, "expected 16,000 samples/s: another program holds I2S 1")
    return Verdict(True, said)


TESTS = (
    Test("chip", "U1 board", _CHIP, _chip),
    Test("bus", "I2C bus", _BUS, _bus),
    Test("button", "S1 button", _BUTTON, _button, "Press the button and let it go.", "", PRESS_S),
    Test("arm", "R2 pull-down of LASER_ARM", _ARM, _arm, "No laser may be connected during this test."),
    Test("mic", "U3 microphone", _MIC, _mic, "Speak for two seconds.",
         "was the red light on while you spoke, and only then"),
    Test("depth", "U2 depth sensor", _DEPTH, _depth, "Hold a sheet of paper 25 cm before the sensor."),
    Test("gauge", "U5 fuel gauge (option)", _GAUGE, _gauge),
    Test("haptic", "U6 haptic driver and motor (option)", _HAPTIC, _haptic, "",
         "did you feel two clicks, twice"),
    Test("speaker", "U21 amplifier and LS1 speaker (option)", _SPEAKER, _speaker,
         "Keep it away from your ear.",
         "did you hear an even tone of 1 kHz for two seconds, and silence after it", 2),
    Test("matrix", "U4 and DS1 LED matrix", _MATRIX, _matrix, "",
         "four corners, one column from left to right, then all"),
    Test("scan", "U7 converter and U8 laser bits", _SCAN, _scan,
         "No laser may be connected. Put a scope on the converter's outputs: 100 Hz, both in phase.",
         "were both outputs sines of 100 Hz, and B1 of U8 a square of 24 kHz", 5),
)  # fmt: skip
BUILD_TESTS = {
    "matrix": ("chip", "bus", "button", "arm", "mic", "depth", "gauge", "haptic", "speaker", "matrix"),
    "vector": ("chip", "bus", "button", "arm", "mic", "depth", "gauge", "haptic", "scan"),
}
_PINS = (
    "BUTTON", "LASER_ARM", "MIC_BCLK", "MIC_WS", "MIC_SD", "MIC_SHIFT", "SCAN_BCLK", "SCAN_WS", "SCAN_SD",
    "SDA",
    "SCL", "DEPTH_INT", "DEPTH_LPN", "HAPTIC", "SPEAKER", "SPK_BCLK", "SPK_WS", "SPK_SD",
)  # fmt: skip


def named(name: str) -> Test:
    """Raises KeyError."""
    return {test.name: test for test in TESTS}[name]


def prelude(board: str) -> str:
    """What runs on the board first: its pins, from its file in the firmware."""
    module = importlib.import_module(f"boards.{board}")
    return PRELUDE % json.dumps({name: getattr(module, name, None) for name in _PINS})


def measure(repl: Repl, test: Test, board: str, seconds: int | None = None) -> Verdict:
    """Runs one test. Raises BoardError where the board refuses: a chip that does not answer raises
    OSError.
    """
    code = f"{prelude(board)}\nSECONDS = {test.seconds if seconds is None else seconds}\n{test.code}"
    text = repl.run(f"{code}\nprint(json.dumps(R))", timeout_s=RUN_S)
    return test.judge(json.loads(text.strip().splitlines()[-1]))
