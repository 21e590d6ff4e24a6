"""Battery life: the tables hold together, the arithmetic is right, and the command says both."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from lapel.power import plot
from lapel.power.budget import BUILDS, MODES, Budget, PowerError, folder
from PIL import Image

PARTS = (
    "part,state,ma,source\nchip,busy,100,measured\nchip,asleep,1,estimate: small\n"
    "lamp,on,50,measured\nlamp,off,0,x\n"
)
ACTIVITIES = (
    "activity,part,state\nshowing,chip,busy\nshowing,lamp,on\nreachable,chip,busy\nnap,chip,asleep\n"
    "looking,chip,busy\n"
)
DAY = "activity,count,seconds,note\nshowing,10,360,an hour in all\n"
BATTERY = (
    "quantity,value,unit,source\ncapacity,1000,mAh,x\nusable,90,percent,x\nregulator,100,percent,x\n"
    "self_discharge,0,mA,x\nworn,16,h,x\n"
)


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    for name, text in (("parts", PARTS), ("activities", ACTIVITIES), ("day", DAY), ("battery", BATTERY)):
        (tmp_path / f"{name}.csv").write_text(text, "utf-8")
    return tmp_path


def test_the_arithmetic(tables: Path) -> None:
    budget = Budget("matrix", tables)
    assert budget.mah == 900
    assert budget.ma("showing") == 150
    assert budget.ma("nap") == 1  # a part that is not named is in its least state
    assert budget.used_mah() == {"showing": 150}
    assert budget.standby_hours("reachable", 0) == 9
    assert budget.standby_hours("saver", 0) == 900
    # Worn: 150 mAh and 15 h at 100 mA; 900 mAh last for 900 / 1650 of it.
    assert budget.day_hours("reachable", 0) == pytest.approx(16 * 900 / 1650)
    # Each day takes 150 + 15 worn and 8 at night: five whole days, then 35 mAh of the sixth at 165 / 16 mA.
    assert budget.day_hours("saver", 0) == pytest.approx(5 * 24 + (900 - 5 * 173) / (165 / 16))


def test_looks_cost_what_they_take(tables: Path) -> None:
    budget = Budget("matrix", tables)
    minute = budget.standby_ma("saver", 1)
    assert minute == pytest.approx((6 * 100 + 60 * 1) / 66)
    hours = [budget.standby_hours("saver", n) for n in (1, 5, 10, 60, 0)]
    assert hours == sorted(hours)


def test_the_curve_ends_when_the_hours_do(tables: Path) -> None:
    budget = Budget("matrix", tables)
    for mode in MODES:
        curve = budget.charge_curve(mode, 10, 10_000)
        assert curve[0] == (0.0, 100.0) and curve[-1][1] == 0
        assert curve[-1][0] == pytest.approx(budget.day_hours(mode, 10))
        assert [p for _, p in curve] == sorted((p for _, p in curve), reverse=True)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("activities", "activity,part,state\nnap,chip,burning\n", "burning"),
        ("day", "activity,count,seconds,note\ndancing,1,1,x\n", "dancing"),
        ("day", "activity,count,seconds,note\nshowing,1,99999,x\n", "longer"),
    ],
)
def test_tables_that_do_not_fit_are_told(tables: Path, name: str, text: str, says: str) -> None:
    (tables / f"{name}.csv").write_text(text, "utf-8")
    with pytest.raises(PowerError, match=says):
        Budget("matrix", tables).day_hours("saver", 10)


@pytest.mark.parametrize("build", BUILDS)
def test_the_projects_own_tables(build: str) -> None:
    budget = Budget(build)
    assert {"speaking", "waiting", "showing", "after use", "ringing", "reachable", "nap", "looking"} <= set(
        budget.activities
    )
    # What issue 8 wants of a described day, in the mode that costs more.
    assert budget.day_hours("reachable", 10) >= 12
    assert budget.day_hours("saver", 10) > budget.day_hours("reachable", 10)
    assert {use.activity for use in budget.uses} <= set(budget.activities)


def test_each_current_has_a_source_or_says_that_it_is_an_estimate() -> None:
    with (folder() / "parts.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    assert len({(row["part"], row["state"]) for row in rows}) == len(rows)
    for row in rows:
        assert len(row["source"]) > 10 and float(row["ma"]) >= 0


def test_the_command(tmp_path: Path) -> None:
    picture = tmp_path / "day.png"
    command = [sys.executable, "-m", "lapel", "power", "--json", "--minutes", "30", "--png", str(picture)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    figures = json.loads(result.stdout)
    assert figures["look_every_min"] == 30
    assert set(figures["standby_hours"]) == set(figures["day_hours"]) == set(MODES)
    assert Image.open(picture).size == plot.SIZE


def test_the_curves_are_drawn(tables: Path) -> None:
    image = plot.draw(Budget("matrix", tables), 10)
    colours = {colour for _, colour in image.getcolors(1 << 20) or []}
    assert set(plot.COLOURS.values()) <= colours and plot.BARS[0] in colours
