"""`lapel calibrate`: fit a pin's light to its mirrors, value by value."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console

from ..cli import CommandError
from ..preview import calibration, drawing, measure
from ..preview.calibration import CalibrationError, Value, Values
from ..virtual import light
from ..virtual.beam import Mirror

_PICTURE_COLUMNS = 60
_SEEN_S = 0.25


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "flash", type=Path, metavar="FOLDER", help="the pin's flash: the folder with its settings.json"
    )
    for each in calibration.VALUES:
        parser.add_argument(
            f"--{each.name.replace('_', '-')}",
            type=float,
            metavar="N",
            help=f"{each.title.lower()}, {each.low:g} to {each.high:g} {each.unit}".rstrip(),
        )
    parser.add_argument(
        "--pattern", choices=calibration.NAMES, help="show the test pattern of one value, no more"
    )
    parser.add_argument("--png", type=Path, metavar="FILE", help="with --pattern: write a picture of it")
    parser.add_argument("--json", action="store_true", help="print the values as JSON, ask nothing")


def run(options: argparse.Namespace) -> int:
    settings, values = calibration.load(options.flash)
    given = {name: getattr(options, name) for name in calibration.NAMES if getattr(options, name) is not None}
    new = values | {name: calibration.value(name).checked(number) for name, number in given.items()}
    console = Console()
    if options.png is not None and options.pattern is None:
        raise CommandError("--png: expected together with --pattern, which says what to draw")
    if options.pattern:
        _show(calibration.value(options.pattern), new, console, options.png)
        return 0
    if not given and not options.json:
        if not sys.stdin.isatty():
            raise CommandError(
                f"nobody to ask; give values, such as --mirror-hz 980, of {', '.join(calibration.NAMES)}"
            )
        new = _guide(new, console)
        if new == values:
            console.print("Nothing changed.")
            return 0
    if new != values or given:
        try:
            calibration.save(options.flash, settings, new)
        except OSError as error:
            raise CommandError(f"{options.flash} cannot be written: {error.strerror}") from None
    if options.json:
        sys.stdout.write(json.dumps(new) + "\n")
    else:
        console.print(
            f"{options.flash / calibration.SETTINGS} holds " + ", ".join(f"{k} {v:g}" for k, v in new.items())
        )
        console.print("A pin that is running reads it when it starts again.")
    return 0


def _guide(values: Values, console: Console) -> Values:
    """Asks for one value after the other; each answer is drawn before it is kept."""
    console.print("Enter keeps a value, a number tries another. Ctrl-C ends without a change.\n")
    for each in calibration.VALUES:
        while True:
            console.print(f"[bold]{each.title}[/] ({each.low:g} to {each.high:g} {each.unit})")
            _show(each, values, console, None)
            console.print(f"Right is: {each.look_for}.")
            answer = console.input(f"{each.name} [{values[each.name]:g}]: ").strip()
            if not answer:
                break
            try:
                values = values | {each.name: each.checked(float(answer))}
            except ValueError:
                console.print(f"[red]expected a number, got {answer!r}")
            except CalibrationError as error:
                console.print(f"[red]{error}")
    return values


def _show(each: Value, values: Values, console: Console, png: Path | None) -> None:
    """The pattern as these values drive the simulated mirrors, which are as Lapel's are meant to be."""
    mirror = Mirror(values["mirror_hz"], values["damping"], int(values["laser_delay"]))
    field_percent, brightness = int(values["field_percent"]), int(values["brightness"])
    frame = drawing.draw(each.pattern, mirror, field_percent=field_percent, brightness=brightness)
    true = Mirror()
    measured = measure.measure(frame, true)
    picture = light.render(frame.stream(_SEEN_S), mirror=true)
    if png is not None:
        try:
            picture.save(png, "PNG")
        except OSError as error:
            raise CommandError(f"{png} cannot be written: {error.strerror or error}") from None
    console.print(light.to_terminal(picture, _PICTURE_COLUMNS), end="")
    console.print(
        f"On mirrors of {true.hz:g} Hz and damping {true.damping:g} that errs by "
        f"{measured.path_error:.1%} of a letter's height and leaves {measured.coverage_gap:.1%} open."
    )
