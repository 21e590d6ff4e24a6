"""The console in a real browser: a pin that asks and shows, and everything its owner does on the pages."""

from __future__ import annotations

import asyncio
import datetime
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from console_browser import browser_page, console_house, needs_browser, read_palm
from lapel.bench.browser import PASSPHRASE, ConsoleHouse, first_visit, until_state
from lapel.bench.instant_llm import instant_llm
from lapel.virtual.samples import find
from playwright.async_api import Page, expect

PICTURES = Path(os.environ.get("LAPEL_PICTURES", "build/console"))
LIT_MS = 1000  # of light, which a busy machine draws slowly
HAND_MS = 1000  # until a hand has come to rest and the tracker has seen it


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[ConsoleHouse]:
    needs_browser()
    async with console_house(tmp_path) as running:
        yield running


async def keep_picture(page: Page, name: str) -> None:
    await page.screenshot(path=str(PICTURES / f"{name}.png"))


async def ask_typed(page: Page, question: str) -> None:
    await page.fill("input[type=text]", question)
    await page.keyboard.press("Enter")
    await until_light(page)


async def until_light(page: Page) -> None:
    """The pin shows something, and it has been on the palm for a moment."""
    await until_state(page, "Showing")
    await page.wait_for_function("() => document.documentElement.lapel.beam.frames > 10")
    await page.wait_for_timeout(LIT_MS)


async def reads(page: Page, text: str) -> bool:
    """Whether the palm shows it, looked at anew: one picture may catch a page half drawn."""
    for _ in range(6):
        if text in await read_palm(page):
            return True
        await page.wait_for_timeout(300)
    return False


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
        await until_light(page)
        await keep_picture(page, "spoken")
        assert await reads(page, "1883"), "the answer's year was never read on the palm"
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
        assert await reads(page, ":")
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
        lit = "() => performance.now() - document.documentElement.lapel.beam.lastLit"
        await page.click("text=Take the palm away")
        await page.wait_for_function(f"{lit} > 1500")
        await page.click("text=Show the palm")
        await page.wait_for_function(f"{lit} < 300")


async def take(page: Page, x: float, y: float, label: str) -> None:
    """Closes the hand until the view with this label is up: a busy machine may draw a fist too short."""
    for _ in range(3):
        await page.wait_for_timeout(HAND_MS)
        await page.mouse.click(x, y)
        if await reads(page, label):
            return
    raise AssertionError(f"no {label} on the palm, but {await read_palm(page)}")


@pytest.mark.full
async def test_the_pointer_walks_the_menu_and_the_pin_remembers(house: ConsoleHouse) -> None:
    """Nothing but a mouse: the palm is raised, tilted by dragging and closed by clicking. What was set there
    outlives the page."""
    async with browser_page() as page:
        await first_visit(page, house)
        for label in ("Silent", "Loud"):
            await until_state(page, "Ready")
            palm = await page.locator(".hand").bounding_box()
            assert palm is not None
            x, y = palm["x"] + palm["width"] / 2, palm["y"] + palm["height"] / 2
            await page.mouse.click(x, y)
            await until_light(page)
            assert await reads(page, "Music"), "a raised palm shows no home"
            await page.mouse.move(x, y)
            await page.mouse.down()
            await page.mouse.move(x + 220, y, steps=8)
            await page.mouse.up()
            await take(page, x, y, "Sound")
            await page.click("text=Flat")
            await take(page, x, y, label)
            if label == "Silent":
                await take(page, x, y, "Loud")
                await keep_picture(page, "menu")
                kept = "() => JSON.parse(localStorage.getItem('lapel.flash'))['preferences.json']"
                await page.wait_for_function(f"() => ({kept})()?.includes('\"silent\": true')")
                await page.reload()
        await page.click("nav >> text=Pins")  # and it is still the same pin
        await expect(page.locator("article")).to_have_count(1)


async def test_the_pins_page_tells_and_does(house: ConsoleHouse) -> None:
    async with browser_page() as page:
        await first_visit(page, house)
        await until_state(page, "Ready")
        other = await page.context.new_page()
        await other.goto(page.url.split("#")[0] + "#pins")
        await expect(other.locator("article h2 .dot.on")).to_have_count(1)
        await page.fill("input[type=text]", "How old is the bridge?")
        await page.keyboard.press("Enter")
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


async def test_settings_are_checked_written_and_count(house: ConsoleHouse) -> None:
    path = house.config.home / "config.toml"
    async with browser_page() as page:
        await first_visit(page, house)
        await page.click("nav >> text=Settings")
        notices = page.locator("section", has=page.get_by_label("Quiet from"))
        await page.get_by_label("Quiet from").fill("late")
        await notices.get_by_text("Save").click()
        await expect(page.locator(".toast.bad")).to_contain_text("expected two times")
        assert not path.exists() or "late" not in path.read_text()
        await page.get_by_label("Quiet from").fill("22:00")
        await page.get_by_label("Quiet to").fill("07:00")
        await notices.get_by_text("Save").click()
        await expect(page.locator(".toast").last).to_have_text("Saved.")
        assert 'quiet_from = "22:00"' in path.read_text()
        assert house.house.notices.quiet.at(datetime.time(23))  # at once
        days = page.get_by_label("Days that conversations are kept")
        await days.fill("0")
        async with page.expect_response("**/api/settings"):  # or the next one would take it for its own
            await page.locator("section", has=days).get_by_text("Save").click()
        model = page.get_by_label("Address of a model server")
        async with instant_llm("Forty-two.") as url:
            await model.fill(url)
            async with page.expect_response("**/api/settings"):
                await page.locator("section", has=model).get_by_text("Save").click()
            assert url in path.read_text()
            assert await house.house.model_ready()
            said = house.house.services.assistant.answer("How old is the bridge?", [], "nobody")
            assert "Forty-two" in "".join([piece async for piece in said if isinstance(piece, str)])
        await expect(page.get_by_text("Restart Lapel")).to_be_hidden()
        path.write_text(path.read_text() + "\n[log]\njson = true\n")  # by hand: this needs a restart
        await page.get_by_label("Quiet to").fill("06:00")
        await notices.get_by_text("Save").click()
        await page.click("text=Restart Lapel")
        await asyncio.wait_for(house.restarts.wait(), 5)
        await keep_picture(page, "settings")


async def test_a_model_server_is_tried_from_the_page(house: ConsoleHouse) -> None:
    async with browser_page() as page:
        await first_visit(page, house)
        await page.click("nav >> text=Settings")
        model = page.locator("section", has=page.get_by_label("Address of a model server"))
        await page.get_by_label("Address of a model server").fill(house.config.llm.url)
        await model.get_by_label("Its model").fill(house.config.llm.model)
        await model.get_by_text("Test").click()
        await expect(model.locator("[role=status]")).to_contain_text("after")
        await page.get_by_label("Address of a model server").fill("http://127.0.0.1:9/v1")
        await model.get_by_text("Test").click()
        await expect(model.locator("[role=status]")).not_to_contain_text("after", timeout=40_000)


async def test_health_and_the_doctor(house: ConsoleHouse) -> None:
    async with browser_page() as page:
        await first_visit(page, house)
        await until_state(page, "Ready")
        await ask_typed(page, "How old is the bridge?")
        await page.click("nav >> text=Health")
        await expect(page.locator("main")).to_contain_text("First light")
        await page.click("text=Look at everything")
        await expect(page.locator("main")).to_contain_text("certificate", timeout=60_000)
        metrics = await page.evaluate("fetch('/metrics').then((answer) => answer.text())")
        assert 'lapel_turns_total{outcome="answered"} 1.0' in metrics
        assert 'lapel_stage_ms_count{stage="shown"} 1.0' in metrics
        await keep_picture(page, "health")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_page_keeps_anybody_out(house: ConsoleHouse, scheme: str) -> None:
    """axe finds nothing serious, on any page, in light and dark."""
    axe = await axe_script()
    async with browser_page(color_scheme=scheme, bypass_csp=True) as page:
        await page.goto(house.console.link)
        await check_with_axe(page, axe, "door")
        await page.fill("#passphrase", PASSPHRASE)
        await page.keyboard.press("Enter")
        await until_state(page, "Ready")
        await ask_typed(page, "How old is the bridge?")
        for view in ("pin", "pins", "history", "settings", "health"):
            await page.click(f"nav a[href='#{view}']")
            await page.wait_for_timeout(700)
            await check_with_axe(page, axe, f"{view} {scheme}")


async def check_with_axe(page: Page, axe: str, where: str) -> None:
    await page.evaluate(axe)
    found = await page.evaluate("axe.run().then((result) => result.violations)")
    serious = [
        f"{each['id']}: {each['help']} at {each['nodes'][0]['target']}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]
    assert serious == [], where


async def axe_script() -> str:
    """axe-core, from `make axe`."""
    path = Path(__file__).parents[2] / "build" / "node" / "node_modules" / "axe-core" / "axe.min.js"
    if not await asyncio.to_thread(path.exists):
        pytest.skip("needs axe-core: make axe (which needs npm)")
    return await asyncio.to_thread(path.read_text, "utf-8")
