"""A board's flash on the unix port, from boot.py on: slots, updates, bad ones, the safe copy, the button."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import update_rig as rig
from board_flash import BUTTON, Board, UpdatingRelay, app, install

CHANGED = "pin/app.py"
SMALL = "pin/backoff.py"  # as text it has 0.9 kB, the manifest 9 kB


async def test_an_update_of_one_file_is_taken_and_proves_itself(tmp_path: Path) -> None:
    files = app()
    assert len(files[SMALL]) < len(rig.manifest(files, 1)), "a manifest that is sent whole would not show"
    new = files | {SMALL: files[SMALL] + b"\n# changed\n"}
    async with UpdatingRelay(tmp_path / "home") as relay:
        install(tmp_path / "flash", relay.settings(), files)
        relay.offers(new, 2, files)
        async with Board(tmp_path / "flash") as board:
            hello = await relay.joined(1)
            assert hello["firmware"] == "0.1.0" and hello["board"] == "virtual"
            await relay.offer()
            await relay.phase("switched")
            hello = await relay.joined(2)
            assert hello["firmware"] == "0.2.0"
            good = await relay.phase("good")
            assert good["update"] == relay.update
            assert board.state() | {"left": ""} == {
                "slot": "b", "trial": False, "tries": 0, "bad": "", "floor": 2, "left": "",
            }  # fmt: skip
            assert board.resets == 1
    content = {
        p.relative_to(tmp_path / "flash/b").as_posix(): p.read_bytes() for p in walk(tmp_path / "flash/b")
    }
    assert content.pop("manifest") == relay.manifest and content == new
    assert relay.bytes_sent <= 2 * len(new[SMALL])


def walk(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def bad_update(tmp_path: Path, broken: bytes) -> None:
    files = app()
    async with UpdatingRelay(tmp_path / "home") as relay:
        install(tmp_path / "flash", relay.settings(), files)
        relay.offers(files | {CHANGED: broken}, 2)
        async with Board(tmp_path / "flash") as board:
            await relay.joined(1)
            await relay.offer()
            await relay.phase("switched")
            reverted = await relay.phase("reverted")
            assert reverted["update"] == relay.update
            assert board.resets == 4  # one into it, three bad starts
            assert board.state()["slot"] == "a"
            assert [m["firmware"] for m in relay.got if m["t"] == "hello"][-1] == "0.1.0"


async def test_an_update_that_cannot_be_imported_is_left_in_three_starts(tmp_path: Path) -> None:
    await bad_update(tmp_path, b"import there_is_no_such_module\n")


async def test_an_update_that_is_no_python_is_left_in_three_starts(tmp_path: Path) -> None:
    await bad_update(tmp_path, b"def (\n")


async def test_an_update_that_hangs_is_left_in_three_starts(tmp_path: Path) -> None:
    # Before there is an app that could start its own watchdog.
    await bad_update(tmp_path, b"while True:\n    pass\n")


async def test_an_update_that_breaks_while_it_runs_is_left_in_three_starts(tmp_path: Path) -> None:
    source = app()[CHANGED].decode()
    mark = "    def step(self):"
    assert mark in source
    await bad_update(tmp_path, source.replace(mark, mark + "\n        1 // 0").encode())


async def test_a_reset_in_the_middle_goes_on_where_it_was(tmp_path: Path) -> None:
    files = app()
    new = files | {CHANGED: files[CHANGED] + b"#" * 20000}
    async with UpdatingRelay(tmp_path / "home") as relay:
        install(tmp_path / "flash", relay.settings(), files)
        relay.offers(new, 2)
        async with Board(tmp_path / "flash"):
            await relay.joined(1)
            await relay.offer()
            await relay.until(lambda: relay.bytes_sent > len(relay.manifest) + 8000)
        half = relay.bytes_sent
        async with Board(tmp_path / "flash"):
            await relay.joined(2)
            await relay.offer()
            await relay.phase("switched")
            await relay.joined(3)
        # At most the chunk that was on its way comes twice.
        assert relay.bytes_sent <= len(new[CHANGED]) + len(relay.manifest) + 8 * 40 + 4016
        assert half < relay.bytes_sent


async def test_when_both_slots_are_bad_the_safe_copy_brings_one_back(tmp_path: Path) -> None:
    files = app()
    async with UpdatingRelay(tmp_path / "home") as relay:
        install(tmp_path / "flash", relay.settings(), files)
        (tmp_path / "flash/a/pin/start.py").write_bytes(b"1 // 0\n")
        relay.offers(files, 2)
        async with Board(tmp_path / "flash") as board:
            hello = await relay.joined(1)
            assert (hello["firmware"], hello["display"]["kind"], hello["board"]) == (
                "safe",
                "safe",
                "virtual",
            )
            assert board.resets == 3
            await relay.offer()
            await relay.phase("switched")
            hello = await relay.joined(2)
            assert hello["firmware"] == "0.2.0" and hello["display"]["kind"] != "safe"
            await relay.phase("good")


async def test_a_safe_copy_that_hangs_starts_again(tmp_path: Path) -> None:
    async with UpdatingRelay(tmp_path / "home") as relay:
        install(tmp_path / "flash", relay.settings(), app())
        (tmp_path / "flash/a/manifest").unlink()
        safe = tmp_path / "flash/safe/pin/safe.py"
        text = safe.read_text("utf-8")
        changes = {
            "DOG_AFTER_MS = 3000": "DOG_AFTER_MS = 0",
            "DOG_MS = 10_000": "DOG_MS = 2000",
            "import Link\n": "import UP, Link\n",
            "        upkeep.poll(now)\n": "        while link.state == UP and dog:\n            pass\n",
        }
        for usual, changed in changes.items():
            assert usual in text
            text = text.replace(usual, changed)
        safe.write_text(text, "utf-8")
        async with Board(tmp_path / "flash") as board:
            assert (await relay.joined(1))["firmware"] == "safe"
            assert (await relay.joined(2))["firmware"] == "safe"
            assert board.resets


async def test_a_button_held_for_two_seconds_starts_the_safe_copy_and_the_window(tmp_path: Path) -> None:
    async with UpdatingRelay(tmp_path / "home") as relay:
        install(tmp_path / "flash", relay.settings(), app())
        async with Board(tmp_path / "flash"):
            assert (await relay.joined(1))["firmware"] == "0.1.0"
        async with Board(tmp_path / "flash", held=True) as board:
            await asyncio.sleep(3)
            board.set_input(BUTTON, 1)
            assert (await relay.joined(2))["firmware"] == "safe"
            window = json.loads((tmp_path / "flash/repair.json").read_text())
            assert window["tries"] == 5
        async with Board(tmp_path / "flash"):
            assert (await relay.joined(3))["firmware"] == "0.1.0"
            assert not (tmp_path / "flash/repair.json").exists()


async def test_a_button_held_for_ten_seconds_makes_it_forget(tmp_path: Path) -> None:
    async with UpdatingRelay(tmp_path / "home") as relay:
        install(tmp_path / "flash", relay.settings(), app())
        async with Board(tmp_path / "flash"):
            await relay.joined(1)
        (tmp_path / "flash/alarms.json").write_text("[]")
        async with Board(tmp_path / "flash", held=True) as board:
            await board.wait_for_line("SettingsError", 30)
        left = sorted(path.name for path in (tmp_path / "flash").iterdir())
        assert [name for name in left if name != "repair.json"] == [
            "a", "boot.py", "main.py", "packed.py", "safe", "slots.py",
        ]  # fmt: skip
        async with Board(tmp_path / "flash") as board:
            await board.wait_for_line("This pin is not paired yet", 30)
