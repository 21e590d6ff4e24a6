"""`lapel palm` on recordings of the virtual hand, and on lines that are none."""

import json
from pathlib import Path

import pytest
from lapel import cli
from lapel.virtual.hand_script import Wearer

KEYS = {"t_ms", "present", "pose", "distance_mm", "tilt_deg", "gesture"}


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main(["palm", *words])
    shown = capsys.readouterr()
    return int(ended.value.code or 0), shown.out, shown.err


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    wearer = Wearer(1012, distance_mm=240)
    wearer.nobody(400)
    wearer.enter()
    wearer.hold(1000)
    wearer.leave()
    path = tmp_path_factory.mktemp("palm") / "hand.jsonl"
    path.write_text("".join(frame.line() + "\n" for frame in wearer.frames), "utf-8")
    return path


def test_json_has_one_object_for_each_frame(recording, capsys):
    code, out, _ = run(capsys, str(recording), "--json")
    found = [json.loads(line) for line in out.splitlines()]
    frames = [json.loads(line) for line in recording.read_text("utf-8").splitlines()]
    assert code == 0 and [e["t_ms"] for e in found] == [f["t_ms"] for f in frames]
    assert all(set(e) >= KEYS and e["pose"] in ("open", "fist", "other") for e in found)
    held = found[13:19]
    assert all(e["present"] and abs(e["distance_mm"] - 240) < 15 and 0 <= e["tilt_deg"] < 30 for e in held)
    first = found[0]
    assert not first["present"] and first["pose"] == "other" and first["distance_mm"] is None
    gestures = [e["gesture"] for e in found if e["gesture"]]
    assert gestures[0] == "shown" and gestures[-1] == "gone"


def test_table_sums_up(recording, capsys):
    code, out, _ = run(capsys, str(recording))
    assert code == 0 and "shown" in out and "frames; a palm in" in out


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{oops", "expected a JSON object, got {oops"),
        ("[1, 2]", "expected a JSON object, got [1, 2]"),
        ('{"t_ms": 5, "status": []}', "distance_mm: expected 64 numbers, got null"),
        (json.dumps({"t_ms": 5, "distance_mm": [1] * 63, "status": [5] * 64}), "expected 64 numbers, got 63"),
        (json.dumps({"t_ms": "x", "distance_mm": [1] * 64, "status": [5] * 64}), "t_ms: expected a number"),
        (json.dumps({"t_ms": 5, "distance_mm": ["a"] * 64, "status": [5] * 64}), "distance_mm[0]: expected"),
        (json.dumps({"t_ms": 5, "distance_mm": [1] * 64, "status": [True] * 64}), "status[0]: expected"),
    ],
)
def test_bad_lines_are_named(recording, tmp_path, capsys, line, said):
    path = tmp_path / "bad.jsonl"
    path.write_text(recording.read_text("utf-8").splitlines()[0] + "\n\n" + line + "\n", "utf-8")
    code, _, err = run(capsys, str(path), "--json")
    assert code == 1 and "line 3" in err and said in err and "Traceback" not in err


def test_time_may_not_go_back(tmp_path, capsys):
    def line(t_ms: int) -> str:
        return json.dumps({"t_ms": t_ms, "distance_mm": [0] * 64, "status": [255] * 64}) + "\n"

    path = tmp_path / "back.jsonl"
    path.write_text(line(100) + line(40), "utf-8")
    code, _, err = run(capsys, str(path))
    assert code == 1 and "line 2: expected t_ms of 100 or later, got 40" in err


def test_missing_file_and_empty_recording(tmp_path, capsys):
    code, _, err = run(capsys, str(tmp_path / "none.jsonl"))
    assert code == 1 and "cannot be read" in err
    empty = tmp_path / "empty.jsonl"
    empty.write_text("", "utf-8")
    code, out, _ = run(capsys, str(empty), "--json")
    assert (code, out) == (0, "")


def test_failed_zones_may_be_null_or_negative(tmp_path, capsys):
    path = tmp_path / "gaps.jsonl"
    path.write_text(
        json.dumps({"t_ms": 1, "distance_mm": [None, -20] * 32, "status": [255, 5] * 32}) + "\n", "utf-8"
    )
    code, out, _ = run(capsys, str(path), "--json")
    assert code == 0 and json.loads(out)["present"] is False


def test_rows_of_eight_are_read_as_well(recording, tmp_path, capsys):
    def rows(line: str) -> str:
        frame = json.loads(line)
        for key in ("distance_mm", "status"):
            frame[key] = [frame[key][i : i + 8] for i in range(0, 64, 8)]
        return json.dumps(frame) + "\n"

    path = tmp_path / "rows.jsonl"
    path.write_text("".join(rows(line) for line in recording.read_text("utf-8").splitlines()), "utf-8")
    assert run(capsys, str(path), "--json") == run(capsys, str(recording), "--json")
