"""Which pin is wired to which, for both builds. The ESP32's side comes from `hardware/wiring/pins.csv`
alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .tables import HardwareError, folder, rows

# Kinds of pins. `od` pulls down only; `io` is a passive end or one that drives either way.
KINDS = ("in", "out", "od", "io", "passive", "supply", "source", "ground", "nc")

# The XIAO's pads by GPIO (Seeed's pinout drawing).
PADS = {1: "D0", 2: "D1", 3: "D2", 4: "D3", 5: "D4", 6: "D5", 43: "D6", 44: "D7", 7: "D8", 8: "D9", 9: "D10"}


@dataclass(frozen=True)
class Pin:
    kind: str
    most_v: float = 3.6  # what it stands; of an output what it gives at most


@dataclass(frozen=True)
class Part:
    """`value` is what a two-pin part is worth in ohm or farad; `near` whose supply a capacitor steadies.

    `onboard` says that a breakout brings its own capacitors; `pull_ohm` its own pull-ups on the I2C bus.
    """

    ref: str
    title: str
    pins: dict[str, Pin]
    value: float = 0.0
    near: str = ""
    onboard: bool = False
    pull_ohm: float = 0.0
    address: int | None = None
    peak_ma: float = 0.0
    source: str = ""


@dataclass
class Netlist:
    build: str
    parts: dict[str, Part] = field(default_factory=dict)
    nets: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def add(self, part: Part, **wires: str) -> None:
        """A part and the net of each of its pins; a pin that is left out is not connected."""
        if part.ref in self.parts:
            raise HardwareError(f"netlist: {part.ref} is there twice")
        self.parts[part.ref] = part
        for pin, net in wires.items():
            if pin not in part.pins:
                raise HardwareError(f"netlist: {part.ref} has no pin {pin}")
            self.nets.setdefault(net, []).append((part.ref, pin))

    def pins(self, net: str, *kinds: str) -> list[tuple[Part, str]]:
        """The pins of a net, of some kinds or of all."""
        every = [(self.parts[ref], pin) for ref, pin in self.nets.get(net, [])]
        return [(part, pin) for part, pin in every if not kinds or part.pins[pin].kind in kinds]

    def net_of(self, ref: str, pin: str) -> str:
        """ "" if nothing is connected."""
        return next((net for net, ends in self.nets.items() if (ref, pin) in ends), "")

    def between(self, one: str, other: str) -> list[Part]:
        """Two-pin parts from one net to another."""
        found = {part.ref: part for part, _ in self.pins(one, "passive")}
        return [found[part.ref] for part, _ in self.pins(other, "passive") if part.ref in found]


def signals(column: str = "gpio") -> dict[str, int]:
    """Signal to GPIO of the XIAO, as pins.csv has it."""
    table = rows(folder() / "wiring" / "pins.csv")
    return {row["signal"]: int(row[column]) for row in table if row[column].isdigit()}


# What the board does at each signal; the rest of a pin comes from pins.csv.
_DRIVEN = {
    "MIC_BCLK": "out", "MIC_WS": "out", "MIC_SD": "in", "SCAN_BCLK": "out", "SCAN_WS": "out",
    "SCAN_SD": "out",
    "SDA": "od", "SCL": "od", "BUTTON": "in", "LASER_ARM": "out", "DEPTH_INT": "in", "DEPTH_LPN": "out",
}  # fmt: skip
_V3, _GND = "3V3", "GND"


def build(name: str) -> Netlist:
    """The netlist of a build. Raises HardwareError for a signal that nobody wired."""
    netlist = Netlist(name)
    _common(netlist)
    if name == "matrix":
        _matrix(netlist)
    elif name == "vector":
        _vector(netlist)
    else:
        raise HardwareError(f"expected matrix or vector, got {name!r}")
    return netlist


def _board(build: str) -> tuple[Part, dict[str, str]]:
    pins = {
        "BAT": Pin("io", 4.2),
        "BATGND": Pin("ground"),
        "3V3": Pin("source", 3.4),
        "GND": Pin("ground"),
    }
    wires = {"BAT": "VBAT", "BATGND": _GND, "3V3": _V3, "GND": _GND}
    for signal, gpio in signals().items():
        pad = PADS.get(gpio)
        if pad is None or signal not in _DRIVEN:
            raise HardwareError(f"pins.csv: {signal} on GPIO{gpio}: not a pad of the XIAO, or unknown")
        pins[pad] = Pin(_DRIVEN[signal], 3.4 if _DRIVEN[signal] == "out" else 3.6)
        wires[pad] = signal
    return Part(
        "U1", "XIAO ESP32S3", pins, onboard=True, peak_ma=340, source="estimate: Wi-Fi at full power"
    ), wires


def _two(ref: str, title: str, value: float, near: str = "") -> Part:
    return Part(ref, title, {"1": Pin("passive"), "2": Pin("passive")}, value, near)


def _supplied(**pins: Pin) -> dict[str, Pin]:
    return {"VCC": Pin("supply"), "GND": Pin("ground"), **pins}


def _fet(ref: str, title: str) -> Part:
    return Part(ref, title, {"G": Pin("in", 8), "S": Pin("passive", 8), "D": Pin("passive", 8)})


def _common(n: Netlist) -> None:
    board, wires = _board(n.build)
    n.add(board, **wires)
    cell = Part("BT1", "cell 500 mAh", {"P": Pin("source", 4.2), "N": Pin("ground")})
    n.add(cell, P="VBAT", N=_GND)
    depth = Part(
        "U2", "VL53L5CX", {
            "VIN": Pin("supply", 5.5), "GND": Pin("ground"), "SDA": Pin("od"), "SCL": Pin("in"),
            "INT": Pin("od"), "LPN": Pin("in"),
        }, onboard=True, pull_ohm=10e3, address=0x29, peak_ma=150, source="Pololu 3417: peak about 150 mA",
    )  # fmt: skip
    n.add(depth, VIN=_V3, GND=_GND, SDA="SDA", SCL="SCL", INT="DEPTH_INT", LPN=_V3)
    n.add(_two("C1", "10 uF", 10e-6, "U2"), **{"1": _V3, "2": _GND})
    mic = Part(
        "U3", "ICS-43434", _supplied(BCLK=Pin("in"), WS=Pin("in"), SD=Pin("out", 3.4), LR=Pin("in")),
        peak_ma=1, source="TDK ICS-43434 datasheet: 0.49 mA typical",
    )  # fmt: skip
    n.add(mic, VCC="MIC_3V3", GND=_GND, BCLK="MIC_BCLK", WS="MIC_WS", SD="MIC_SD", LR=_GND)
    n.add(_two("C2", "100 nF", 100e-9, "U3"), **{"1": "MIC_3V3", "2": _GND})
    # The microphone has a supply while its bit clock runs, and the light hangs on that supply.
    high_side = Part("Q1", "DMG2305UX", {"G": Pin("in", 8), "S": Pin("passive", 8), "D": Pin("source", 3.4)})
    n.add(high_side, G="MIC_OFF", S=_V3, D="MIC_3V3")
    n.add(_two("R4", "100 k", 100e3), **{"1": _V3, "2": "MIC_OFF"})
    n.add(_fet("Q4", "DMG2302UK"), G="MIC_PUMP", S=_GND, D="MIC_OFF")
    n.add(_two("C4", "100 pF", 100e-12), **{"1": "MIC_BCLK", "2": "MIC_SWING"})
    pump = Part("D2", "BAT54S", {"A": Pin("passive"), "M": Pin("passive"), "K": Pin("passive")})
    n.add(pump, A=_GND, M="MIC_SWING", K="MIC_PUMP")
    n.add(_two("C5", "10 nF", 10e-9), **{"1": "MIC_PUMP", "2": _GND})
    n.add(_two("R5", "1 M", 1e6), **{"1": "MIC_PUMP", "2": _GND})
    n.add(_two("R1", "1 k", 1e3), **{"1": "MIC_3V3", "2": "TRUST"})
    n.add(Part("D1", "trust light", {"A": Pin("passive"), "K": Pin("passive")}), A="TRUST", K=_GND)
    n.add(_two("S1", "button", 0), **{"1": "BUTTON", "2": _GND})
    n.add(_two("R3", "10 k", 10e3), **{"1": _V3, "2": "BUTTON"})
    n.add(_two("R2", "100 k", 100e3), **{"1": "LASER_ARM", "2": _GND})
    bus = {"SDA": Pin("od"), "SCL": Pin("in")}
    gauge = Part(
        "U5", "MAX17048", {"CELL": Pin("supply", 5.5), "GND": Pin("ground"), **bus}, onboard=True,
        pull_ohm=10e3, address=0x36, peak_ma=0.1, source="Maxim MAX17048 datasheet: 23 uA active, typical",
    )  # fmt: skip
    n.add(gauge, CELL="VBAT", GND=_GND, SDA="SDA", SCL="SCL")
    haptic = Part(
        "U6", "DRV2605L", _supplied(**bus, OUTP=Pin("out", 3.4), OUTN=Pin("out", 3.4)), onboard=True,
        pull_ohm=10e3, address=0x5A, peak_ma=120, source="estimate: start of a 10 mm motor",
    )  # fmt: skip
    n.add(haptic, VCC=_V3, GND=_GND, SDA="SDA", SCL="SCL", OUTP="MOTOR_P", OUTN="MOTOR_N")
    n.add(_two("MO1", "motor", 30), **{"1": "MOTOR_P", "2": "MOTOR_N"})


def _matrix(n: Netlist) -> None:
    driver = Part(
        "U4", "IS31FL3731", _supplied(SDA=Pin("od"), SCL=Pin("in"), LEDS=Pin("passive")), onboard=True,
        pull_ohm=10e3, address=0x74, peak_ma=80, source="estimate: twice the 40 mA that Adafruit's guide "
        "gives for most uses",
    )  # fmt: skip
    n.add(driver, VCC=_V3, GND=_GND, SDA="SDA", SCL="SCL", LEDS="CHARLIEPLEX")
    n.add(Part("DS1", "16 x 9 LEDs", {"LEDS": Pin("passive")}), LEDS="CHARLIEPLEX")
    n.add(_two("C3", "10 uF", 10e-6, "U4"), **{"1": _V3, "2": _GND})
    # The speaker, on the lines that mirrors would have. Its SD stays open: no pad is left for it, the
    # breakout's own 1 Mohm makes both slots' mean of it, and without a bit clock the chip stands by.
    line = Pin("in", 5.5)
    amplifier = Part(
        "U21", "MAX98357A", {
            "VIN": Pin("supply", 5.5), "GND": Pin("ground"), "BCLK": line, "LRC": line, "DIN": line,
            "GAIN": Pin("passive"), "SD": Pin("nc"), "OUTP": Pin("out", 4.2), "OUTN": Pin("out", 4.2),
        }, onboard=True, peak_ma=140, source="estimate: a full sine, see erc.py, at 3.4 V and 90 %",
    )  # fmt: skip
    n.add(
        amplifier, VIN="VBAT", GND=_GND, BCLK="SCAN_BCLK", LRC="SCAN_WS", DIN="SCAN_SD", GAIN="SPK_GAIN",
        OUTP="SPK_P", OUTN="SPK_N",
    )  # fmt: skip
    n.add(_two("R15", "100 k", 100e3), **{"1": "VBAT", "2": "SPK_GAIN"})
    n.add(_two("LS1", "speaker 8 ohm", 8), **{"1": "SPK_P", "2": "SPK_N"})


def _logic(ref: str, title: str, **pins: Pin) -> Part:
    return Part(ref, title, _supplied(**pins), peak_ma=1, source="estimate")


def _vector(n: Netlist) -> None:
    i, o = Pin("in"), Pin("out", 3.4)
    stream = {"BCLK": "SCAN_BCLK", "WS": "SCAN_WS", "SD": "SCAN_SD"}
    power = {"VCC": _V3, "GND": _GND}
    dac = Part(
        "U7", "PCM5102A", _supplied(BCLK=i, WS=i, SD=i, X=o, Y=o, MUTE=i), onboard=True, peak_ma=20,
        source="estimate",
    )  # fmt: skip
    n.add(dac, **power, **stream, X="DRIVE_X", Y="DRIVE_Y", MUTE=_V3)
    bits = _logic("U8", "74HC595", SER=i, SRCLK=i, RCLK=i, OE=i, CLR=i, B1=o, B2=o, B3=o, B4=o, B5=o, B6=o)
    n.add(
        bits, **power, SER="SCAN_SD", SRCLK="SCAN_BCLK", RCLK="SCAN_WS", OE=_GND, CLR=_V3,
        B1="PILOT", B2="BLANK", B3="LEVEL0", B4="LEVEL1", B5="LEVEL2", B6="LEVEL3",
    )  # fmt: skip
    galvo = Part(
        "SC1", "galvanometers", {
            "X": Pin("in", 15), "Y": Pin("in", 15), "XPOS": Pin("out", 3.4), "YPOS": Pin("out", 3.4),
            "GND": Pin("ground"),
        }, source="estimate: its own supply; positions behind dividers",
    )  # fmt: skip
    n.add(galvo, X="DRIVE_X", Y="DRIVE_Y", XPOS="POS_X", YPOS="POS_Y", GND=_GND)
    # One axis for each of the two switches: either mirror that stops opens one, and no wire feeds both.
    for ref, position, motion in (("U16", "POS_X", "SPEED_A"), ("U17", "POS_Y", "SPEED_B")):
        n.add(_logic(ref, "LM393", POS=i, OUT=Pin("od")), **power, POS=position, OUT=motion)
    n.add(_two("R6", "10 k", 10e3), **{"1": _V3, "2": "SPEED_A"})
    n.add(_two("R7", "10 k", 10e3), **{"1": _V3, "2": "SPEED_B"})
    timer = _logic("U9", "74HC123", TRIG=i, RC=Pin("passive"), Q=o)
    n.add(timer, **power, TRIG="SPEED_A", RC="RC_A", Q="MOTION_A")
    pair = _logic("U10", "74HC123", TRIG=i, RC=Pin("passive"), Q=o, TRIG2=i, RC2=Pin("passive"), Q2=o)
    n.add(pair, **power, TRIG="SPEED_B", RC="RC_B", Q="MOTION_B", TRIG2="PILOT", RC2="RC_P", Q2="PILOT_OK")
    counter = _logic("U11", "74HC4060", RESET=i, RC=Pin("passive"), Q14=o)
    n.add(counter, **power, RESET="ARM_NOT", RC="RC_T", Q14="TIME_OVER")
    latch = _logic("U12", "74HC74", CLK=i, CLR=i, NQ=o, CLK2=i, CLR2=i, NQ2=o)
    n.add(
        latch, **power, CLK="TIME_OVER", CLR="LASER_ARM", NQ="IN_TIME", CLK2="TOO_BRIGHT", CLR2="POWER_GOOD",
        NQ2="NOT_BRIGHT",
    )  # fmt: skip
    inverter = _fet("Q5", "DMG2302UK: ARM inverted")
    n.add(inverter, G="LASER_ARM", S=_GND, D="ARM_NOT")
    n.add(_two("R8", "10 k", 10e3), **{"1": _V3, "2": "ARM_NOT"})
    four = {"A": i, "B": i, "C": i, "D": i, "Y": o}
    n.add(
        _logic("U13", "74HC21", **four),
        **power,
        A="LASER_ARM",
        B="MOTION_A",
        C="IN_TIME",
        D="SHUTTER",
        Y="HIGH_ON",
    )
    n.add(
        _logic("U14", "74HC21", **four), **power, A="PILOT_OK", B="MOTION_B", C="POWER_GOOD", D="NOT_BRIGHT",
        Y="LOW_ON",
    )  # fmt: skip
    supervisor = _logic("U15", "TPS3808G33", SENSE=i, CT=Pin("passive"), RESET=Pin("od"))
    n.add(supervisor, **power, SENSE=_V3, CT="CT", RESET="POWER_GOOD")
    n.add(_two("R9", "10 k", 10e3), **{"1": _V3, "2": "POWER_GOOD"})
    n.add(_two("S2", "shutter contact", 0), **{"1": _V3, "2": "SHUTTER"})
    n.add(_two("R10", "10 k", 10e3), **{"1": "SHUTTER", "2": _GND})
    monitor = _logic("U18", "LM393", PD=i, OUT=Pin("od"))
    n.add(monitor, **power, PD="MONITOR", OUT="TOO_BRIGHT")
    n.add(_two("R11", "10 k", 10e3), **{"1": _V3, "2": "TOO_BRIGHT"})
    n.add(Part("PD1", "BPW34", {"A": Pin("passive"), "K": Pin("passive")}), A="MONITOR", K=_V3)
    n.add(_two("R12", "to be calibrated", 10e3), **{"1": "MONITOR", "2": _GND})
    # The laser's own path: high side, current limit, emission light, diode, driver, low side.
    n.add(_fet("Q6", "DMG2302UK: opens Q2"), G="HIGH_ON", S=_GND, D="HIGH_OFF")
    n.add(_two("R13", "10 k", 10e3), **{"1": "V_LASER", "2": "HIGH_OFF"})
    n.add(_two("R17", "100 k", 100e3), **{"1": "HIGH_ON", "2": _GND})
    n.add(_two("R18", "100 k", 100e3), **{"1": "LOW_ON", "2": _GND})
    boost = Part("U19", "supply of the laser 7 V", {"OUT": Pin("source", 7.5), "VCC": Pin("supply", 5.5),
    "GND": Pin("ground")},
                 onboard=True, peak_ma=180, source="estimate")  # fmt: skip
    n.add(boost, OUT="V_LASER", VCC="VBAT", GND=_GND)  # not from the regulator: see erc.py
    n.add(_fet("Q2", "DMG2305UX"), G="HIGH_OFF", S="V_LASER", D="LASER_P")
    n.add(_two("R14", "current limit", 0), **{"1": "LASER_P", "2": "LIMITED"})
    n.add(
        Part("D3", "emission light", {"A": Pin("passive", 8), "K": Pin("passive", 8)}),
        A="LIMITED",
        K="LASER_A",
    )
    n.add(
        Part("LD1", "laser 520 nm", {"A": Pin("passive", 8), "K": Pin("passive", 8)}),
        A="LASER_A",
        K="LASER_K",
    )
    sink = Part(
        "U20", "sink of 15 steps", {
            **_supplied(BLANK=i, L0=i, L1=i, L2=i, L3=i), "SINK": Pin("passive", 8), "RETURN": Pin("passive"),
        }, peak_ma=2, source="estimate",
    )  # fmt: skip
    n.add(
        sink, **power, BLANK="BLANK", L0="LEVEL0", L1="LEVEL1", L2="LEVEL2", L3="LEVEL3", SINK="LASER_K",
        RETURN="LASER_N",
    )  # fmt: skip
    n.add(_fet("Q3", "DMG2302UK"), G="LOW_ON", D="LASER_N", S=_GND)
    for number, (net, title) in enumerate(
        (("RC_A", "A"), ("RC_B", "B"), ("RC_P", "pilot"), ("RC_T", "time"))
    ):
        n.add(_two(f"R{20 + number}", f"timer {title}", 1), **{"1": _V3, "2": net})
        n.add(_two(f"C{20 + number}", f"timer {title}", 1e-9), **{"1": net, "2": _GND})
    n.add(_two("C24", "start delay", 1e-9), **{"1": "CT", "2": _GND})
    steadied = ("U8", "U9", "U10", "U11", "U12", "U13", "U14", "U15", "U16", "U17", "U18", "U20")
    for number, ref in enumerate(steadied):
        n.add(_two(f"C{30 + number}", "100 nF", 100e-9, ref), **{"1": _V3, "2": _GND})
