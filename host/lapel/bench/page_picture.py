"""The picture of the page in the README: python -m lapel.bench.page_picture FILE (make page-picture)."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from .browser import BrowserMissing, browser_page, console_house, first_visit, until_state

_LIGHT_MS = 1500


async def draw(file: Path) -> None:
    """A question typed on the page, and its answer on the palm. Raises BrowserMissing."""
    with tempfile.TemporaryDirectory() as home:
        async with console_house(Path(home)) as house, browser_page() as page:
            await first_visit(page, house)
            await until_state(page, "Ready")
            await page.fill("input[type=text]", "How old is the bridge?")
            await page.keyboard.press("Enter")
            await until_state(page, "Showing")
            await page.wait_for_timeout(_LIGHT_MS)
            await page.screenshot(path=str(file), clip={"x": 60, "y": 0, "width": 1160, "height": 660})


if __name__ == "__main__":
    try:
        asyncio.run(draw(Path(sys.argv[1])))
    except BrowserMissing as missing:
        sys.exit(f"the page cannot be drawn: it {missing}")
