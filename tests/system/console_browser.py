"""What tests of the console share: a skip where there is no browser, and an eye for the palm."""

from __future__ import annotations

import asyncio
import base64
import io
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from lapel.bench import browser
from PIL import Image, ImageOps


def needs_browser() -> None:
    """Skips the test where there is none."""
    try:
        browser.find_browser()
    except browser.BrowserMissing as missing:
        pytest.skip(str(missing))


@asynccontextmanager
async def console_house(home: Path, console_port: int = 0) -> AsyncIterator[browser.ConsoleHouse]:
    try:
        async with browser.console_house(home, console_port) as house:
            yield house
    except browser.BrowserMissing as missing:
        pytest.skip(str(missing))


@asynccontextmanager
async def browser_page(sound: Path | None = None, **context: Any) -> AsyncIterator[Any]:
    """A page; `page.complaints` and `page.requests` are written down."""
    async with browser.browser_page(sound, **context) as page:
        page.complaints = []
        page.requests = []
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("request", lambda request: page.requests.append(request.url))
        yield page


async def read_palm(page: Any) -> str:
    """What Tesseract reads on the palm's canvas; skips where it is missing."""
    if shutil.which("tesseract") is None:
        pytest.skip("needs Tesseract: apt-get install tesseract-ocr")
    encoded = await page.evaluate("document.querySelector('.hand canvas').toDataURL('image/png')")
    light = Image.open(io.BytesIO(base64.b64decode(encoded.split(",")[1]))).convert("L")
    picture = io.BytesIO()
    ImageOps.invert(light).save(picture, "PNG")
    done = await asyncio.to_thread(
        subprocess.run,
        ["tesseract", "-", "-", "--psm", "6"],
        input=picture.getvalue(),
        capture_output=True,
        check=True,
        timeout=60,
    )
    return " ".join(done.stdout.decode().split())
