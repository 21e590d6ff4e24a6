"""What is changed on the page counts at once: a real house, with the instant language model at its edge."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from lapel import hearing
from lapel.bench.instant_llm import MODEL, SENTENCE, instant_llm
from lapel.cards import Shown
from lapel.config import Config, ConsoleConfig, LlmConfig, RelayConfig
from lapel.console.server import Console
from lapel.console.settings_room import SettingsRoom
from lapel.house import House
from lapel.speech import SpeechError
from lapel.virtual.samples import find
from lapel.wav import read_wav
from relay_house import ListedHistory
from test_console_access import owned

LIGHTS = Path(__file__).parents[1] / "skills" / "mcp_lights.py"
WAIT_S = 30.0

SLOW = '''
import asyncio
from dataclasses import dataclass
from lapel.skills import Context, tool

@dataclass(frozen=True)
class Settings:
    answer: str = "the first"

@tool(en=["take your time"])
async def take_time(context: Context) -> str:
    """Take time."""
    with open("{began}", "w"):
        pass
    await asyncio.sleep(0.3)
    return context.settings.answer

async def forever(path: str) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        with open(path, "a") as file:
            file.write("ended ")

async def start(context: Context) -> None:
    context.spawn(forever("{ended}"))

async def close(context: Context) -> None:
    with open("{ended}", "a") as file:
        file.write("closed ")
'''


class Page:
    """The page's settings, and the house that they are of."""

    def __init__(self, house: House, client: httpx.AsyncClient) -> None:
        self.house = house
        self.client = client

    async def change(self, **tables: dict[str, Any]) -> None:
        """Nothing here may need a restart."""
        changes = {name.replace("__", "."): values for name, values in tables.items()}
        answer = await self.client.post("/api/settings", json={"changes": changes})
        assert (answer.status_code, answer.json()) == (200, {"restart": False})

    async def skill(self, name: str) -> dict[str, Any]:
        skills: list[dict[str, Any]] = (await self.client.get("/api/settings")).json()["skills"]
        return next(skill for skill in skills if skill["name"] == name)

    async def ask(self, question: str) -> str:
        pieces = [piece async for piece in self.house.services.assistant.answer(question, [], "pin")]
        return "".join(piece.text if isinstance(piece, Shown) else piece for piece in pieces).strip()


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    (tmp_path / "skills").mkdir()
    code = SLOW.replace("{began}", str(tmp_path / "began")).replace("{ended}", str(tmp_path / "ended"))
    (tmp_path / "skills" / "slow.py").write_text(code, "utf-8")
    async with instant_llm() as url:
        settings = Config(
            tmp_path,
            relay=RelayConfig(port=0),
            console=ConsoleConfig(port=0),
            llm=LlmConfig(url=url, model=MODEL, tools="none"),
        )
        (tmp_path / "config.toml").write_text(f'[llm]\nurl = "{url}"\nmodel = "{MODEL}"\ntools = "none"\n')
        async with House(settings, ListedHistory(), fetch_model=False) as house:
            room = SettingsRoom(settings, lambda: house.household.skills, house.apply, lambda: None)
            async with Console(settings.console, tmp_path, room.routes) as console:
                base = f"http://127.0.0.1:{console.port}"
                async with httpx.AsyncClient(
                    base_url=base, headers={"origin": base}, trust_env=False
                ) as client:
                    await owned(console, client)
                    yield Page(house, client)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_skill_that_is_switched_off_is_not_taken_and_is_again_when_it_is_on(page: Page) -> None:
    assert await page.ask("what is 6 times 7") == "42"
    order = list(page.house.household.tools)
    await page.change(skills__calculator={"on": False})
    await page.house.settled()
    assert not (await page.skill("calculator"))["on"]
    assert await page.ask("what is 6 times 7") == SENTENCE  # the model's
    await page.change(skills__calculator={"on": None})
    await page.house.settled()
    assert (await page.skill("calculator"))["on"]
    assert await page.ask("what is 6 times 7") == "42"
    assert list(page.house.household.tools) == order  # a model has read them in this one


async def test_a_skill_that_was_off_at_the_start_brings_its_sentences(tmp_path: Path, page: Page) -> None:
    await page.change(skills__slow={"on": False})
    await page.house.settled()
    assert await page.ask("take your time") == SENTENCE
    await page.change(skills__slow={"on": True, "answer": "the second"})
    await page.house.settled()
    assert await page.ask("take your time") == "the second"


async def test_a_turn_ends_with_what_it_began_with(tmp_path: Path, page: Page) -> None:
    turn = asyncio.create_task(page.ask("take your time"))
    await until((tmp_path / "began").exists)
    await page.change(skills__slow={"answer": "the second"})
    assert await turn == "the first"
    await page.house.settled()
    assert await page.ask("take your time") == "the second"
    assert (tmp_path / "ended").read_text() == "ended closed "


async def test_what_a_skill_does_beside_ends_with_it_and_its_timers_stay(tmp_path: Path, page: Page) -> None:
    assert "10 minutes" in await page.ask("set a timer for ten minutes")
    await page.change(skills__slow={"on": False}, skills__timers={"on": False})
    await page.house.settled()
    await until((tmp_path / "ended").exists)
    assert await page.ask("how long is left on the timer") == SENTENCE
    assert page.house.notices._alarms["timers"]  # the pin rings it all the same
    await page.change(skills__timers={"on": True})
    await page.house.settled()
    assert "left" in await page.ask("how long is left on the timer")


async def test_settings_that_a_skill_refuses_are_named_and_mended(page: Page) -> None:
    await page.change(skills__slow={"answer": 7})
    await page.house.settled()
    assert "expected str" in (await page.skill("slow"))["failure"]
    await page.change(skills__slow={"answer": "mended"})
    await page.house.settled()
    assert await page.ask("take your time") == "mended"


async def test_contacts_count_at_once(tmp_path: Path, page: Page) -> None:
    card = "BEGIN:VCARD\nVERSION:3.0\nFN:Ada Lovelace\nTEL:+44 20 1234\nEND:VCARD\n"
    (tmp_path / "people.vcf").write_text(card)
    assert await page.house.household.book.find("Ada") == []
    await page.change(skills__contacts={"file": str(tmp_path / "people.vcf")})
    await page.house.settled()
    await page.house.household.started()
    (ada,) = await page.house.household.book.find("Ada")
    assert ada.name == "Ada Lovelace"
    await page.change(skills__contacts={"file": None})
    await page.house.settled()
    assert await page.house.household.book.find("Ada") == []


async def test_a_server_of_tools_comes_and_goes(page: Page) -> None:
    tools = page.house.household.tools
    await page.change(mcp__lights={"command": sys.executable, "args": [str(LIGHTS)]})
    await until(lambda: "lights_light_state" in tools)
    tool = tools["lights_light_state"]
    reply = await page.house.household.call(tool, {"room": "hall"}, "en")
    assert reply.text == "The light in the hall is on."
    await page.change(mcp__lights={"on": False})
    await page.house.settled()
    assert "lights_light_state" not in tools
    await page.change(mcp__lights={"on": True})
    await until(lambda: "lights_light_state" in tools)


async def test_the_voice_is_switched_on_exchanged_and_off(page: Page) -> None:
    desk = page.house.voice
    assert desk.engine is None and desk in page.house.services.desks
    await page.change(voice={"on": True, "url": "http://127.0.0.1:9/v1"})
    await page.house.settled()
    assert desk.engine is not None and ":9/" in desk.engine.name
    await page.change(voice={"url": "http://127.0.0.1:10/v1"})
    await page.house.settled()
    assert ":10/" in desk.engine.name
    await page.change(voice={"on": False})
    await page.house.settled()
    assert desk.engine is None


async def _speech_server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """`/v1/audio/transcriptions` with one answer for whatever is said."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.splitlines() if b"content-length" in line.lower())
    await reader.readexactly(length)
    body = b'{"text": "heard by the server"}'
    kind = b"content-type: application/json\r\nconnection: close"
    writer.write(b"HTTP/1.1 200 OK\r\n%s\r\ncontent-length: %d\r\n\r\n%s" % (kind, len(body), body))
    await writer.drain()
    writer.close()


async def test_another_speech_server_hears_at_once(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    speech, pcm = page.house.services.speech, read_wav(find("time").wav)
    assert "time" in (await speech.transcribe(pcm)).lower()
    async with await asyncio.start_server(_speech_server, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        listening = speech.detector()  # somebody is just speaking
        await page.change(speech={"url": f"http://127.0.0.1:{port}/v1"})
        await page.house.settled()
        await listening.feed(pcm)
        assert await speech.transcribe(pcm) == "heard by the server"
    before = page.house._hearing._speech
    monkeypatch.setattr(hearing, "END_S", 0)
    await page.change(speech={"url": None})
    await page.house.settled()
    assert "time" in (await speech.transcribe(pcm)).lower()
    while True:  # until it is closed
        try:
            assert await before.has_voice(pcm)
        except SpeechError:
            break
