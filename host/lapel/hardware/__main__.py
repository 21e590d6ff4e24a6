"""`python -m lapel.hardware`: writes every generated picture and table of `hardware/`; `--check` only
compares.
"""

from __future__ import annotations

import sys
from pathlib import Path

from . import kicad, layout, netlist, pages, pictures, wiring
from .steps import STEPS
from .tables import BUILDS, folder


def drawings() -> dict[str, str]:
    """Path below `hardware/` to the picture's text."""
    case = layout.checked()
    found = {
        "optics/side.svg": pictures.side_view(case).render(),
        "optics/contrast.svg": pictures.contrast().render(),
        "laser/chain.svg": pictures.enable_chain().render(),
        "power/heat.svg": pictures.warmth(case).render(),
        "power/day.svg": pictures.days().render(),
        "enclosure/layout.svg": pictures.views(case).render(),
    }
    for build in BUILDS:
        made = netlist.build(build)
        found[f"wiring/{build}.svg"] = wiring.wiring(made).render()
        found[f"wiring/schematic-{build}.svg"] = wiring.schematic(made).render()
        found[f"wiring/{build}.net"] = kicad.netlist(made)
        found[f"wiring/{build}.kicad_sch"] = kicad.schematic(made)
    for number, step in enumerate(STEPS, 1):
        title = f"{number}. {step.title}"
        shown = tuple(step.refs) + (("H1b",) if "H1" in step.refs else ())
        found[f"guides/pictures/step-{number}.svg"] = pictures.views(case, shown, title).render()
    return found


def written(root: Path) -> dict[Path, str]:
    """Every generated file as it should be."""
    found = {root / name: text for name, text in drawings().items()}
    for page in pages.pages(root):
        found[page] = pages.renew(page.read_text(encoding="utf-8"), page.name)
    return found


def main() -> int:
    root = folder()
    stale = []
    for path, text in written(root).items():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(path)
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    word = "stale" if "--check" in sys.argv else "written"
    for path in stale:
        sys.stdout.write(f"{word}: {path.relative_to(root)}\n")
    sys.stdout.write(f"{len(stale)} files {word}\n")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
