"""The console in a real browser: a pin that asks and shows, and everything its owner does on the pages."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from console_browser import (
    PASSPHRASE,
    ConsoleHouse,
    browser_page,
    console_house,
    first_visit,
    needs_browser,
    read_palm,
    until_state,
)
from lapel.virtual.samples import find
from playwright.async_api import Page, expect

PICTURES = Path(os.environ.get("LAPEL_PICTURES", "build/console"))
LIT_MS = 700  # what the eye needs is there long before


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[ConsoleHouse]:
    needs_browser()
    async with console_house(tmp_path) as running:
        yield running


async def keep_picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=str(PICTURES / f"{name}.png"))


async def ask_typed(page: Page, question: str) -> None:
    await page.fill("input[type=text]", question)
    await page.keyboard.press("Enter")
    await until_state(page, "Showing")
    await page.wait_for_timeout(LIT_MS)


async def test_a_spoken_question_is_answered_on_the_palm(house: ConsoleHouse) -> None:
    async with browser_page(find("lisbon").wav) as page:
        await first_visit(page, house)
        await until_state(page, "Ready")
        press = await page.locator(".press").bounding_box()
        assert press is not None
        await page.mouse.move(press["x"] + 40, press["y"] + 20)
        await page.mouse.down()
        await until_state(page, "Listening")
        await page.wait_for_timeout(3000)
        await page.mouse.up()
        await until_state(page, "Showing")
        await page.wait_for_timeout(LIT_MS)
        await keep_picture(page, "spoken")
        read = await read_palm(page)
        assert "opened" in read and "1883" in read, read
        # Everything came from the page's own server, and nothing in the page broke.
        own = urlsplit(house.console.link).netloc
        assert {urlsplit(url).netloc for url in page.requests if not url.startswith("data:")} == {own}  # type: ignore[attr-defined]
        assert page.complaints == []  # type: ignore[attr-defined]
        await page.goto(f"http://{own}/#history")
        await expect(page.locator("summary strong").first).to_have_text("What is the capital of Portugal?")


async def test_typed_questions_are_found_again_and_erased(house: ConsoleHouse) -> None:
    async with browser_page() as page:
        await first_visit(page, house)
        await until_state(page, "Ready")
        await ask_typed(page, "How old is the bridge?")
        await ask_typed(page, "what time is it")
        assert re.search(r"\d", await read_palm(page))
        await page.click("text=History")
        await expect(page.locator(".turn")).to_have_count(2)
        await page.fill("input[type=search]", "bridge")
        await expect(page.locator(".turn")).to_have_count(1)
        await page.click(".turn summary")
        await expect(page.locator(".turn .palm")).to_have_count(2)
        await expect(page.locator(".turn tr")).to_have_count(4)
        await keep_picture(page, "history")
        page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
        await page.fill("input[type=search]", "")
        await page.click("text=Erase everything")
        await expect(page.locator(".turn")).to_have_count(0)
    assert (await house.house.keeping.everything())["turns"] == []


async def test_the_hand_goes_and_it_is_dark_and_comes_and_it_is_light(house: ConsoleHouse) -> None:
    async with browser_page() as page:
        await first_visit(page, house)
        await until_state(page, "Ready")
        await ask_typed(page, "How old is the bridge?")
        lit = "performance.now() - document.documentElement.lapel.beam.lastLit"
        assert await page.evaluate(lit) < 200
        await page.click("text=Take the palm away")
        await page.wait_for_timeout(1500)
        assert await page.evaluate(lit) > 600
        await page.click("text=Show the palm")
        await page.wait_for_timeout(1500)
        assert await page.evaluate(lit) < 200


async def test_the_pins_page_tells_and_does(house: ConsoleHouse) -> None:
    async with browser_page() as page:
        await first_visit(page, house)
        await until_state(page, "Ready")
        other = await page.context.new_page()
        await other.goto(page.url.split("#")[0] + "#pins")
        await expect(other.locator("article h2 .dot.on")).to_have_count(1)
        await ask_typed(page, "How old is the bridge?")
        palm = other.locator("article img.palm")
        await expect(palm).to_have_attribute("alt", re.compile("1883"))
        await keep_picture(other, "pins")
        other.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept("Kitchen")))
        await other.click("text=Rename")
        await expect(other.locator("article h2")).to_contain_text("Kitchen")
        await other.click("text=Revoke")
        await expect(other.locator("article")).to_have_count(0)


async def test_a_relay_that_was_gone_is_found_again(tmp_path: Path) -> None:
    needs_browser()
    async with browser_page() as page:
        async with console_house(tmp_path) as house:
            port = house.console.port
            await first_visit(page, house)
            await until_state(page, "Ready")
        await until_state(page, "The relay does not answer", 40)
        async with console_house(tmp_path, port) as house:
            await page.fill("input[type=text]", "How old is the bridge?")
            await page.keyboard.press("Enter")
            await until_state(page, "Showing", 40)


async def test_on_a_phone_with_a_slow_network(house: ConsoleHouse) -> None:
    phone = {"viewport": {"width": 390, "height": 780}, "is_mobile": True, "has_touch": True}
    async with browser_page(**phone) as page:
        network = await page.context.new_cdp_session(page)
        await network.send(
            "Network.emulateNetworkConditions",
            {"offline": False, "latency": 150, "downloadThroughput": 400_000, "uploadThroughput": 100_000},
        )
        await first_visit(page, house)
        await until_state(page, "Ready")
        await ask_typed(page, "How old is the bridge?")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await keep_picture(page, "phone")


async def test_chinese(house: ConsoleHouse) -> None:
    async with browser_page(locale="zh-CN") as page:
        await page.goto(house.console.link)
        await expect(page.locator("h1")).to_have_text("欢迎使用 Lapel")
        await page.fill("#passphrase", PASSPHRASE)
        await page.keyboard.press("Enter")
        await until_state(page, "就绪")
        await keep_picture(page, "chinese")


async def test_whoever_comes_without_the_link_waits_outside(house: ConsoleHouse) -> None:
    async with browser_page() as page:
        await page.goto(house.console.link.split("#")[0])
        await expect(page.locator(".door")).to_contain_text("Nobody owns this Lapel yet")
        await page.goto(house.console.link)
        await page.fill("#passphrase", PASSPHRASE)
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".press")
        await page.click("text=Sign out")
        await page.fill("#passphrase", "a guess of somebody")
        await page.keyboard.press("Enter")
        await expect(page.locator(".wrong")).to_have_text("That is not the passphrase.")
        await page.fill("#passphrase", PASSPHRASE)
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".press")
