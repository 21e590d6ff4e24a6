"""docs/power.md says what the code does: moves, signals, limits and hours."""

from __future__ import annotations

import re
from pathlib import Path

import lapel.viper  # noqa: F401 - makes pin.* importable
from lapel.commands.power import figures
from lapel.power.budget import Budget
from pin import alarms, battery, crash, haptic, memory, power, signals, status, wall, watchdog

TEXT = (Path(__file__).parents[2] / "docs" / "power.md").read_text("utf-8")
WORDS = re.sub(r"\s+", " ", TEXT)


def rows(header: str) -> list[list[str]]:
    """The cells of the table with this first line."""
    lines = TEXT.partition(header + "\n")[2].splitlines()[1:]
    found = []
    for line in lines:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split("|")])
    assert found, header
    return found


def test_the_moves() -> None:
    told = {cells[0].strip("`"): tuple(re.findall(r"`(\w+)`", cells[1])) for cells in rows("| from | to |")}
    assert told == power.MOVES
    states = [
        cells[0].strip("`") for cells in rows("| state | what | clock | Wi-Fi | palm sensor | leaves by |")
    ]
    assert states == list(power.MOVES)


def test_the_signals() -> None:
    told = {}
    for event, motor, palm in rows("| event | motor | palm |"):
        pattern = None if motor == "-" else getattr(haptic, motor.strip("`"))
        told[event.strip("`")] = (pattern, None if palm == "-" else palm)
    assert told == signals.SIGNALS


def test_the_hours() -> None:
    matrix, vector = figures(Budget("matrix"), 10), figures(Budget("vector"), 10)
    table = rows("| mode | a card that nobody asked for comes | nobody uses it | the described day |")
    for (_, _, standby, day), mode in zip(table, ("reachable", "saver"), strict=True):
        assert standby == f"{matrix['standby_hours'][mode]} h"
        assert day == f"{matrix['day_hours'][mode]} h"
    assert f"{vector['day_hours']['reachable']} h and {vector['day_hours']['saver']} h" in WORDS
    told = {
        name
        for cells in rows("| what the JSON says | meaning |")
        for name in re.findall(r"`(\w+)`", cells[0])
    }
    assert told == set(matrix)


def test_the_limits() -> None:
    charge = [cells[0] for cells in rows("| charge | what happens | ends at |")]
    over = [cells[2] for cells in rows("| charge | what happens | ends at |")]
    low, dark, empty = battery.LOW_PERCENT, battery.DARK_PERCENT, battery.EMPTY_PERCENT
    assert charge == [f"{low} %", f"{dark} %", f"{empty} %, or {battery.EMPTY_MV / 1000} V"]
    assert over == [
        f"{p} %" for p in (battery.LOW_OVER_PERCENT, battery.DARK_OVER_PERCENT, battery.EMPTY_OVER_PERCENT)
    ]
    for sentence in (
        f"{watchdog.BITE_MS // 1000} s; starts {watchdog.START_MS // 1000} s after",
        f"the app ({watchdog.APP_MS // 1000} s), the link ({watchdog.LINK_MS // 1000} s)",
        f"microphone ({watchdog.MIC_MS // 1000} s)",
        f"each at most {crash.TEXT_BYTES} bytes",
        f"below {memory.LOW_BYTES // 1024} kB it is collected; below {memory.FLOOR_BYTES // 1024} kB",
        f"at most every {status.LEAST_MS // 1000} s",
        f"wakes {wall.DRIFT_PERCENT} % of the time (at least {wall.LEAST_MARGIN_MS // 1000} s)",
        f"measures it every {battery.READ_MS // 1000} s",
        f"({power.LOOK_EVERY_MIN} if nothing is said, 0 never)",
    ):
        assert sentence in WORDS, sentence
    assert alarms.SNOOZE_MS == 5 * 60_000 and alarms.SNOOZES == 3 and alarms.MOST == 8 and crash.MOST == 4
    assert power.DEEP_MS == 8 * 3_600_000 and status.EVERY_MS == 5 * 60_000
