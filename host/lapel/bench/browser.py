"""A house with its console, and a real browser before it: for the bench, and for tests that drive pages."""

from __future__ import annotations

import asyncio
import dataclasses
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from .. import config, config_file
from ..commands.doctor import examine
from ..console import interpreter
from ..console.figures import Figures
from ..console.opened import console_on
from ..console.server import Console
from ..house import House
from ..relay import Relay
from ..store.history import SqlHistory
from .instant_llm import MODEL, instant_llm

PASSPHRASE = "a quiet green light"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = (
    "--no-sandbox",  # it only ever sees the page of this process
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)


class BrowserMissing(Exception):
    """There is nothing to drive a page with; the text says what to install."""


def find_browser() -> str:
    """The browser's path. Raises BrowserMissing."""
    found = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise BrowserMissing("needs Chromium: apt-get install chromium")
    return found


@dataclasses.dataclass
class ConsoleHouse:
    """A running house; `restarts` is set when its page wants one."""

    config: config.Config
    house: House
    relay: Relay
    console: Console
    restarts: asyncio.Event


@asynccontextmanager
async def console_house(
    home: Path, console_port: int = 0, voice: config.VoiceConfig | None = None
) -> AsyncIterator[ConsoleHouse]:
    """Real speech and skills; a language model that answers every question with one sentence.

    Raises BrowserMissing, also where the interpreter for the page cannot be had.
    """
    try:
        await interpreter.ensure()
    except interpreter.BrowserInterpreterMissing as error:
        raise BrowserMissing(f"needs MicroPython for the browser: {error}") from error
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(instant_llm())
        # In its file, too: that is what a change on the page is compared with.
        kept = await asyncio.to_thread(config_file.change, home, {"llm": {"url": url, "model": MODEL}})
        settings = dataclasses.replace(
            kept,
            relay=config.RelayConfig(port=0),
            console=config.ConsoleConfig(port=console_port),
            voice=voice or config.VoiceConfig(),
        )
        history = SqlHistory.in_home(home, 30)
        stack.push_async_callback(history.close)
        figures, restarts = Figures(history), asyncio.Event()
        house = await stack.enter_async_context(House(settings, figures))
        relay = await stack.enter_async_context(Relay(settings, house.services))
        opened = console_on(settings, house, relay, figures, examine, restarts.set, history.keep)
        console = await stack.enter_async_context(opened)
        yield ConsoleHouse(settings, house, relay, console, restarts)


@asynccontextmanager
async def browser_page(sound: Path | None = None, **context: Any) -> AsyncIterator[Any]:
    """A page (Playwright's) with `sound` as its microphone, once. Raises BrowserMissing."""
    path = find_browser()
    try:
        from playwright.async_api import async_playwright  # heavy, and for developers only
    except ImportError:
        raise BrowserMissing("needs Playwright: pip install playwright") from None
    arguments = list(_ARGUMENTS)
    if sound is not None:
        arguments.append(f"--use-file-for-fake-audio-capture={sound}%noloop")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            opened = await browser.new_context(**{"viewport": {"width": 1280, "height": 860}} | context)
            yield await opened.new_page()
        finally:
            await browser.close()


async def first_visit(page: Any, house: ConsoleHouse) -> None:
    """Through the printed link to the pin."""
    await page.goto(house.console.link)
    await page.fill("#passphrase", PASSPHRASE)
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".press")


async def until_state(page: Any, state: str, timeout_s: float = 20.0) -> None:
    """Waits for the pin to say that it is in this state."""
    shows = "state => document.querySelector('.hand .state')?.textContent === state"
    await page.wait_for_function(shows, arg=state, timeout=timeout_s * 1000)
