"""What is written into the hardware's pages: tables and sentences made from the numbers.

A page has `<!-- made: NAME -->` and `<!-- end -->`; what stands between them is replaced. Nothing else is
touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from ..power.budget import Budget
from . import bom, chain, erc, heat, laser, layout, motion, netlist, optics, timers
from .steps import STEPS
from .tables import BUILDS, Fact, Facts, HardwareError

_BLOCK = re.compile(r"<!-- made: ([a-z-]+) -->\n.*?<!-- end -->", re.DOTALL)
_PREFIXES = ((1e6, "M"), (1e3, "k"), (1, ""), (1e-3, "m"), (1e-6, "u"), (1e-9, "n"), (1e-12, "p"))


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def quantity(value: float, unit: str) -> str:
    """12000 ohm as 12 kohm."""
    for factor, prefix in _PREFIXES:
        if abs(value) >= factor * 0.9995:
            return f"{value / factor:.3g} {prefix}{unit}"
    return f"0 {unit}"


def _bom(build: str) -> str:
    rows = []
    for line in bom.of(build):
        name = " ".join(filter(None, (line.maker if line.maker != "any" else "", line.mpn)))
        rows.append((
            line.ref, str(line.qty), line.part, name or "any", line.alternate or "-", f"{line.usd:.2f}",
            f"{line.grams:g}", line.position, "option" if line.need == "option" else "",
        ))  # fmt: skip
    head = ("ref", "pcs", "part", "number", "instead", "USD each", "g each", "where", "")
    return _table(head, rows)


def _totals() -> str:
    case = layout.checked()
    rows = []
    for build in BUILDS:
        printed = layout.case_grams(case) if build == "matrix" else 0.0
        core, every = bom.of(build, ("core",)), bom.of(build)
        rows.append((
            build, f"{bom.usd(core):.2f}", f"{bom.usd(every):.2f}", f"{bom.grams(core, printed):.0f}",
            f"{bom.grams(every, printed):.0f}",
        ))  # fmt: skip
    table = _table(("build", "USD", "USD with options", "g", "g with options"), rows)
    return table + "\n\nPrices and masses are estimates unless `parts.csv` names a source; without shipping."


def _aims() -> str:
    case = layout.checked()
    x, y, z = layout.largest_worn(case)
    core = bom.of("matrix", ("core",))
    grams = bom.grams(core, layout.case_grams(case))
    warm = {row.activity: row for row in heat.warmth("matrix", case.outer)}
    hours = heat.day_hours("matrix")
    light = optics.light()
    aim = layout.AIM_MM

    def met(holds: bool) -> str:
        return "met" if holds else "**missed**"

    usd = bom.usd(core)
    least = min(hours.values())
    rows = [
        ("cost of the Matrix", f"at most {bom.USD_MOST:.0f} USD", f"{usd:.2f} USD without the options",
        met(usd <= bom.USD_MOST)),
        ("mass of the Matrix, 500 mAh", f"at most {bom.GRAMS_AIM:.0f} g", f"{grams:.0f} g",
        met(grams <= bom.GRAMS_AIM)),
        ("size of the Matrix", " x ".join(f"{side:.0f}" for side in aim) + " mm if its optics allow",
         f"{x:.1f} x {y:.1f} x {z:.1f} mm; they do not", met(all(a <= b for a, b in zip((x, y, z), aim,
         strict=True)))),
        ("the described day", f"at least {heat.DAY_LEAST_HOURS:.0f} h",
         f"{hours['reachable']:.1f} h in `reachable`, {hours['saver']:.1f} h in `saver`",
         met(least >= heat.DAY_LEAST_HOURS)),
        ("wall at the skin, worn all day", "below 43 degrees C", f"{warm['reachable'].warmest_c:.1f} in "
        f"`reachable`, "
         f"{_busy_quarter():.1f} after a quarter of an hour of nothing but answers",
         met(_busy_quarter() < 43)),
        ("light on the palm", "say it", f"{light.cell_lux:.0f} lux over a pixel: "
        f"{light.contrast[300]:.1f} : 1 at 300 lux", "said"),
    ]  # fmt: skip
    return _table(("what", "aim", "computed", ""), rows)


def _busy_quarter() -> float:
    return heat.after("matrix", layout.checked().outer, "showing", 900)


def _electrical() -> str:
    rows = []
    for build in BUILDS:
        n = netlist.build(build)
        wrong = erc.check(n)
        rows.append((
            build, str(len(n.parts)), str(len(n.nets)), f"{erc.peak_ma(n):.0f} of {erc.REGULATOR_MA} mA",
            f"{erc.peak_ma(n, everything=True):.0f} of {erc.CELL_MA} mA", f"{erc.bus_pull_ohm(n):.0f} ohm",
            "; ".join(wrong) or "none",
        ))  # fmt: skip
    return _table(
        ("build", "parts", "nets", "all peaks, regulator", "all peaks, cell", "I2C pull-up", "violations"),
        rows,
    )


def _wires(build: str) -> str:
    n = netlist.build(build)
    rows = []
    for net, ends in n.nets.items():
        rows.append((net, ", ".join(f"{ref}.{pin}" for ref, pin in ends)))
    return _table(("net", "joins"), rows)


def _timers() -> str:
    rows = [
        (
            t.name, quantity(t.ohm, "ohm") if t.ohm else "-", quantity(t.farad, "F"), quantity(t.nominal_s,
            "s"),
            f"{quantity(t.least_s, 's')} to {quantity(t.most_s, 's')}",
            f"{quantity(t.allowed_s[0], 's')} to {quantity(t.allowed_s[1], 's')}",
        )
        for t in timers.all_timers()
    ]  # fmt: skip
    return _table(("timer", "R", "C", "meant", "with every tolerance", "allowed"), rows)


def _faults() -> str:
    single = len(chain.faults()) + len(chain.packages())
    lit = chain.lit_by_one_fault()
    opened = [
        e.name for e in chain.ELEMENTS if not chain.is_lit(chain.SHOWING, (chain.Fault(e.name, "stuck low"),))
    ]
    return (
        f"{len(chain.ELEMENTS)} elements, {len(chain.FAULTS)} faults each, and whole packages: {single} "
        f"single faults in "
        f"{len(chain.STOPPED)} situations in which the beam stands still make {len(lit)} that light it. "
        f"{len(opened)} of {len(chain.ELEMENTS)} elements end the light when they fail low while it is on."
    )


def _laser() -> str:
    f = timers.facts()
    made, seen = laser.beam(f), laser.seen(f)
    rows = [
        ("current limit R14", f"{made.limit_ohm:g} ohm", "estimate: chosen by host/lapel/hardware/laser.py"),
        ("filter ND1", f"optical density {made.density:g}",
         "estimate: chosen by host/lapel/hardware/laser.py"),
        ("standing beam, typical", f"{made.typical_mw:.2f} mW", "estimate: computed"),
        ("standing beam, every tolerance the wrong way, sink shorted", f"{made.worst_mw:.2f} mW",
        "estimate: computed"),
        ("limit of Class 2", f"{made.ael_mw:.1f} mW", f.fact("ael_class2_mw").source),
        ("of it within the aperture", f"{100 * laser.within_aperture(f, 1):.0f} %",
        f.fact("aperture_mm").source),
        ("spot on the palm", f"{seen.spot_mm:.1f} mm", "estimate: computed"),
        ("field on the palm", f"{seen.field_mm:.0f} mm", f.fact("field_mm").source),
        ("light on a line of 8 letters", f"{seen.line_lux:.0f} lux: {seen.contrast[300]:.1f} : 1 at 300 "
        f"lux", "estimate: computed"),
        ("the same at the aim of 0.39 mW, set with a power meter",
         f"{seen.line_lux * f['aim_mw'] / made.typical_mw:.0f} lux: "
         f"{1 + seen.line_lux * f['aim_mw'] / made.typical_mw / 300:.1f} : 1 at 300 lux",
         "estimate: computed"),
    ]  # fmt: skip
    return _table(("what", "value", "source"), rows)


def _motion() -> str:
    def told(value: float) -> str:
        return "never" if value == motion.NEVER else f"{value:.1f} ms"

    rows = []
    for lines in motion.PAGES:
        gap = motion.gap(lines)
        rows.append((
            " / ".join(lines), told(gap.x_ms), told(gap.y_ms),
            "lit" if gap.is_lit(motion.held_ms()) else "**dark**",
        ))  # fmt: skip
    return _table(("page", "longest gap of X", "of Y", ""), rows)


def _facts(facts: Facts) -> str:
    def span(fact: Fact) -> str:
        return f"{fact.low:g} to {fact.high:g}" if fact.low < fact.high else ""

    rows = [(name, f"{fact.value:g}", span(fact), fact.unit, fact.source) for name, fact in facts.all.items()]
    return _table(("quantity", "value", "limits", "unit", "source"), rows)


def _lens() -> str:
    rows = [
        (title, f"{picture:.0f} mm", f"{way:.0f} mm", f"{focal:.0f} mm")
        for title, picture, way, focal in optics.candidates()
    ]
    return _table(("what is thrown to the palm at 250 mm", "picture", "LEDs to lens", "focal length"), rows)


def _light() -> str:
    light, low, high = (optics.light(None, level) for level in ("value", "low", "high"))
    near, far = optics.sharp_mm()
    throw = optics.throw()
    rows = [
        ("LEDs to lens, lens to palm", f"{throw.to_lens:.1f} mm, {throw.to_palm:.0f} mm"),
        ("picture, between the outer LEDs' centres", f"{throw.width:.0f} x {throw.height:.0f} mm"),
        ("a pixel, and the picture of its LED", f"{light.pixel_mm:.1f} mm, {light.spot_mm[0]:.1f} x "
        f"{light.spot_mm[1]:.1f} mm"),
        ("in the LED's picture", f"{light.spot_lux:.0f} lux ({low.spot_lux:.0f} to {high.spot_lux:.0f})"),
        ("over a whole pixel", f"{light.cell_lux:.0f} lux ({low.cell_lux:.0f} to {high.cell_lux:.0f})"),
        ("neighbouring pixels stand apart", f"palm at {near:.0f} to {far:.0f} mm"),
        ("the ring must move by", f"{optics.focus_error_mm():.1f} mm"),
        ("blue light hazard, looking into the lens", f"{light.blue_w:.0f} of 100 W/m2/sr (IEC 62471, "
        f"exempt)"),
    ]  # fmt: skip
    rooms = [
        (f"{room} lux", f"{light.contrast[room]:.2f} : 1", f"{low.contrast[room]:.2f} : 1")
        for room in optics.ROOMS_LUX
    ]
    return (
        _table(("what", "computed"), rows) + "\n\n"
        + _table(("light of the room", "contrast", "with the dimmest LEDs of the estimate"), rooms)
    )  # fmt: skip


def _heat() -> str:
    outer = layout.checked().outer
    rows = [
        (row.activity, f"{row.watt:.2f} W", f"{row.mean_c:.1f}", f"{row.warmest_c:.1f}",
         f"{heat.after('matrix', outer, row.activity, 900):.1f}")
        for row in heat.warmth("matrix", outer)
    ]  # fmt: skip
    return _table(
        ("activity", "heat", "wall, mean", "warmest place, for ever", "warmest place, after 15 min"), rows
    )


def _day() -> str:
    rows = []
    for build in BUILDS:
        hours = heat.day_hours(build)
        estimates = sum(part.is_estimate for part in Budget(build).parts)
        rows.append((
            build, f"{hours['reachable']:.1f} h", f"{hours['saver']:.1f} h",
            f"{heat.charge_hours(build):.1f} h",
            f"{estimates} of {len(Budget(build).parts)}",
        ))  # fmt: skip
    return _table(
        ("build", "day in `reachable`", "day in `saver`", "charge", "currents that are estimates"), rows
    )


def _steps() -> str:
    text = []
    for number, step in enumerate(STEPS, 1):
        text.append(f"### {number}. {step.title}\n")
        text.append(f"Parts: {', '.join(step.refs)}.\n")
        text += [sentence + "\n" for sentence in step.text]
        if step.tests:
            text.append(f"Then: `lapel bench-test {' '.join(step.tests)}`\n")
        text.append(f"![Step {number}](pictures/step-{number}.svg)\n")
    return "\n".join(text).rstrip()


def _bench() -> str:
    from .bench import TESTS

    rows = [(f"`{t.name}`", t.title, t.ask or "-", t.seen + "?" if t.seen else "-") for t in TESTS]
    return _table(("PART", "tries", "do", "and look"), rows)


MADE: dict[str, Callable[[], str]] = {
    "bom-matrix": lambda: _bom("matrix"),
    "bom-vector": lambda: _bom("vector"),
    "totals": _totals,
    "aims": _aims,
    "electrical": _electrical,
    "wires-matrix": lambda: _wires("matrix"),
    "wires-vector": lambda: _wires("vector"),
    "timers": _timers,
    "faults": _faults,
    "laser": _laser,
    "motion": _motion,
    "laser-facts": lambda: _facts(timers.facts()),
    "optics-facts": lambda: _facts(optics.facts()),
    "heat-facts": lambda: _facts(heat.facts()),
    "lens": _lens,
    "light": _light,
    "heat": _heat,
    "day": _day,
    "steps": _steps,
    "bench": _bench,
}


def renew(text: str, name: str) -> str:
    """A page with all its blocks made anew. Raises HardwareError for a block that nobody makes."""

    def made(match: re.Match[str]) -> str:
        if match[1] not in MADE:
            raise HardwareError(f"{name}: nobody makes {match[1]!r}")
        return f"<!-- made: {match[1]} -->\n{MADE[match[1]]()}\n<!-- end -->"

    return _BLOCK.sub(made, text)


def pages(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.md"))
