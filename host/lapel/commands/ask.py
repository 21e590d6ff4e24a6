"""`lapel ask`: one question through a relay and a virtual pin, and what its palm shows."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

from PIL.Image import Image
from rich.console import Console
from rich.table import Table

from .. import config, models
from ..cli import CommandError
from ..house import House, chosen_endpoint
from ..models import Progress
from ..trip import Trip, home
from ..virtual import light
from ..virtual.pin import VirtualPin, checked_question
from ..virtual.samples import find
from ..wav import read_wav

_PICTURE_COLUMNS = 64


def add_arguments(parser: argparse.ArgumentParser) -> None:
    question = parser.add_mutually_exclusive_group(required=True)
    question.add_argument("wav", nargs="?", type=Path, metavar="WAV", help="a recording of the question")
    question.add_argument("--text", help="a typed question")
    question.add_argument("--sample", help="one of the bundled questions (lapel ask --sample time)")
    parser.add_argument("--language", help="language of the recording: en, zh, de, ... or auto")
    parser.add_argument("--png", type=Path, metavar="FILE", help="write a picture of the palm")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--no-wait", action="store_true", help="ask now; download no language model for it")


def run(options: argparse.Namespace) -> int:
    question = _question(options)
    settings = config.load()
    if options.language:
        settings = config.with_language(settings, options.language)
    if options.png is not None:
        _writable(options.png)  # before anybody waits for an answer
    return asyncio.run(_ask(settings, question, options))


def _question(options: argparse.Namespace) -> bytes | str:
    if options.text is not None:
        if not options.text.strip():
            raise CommandError("the question is empty; expected a text after --text")
        return checked_question(options.text)
    if options.sample is None:
        return read_wav(options.wav)
    try:
        return read_wav(find(options.sample).wav)
    except KeyError as error:
        raise CommandError(error.args[0]) from None


async def _ask(settings: config.Config, question: bytes | str, options: argparse.Namespace) -> int:
    async def wait_for_model(house: House) -> None:
        if not options.no_wait:
            await _wait_for_model(house, settings)

    async with home(settings, wait_for_model, fetch_model=not options.no_wait) as at_home:
        trip = await at_home.ask(question)
        if options.png is not None:
            _save(_picture(at_home.pin), options.png)
        if options.json:
            sys.stdout.write(json.dumps(trip.as_dict(), ensure_ascii=False) + "\n")
        else:
            _show(trip, at_home.pin)
    if options.png is not None:
        sys.stderr.write(f"The palm is in {options.png}\n")
    return 1 if trip.failure else 0


async def _wait_for_model(house: House, settings: config.Config) -> None:
    """Waits for the language model, with a bar while it is being downloaded."""
    name = settings.llm.embedded
    if chosen_endpoint(settings) is not None or models.is_ready(name):
        await house.model_ready()
        return
    sys.stderr.write(
        f"The language model {name} is not here yet: {models.missing_bytes([name]) / 1e6:.0f} MB "
        "to download, once. Ctrl-C stops, the next run continues; --no-wait asks without it.\n"
    )
    with models.progress_bar() as show:
        waiting = asyncio.create_task(house.model_ready())
        while not waiting.done():
            progress: Progress | None = house.progress
            if progress is not None:
                show(progress)
            await asyncio.wait([waiting], timeout=0.2)


def _writable(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("ab").close()
    except OSError as error:
        raise _cannot_write(path, error) from None


def _save(picture: Image, path: Path) -> None:
    try:
        picture.save(path, "PNG")
    except OSError as error:
        raise _cannot_write(path, error) from None


def _cannot_write(path: Path, error: OSError) -> CommandError:
    return CommandError(f"{path} cannot be written: {error.strerror or error}")


def _picture(pin: VirtualPin) -> Image:
    samples, armed = pin.light()
    return light.render(samples, armed=armed)


def _show(trip: Trip, pin: VirtualPin) -> None:
    console = Console()
    console.print(f"[bold]{trip.transcript or '(nothing understood)'}")
    if console.color_system is not None:  # without colours its blocks show nothing
        console.print(light.to_terminal(_picture(pin), _PICTURE_COLUMNS), end="")
    console.print(trip.answer)
    table = Table("after the release", "ms")
    for name, value in trip.timings_ms.items():
        table.add_row(name.replace("_", " "), "-" if value is None else f"{value:.0f}")
    console.print(table)
    if trip.frames["sent"]:
        console.print(", ".join(f"{count} frames {name}" for name, count in trip.frames.items()))
