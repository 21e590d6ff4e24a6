"""Electrical rules on a netlist: what a schematic editor's check would say, and what this pin needs
besides.
"""

from __future__ import annotations

from .netlist import PADS, Netlist, Part, signals

STRAPS = {0, 3, 45, 46}  # read at reset (ESP32-S3 datasheet, strapping pins)
REGULATOR_MA = 700  # Seeed: the XIAO's 3.3 V regulator
CELL_MA = 1000  # twice the capacity an hour: what small protected cells give (estimate)
PULL_DOWN_OHM = (1e3, 200e3)  # below it loads the driver; above it leakage and noise decide
BUS_PULL_OHM = (1e3, 4.7e3)  # UM10204: 3 mA at 0.4 V; 300 ns at 400 kHz and about 75 pF
DECOUPLE_F = 100e-9  # at least, within a few millimetres
MUST_BE_LOW = ("LASER_ARM", "SHUTTER", "HIGH_ON", "LOW_ON")  # dark, also while nobody drives them
MUST_BE_HIGH = ("BUTTON", "MIC_OFF", "ARM_NOT")
SPEAKER_W = 0.7  # what LS1 stands (its maker's rating as public parts lists have it)
# MAX98357A datasheet: a full sine is 2.1 dBV and the gain; open is 9 dB, 100 kohm to the supply 3 dB.
FULL_DBV, OPEN_DB, PULLED_DB, GAIN_OHM = 2.1, 9, 3, (90e3, 110e3)
_DRIVERS = ("out", "source")


def check(netlist: Netlist) -> list[str]:
    """Everything that is wrong, as sentences; empty if nothing is."""
    return [
        *_connections(netlist),
        *_drivers(netlist),
        *_straps(netlist),
        *_pulls(netlist),
        *_levels(netlist),
        *_addresses(netlist),
        *_decoupling(netlist),
        *_current(netlist),
        *_speaker(netlist),
    ]


def peak_ma(netlist: Netlist, everything: bool = False) -> float:
    """All peaks at once: of what hangs on the regulator, or of `everything` that the cell feeds."""
    return sum(part.peak_ma for part in netlist.parts.values() if everything or not _on_cell(netlist, part))


def _on_cell(netlist: Netlist, part: Part) -> bool:
    return any(
        pin.kind == "supply" and netlist.net_of(part.ref, name) == "VBAT" for name, pin in part.pins.items()
    )


def bus_pull_ohm(netlist: Netlist) -> float:
    """All pull-ups of the breakouts in parallel."""
    pulls = [1 / part.pull_ohm for part in netlist.parts.values() if part.pull_ohm]
    return 1 / sum(pulls) if pulls else float("inf")


def _connections(netlist: Netlist) -> list[str]:
    wrong = []
    for part in netlist.parts.values():
        for pin in part.pins:
            count = sum(ends.count((part.ref, pin)) for ends in netlist.nets.values())
            if count == 0 and part.pins[pin].kind != "nc":
                wrong.append(f"{part.ref}.{pin} is not connected")
            if count > 1:
                wrong.append(f"{part.ref}.{pin} is in {count} nets")
    wrong += [f"net {net} has one end only" for net, ends in netlist.nets.items() if len(ends) < 2]
    return wrong


def _drivers(netlist: Netlist) -> list[str]:
    wrong = []
    for net in netlist.nets:
        drivers = netlist.pins(net, *_DRIVERS)
        if len(drivers) > 1:
            wrong.append(f"net {net} is driven by {', '.join(part.ref for part, _ in drivers)}")
        needs = netlist.pins(net, "in", "supply")
        if needs and not drivers and not netlist.pins(net, "od", "passive", "ground"):
            wrong.append(f"net {net} is driven by nobody")
        if netlist.pins(net, "supply") and not netlist.pins(net, "source"):
            wrong.append(f"net {net} feeds {netlist.pins(net, 'supply')[0][0].ref} and has no source")
        if netlist.pins(net, "ground") and net != "GND":
            wrong.append(f"a ground pin is on net {net}")
    return wrong


def _straps(netlist: Netlist) -> list[str]:
    wrong = []
    board = netlist.parts["U1"]
    for signal, gpio in signals().items():
        if gpio not in STRAPS:
            continue
        if board.pins[PADS[gpio]].kind != "in":
            wrong.append(f"{signal}: GPIO{gpio} is a strap pin and an output")
        if netlist.pins(signal, "out") or netlist.between(signal, "GND"):
            wrong.append(f"{signal}: GPIO{gpio} is a strap pin that something holds at reset")
    gpios = list(signals().values())
    wrong += [f"GPIO{gpio} has two signals" for gpio in sorted({g for g in gpios if gpios.count(g) > 1})]
    return wrong


def _pulls(netlist: Netlist) -> list[str]:
    wrong = []
    low, high = PULL_DOWN_OHM
    for names, rail in ((MUST_BE_LOW, "GND"), (MUST_BE_HIGH, "3V3")):
        for net in names:
            if net not in netlist.nets:
                continue
            values = [part.value for part in netlist.between(net, rail) if part.ref.startswith("R")]
            if not any(low <= ohm <= high for ohm in values):
                wrong.append(f"{net}: expected a resistor of {low:.0f} to {high:.0f} ohm to {rail}")
    for net, ends in netlist.nets.items():
        opens = netlist.pins(net, "od")
        if (
            opens
            and len(opens) == len(netlist.pins(net, "od", "out", "source"))
            and net not in ("SDA", "SCL")
        ):
            held = any(part.ref.startswith("R") for part in netlist.between(net, "3V3"))
            # The sensor's carrier pulls INT up itself.
            if not held and not any(netlist.parts[ref].pull_ohm for ref, _ in ends):
                wrong.append(f"{net}: an open drain without a pull-up")
    ohm = bus_pull_ohm(netlist)
    if not BUS_PULL_OHM[0] <= ohm <= BUS_PULL_OHM[1]:
        wrong.append(
            f"I2C: {ohm:.0f} ohm of pull-up, expected {BUS_PULL_OHM[0]:.0f} to {BUS_PULL_OHM[1]:.0f}"
        )
    return wrong


def _levels(netlist: Netlist) -> list[str]:
    wrong = []
    for net in netlist.nets:
        given = max((part.pins[pin].most_v for part, pin in netlist.pins(net, *_DRIVERS)), default=0.0)
        for part, pin in netlist.pins(net, "in", "supply", "od"):
            if given > part.pins[pin].most_v:
                wrong.append(
                    f"{part.ref}.{pin}: up to {given:.1f} V on {net}, stands {part.pins[pin].most_v:.1f}"
                )
    return wrong


def _addresses(netlist: Netlist) -> list[str]:
    seen: dict[int, str] = {}
    wrong = []
    for part in netlist.parts.values():
        if part.address is None:
            continue
        if part.address in seen:
            wrong.append(f"I2C 0x{part.address:02x}: {seen[part.address]} and {part.ref}")
        seen[part.address] = part.ref
    return wrong


def _decoupling(netlist: Netlist) -> list[str]:
    wrong = []
    for part in netlist.parts.values():
        supply = next((pin for pin in part.pins if part.pins[pin].kind == "supply"), None)
        if supply is None or part.onboard:
            continue
        rail = netlist.net_of(part.ref, supply)
        if not any(_steadies(each, part) for each in netlist.between(rail, "GND")):
            wrong.append(f"{part.ref}: no capacitor of 100 nF between {rail} and GND")
    return wrong


def _steadies(capacitor: Part, part: Part) -> bool:
    return capacitor.near == part.ref and capacitor.ref.startswith("C") and capacitor.value >= DECOUPLE_F


def _current(netlist: Netlist) -> list[str]:
    wrong = []
    for total, most, name in (
        (peak_ma(netlist), REGULATOR_MA, "regulator"),
        (peak_ma(netlist, everything=True), CELL_MA, "cell"),
    ):
        if total > most:
            wrong.append(f"all peaks at once are {total:.0f} mA, the {name} gives {most} mA")
    return wrong


def speaker_w(netlist: Netlist) -> float:
    """What the loudest sine gives the speaker, without a limit by the cell; 0 without a speaker."""
    speaker = netlist.parts.get("LS1")
    if speaker is None:
        return 0.0
    ohms = [part.value for part in netlist.between("SPK_GAIN", "VBAT") if part.ref.startswith("R")]
    pulled = any(GAIN_OHM[0] <= ohm <= GAIN_OHM[1] for ohm in ohms)
    volt = 10 ** ((FULL_DBV + (PULLED_DB if pulled else OPEN_DB)) / 20)
    return volt * volt / speaker.value


def _speaker(netlist: Netlist) -> list[str]:
    wrong = []
    watt = speaker_w(netlist)
    if watt > SPEAKER_W:
        wrong.append(f"LS1: up to {watt:.2f} W, stands {SPEAKER_W} W: R15 sets the loudness")
    if "GND" in {netlist.net_of("LS1", pin) for pin in ("1", "2")}:
        wrong.append("LS1 at GND: both of its ends are driven")
    return wrong
