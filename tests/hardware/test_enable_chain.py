"""The laser's chain: no single fault lights a beam that stands still, and the model would notice one."""

import itertools

import pytest
from lapel.hardware import chain, laser, motion, netlist, timers
from lapel.hardware.chain import ELEMENTS, SHOWING, STOPPED, Element, Fault
from lapel.hardware.tables import HardwareError, folder


def test_it_is_lit_when_all_agree_and_dark_when_nothing_moves() -> None:
    assert chain.is_lit(SHOWING)
    assert not any(chain.is_lit(sources) for sources in STOPPED.values())


@pytest.mark.parametrize("source", chain.SOURCES)
def test_each_condition_alone_ends_the_light(source: str) -> None:
    assert not chain.is_lit(SHOWING | {source: False})


@pytest.mark.parametrize("state", STOPPED)
@pytest.mark.parametrize("element", [element.name for element in ELEMENTS])
@pytest.mark.parametrize("kind", chain.FAULTS)
def test_no_single_fault_lights_a_stopped_beam(state: str, element: str, kind: str) -> None:
    assert not chain.is_lit(STOPPED[state], (Fault(element, kind),))


def test_nor_does_a_package() -> None:
    assert chain.packages()
    assert chain.lit_by_one_fault() == []


@pytest.mark.parametrize("element", [element.name for element in ELEMENTS])
def test_an_element_that_fails_low_ends_the_light(element: str) -> None:
    assert not chain.is_lit(SHOWING, (Fault(element, "stuck low"),))


@pytest.mark.parametrize(
    "element", [e.name for e in ELEMENTS if e.rest is False or e.name in ("speed A", "speed B")]
)
def test_taking_it_out_opens_the_path(element: str) -> None:
    assert not chain.is_lit(SHOWING, (Fault(element, "removed"),))


def test_two_faults_can_light_it() -> None:
    """So the model can say yes: the proof above is not empty."""
    both = (Fault("high switch", "shorted"), Fault("low switch", "shorted"))
    assert chain.is_lit(STOPPED["chip in reset"], both)


def test_a_worse_chain_is_found_out() -> None:
    """With one motion detector for both switches, one bridge to a clock would light a stopped beam."""
    shared = tuple(
        Element(e.name, e.ref, tuple("motion A" if n == "motion B" else n for n in e.needs), e.rest, e.series)
        for e in ELEMENTS
        if e.name not in ("motion B", "speed B", "position Y")
    )
    assert chain.lit_by_one_fault(shared)


def test_a_floating_input_counts_as_either() -> None:
    floats = tuple(Element(e.name, e.ref, e.needs, None, e.series) for e in ELEMENTS)
    sources = SHOWING | {"young": False}
    assert chain.is_lit(sources, (Fault("longest time", "removed"),), floats)


def test_the_chain_is_the_netlists() -> None:
    """Every element's part is wired, and what an element needs reaches its part by a net."""
    made = netlist.build("vector")
    assert {element.ref for element in ELEMENTS} <= set(made.parts)
    by_name = {element.name: element for element in ELEMENTS}
    names = {"low switch": {"Q3"}, "high switch": {"Q2", "Q6"}}
    for element in ELEMENTS:
        refs = names.get(element.name, {element.ref})
        for need in element.needs:
            if need not in by_name:
                continue
            other = by_name[need].ref
            joined = [
                net
                for net, ends in made.nets.items()
                if net not in ("GND", "3V3") and other in {r for r, _ in ends} and refs & {r for r, _ in ends}
            ]
            assert joined, (element.name, need)


def test_the_laser_has_no_way_round_its_switches() -> None:
    """From the supply to ground through the diode every way goes by Q2 and Q3."""
    made = netlist.build("vector")
    path = ["V_LASER", "LASER_P", "LIMITED", "LASER_A", "LASER_K", "LASER_N", "GND"]
    by = ["Q2", "R14", "D3", "LD1", "U20", "Q3"]
    for (one, other), ref in zip(itertools.pairwise(path), by, strict=True):
        assert ref in {r for r, _ in made.nets[one]} & {r for r, _ in made.nets[other]}
    for net in path[1:-1]:
        assert len(made.nets[net]) == 2, net


@pytest.mark.parametrize("timer", timers.all_timers(), ids=lambda timer: timer.name)
def test_timers_hold_with_every_tolerance(timer: timers.Timer) -> None:
    assert timer.allowed_s[0] <= timer.least_s < timer.nominal_s < timer.most_s <= timer.allowed_s[1]
    assert timer.farad in timers.FARADS and (timer.ohm == 0 or timer.ohm in timers.OHMS)


def test_timers_by_hand() -> None:
    by_name = {timer.name.split(" (")[0]: timer for timer in timers.all_timers()}
    motion = by_name["motion A"]
    assert motion.most_s == pytest.approx(0.5 * motion.ohm * 1.01 * motion.farad * 1.05)
    longest = by_name["longest time"]
    assert longest.nominal_s == pytest.approx(8192 * 2.5 * longest.ohm * longest.farad)
    assert by_name["pilot"].least_s > 2 / 48_000
    assert by_name["start delay"].nominal_s == pytest.approx(
        by_name["start delay"].farad * 1e9 / 175 + 0.0005
    )


def test_timers_that_cannot_hold_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "LONGEST_LEAST_S", 29.0)
    with pytest.raises(HardwareError, match="longest time"):
        timers.all_timers()


def test_the_standing_beam_stays_in_class_2() -> None:
    f = timers.facts()
    made = laser.beam()
    assert made.worst_mw <= laser.MARGIN * f["ael_class2_mw"] * f["c6"]
    assert made.typical_mw <= f["aim_mw"]
    # By hand: the worst diode at the lowest resistance.
    ma = (7.1 - 5.2) / (made.limit_ohm * 0.99 + 0.1) * 1000
    worst = (ma - 30) * 0.8 * 0.95 * 0.9 * 10 ** -(made.density * 0.95)
    assert made.worst_mw == pytest.approx(worst)
    assert 0.99 < laser.within_aperture(f, 1.0) <= 1.0


def test_without_a_filter_dark_enough_there_is_no_laser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laser, "DENSITIES", (0.1, 0.3))
    with pytest.raises(HardwareError, match="Class 2"):
        laser.beam()


def test_words_stay_lit_and_a_dot_does_not() -> None:
    held = motion.held_ms()
    assert f"{held:.2f} ms" in (folder() / "laser" / "README.md").read_text(encoding="utf-8")
    for lines in motion.PAGES:
        is_words = max(map(len, lines)) > 2
        assert not is_words or motion.gap(lines).is_lit(held), lines
    assert not motion.gap((".",)).is_lit(held)
    assert motion.gap(("-",)).y_ms == motion.NEVER
