"""The netlist in the format that KiCad imports."""

from __future__ import annotations

from .netlist import Netlist


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
