"""The netlist in KiCad's formats, and KiCad's own electrical check where it is installed.

A schematic without wires: each part is a box, each pin has its net's name as a label. KiCad's rules see the
same circuit as `erc`, by other code.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import Any

from .netlist import Netlist, Part
from .tables import HardwareError

RUN_S = 120.0
_GRID = 2.54
_COLUMNS = 8
_SPACE = (24 * _GRID, 4 * _GRID)  # between two parts
_ROOM = uuid.UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8")  # namespace: the same ids each time
# As KiCad's rules know pins. Grounds are passive: they need no driver, and net GND has none.
_KINDS = {
    "in": "input",
    "out": "output",
    "od": "open_collector",
    "io": "bidirectional",
    "passive": "passive",
    "supply": "power_in",
    "source": "power_out",
    "ground": "passive",
    "nc": "no_connect",
}


def netlist(made: Netlist) -> str:
    """KiCad's netlist format (version E), which its board editor imports."""
    lines = ["(export (version E)", f' (design (source "Lapel {made.build}"))', " (components"]
    for part in made.parts.values():
        lines.append(f'  (comp (ref "{part.ref}") (value "{part.title}"))')
    lines.append(" )")
    lines.append(" (nets")
    for code, (net, ends) in enumerate(made.nets.items(), 1):
        nodes = " ".join(f'(node (ref "{ref}") (pin "{pin}"))' for ref, pin in ends)
        lines.append(f'  (net (code {code}) (name "{net}") {nodes})')
    lines.append(" ))")
    return "\n".join(lines) + "\n"


def schematic(made: Netlist) -> str:
    """A `.kicad_sch` (format of KiCad 8)."""
    root = _id(made.build)
    symbols = "\n".join(_symbol(part) for part in made.parts.values())
    placed, y, row = [], 10 * _GRID, 0.0
    for number, part in enumerate(made.parts.values()):
        if number % _COLUMNS == 0:
            y, row = y + row, 0.0
        row = max(row, len(part.pins) * _GRID + _SPACE[1])
        placed.append(_placed(made, part, (2 + number % _COLUMNS) * _SPACE[0], y, root))
    return (
        f'(kicad_sch (version 20231120) (generator "lapel") (uuid "{root}") (paper "A0")\n'
        f' (title_block (title "Lapel {made.build}"))\n (lib_symbols\n{symbols}\n )\n'
        + "\n".join(placed)
        + '\n (sheet_instances (path "/" (page "1")))\n)\n'
    )


def check(made: Netlist, folder: Path) -> list[str] | None:
    """What KiCad objects to, errors only; None where `kicad-cli` is not installed. Raises HardwareError."""
    program = shutil.which("kicad-cli")
    if program is None:
        return None
    sheet, report = folder / f"{made.build}.kicad_sch", folder / f"{made.build}.json"
    sheet.write_text(schematic(made), encoding="utf-8")
    run = subprocess.run(
        [program, "sch", "erc", "--format", "json", "--severity-error", "-o", str(report), str(sheet)],
        capture_output=True,
        text=True,
        timeout=RUN_S,
        check=False,
    )
    if run.returncode or not report.exists():
        raise HardwareError(
            f"kicad-cli could not check {sheet.name}: {(run.stderr or run.stdout).strip()[:200]}"
        )
    sheets = json.loads(report.read_text(encoding="utf-8"))["sheets"]
    return [_sentence(violation) for found in sheets for violation in found["violations"]]


def _sentence(violation: dict[str, Any]) -> str:
    where = ", ".join(item["description"] for item in violation["items"])
    return f"{violation['type']}: {violation['description']} ({where})"


def _id(name: str) -> str:
    return str(uuid.uuid5(_ROOM, f"lapel.{name}"))


def _n(value: float) -> str:
    return f"{value:.2f}"


_FONT = "(effects (font (size 1.27 1.27)))"


def _kind(part: Part, kind: str) -> str:
    """A breakout pulls its open drains up itself, where KiCad cannot see it."""
    return "bidirectional" if kind == "od" and part.onboard else _KINDS[kind]


def _symbol(part: Part) -> str:
    """A box of the part's own, its pins down the right side."""
    height = len(part.pins) * _GRID
    pins = "\n".join(
        f"    (pin {_kind(part, pin.kind)} line (at {_n(8 * _GRID)} {_n(-number * _GRID)} 180)\n"
        f'     (length 2.54) (name "{name}" {_FONT}) (number "{name}" {_FONT}))'
        for number, (name, pin) in enumerate(part.pins.items())
    )
    return (
        f'  (symbol "lapel:{part.ref}" (in_bom yes) (on_board yes)\n'
        f'   (property "Reference" "{part.ref}" (at 0 2.54 0) {_FONT})\n'
        f'   (property "Value" "{part.title}" (at 0 {_n(-height)} 0) {_FONT})\n'
        f'   (symbol "{part.ref}_0_1" (rectangle (start 0 1.27) (end {_n(7 * _GRID)} {_n(1.27 - height)})\n'
        f"    (stroke (width 0.2) (type default)) (fill (type background))))\n"
        f'   (symbol "{part.ref}_1_1"\n{pins}))'
    )


def _placed(made: Netlist, part: Part, x: float, y: float, root: str) -> str:
    own = f"{made.build}/{part.ref}"
    marks = {pin: _id(f"{own}/{pin}") for pin in part.pins}
    lines = [
        f' (symbol (lib_id "lapel:{part.ref}") (at {_n(x)} {_n(y)} 0) (unit 1) (in_bom yes) (on_board yes)',
        f'  (uuid "{_id(own)}")',
        f'  (property "Reference" "{part.ref}" (at {_n(x)} {_n(y - 2.54)} 0) {_FONT})',
        f'  (property "Value" "{part.title}" (at {_n(x)} {_n(y + len(part.pins) * _GRID)} 0) {_FONT})',
        *(f'  (pin "{pin}" (uuid "{mark}"))' for pin, mark in marks.items()),
        f'  (instances (project "" (path "/{root}" (reference "{part.ref}") (unit 1)))))',
    ]
    for number, pin in enumerate(part.pins):
        net = made.net_of(part.ref, pin)
        at = f"(at {_n(x + 8 * _GRID)} {_n(y + number * _GRID)}"
        mark = _id(f"{own}/{pin}/end")
        if net:
            lines.append(f' (global_label "{net}" (shape passive) {at} 0) {_FONT} (uuid "{mark}"))')
        elif part.pins[pin].kind != "nc":
            lines.append(f' (no_connect {at}) (uuid "{mark}"))')
    return "\n".join(lines)
