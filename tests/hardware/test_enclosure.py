"""The printed parts in CAD; without the extra `hardware` only what needs no CAD is tested, and it says so."""

from pathlib import Path

import pytest
from lapel.hardware import layout
from lapel.hardware.tables import folder

cadquery = pytest.importorskip(
    "cadquery", reason="no CAD here: pip install 'lapel[hardware]' to check the case"
)
pytest.importorskip("trimesh", reason="no mesh checks here: pip install 'lapel[hardware]'")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list]:  # type: ignore[type-arg]
    from lapel.hardware import enclosure

    out = tmp_path_factory.mktemp("enclosure")
    return out, enclosure.write(out, out)


def test_parts_are_sound(made: tuple[Path, list]) -> None:  # type: ignore[type-arg]
    out, reports = made
    assert len(reports) == 5
    for report in reports:
        assert report.problems == []
        assert report.is_watertight and report.thinnest_mm >= 1.2 - 0.06
        assert (out / f"{report.name}.step").stat().st_size > 1000
        assert (folder() / "enclosure" / f"{report.name}.png").exists()


def test_the_model_is_the_layouts(made: tuple[Path, list]) -> None:  # type: ignore[type-arg]
    case = layout.checked()
    by_name = {report.name: report for report in made[1]}
    shell, lid, ring = (by_name[f"matrix-{name}"] for name in ("shell", "lid", "ring"))
    assert shell.size_mm[0] == pytest.approx(case.outer[0], abs=0.1)
    assert shell.size_mm[1] == pytest.approx(case.outer[1] + layout.TAB[1], abs=0.1)
    assert shell.size_mm[2] + layout.WALL == pytest.approx(case.outer[2], abs=0.1)
    # The parts list counts with an estimate that needs no CAD: it must not flatter.
    assert layout.case_grams(case) == pytest.approx(shell.grams + lid.grams + ring.grams, rel=0.1)


def test_a_bad_part_is_found_out() -> None:
    import trimesh
    from lapel.hardware import mesh

    thin = trimesh.creation.box((20, 20, 0.8))
    assert any("thin" in problem for problem in mesh.examine("thin", thin, 1.2, (180, 180, 180)).problems)
    table = trimesh.creation.box((40, 40, 5))
    table.apply_translation((0, 0, 30))
    leg = trimesh.creation.box((5, 5, 30))
    leg.apply_translation((0, 0, 15 - 2))
    both = trimesh.util.concatenate([table, leg])
    problems = mesh.examine("table", both, 1.2, (30, 180, 180)).problems
    assert any("hang in the air" in problem for problem in problems)
    assert any("larger than the bed" in problem for problem in problems)
    assert any("not one watertight body" in problem for problem in problems)
    broken = trimesh.creation.box((5, 5, 5))
    broken.update_faces(range(1, 12))
    assert any(
        "watertight" in problem for problem in mesh.examine("broken", broken, 1.2, (180,) * 3).problems
    )
