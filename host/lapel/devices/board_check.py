"""What is wrong with a board, looked at over its cable: for `lapel doctor --port`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import arrival, boards, install, ports
from .problems import BoardError, Code
from .repl import Repl

OK, WARN, FAIL = "ok", "warning", "failed"
_SLOTS = ("a", "b")
_ENTER_S = 3.0
_CONNECT_S = 45.0  # one round of four networks and a relay

_STATE = """
import json, os
def _json(path):
    try:
        with open(path) as f: return json.loads(f.read(8192))
    except (OSError, ValueError): return None
def _there(path):
    try: os.stat(path); return True
    except OSError: return False
def _manifest(slot):
    try:
        with open(slot + "/manifest", "rb") as f: return json.loads(f.read().split(b"\\n")[0])
    except (OSError, ValueError): return None
def _brief(slot):
    m = _manifest(slot)
    return None if m is None else [m["name"], m["board"]]
_s = os.statvfs("/") if hasattr(os, "statvfs") else None
"""
_ASKED = (
    '{"main": _there("main.py"), "hold": _there("hold"), "slots": _json("slots.json"), "crashes": '
    '_json("crashes.json"),'
    ' "a": _brief("a"), "b": _brief("b"), "waiting": _there("settings.json"),'
    ' "copies": [_there(p) for p in ("settings.1", "settings.2")], "driver": '
    '_there("lib/vl53l5cx/vl_fw_config.bin"),'
    ' "free": _s[0] * _s[3] if _s else None}'
)


@dataclass(frozen=True)
class Finding:
    """One part of the board: `state` is ok, warning or failed; `code` says which of `Code` it is, for
    scripts.
    """

    part: str
    state: str
    detail: str
    advice: str = ""
    code: Code | None = None


def examine(named: str | None, connected: Callable[[str], bool]) -> list[Finding]:
    """All findings; the app that runs on the board is interrupted and started again. `connected(pin)` asks
    the relay of this computer."""
    try:
        port = ports.find(named)
    except BoardError as error:
        return [Finding("port", FAIL, str(error), "plug the board in", error.code)]
    findings = [Finding("port", OK, port.path)]
    try:
        with Repl(port, tries=2, enter_s=_ENTER_S) as repl:
            findings += _interpreter(install.facts(repl))
            state = repl.ask(_STATE, _ASKED)
            settings = install.settings(repl) if state["main"] else None
            findings += _firmware(state)
            findings += _settings(state, settings)
            if state["main"]:
                repl.reset()
        if settings is not None:
            findings.append(_connection(ports.restarted(port), str(settings.get("pin")), connected))
    except BoardError as error:
        if error.code == Code.NO_PROMPT:
            detail = "no MicroPython answers: the board is new, broken off in the middle, or hangs"
            return [
                *findings,
                Finding("MicroPython", FAIL, detail, "press RESET, else run: lapel flash", error.code),
            ]
        return [*findings, Finding("board", FAIL, str(error), "", error.code)]
    return findings


def _interpreter(facts: install.Facts) -> list[Finding]:
    flash = "lapel flash --erase"
    if facts.system != "esp32" or "ESP32S3" not in facts.machine.upper().replace("-", ""):
        detail = f"MicroPython for {facts.machine}"
        return [
            Finding("MicroPython", FAIL, detail, f"it is no build for an ESP32-S3: {flash}", Code.WRONG_CHIP)
        ]
    found = []
    if _number(facts.release) < _number(boards.MICROPYTHON):
        detail = f"{facts.release}, expected {boards.MICROPYTHON}"
        found.append(Finding("MicroPython", FAIL, detail, flash, Code.WRONG_IMAGE))
    else:
        found.append(Finding("MicroPython", OK, f"{facts.release}, {facts.machine}"))
    if facts.heap_bytes <= install.HEAP_BYTES:
        detail = f"{facts.heap_bytes >> 10} kB of heap: no PSRAM, or an image that does not know this kind"
        advice = f"{flash} with the right --board; a board without PSRAM cannot be a pin"
        found.append(Finding("PSRAM", FAIL, detail, advice, Code.NO_PSRAM))
    else:
        found.append(Finding("PSRAM", OK, f"{facts.heap_bytes >> 20} MB of heap"))
    return found


def _firmware(state: dict[str, object]) -> list[Finding]:
    again = "run: lapel flash"
    if not state["main"]:
        return [Finding("firmware", FAIL, "MicroPython, but no Lapel on it", again, Code.NOT_INSTALLED)]
    found = []
    slots = state["slots"] if isinstance(state["slots"], dict) else {}
    whole: dict[str, list[object]] = {}
    for slot in _SLOTS:
        brief = state[slot]
        if isinstance(brief, list):
            whole[slot] = brief
    running = str(slots.get("slot", "a"))
    if not whole:
        detail = "no slot is whole: an installation broke off"
        found.append(Finding("firmware", FAIL, detail, again, Code.NOT_INSTALLED))
    else:
        about = whole.get(running) or next(iter(whole.values()))
        bad = str(slots.get("bad", ""))
        detail = f"{' for '.join(map(str, about))} in slot {running}" + (
            f"; slot {bad} has failed" if bad else ""
        )
        found.append(Finding("firmware", WARN if bad else OK, detail, "lapel update" if bad else ""))
    if state["hold"]:
        detail = "a file hold keeps the watchdog off: an installation broke off"
        found.append(Finding("watchdog", WARN, detail, again))
    if state["crashes"]:
        crashes = state["crashes"]
        count = len(crashes) if isinstance(crashes, list) else 1
        first = (
            crashes[0].get("text", "") if isinstance(crashes, list) and isinstance(crashes[0], dict) else ""
        )
        last = (str(first).strip().splitlines() or [""])[-1]
        found.append(
            Finding("crashes", WARN, f"{count} not sent to the relay yet, such as {last!r}", "lapel monitor")
        )
    if not state["driver"]:
        found.append(
            Finding("depth sensor", WARN, "its driver is not on the board: no palm, no light", again)
        )
    free = state["free"]
    if isinstance(free, int):
        found.append(Finding("file system", OK, f"{free >> 10} kB free"))
    return found


def _settings(state: dict[str, object], settings: dict[str, object] | None) -> list[Finding]:
    if not state["main"]:
        return []
    copies = state["copies"]
    if settings is None:
        there = (isinstance(copies, list) and any(copies)) or state["waiting"]
        detail = "the settings cannot be read: all copies are damaged" if there else "it is not paired yet"
        return [Finding("settings", FAIL, detail, "run: lapel flash --pair", Code.BAD_SETTINGS)]
    relays = settings.get("relays")
    where = ", ".join(f"{r['host']}:{r['port']}" for r in relays) if isinstance(relays, list) else "nowhere"
    networks = settings.get("wifi")
    count = len(networks) if isinstance(networks, list) else 0
    if not count:
        return [
            Finding("settings", WARN, f"{settings.get('pin')}: no Wi-Fi network", "run: lapel flash --wifi")
        ]
    detail = f"{settings.get('pin')}, {count} Wi-Fi network{'s' * (count != 1)}, relay at {where}"
    return [Finding("settings", OK, detail)]


def _connection(port: ports.Port, pin: str, connected: Callable[[str], bool]) -> Finding:
    try:
        where = arrival.wait(port, lambda: connected(pin), lambda line: None, _CONNECT_S)
    except BoardError as error:
        return Finding("connection", FAIL, str(error), "", error.code)
    return Finding(
        "connection", OK, f"welcomed by {where}" if where else "connected to the relay of this computer"
    )


def _number(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in release.split("-")[0].split(".") if part.isdigit())
