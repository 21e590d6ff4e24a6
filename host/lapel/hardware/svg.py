"""A little SVG: what the hardware's drawings need, the same bytes each time."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

INK, GREY, FAINT = "#333333", "#888888", "#dddddd"
COLOURS = ("#1b5eb8", "#b8561b", "#1b8a3c", "#8a1b7d", "#a88700", "#0f8a8a", "#c02942", "#555555")

Point = tuple[float, float]


class Drawing:
    """`width` and `height` in pixels; the methods add shapes, later ones on top."""

    def __init__(self, width: float, height: float, title: str) -> None:
        self._size = (width, height)
        self._title = title
        self._shapes: list[str] = []

    def box(
        self, x: float, y: float, width: float, height: float, fill: str = "none", edge: str = INK
    ) -> None:
        self._add("rect", f'x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" fill="{fill}" '
                  f'stroke="{edge}"')  # fmt: skip

    def line(self, points: list[Point], colour: str = INK, width: float = 1.2, dashed: bool = False) -> None:
        path = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        dash = ' stroke-dasharray="4 3"' if dashed else ""
        self._add(
            "polyline", f'points="{path}" fill="none" stroke="{colour}" stroke-width="{_n(width)}"{dash}'
        )

    def area(self, points: list[Point], fill: str, edge: str = "none") -> None:
        path = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        self._add("polygon", f'points="{path}" fill="{fill}" stroke="{edge}"')

    def dot(self, x: float, y: float, radius: float = 2.5, fill: str = INK, edge: str = "none") -> None:
        self._add("circle", f'cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" fill="{fill}" stroke="{edge}"')

    def text(
        self, x: float, y: float, text: str, size: float = 11, anchor: str = "start", colour: str = INK
    ) -> None:
        self._shapes.append(
            f'<text x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}" text-anchor="{anchor}" fill="{colour}">'
            f"{escape(text)}</text>"
        )

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.render(), encoding="utf-8")

    def render(self) -> str:
        width, height = (_n(side) for side in self._size)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" font-family="sans-serif">\n<title>{escape(self._title)}</title>\n'
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
        )
        return head + "\n".join(self._shapes) + "\n</svg>\n"

    def _add(self, name: str, attributes: str) -> None:
        self._shapes.append(f"<{name} {attributes}/>")


def _n(value: float) -> str:
    """At most one digit after the point: the same on every computer."""
    text = f"{value:.1f}"
    return text.removesuffix(".0")
