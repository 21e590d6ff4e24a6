"""A house with its console, and a real browser before it. Skips, with what it needs, where there is none."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import io
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from lapel import config
from lapel.bench.instant_llm import MODEL, instant_llm
from lapel.commands.doctor import examine
from lapel.console import interpreter
from lapel.console.figures import Figures
from lapel.console.opened import console_on
from lapel.console.server import Console
from lapel.house import House
from lapel.relay import Relay
from lapel.store.history import SqlHistory
from PIL import Image, ImageOps
from playwright.async_api import Page, Playwright, async_playwright

PASSPHRASE = "a quiet green light"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)


def needs_browser() -> str:
    """The browser's path; skips the test where there is none."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    return found


@dataclasses.dataclass
class ConsoleHouse:
    config: config.Config
    house: House
    relay: Relay
    console: Console
    restarts: asyncio.Event  # set when the page wants a restart


@asynccontextmanager
async def console_house(home: Path, console_port: int = 0) -> AsyncIterator[ConsoleHouse]:
    """Real speech and skills; a language model that answers every question with one sentence."""
    try:
        await interpreter.ensure()
    except interpreter.BrowserInterpreterMissing as error:
        pytest.skip(f"needs MicroPython for the browser: {error}")
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(instant_llm())
        settings = dataclasses.replace(
            config.Config(home),
            relay=config.RelayConfig(port=0),
            console=config.ConsoleConfig(port=console_port),
            llm=config.LlmConfig(url=url, model=MODEL),
        )
        history = SqlHistory.in_home(home, 30)
        stack.push_async_callback(history.close)
        figures, restarts = Figures(history), asyncio.Event()
        house = await stack.enter_async_context(House(settings, figures))
        relay = await stack.enter_async_context(Relay(settings, house.services))
        opened = console_on(settings, house, relay, figures, examine, restarts.set)
        console = await stack.enter_async_context(opened)
        yield ConsoleHouse(settings, house, relay, console, restarts)


@asynccontextmanager
async def browser_page(sound: Path | None = None, **context: Any) -> AsyncIterator[Page]:
    """A page with `sound` as its microphone, once. `page.complaints` and `page.requests` are written down."""
    path = needs_browser()
    arguments = list(_ARGUMENTS)
    if sound is not None:
        arguments.append(f"--use-file-for-fake-audio-capture={sound}%noloop")
    async with async_playwright() as playwright:
        browser = await _launched(playwright, path, arguments)
        try:
            opened = await browser.new_context(**{"viewport": {"width": 1280, "height": 860}} | context)
            page = await opened.new_page()
            page.complaints = []
            page.requests = []
            page.on("pageerror", lambda error: page.complaints.append(str(error)))
            page.on("request", lambda request: page.requests.append(request.url))
            yield page
        finally:
            await browser.close()


async def _launched(playwright: Playwright, path: str, arguments: list[str]) -> Any:
    return await playwright.chromium.launch(executable_path=path, args=arguments)


async def first_visit(page: Page, house: ConsoleHouse) -> None:
    """Through the printed link to the pin."""
    await page.goto(house.console.link)
    await page.fill("#passphrase", PASSPHRASE)
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".press")


async def until_state(page: Page, state: str, timeout_s: float = 20.0) -> None:
    """Waits for the pin to say that it is in this state."""
    await page.wait_for_function(
        "state => document.querySelector('.hand .state')?.textContent === state",
        arg=state,
        timeout=timeout_s * 1000,
    )


async def palm(page: Page) -> Image.Image:
    """The light on the palm as a picture, black on white."""
    encoded = await page.evaluate("document.querySelector('.hand canvas').toDataURL('image/png')")
    picture = Image.open(io.BytesIO(base64.b64decode(encoded.split(",")[1]))).convert("L")
    return ImageOps.invert(picture)


async def read_palm(page: Page) -> str:
    """What Tesseract reads on the palm; skips where it is missing."""
    if shutil.which("tesseract") is None:
        pytest.skip("needs Tesseract: apt-get install tesseract-ocr")
    picture = io.BytesIO()
    (await palm(page)).save(picture, "PNG")
    done = await asyncio.to_thread(
        subprocess.run,
        ["tesseract", "-", "-", "--psm", "6"],
        input=picture.getvalue(),
        capture_output=True,
        check=True,
        timeout=60,
    )
    return " ".join(done.stdout.decode().split())
