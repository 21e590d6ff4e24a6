"""`lapel preview`: the figures, the files, the refusals."""

from __future__ import annotations

import io
import json
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from lapel.preview import drawing, ilda, matrix, measure, plot
from lapel.preview.matrix import measure as measure_matrix
from lapel.virtual import beam, light
from lapel.virtual.beam import Mirror
from PIL import Image
from pin.projector import speed

FIGURES = (
    "refresh_hz",
    "path_error",
    "coverage_gap",
    "lit_duty",
    "blank_share",
    "peak_drive",
    "energy",
    "samples",
)
READER = Path(__file__).parent / "read_ilda.cjs"


def preview(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lapel", "preview", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_json_has_the_figures_and_the_files_are_written(tmp_path: Path) -> None:
    files = {name: tmp_path / "new" / f"out.{name}" for name in ("raw", "ild", "png", "plot")}
    options = [part for name, path in files.items() for part in (f"--{name}", path)]
    result = preview("10:42 AM", "--json", *options)
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert all(isinstance(told[name], int | float) for name in FIGURES)
    assert told["refresh_hz"] == pytest.approx(48_000 / told["samples"], abs=1e-3)
    assert told["pages"] == told["page"] == 1 and told["lines"] == ["10:42 AM"]
    assert files["raw"].stat().st_size == 8 * told["samples"]
    assert files["ild"].read_bytes()[:4] == b"ILDA"
    assert Image.open(files["png"]).format == Image.open(files["plot"]).format == "PNG"


def test_a_table_and_a_palm_without_json() -> None:
    result = preview("Hi")
    assert result.returncode == 0, result.stderr
    assert "refresh" in result.stdout and "coverage gap" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["  \n "], "the text is empty"),
        (["Hi", "--page", "2"], "expected 1 to 1, got 2"),
        (["Hi", "--page", "0"], "expected 1 to 1, got 0"),
        (["Hi", "--png", "/dev/null/palm.png"], "cannot be written"),
        (["Hi", "--raw", "/"], "cannot be written"),
        (["Hi", "--scanner", "laser"], "invalid choice: 'laser'"),
        (["Hi", "--room-lux", "-1"], "expected 0 to 200000"),
    ],
)
def test_refusals_say_why(arguments: list[str], sentence: str) -> None:
    result = preview(*arguments)
    assert result.returncode != 0 and sentence in result.stderr and "Traceback" not in result.stderr


def test_a_long_text_is_paged_and_a_line_break_is_kept() -> None:
    text = "The quick brown fox jumps over the lazy dog and runs away"
    pages = drawing.pages(text)
    assert len(pages) > 1 and all(len(page) <= drawing.LINES for page in pages)
    assert " ".join(line for page in pages for line in page) == text
    assert drawing.pages("a\nb") == [["a", "b"]]
    assert drawing.pages("\n\n") == []


def test_the_frame_is_what_the_pin_plans() -> None:
    """The stream behind the scanner is the planner's frame, bit for bit."""
    from array import array

    from pin.projector import font, page, path

    sheet, way = page.Page(font.load()), path.Path()
    sheet.lay_out(["10:42"])
    way.trace(sheet)
    planned = array("i", bytes(8 * speed.MAX_SAMPLES))
    samples = speed.Planner(speed.Mirror()).plan(way, planned)
    drawn = drawing.draw(["10:42"])
    assert drawn.samples == samples
    assert drawn.raw() == np.array(planned[: 2 * samples], dtype="<i4").tobytes()


@pytest.mark.parametrize(
    "text",
    [
        "10:42 AM",
        "Hello world!",
        "The answer\nis 42 today",
        "你好世界",
        "今天天气很好",
        "Привет мир",
        "Ελληνικά",
        "こんにちは",
    ],
)
def test_every_script_is_written_within_the_limits(text: str) -> None:
    measured = measure.measure(drawing.draw(drawing.pages(text)[0]))
    assert measured.path_error <= 0.08 and measured.coverage_gap <= 0.08
    assert measured.refresh_hz >= 60 and measured.peak_drive <= beam.FULL_SCALE_FIELDS
    assert 0 < measured.lit_duty < 1 and measured.lit_duty + measured.blank_share == pytest.approx(1)


def test_a_worse_mirror_is_told_as_worse() -> None:
    frame = drawing.draw(["Hello"])
    true = measure.measure(frame)
    off = measure.measure(frame, Mirror(800.0, 0.5))
    assert off.path_error > 2 * true.path_error and off.coverage_gap > true.coverage_gap


def test_what_is_not_drawn_is_a_gap() -> None:
    frame = drawing.draw(["Hello"])
    dark = frame.words.copy()
    dark[: len(dark) // 2, 0] |= beam.BLANK
    half = drawing.Frame(dark, frame.strokes, frame.glyph_height, frame.mirror)
    assert measure.measure(half).coverage_gap > 0.5
    dark[:, 0] |= beam.BLANK
    assert measure.measure(half).coverage_gap == float("inf")


def test_points_along_strokes_keep_their_vertices() -> None:
    stroke = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 0.1]])
    points = measure.along([stroke], 0.25)
    assert np.hypot(*np.diff(points, axis=0).T).max() <= 0.25 + 1e-9
    assert all((points == vertex).all(1).any() for vertex in stroke)


def test_ilda_is_laid_out_as_the_standard_says() -> None:
    frame = drawing.draw(["Hi"])
    data = ilda.encode(frame, "a long name")
    assert len(data) == 32 + 8 * frame.samples + 32
    for at, count in ((0, frame.samples), (len(data) - 32, 0)):
        assert data[at : at + 8] == b"ILDA\0\0\0\5"
        assert data[at + 8 : at + 16] == b"a long n"
        assert struct.unpack_from(">HHH", data, at + 24) == (count, 0, 1)
    records = [struct.unpack_from(">hhBBBB", data, 32 + 8 * k) for k in range(frame.samples)]
    assert [bool(status & ilda.LAST) for _, _, status, *_ in records] == [False] * (frame.samples - 1) + [
        True
    ]
    lit = beam.lit_samples(frame.raw())
    assert [not status & ilda.BLANKED for _, _, status, *_ in records] == list(lit)
    assert all(
        (green > 0) == on and blue == red == 0
        for (_, _, _, blue, green, red), on in zip(records, lit, strict=True)
    )


def test_another_program_reads_the_ilda_file(tmp_path: Path) -> None:
    """npm's @laser-dac/ilda-reader; `npm install --prefix build/node @laser-dac/ilda-reader` fetches it."""
    module = Path(__file__).parents[3] / "build" / "node" / "node_modules" / "@laser-dac" / "ilda-reader"
    node = shutil.which("node")
    if node is None or not module.is_dir():
        pytest.skip("needs node, and @laser-dac/ilda-reader in build/node (make ilda-reader)")
    frame = drawing.draw(["10:42 AM"])
    file = tmp_path / "palm.ild"
    file.write_bytes(ilda.encode(frame))
    result = subprocess.run(
        [node, READER, module, file], capture_output=True, text=True, timeout=60, check=True
    )
    sections = json.loads(result.stdout)
    assert [section["type"] for section in sections] == [5, 5]
    assert [len(section["points"]) for section in sections] == [frame.samples, 0]
    read = np.array([[point["x"], point["y"]] for point in sections[0]["points"]])
    light = measure.settled(frame, frame.mirror)
    expected = np.stack([light.x, light.y], axis=1)[beam.SUBSTEPS - 1 :: beam.SUBSTEPS] * ilda.FULL
    assert np.abs(read - expected).max() <= 1.5  # that reader gives negative numbers one too high
    lit = beam.lit_samples(frame.raw())
    assert [point["g"] > 0 for point in sections[0]["points"]] == list(lit)


def test_the_plot_shows_path_and_curves() -> None:
    frame = drawing.draw(["Hi"])
    image = plot.draw(frame)
    colours = {colour for _, colour in image.getcolors(1 << 20) or []}
    assert {plot.LIT, plot.BLANK, plot.IDEAL, plot.X_COLOUR, plot.Y_COLOUR} <= colours
    written = io.BytesIO()
    image.save(written, "PNG")
    assert written.getvalue()[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    "text", ["\u0000\u0007\u202e", "🤖🤖🤖🤖🤖🤖🤖🤖🤖🤖🤖🤖🤖", "Z̸̢͎͉͓͝a̸̡̛̜͍͉l̵͈̺̫̽g̶̡̓̄o̷" * 6, "@" * 400, "𝕳𝖊𝖑𝖑𝖔", "سلام"]
)
def test_hostile_text_is_drawn_or_refused_with_a_sentence(text: str) -> None:
    for lines in drawing.pages(text):
        try:
            frame = drawing.draw(lines)
        except drawing.Undrawable as refusal:
            assert "the pin refuses this page" in str(refusal)
            continue
        assert frame.samples <= drawing.MAX_SAMPLES


def test_the_matrix_scrolls_a_line_by() -> None:
    strip = matrix.draw(["Hello world, it is 10:42"])
    assert strip.pictures.shape[1:] == (9, 16) and len(strip.pictures) == strip.whole.shape[1] - 15
    measured = measure_matrix(strip)
    assert measured.samples == len(strip.pictures) and 0 < measured.lit_duty < 1
    assert measured.path_error < 0.15 and measured.coverage_gap < 0.15  # a pixel is 17 % of a capital
    short = matrix.draw(["Hi"])
    assert len(short.pictures) == 1 and short.whole.shape == (9, 16)


@pytest.mark.parametrize("text", ["你好", "Привет", "🤖"])
def test_the_matrix_has_every_script(text: str) -> None:
    assert measure_matrix(matrix.draw([text])).coverage_gap < 0.2


def test_the_matrix_has_no_beam_to_write() -> None:
    result = preview("Hi", "--scanner", "matrix", "--raw", "x")
    assert result.returncode == 1 and "no mirrors" in result.stderr
    result = preview("Hi", "--scanner", "matrix", "--json")
    assert result.returncode == 0 and set(FIGURES) <= set(json.loads(result.stdout))


def test_the_matrix_lights_the_palm() -> None:
    dark = np.asarray(light.render(b"", (300, 300)), dtype=int)
    lit = np.asarray(matrix.render(matrix.draw(["Hi"]), (300, 300)), dtype=int)
    assert ((lit - dark)[..., 1] > 25).mean() > 0.02
