"""A desk hears its pins' messages, sends to them, and takes nobody down when it fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lapel.desks import PinLink
from relay_house import running


class Notes:
    """Writes down what it hears; raises at what a test names."""

    takes = frozenset({"status", "open"})

    def __init__(self, raises: str = "") -> None:
        self.raises = raises
        self.heard: list[str] = []

    def _note(self, what: str) -> None:
        self.heard.append(what)
        if what == self.raises:
            raise RuntimeError("a desk that fails")

    async def joined(self, pin: PinLink) -> None:
        self._note("joined")
        await pin.send("home", unread=3)

    async def message(self, pin: PinLink, message: dict[str, Any]) -> None:
        self._note(message["t"])

    def left(self, pin: PinLink) -> None:
        self._note("left")


async def test_a_desk_hears_its_messages_in_order_and_sends(tmp_path: Path) -> None:
    desk = Notes()
    async with running(tmp_path, desks=(desk,)) as house:
        async with house.client() as client:
            assert (await client.expect("home"))["unread"] == 3
            await client.send("open", view="music")
            await client.send("status", heap_free=1, uptime_s=2, resets=0, dropped=0)
            await house.until(lambda: len(desk.heard) == 3)
        await house.until(lambda: len(desk.heard) == 4)
    assert desk.heard == ["joined", "open", "status", "left"]


async def test_a_desk_that_fails_ends_no_session_and_no_other_desk(tmp_path: Path) -> None:
    for what in ("joined", "open", "left"):
        bad, good = Notes(raises=what), Notes()
        async with running(tmp_path / what, desks=(bad, good)) as house:
            async with house.client() as client:
                await client.send("open", view="music")
                await house.until(lambda good=good: "open" in good.heard)  # type: ignore[misc]
                assert await house.ask(client, 1)
            await house.until(lambda good=good: "left" in good.heard)  # type: ignore[misc]
        assert good.heard == bad.heard == ["joined", "open", "left"]


async def test_what_no_desk_takes_is_no_error_of_the_pin(tmp_path: Path) -> None:
    async with running(tmp_path) as house, house.client() as client:
        await client.send("open", view="music")
        assert await house.ask(client, 1)  # nothing was said before the answer
        await client.send("proof", mac="00" * 32)
        assert (await client.receive())["code"] == "unknown_type"
