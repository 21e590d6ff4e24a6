"""The flash of a virtual pin as a board's is installed: root files, slot a, the safe copy, settings."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lapel.viper  # noqa: F401 - makes the firmware's modules importable
import update_rig as rig
from fake_relay import FakeRelay
from lapel.devices import firmware, manifest_patch
from lapel.virtual.process import PinProcess
from lapel_wire import messages
from lapel_wire.update import CHUNK_BYTES, PATCH_FILE, pack_chunk
from pin_process import FIRMWARE

ROOT = ("boot.py", "main.py", "packed.py", "slots.py")
PROGRAM = FIRMWARE / "stand_ins" / "port.py"
# How long a pin waits after a failure, and for an app that hangs.
QUICK = {"\nPAUSE_MS = 3000": "\nPAUSE_MS = 200", "TRIAL_MS = 30_000": "TRIAL_MS = 4000"}
GOOD_MS = 1500  # instead of a minute
BUTTON = 1
WAIT_S = 60.0

Files = dict[str, bytes]


def app(**changed: bytes) -> Files:
    """The app's files as text, but quick to prove itself; `changed` replaces some (a dot for a slash)."""
    files = {}
    for folder in ("pin", "lapel_wire", "boards"):
        for path in (FIRMWARE / folder).rglob("*"):
            if path.suffix in (".py", ".bin"):
                files[path.relative_to(FIRMWARE).as_posix()] = path.read_bytes()
    update = files["pin/update.py"].decode()
    assert "GOOD_MS = 60_000" in update
    files["pin/update.py"] = update.replace("GOOD_MS = 60_000", f"GOOD_MS = {GOOD_MS}").encode()
    return files


def safe(files: Files) -> Files:
    """What the installer puts there, as text."""
    names = {name.removesuffix(".mpy.z") + ".py" for name in firmware.safe("xiao_esp32s3")}
    assert names < set(files) and "pin/app.py" not in names
    return {path: data for path, data in files.items() if path in names | {"boards/virtual.py"}}


def install(flash: Path, settings: dict[str, Any], files: Files, version: int = 1) -> None:
    def put(path: str, data: bytes) -> None:
        (flash / path).parent.mkdir(parents=True, exist_ok=True)
        (flash / path).write_bytes(data)

    for name in ROOT:
        text = (FIRMWARE / name).read_text("utf-8")
        for usual, quick in QUICK.items() if name == "main.py" else ():
            assert usual in text
            text = text.replace(usual, quick)
        put(name, text.encode())
    for path, data in files.items():
        put("a/" + path, data)
    put("a/manifest", rig.manifest(files, version))
    for path, data in safe(files).items():
        put("safe/" + path, data)
    put("safe/board", b"virtual\n")
    put("settings.json", json.dumps(settings | {"update_key": rig.MODULUS}).encode())


class Board(PinProcess):
    """`async with Board(flash) as board`: on, with all resets that it makes."""

    def __init__(self, flash: Path, held: bool = False) -> None:
        super().__init__(flash, None, PROGRAM, "8m")
        self.inputs[BUTTON] = 0 if held else 1
        self.log: list[str] = []
        self.on_log.append(self.log.append)

    async def __aenter__(self) -> Board:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads((self.flash / "slots.json").read_text())
        return state


class UpdatingRelay(FakeRelay):
    """Offers one update to whoever joins."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.manifest = b""
        self.old = b""  # the manifest of the slot that runs
        self.files: list[bytes] = []
        self.bytes_sent = 0
        self.spoil: Callable[[int, int, bytes], bytes] = lambda file, offset, data: data
        self._tasks: set[asyncio.Task[None]] = set()

    def offers(self, files: Files, version: int, old: Files | None = None) -> None:
        self.old = rig.manifest(old, 1) if old else b""
        self.manifest = rig.manifest(files, version)
        self.files = [files[path] for path in sorted(files)]

    @property
    def update(self) -> str:
        return hashlib.sha256(self.manifest).hexdigest()

    async def offer(self) -> None:
        await self.say(
            "update",
            update=self.update,
            version="next",
            manifest_bytes=len(self.manifest),
            total_bytes=sum(map(len, self.files)),
        )

    def _note(self, message: dict[str, Any]) -> None:
        super()._note(message)
        if message["t"] == "update_want":
            task = asyncio.create_task(self._serve_chunk(message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _serve_chunk(self, want: dict[str, Any]) -> None:
        file, offset = want["file"], want["offset"]
        content = self.files[file - 1] if 0 < file < PATCH_FILE else self.manifest
        if file == PATCH_FILE:
            content = manifest_patch.make(self.old, self.manifest)
        frame = pack_chunk(file, offset, self.spoil(file, offset, content[offset : offset + CHUNK_BYTES]))
        self.bytes_sent += len(frame)
        await self.connections[-1].send(frame)

    async def phase(self, name: str) -> dict[str, Any]:
        async with asyncio.timeout(WAIT_S):
            return await self.message("update_state", phase=name)

    async def joined(self, count: int) -> dict[str, Any]:
        """The hello of the `count`th connection."""

        def hellos() -> list[dict[str, Any]]:
            return [m for m in self.got if m["t"] == "hello"]

        await self.until(lambda: len(self.connections) >= count)
        return hellos()[count - 1]


__all__ = ["Board", "UpdatingRelay", "app", "install", "messages"]
