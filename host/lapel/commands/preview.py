"""`lapel preview`: what a palm would show of a text, and how well."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from PIL.Image import Image
from rich.console import Console
from rich.table import Table

from ..cli import CommandError
from ..preview import drawing, ilda, matrix, measure, plot
from ..preview.measure import Measured
from ..virtual import light
from ..virtual.beam import Mirror

SCANNERS = {
    "mems-1k": Mirror(1000.0, 0.7),
    "mems-250": Mirror(250.0, 0.7),
    # 20 000 points a second on ILDA's test pattern: its inner circle has 12 points, so 1667 Hz at -3 dB,
    # which at this damping is the natural frequency.
    "galvo-20k": Mirror(1667.0, 0.7),
}
# Pages, and what draws one: its figures, and its picture when somebody wants it.
_Drawing = tuple[list[list[str]], Callable[[list[str]], tuple[Measured, Callable[[], Image]]]]

MATRIX = "matrix"
VIEWS_MM = {"field": light.PICTURE_MM, "palm": light.WHOLE_PALM_MM}
_PICTURE_COLUMNS = 72
_SEEN_S = 0.25  # four times an eye's memory, and the mirror has settled


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", metavar="TEXT", help="what to write; a line break in it is kept")
    parser.add_argument(
        "--scanner", choices=(*SCANNERS, MATRIX), default="mems-1k", help="which light (default: mems-1k)"
    )
    parser.add_argument(
        "--page", type=int, default=1, metavar="N", help="which page of a long text (default: 1)"
    )
    parser.add_argument(
        "--room-lux", type=float, default=light.ROOM_LUX, help="light in the room (default: 300)"
    )
    parser.add_argument(
        "--view",
        choices=VIEWS_MM,
        default="field",
        help="how much of the hand is in the picture (default: field)",
    )
    parser.add_argument("--png", type=Path, metavar="FILE", help="write a picture of the palm")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="write path, drive and speed as a PNG")
    parser.add_argument("--ild", type=Path, metavar="FILE", help="write ILDA format 5, for other programs")
    parser.add_argument(
        "--raw", type=Path, metavar="FILE", help="write one frame's I2S words: little-endian 32-bit stereo"
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON, without a picture")


def run(options: argparse.Namespace) -> int:
    if not 0 <= options.room_lux <= 200_000:
        raise CommandError(f"--room-lux: expected 0 to 200000 (the midday sun), got {options.room_lux:g}")
    draw = _led_matrix if options.scanner == MATRIX else _mirrors
    pages, draw_page = draw(options)
    if not pages:
        raise CommandError("the text is empty; expected something to write")
    if not 1 <= options.page <= len(pages):
        raise CommandError(f"--page: expected 1 to {len(pages)}, got {options.page}")
    lines = pages[options.page - 1]
    measured, picture = draw_page(lines)
    _write(options.png, lambda path: picture().save(path, "PNG"))
    if options.json:
        figures = {name: round(value, 5) for name, value in asdict(measured).items()}
        about = {"scanner": options.scanner, "page": options.page, "pages": len(pages), "lines": lines}
        sys.stdout.write(json.dumps(figures | about, ensure_ascii=False) + "\n")
    else:
        console = Console()
        if console.color_system is not None:  # without colours it is only noise
            console.print(light.to_terminal(picture(), _PICTURE_COLUMNS), end="")
        console.print(_table(measured, options, len(pages)))
    return 0


def _mirrors(options: argparse.Namespace) -> _Drawing:
    pages = drawing.pages(options.text)

    def draw_page(lines: list[str]) -> tuple[Measured, Callable[[], Image]]:
        frame = drawing.draw(lines, SCANNERS[options.scanner], (options.page - 1, len(pages)))
        _write(options.raw, lambda path: path.write_bytes(frame.raw()))
        _write(options.ild, lambda path: path.write_bytes(ilda.encode(frame)))
        _write(options.plot, lambda path: plot.draw(frame).save(path, "PNG"))
        return measure.measure(frame), lambda: light.render(
            frame.stream(_SEEN_S),
            mirror=frame.mirror,
            room_lux=options.room_lux,
            picture_mm=VIEWS_MM[options.view],
        )

    return pages, draw_page


def _led_matrix(options: argparse.Namespace) -> _Drawing:
    for name in ("raw", "ild", "plot"):
        if getattr(options, name) is not None:
            raise CommandError(f"--{name}: the matrix has LEDs and no mirrors; choose another --scanner")

    def draw_page(lines: list[str]) -> tuple[Measured, Callable[[], Image]]:
        strip = matrix.draw(lines)
        return matrix.measure(strip), lambda: matrix.render(
            strip, room_lux=options.room_lux, picture_mm=VIEWS_MM[options.view]
        )

    return matrix.pages(options.text), draw_page


def _write(path: Path | None, write: Callable[[Path], object]) -> None:
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror or error}") from None


def _table(measured: Measured, options: argparse.Namespace, pages: int) -> Table:
    table = Table(f"{options.scanner}, page {options.page} of {pages}", "")
    table.add_row("refresh", f"{measured.refresh_hz:.0f} Hz, {measured.samples} samples")
    table.add_row("path error", f"{measured.path_error:.1%} of the glyph height (95th percentile)")
    table.add_row("coverage gap", f"{measured.coverage_gap:.1%} of the glyph height (95th percentile)")
    if options.scanner == MATRIX:
        table.add_row("LEDs", f"{measured.lit_duty:.0%} lit, {measured.energy:.0%} of full light on average")
        return table
    table.add_row("lit", f"{measured.lit_duty:.0%} of the time, {measured.light_mw:.2f} mW on average")
    table.add_row("blank", f"{measured.blank_share:.0%} of the time, {measured.blank_travel:.0%} of the way")
    drive = f"at most {measured.peak_drive:.2f} half fields, mean square {measured.energy:.2f}"
    table.add_row("drive", drive)
    return table
