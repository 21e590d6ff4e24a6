"""The laser's enable chain as a graph: which faults light a beam that stands still? None may.

Two switches lie in series with the laser, one on either side of it. Each has the motion detector of one
mirror, so that mirrors which stop open both, and one broken part still leaves the other open.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

SOURCES = ("arm", "pilot", "moving x", "moving y", "supply", "shutter", "young", "dim")


@dataclass(frozen=True)
class Element:
    """One part of the chain, named as in the netlist. `needs` are elements or sources, all of which must
    agree.

    `series`: the laser's current flows through it. `blocks`: it is needed for light, so without it it is
    dark. `rest` is what its output is when the part is taken out (a resistor holds it),
    None where nothing does.
    """

    name: str
    ref: str
    needs: tuple[str, ...]
    rest: bool | None = False
    series: bool = False


# Sources: ARM's level, whether the pilot toggles, whether the mirrors move, whether the supply is good,
# whether
# the shutter is open, whether ARM's edge is younger than the longest time, whether the monitor sees no more
# than it should.
ELEMENTS = (
    Element("arm line", "U1", ("arm",)),  # R2 holds it
    Element("motion A", "U9", ("speed A",)),
    Element("motion B", "U10", ("speed B",)),
    Element("position X", "SC1", ("moving x",)),
    Element("position Y", "SC1", ("moving y",)),
    Element("speed A", "U16", ("position X",), rest=True),  # R6 pulls an open drain up: no edge, see below
    Element("speed B", "U17", ("position Y",), rest=True),
    Element("pilot detector", "U10", ("pilot",)),
    Element("longest time", "U12", ("young",), rest=None),
    Element("shutter contact", "S2", ("shutter",)),  # R10 holds it
    Element("power good", "U15", ("supply",), rest=True),  # R9 pulls it up
    Element("monitor latch", "U12", ("dim",), rest=None),
    Element("high gate", "U13", ("arm line", "motion A", "longest time", "shutter contact")),  # R17 holds it
    Element("low gate", "U14", ("pilot detector", "motion B", "power good", "monitor latch")),  # R18 holds it
    Element("high switch", "Q2", ("high gate",), series=True),
    Element("low switch", "Q3", ("low gate",), series=True),
    Element("blade", "S2", ("shutter",), series=True),  # the shutter itself, in the light's path
)
# These answer edges, not levels: an input that is stuck, high or low, is silence.
EDGE_DRIVEN = ("speed A", "speed B", "motion A", "motion B", "pilot detector")

Levels = dict[str, bool]

_STILL = {"moving x": False, "moving y": False}

# The world when the beam would stand still although somebody wants light, or nobody does.
STOPPED: dict[str, Levels] = {
    "mirrors stop, stream goes on": dict.fromkeys(SOURCES, True) | _STILL,
    "stream stops while armed": dict.fromkeys(SOURCES, True) | _STILL | {"pilot": False},
    "chip in reset": dict.fromkeys(SOURCES, True) | _STILL | {"pilot": False, "arm": False},
    "armed, nothing shown yet": dict.fromkeys(SOURCES, True) | _STILL | {"pilot": False},
    "supply fails": dict.fromkeys(SOURCES, True) | _STILL | {"supply": False},
}
SHOWING: Levels = dict.fromkeys(SOURCES, True)

FAULTS = ("removed", "shorted", "stuck low", "stuck high", "coupled")  # the last: to a wire that toggles
_RUNNING = "coupled"


@dataclass(frozen=True)
class Fault:
    element: str
    kind: str


def elements(without: str = "") -> tuple[Element, ...]:
    return tuple(element for element in ELEMENTS if element.name != without)


def faults(every: tuple[Element, ...] = ELEMENTS) -> list[Fault]:
    """Each fault of each part. Two elements in one package are also lost together: see `packages`."""
    return [Fault(element.name, kind) for element in every for kind in FAULTS]


def packages(every: tuple[Element, ...] = ELEMENTS) -> list[tuple[Fault, ...]]:
    """A package that fails takes all its elements with it, in the same way; a short to a neighbour is one
    wire.
    """
    refs = {element.ref for element in every}
    shared = [[e.name for e in every if e.ref == ref] for ref in sorted(refs)]
    return [
        tuple(Fault(name, kind) for name in names)
        for names in shared
        if len(names) > 1
        for kind in FAULTS[:-1]
    ]


def is_lit(sources: Levels, broken: tuple[Fault, ...] = (), every: tuple[Element, ...] = ELEMENTS) -> bool:
    """Whether the laser can be lit. What floats may be either: lit if any of the ways is."""
    by_name = {element.name: element for element in every}
    kinds = {fault.element: fault.kind for fault in broken}
    floating = [name for name, kind in kinds.items() if kind == "removed" and by_name[name].rest is None]
    for guess in itertools.product((False, True), repeat=len(floating)):
        levels = dict(zip(floating, guess, strict=True))
        if _lit(sources, kinds, levels, by_name):
            return True
    return False


def _lit(sources: Levels, kinds: dict[str, str], floats: Levels, every: dict[str, Element]) -> bool:
    def level(name: str) -> bool:
        if name in sources:
            return sources[name]
        element = every[name]
        kind = kinds.get(name, "")
        if kind == "removed":
            return False if element.series else floats.get(name, bool(element.rest))
        if kind in ("shorted", "stuck high", _RUNNING):
            return True
        if kind == "stuck low":
            return False
        return all(heard(element, need) for need in element.needs)

    def heard(element: Element, need: str) -> bool:
        if element.name in EDGE_DRIVEN and need in kinds and kinds[need] != _RUNNING:
            return False
        return level(need)

    return all(level(element.name) for element in every.values() if element.series)


def lit_by_one_fault(every: tuple[Element, ...] = ELEMENTS) -> list[tuple[str, tuple[Fault, ...]]]:
    """(state, faults) of every single fault, packages included, that lights a beam which stands still."""
    single = [(fault,) for fault in faults(every)] + packages(every)
    return [
        (state, broken)
        for state, sources in STOPPED.items()
        for broken in single
        if is_lit(sources, broken, every)
    ]
