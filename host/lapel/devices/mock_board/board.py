"""The board: what is on its cable, and which of its programs runs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import shutil
import tty
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from lapel.virtual.pin import PinError, VirtualPin

from .bootloader import SYNC, Bootloader, Flash
from .prompt import RESET_CODE, Prompt

RELEASE = "1.29.0"  # of the MicroPython that a board has after it was flashed
_MAIN = "main.py"
_AWAY_S = 0.2  # from the bus, at a reset
_START = Path(__file__).parent / "start" / "start.py"
_PLAIN_HEAP, _PSRAM_HEAP = "200k", "8m"  # of a board without and with PSRAM
_PROMPT_BYTES = 1 << 16  # of a pin's log that nobody reads; a board drops it too
_CTRL_C, _CTRL_A, _CTRL_B = b"\x03", b"\x01", b"\x02"
FAULTS = ("flash", "files", "wifi", "psram")  # see `MockBoard`


class MockBoard:
    """`plug` it in and out; `link` is a path that leads to its terminal while it is plugged in.

    `faults`: a `flash` that keeps a wrong byte, `files` that are read back wrong, no `wifi` in the air, an
    image that does not find the `psram`. `on_event` is told what happens to it, in a word each: it is how a
    test knows when to pull the cable.
    """

    def __init__(
        self,
        folder: Path,
        *,
        chip: str = "esp32s3",
        flash_mb: int = 8,
        psram_mb: int = 8,
        faults: frozenset[str] = frozenset(),
        release: str = RELEASE,
        on_event: Callable[[str], None] = lambda event: None,
    ) -> None:
        self.link = folder / "board"
        self.files = folder / "flash"
        self.files.mkdir(parents=True, exist_ok=True)
        self.flash = Flash(flash_mb, "flash" in faults)
        self.flash.on_erase = self._forget_files
        self.phase = "off"
        self.pin: VirtualPin | None = None
        self._chip = chip
        self._psram_mb = psram_mb
        self._faults = faults
        self._release = release
        self._on_event = on_event
        self._bootloader: Bootloader | None = None
        self._prompt: Prompt | None = None
        self._typed = b""  # what came over the cable while the app came to its end
        self._raw = False  # the prompt was switched to raw mode
        self._master = -1
        self._slave = -1
        self._path = ""
        self._plugged = False
        self._out = bytearray()
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()  # one change of phase after the other

    async def plug(self) -> None:
        """The cable is put in: the board has power and a port."""
        self._plugged = True
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self._path = os.ttyname(self._slave)
        os.set_blocking(self._master, False)
        asyncio.get_running_loop().add_reader(self._master, self._read)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(self._path)
        await self._boot()

    async def unplug(self) -> None:
        """The cable is pulled: no port, no power."""
        self._plugged = False
        async with self._turn:
            self.link.unlink(missing_ok=True)
            self._close_port()
            await self._end_phase("off")

    async def stop(self) -> None:
        """Ends everything that it runs."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.unplug()

    # The cable

    def _read(self) -> None:
        try:
            data = os.read(self._master, 4096)
        except OSError:  # the last program that had the port open has closed it
            self._hold_slave()
            if self.phase == "bootloader":
                self._spawn(self._boot())
            return
        if self._slave >= 0:
            os.close(self._slave)  # or nobody's leaving would be noticed
            self._slave = -1
        self._hear(data)

    def _hold_slave(self) -> None:
        self._slave = os.open(self._path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._slave)

    def _close_port(self) -> None:
        loop = asyncio.get_running_loop()
        if self._master >= 0:
            loop.remove_reader(self._master)
            loop.remove_writer(self._master)
            os.close(self._master)
        if self._slave >= 0:
            os.close(self._slave)
        self._master = self._slave = -1
        self._out.clear()

    def _say(self, data: bytes) -> None:
        if self._master < 0 or (self.phase == "pin" and len(self._out) > _PROMPT_BYTES):
            return
        self._out += data
        self._flush()

    def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(BlockingIOError):
            while self._out:
                del self._out[: os.write(self._master, self._out)]
        if self._out:
            loop.add_writer(self._master, self._flush)
        else:
            loop.remove_writer(self._master)

    def _hear(self, data: bytes) -> None:
        if not data:
            return
        if SYNC in data and self.phase != "bootloader":
            self._spawn(self._enter_bootloader(data))
        elif self.phase == "bootloader" and self._bootloader is not None:
            with contextlib.suppress(OSError):
                self._bootloader.socket.send(data)
        elif self.phase == "prompt" and self._prompt is not None:
            if data.endswith((b"\r" + _CTRL_A, b"\r" + _CTRL_B)):
                self._raw = data.endswith(_CTRL_A)
            self._prompt.write(data)
        elif self.phase == "pin" and _CTRL_C in data:
            self.phase = "interrupted"
            self._typed = data[data.rindex(_CTRL_C) + 1 :]
            self._spawn(self._enter_prompt())
        elif self.phase == "interrupted":
            self._typed += data  # while the app comes to its end

    # Its programs

    async def _boot(self) -> None:
        """What the chip does after a reset: the program in its flash, or nothing."""
        async with self._turn:
            await self._end_phase("rom")
            if not self.flash.bootable:
                self._say(b"ESP-ROM:esp32s3-20210327\r\ninvalid header: 0xffffffff\r\n")
            elif (self.files / _MAIN).exists():
                await self._start_pin()
            else:
                await self._start_prompt(b"")

    async def _enter_bootloader(self, data: bytes) -> None:
        async with self._turn:
            if self.phase != "bootloader":
                await self._end_phase("bootloader")
                self._bootloader = Bootloader(self._chip, self.flash, self._psram_mb)
                asyncio.get_running_loop().add_reader(self._bootloader.socket, self._bootloader_says)
            assert self._bootloader is not None
            self._bootloader.socket.send(data)

    def _bootloader_says(self) -> None:
        assert self._bootloader is not None
        with contextlib.suppress(OSError):
            self._say(self._bootloader.socket.recv(1 << 16))

    async def _enter_prompt(self) -> None:
        async with self._turn:
            if self.phase == "interrupted":
                await self._end_phase("interrupted")
                self._say(b"\r\nKeyboardInterrupt\r\n")
                typed = self._typed
                await self._start_prompt(typed)
                self._hear(self._typed[len(typed) :])

    async def _start_prompt(self, typed: bytes) -> None:
        heap = _PSRAM_HEAP if self._psram_mb and "psram" not in self._faults else _PLAIN_HEAP
        self._raw = typed.endswith(_CTRL_A)
        self._prompt = Prompt(
            self.files, heap, self._release, "files" in self._faults, self._say, self._prompt_ended
        )
        await self._prompt.start(typed)
        self._enter("prompt")

    def _prompt_ended(self, code: int) -> None:
        if code == RESET_CODE:
            self._spawn(self._replug())
        else:
            self._spawn(self._soft_reset())

    async def _soft_reset(self) -> None:
        self._say(b"MPY: soft reboot\r\n")
        if self._raw or not (self.files / _MAIN).exists():
            await self._start_prompt(b"\r" + _CTRL_A if self._raw else b"")
        else:
            await self._boot()

    async def _replug(self) -> None:
        """`machine.reset()`: a board with USB of its own leaves the bus and comes back."""
        async with self._turn:
            self.link.unlink(missing_ok=True)
            self._close_port()
            await self._end_phase("off")
        await asyncio.sleep(_AWAY_S)
        if self._plugged:
            await self.plug()

    async def _start_pin(self) -> None:
        self.pin = VirtualPin(self.files, program=_START)
        self.pin.on_log.append(lambda line: self._say(line.encode() + b"\r\n"))
        self._enter("pin")
        try:
            await self.pin.start()
        except PinError as error:
            self._say(str(error).encode() + b"\r\n")
            return
        self.pin.wifi(up="wifi" not in self._faults)

    async def _end_phase(self, next_phase: str) -> None:
        if self._bootloader is not None:
            bootloader, self._bootloader = self._bootloader, None
            asyncio.get_running_loop().remove_reader(bootloader.socket)
            bootloader.stop()
        if self._prompt is not None:
            prompt, self._prompt = self._prompt, None
            await prompt.stop()
        if self.pin is not None:
            pin, self.pin = self.pin, None
            await pin.stop()
        self._enter(next_phase)

    def _enter(self, phase: str) -> None:
        self.phase = phase
        self._on_event(phase)

    def _forget_files(self) -> None:
        """The file system is in the flash that was erased."""
        for path in self.files.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
