"""The pin in a page: how soon it is there, how soon it shows an answer, what it weighs."""

from __future__ import annotations

import asyncio
import base64
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..virtual.samples import find
from ..wav import read_wav
from . import trip_time
from .browser import ConsoleHouse, browser_page, console_house, first_visit, until_state
from .figures import Figure
from .wire_client import WireClient

RUNS = 5
QUESTION = "tower"  # as trip_time's
CONSOLES = 20
TURNS = 30
STEADY_MS = 3000

# In the page: a hand, a question spoken in real time, and how long after the release there was light.
_ASK = """async (sound) => {
  const { pin, hand, beam } = document.documentElement.lapel;
  const pcm = Uint8Array.from(atob(sound), (c) => c.charCodeAt(0));
  hand.show();
  pin.press();
  const begin = performance.now() + 60;
  for (let at = 0; at < pcm.length; at += 640) {
    await new Promise((done) => setTimeout(done, begin + at / 32 - 40 - performance.now()));
    pin.sound(pcm.slice(at, at + 640).buffer, begin + at / 32);
  }
  await new Promise((done) => setTimeout(done, begin + pcm.length / 32 - performance.now()));
  pin.release();
  const released = performance.now();
  return await new Promise((done) => pin.addEventListener("light", function lit({ detail }) {
    const words = new Int32Array(detail.samples);
    for (let i = 0; i < words.length; i += 2) {
      if (!(words[i] & 4) && (words[i] >> 3 & 15)) {
        pin.removeEventListener("light", lit);
        done(performance.now() - released);
        return;
      }
    }
  }));
}"""

_PICTURES_A_SECOND = """async (ms) => {
  const { beam } = document.documentElement.lapel, before = beam.frames;
  await new Promise((done) => setTimeout(done, ms));
  return (beam.frames - before) * 1000 / ms;
}"""


async def measure() -> list[Figure]:
    """Raises BrowserMissing where there is no browser to measure with."""
    process = (await trip_time.measure_instant())[2].value
    with tempfile.TemporaryDirectory() as home:
        async with console_house(Path(home)) as house:
            figures = await _page(house, process)
            figures.append(await _consoles(house))
    return figures


async def _page(house: ConsoleHouse, process_ms: float) -> list[Figure]:
    async with browser_page() as page:
        bodies: dict[str, int] = {}
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        await first_visit(page, house)
        await until_state(page, "Ready")
        page.on("requestfinished", lambda request: asyncio.ensure_future(_weigh(request, bodies)))
        began = time.monotonic()
        await page.reload()
        await until_state(page, "Ready")
        connected_s = time.monotonic() - began
        sound = base64.b64encode(read_wav(find(QUESTION).wav)).decode()
        lit = []
        for _ in range(RUNS + 1):
            lit.append(await page.evaluate(_ASK, sound))
            await page.wait_for_timeout(500)
        steady = await page.evaluate(_PICTURES_A_SECOND, STEADY_MS)
    own = urlsplit(house.console.link).netloc
    outside = {url for url in requests if urlsplit(url).netloc not in ("", own)}
    weight = sum(size for url, size in bodies.items() if "/interpreter/" not in url)
    browser_ms = statistics.median(lit[1:])
    return [
        Figure("console: page to a connected pin", connected_s, "s", 3),
        Figure("console: release to first light in the browser", browser_ms, "ms"),
        Figure("console: beyond the process pin", browser_ms - process_ms, "ms", 150),
        Figure("console: pictures a second while streaming", steady, "Hz", 30, at_least=True),
        Figure("console: page without the interpreter", weight / 1000, "kB", 300),
        Figure("console: requests to elsewhere", len(outside), "", 0),
    ]


async def _weigh(request: Any, bodies: dict[str, int]) -> None:
    sizes = await request.sizes()
    bodies[request.url] = sizes["responseBodySize"] + sizes["responseHeadersSize"]


async def _consoles(house: ConsoleHouse) -> Figure:
    """What so many open pages, each watching live, add to a turn."""
    alone = await _turn_ms(house)
    async with browser_page() as page:
        link = house.console.link
        await page.goto(link)
        await page.fill("#passphrase", "a quiet green light")
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".press")
        cookie = "; ".join(f"{each['name']}={each['value']}" for each in await page.context.cookies())
    watchers = [asyncio.create_task(_watch(house.console.port, cookie)) for _ in range(CONSOLES)]
    await asyncio.sleep(1)
    watched = await _turn_ms(house)
    for watcher in watchers:
        watcher.cancel()
    await asyncio.gather(*watchers, return_exceptions=True)
    return Figure(f"console: what {CONSOLES} open pages add to a turn", watched - alone, "ms", 10)


async def _watch(port: int, cookie: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"GET /api/live HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n".encode())
        while await reader.read(4096):
            pass
    finally:
        writer.close()


async def _turn_ms(house: ConsoleHouse) -> float:
    """Median from a typed question to its last card, over the wire."""
    from ..devices.pins import Pins

    pins = Pins(house.config.home)
    settings = pins.settings(pins.pair("bench"), "127.0.0.1", house.relay.port)
    times = []
    async with WireClient(settings) as client:
        for utt in range(1, TURNS + 1):
            began = time.monotonic()
            await client.send("ask", utt=utt, text="How old is the bridge?")
            await client.answer()
            times.append((time.monotonic() - began) * 1000)
    return statistics.median(times)
