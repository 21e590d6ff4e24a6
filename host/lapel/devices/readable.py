"""A pin's log for people: levels in colour, and tracebacks with the source lines that they name."""

from __future__ import annotations

import re

from rich.text import Text

from lapel import viper

from . import firmware

_LINE = re.compile(r"^(\d+\.\d{3}) (debug|info|warning|error) ([\w.-]+): (.*)$")
_PLACE = re.compile(r'^\s*File "([^"]+)", line (\d+)(?:, in (.+))?$')
_FAILURE = re.compile(r"^(?:\w+\.)*\w*(?:Error|Exception|Interrupt|Exit)\b")
_COLOURS = {"debug": "dim", "info": "", "warning": "yellow", "error": "bold red"}


def readable(line: str) -> list[Text]:
    """The lines to show for one that the pin printed."""
    place = _PLACE.match(line)
    if place:
        return _place(place[1], int(place[2]), place[3] or "")
    logged = _LINE.match(line)
    if logged:
        colour = _COLOURS[logged[2]]
        return [
            Text.assemble(
                (logged[1] + " ", "dim"), (f"{logged[2]:7} ", colour), (logged[3] + ": ", "cyan"), logged[4]
            )
        ]
    if _FAILURE.match(line):
        return [Text(line, "bold red")]
    return [Text(line)]


def _place(file: str, number: int, function: str) -> list[Text]:
    """Where it happened: the file in this checkout, and what stands there."""
    source = firmware.source(file)
    shown = f"firmware/{source.relative_to(viper.source_root())}" if source else file
    found = [Text.assemble("  ", (f"{shown}:{number}", "bold cyan"), f" in {function}" if function else "")]
    if source:
        lines = source.read_text("utf-8").splitlines()
        if 0 < number <= len(lines):
            found.append(Text("      " + lines[number - 1].strip(), "italic"))
        else:
            found.append(Text("      (the board runs another version of this file)", "dim"))
    return found
