"""The parts list against itself, the netlist, the case and the firmware's board files."""

import importlib
from pathlib import Path

import pytest
from lapel.hardware import bom, heat, laser, layout, netlist, optics, steps, timers
from lapel.hardware.tables import BUILDS, Facts, HardwareError, folder, rows
from lapel.power.budget import Budget


def test_totals_against_a_second_count() -> None:
    for build in BUILDS:
        table = [row for row in rows(folder() / "bom" / "parts.csv") if row["build"] in (build, "both")]
        usd = sum(float(row["usd"]) * int(row["qty"]) for row in table)
        assert bom.usd(bom.of(build)) == pytest.approx(usd)
    core = bom.usd(bom.of("matrix", ("core",)))
    assert core < bom.usd(bom.of("matrix"))
    assert core <= bom.USD_MOST


def test_every_number_has_a_source_or_is_called_an_estimate() -> None:
    for line in bom.load():
        assert line.usd_source and line.grams_source and line.position
    for facts in (optics.facts(), timers.facts(), heat.facts()):
        assert all(fact.source for fact in facts.all.values())
    assert all(part.source for part in Budget("matrix").parts + Budget("vector").parts)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Pololu,3417,", "Pololu,,"),
        (",0.5,Pololu product page 3417: 0.5 g without pins,", ",0.5,,"),
        ("U2,both,core", "U2,both,maybe"),
        ("U2,both,core", "U1,both,core"),
        ("U2,both,", "U2,both,,"),
    ],
)
def test_a_line_without_its_facts_is_refused(tmp_path: Path, old: str, new: str) -> None:
    text = (folder() / "bom" / "parts.csv").read_text(encoding="utf-8")
    assert old in text
    broken = tmp_path / "parts.csv"
    broken.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(HardwareError):
        bom.load(broken)


def test_facts_refuse_a_value_without_source_or_outside_its_limits(tmp_path: Path) -> None:
    head = "quantity,value,low,high,unit,source\n"
    for line in ("a,1,,,mm,\n", "a,3,1,2,mm,estimate\n"):
        path = tmp_path / "facts.csv"
        path.write_text(head + line, encoding="utf-8")
        with pytest.raises(HardwareError):
            Facts(path)
    with pytest.raises(HardwareError):
        optics.facts().fact("nothing")


@pytest.mark.parametrize("build", BUILDS)
def test_what_is_wired_is_ordered_and_the_other_way_round(build: str) -> None:
    wired = set(netlist.build(build).parts)
    ordered = {line.ref for line in bom.of(build)}
    not_wired = {"CASE", "H1", "H2", "H3", "W1", "L1", "M1", "ND1", "PS1"}
    assert wired <= ordered
    assert ordered - wired <= not_wired


def test_what_is_laid_out_and_mounted_is_ordered() -> None:
    ordered = {line.ref: line for line in bom.of("matrix")}
    case = layout.checked()
    for box in case.boxes:
        line = ordered[box.ref.removesuffix("b")]
        assert line.size_mm is not None
        size = sorted(high - low for low, high in zip(box.low, box.high, strict=True))
        assert size == pytest.approx(sorted(line.size_mm))
    assert steps.used() == set(ordered)  # nothing is left over on the table


def test_the_lens_of_the_list_is_the_lens_of_the_arithmetic() -> None:
    line = next(line for line in bom.load() if line.ref == "L1")
    f = optics.facts()
    assert f"{f['lens_mm']:.0f} mm" in line.part and f"focal length {f['focal_mm']:.0f} mm" in line.part
    assert line.size_mm is not None and line.size_mm[0] == f["lens_mm"]


def test_the_matrix_that_is_ordered_is_the_one_that_the_firmware_drives() -> None:
    chip = importlib.import_module("pin.projector.is31fl3731")
    f = optics.facts()
    assert (f["columns"], f["rows"]) == (chip.COLUMNS, chip.ROWS)
    assert netlist.build("matrix").parts["U4"].address == chip.ADDRESS


def test_no_blue_and_no_dpss_laser() -> None:
    f = timers.facts()
    assert 500 <= f.fact("wavelength_nm").low <= f.fact("wavelength_nm").high <= 531
    assert "no DPSS" in next(line.part for line in bom.load() if line.ref == "LD1")
    assert laser.beam().worst_mw < f["ael_class2_mw"]
