"""An update driven on the page of pins: a board takes it, and the page tells how far it is."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from console_browser import browser_page, needs_browser
from flashing import Bench
from lapel.bench.browser import PASSPHRASE
from lapel.config import ConsoleConfig
from lapel.console.pins_room import PinsRoom
from lapel.console.server import Console
from lapel.devices import boards, package
from playwright.async_api import expect
from test_update_over_the_air import bare, installed, source, until_connected

__all__ = ["bare", "source"]  # fixtures

CHANGED = ("channel", "backoff", "menu", "reading", "alarms", "steering")
# In the page: whatever it says of an update, as it comes.
_LISTEN = """() => {
  window.told = [];
  new MutationObserver(() => {
    for (const each of document.querySelectorAll("article [role=status], article progress"))
      window.told.push(each.textContent || `${each.value} %`);
  }).observe(document.body, { childList: true, subtree: true });
}"""


async def test_an_update_is_begun_and_followed_on_the_page(source: Path, bare: Bench) -> None:
    needs_browser()
    pin = await installed(bare)
    for name in CHANGED:
        path = source / "pin" / f"{name}.py"
        path.write_text(path.read_text() + "\n\nOF_A_NEW_VERSION = 42\n")
    new = await asyncio.to_thread(package.build, bare.home, boards.MOCK)
    room = PinsRoom(bare.home, ("127.0.0.1", 1), bare.house.pins, bare.room.fleet, bare.room.updates)
    async with Console(ConsoleConfig(port=0), bare.home, room.routes) as console, browser_page() as page:
        await page.goto(console.link)
        await page.fill("#passphrase", PASSPHRASE)
        await page.keyboard.press("Enter")
        await page.click("nav >> text=Pins")
        card = page.get_by_role("article", name="kitchen")
        await expect(card).to_contain_text("kitchen")
        await page.evaluate(_LISTEN)
        await card.get_by_role("button", name="Update").click()
        await until_connected(bare, pin, new.name)
        await expect(card).to_contain_text(new.name, timeout=20_000)
        told = " ".join(await page.evaluate("() => window.told"))
        assert "waits until the pin is idle" in told or "on its way" in told
        assert re.search(r"\d %", told), told
        await expect(card).to_contain_text(re.compile("starts with the update|runs the update"))
        assert page.complaints == []  # type: ignore[attr-defined]
    await room.stop()
