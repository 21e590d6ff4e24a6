"""The process of a virtual pin: MicroPython with the firmware, switched on, reset and switched off."""

import asyncio
import contextlib
import os
from collections import deque
from collections.abc import Callable
from pathlib import Path

from lapel import viper
from lapel.virtual.interpreter import find_interpreter
from lapel.virtual.world_link import WorldLink

HEAP = "8m"  # the PSRAM of an ESP32-S3 board
STOP_S = 2.0
LINES = 2000  # of log that are kept
MAX_LINE_BYTES = 1 << 16


class PinError(RuntimeError):
    """The virtual pin cannot run, or ended when it should not."""


class PinProcess:
    """The power supply and console of one pin. Resets and deep sleep end its process; the next one starts.

    For whoever plays its world: `inputs` (levels of GPIOs) hold when it is switched on; `on_start` is called
    when its link is there, `on_message` with each message of it, `on_log` with each line that it prints.
    """

    def __init__(self, flash: Path, interpreter: Path | None, program: Path | None, heap: str) -> None:
        self.flash = flash
        self.firmware = viper.source_root()
        self.program = program or self.firmware / "main.py"
        self.inputs: dict[int, int] = {}
        self.on_start: Callable[[], None] = lambda: None
        self.on_message: Callable[[str, bytes], None] = lambda kind, body: None
        self.on_log: list[Callable[[str], None]] = []
        self.lines: deque[str] = deque(maxlen=LINES)
        self.resets = 0
        self._interpreter = interpreter
        self._heap = heap
        self._link: WorldLink | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._power: asyncio.Task[None] | None = None
        self._started: asyncio.Future[None] | None = None
        self._on = False
        self._reset: tuple[str, int] | None = None
        self._changed = asyncio.Condition()
        self._moved = asyncio.Event()  # an input changed

    def set_input(self, gpio: int, level: int) -> None:
        """Moves a wire; also wakes it from deep sleep."""
        self.inputs[gpio] = level
        self.send("g", bytes((gpio, level)))
        self._moved.set()

    def send(self, kind: str, body: bytes = b"") -> None:
        """A message to the process; nobody hears it while there is none."""
        if self._link is not None:
            self._link.send(kind, body)

    async def start(self) -> None:
        """Switch it on. Raises PinError if it cannot run."""
        if self._power is not None:
            raise PinError("this pin is already running")
        interpreter = self._interpreter or find_interpreter()
        if not self.flash.is_dir():
            raise PinError(f"expected a folder as the pin's flash, {self.flash} is none")
        if not self.program.exists():
            raise PinError(f"expected the firmware's {self.program}; this installation is incomplete")
        self._started = asyncio.get_running_loop().create_future()
        self._on = True
        self._power = asyncio.create_task(self._supply(interpreter), name="virtual pin")
        try:
            await asyncio.wait([self._started, self._power], return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await self.stop()
            raise
        if not self._started.done():
            power, self._power = self._power, None
            power.result()

    async def stop(self) -> None:
        """Pull the plug. Safe to call twice."""
        power, self._power = self._power, None
        if power is not None:
            power.cancel()
            await asyncio.gather(power, return_exceptions=True)

    async def ended(self) -> None:
        """Returns when it no longer runs."""
        if self._power is not None:
            await asyncio.wait([self._power])

    @property
    def running(self) -> bool:
        return self._power is not None and self._on

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def _supply(self, interpreter: Path) -> None:
        cause = "power"
        try:
            while True:
                self._reset = None
                code = await self._run(interpreter, cause)
                if self._reset is None:
                    self._say(f"the pin's program ended (exit code {code})")
                    return
                cause, ms = self._reset
                self.resets += 1
                if cause == "deepsleep":
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._moved.wait(), ms / 1000 if ms else None)
        finally:
            self._on = False
            await self._notify()

    async def _run(self, interpreter: Path, cause: str) -> int:
        """One life from power-up to the end of the process; its exit code."""
        link = WorldLink()
        environment = {
            "MICROPYPATH": f".frozen:{self.firmware / 'stand_ins'}:{self.firmware}",
            "LAPEL_WORLD_FD": str(link.child.fileno()),
            "LAPEL_RESET_CAUSE": cause,
            "LAPEL_INPUTS": ",".join(f"{gpio}={level}" for gpio, level in self.inputs.items()),
            "LAPEL_SPEAKER_PORT": os.environ.get("LAPEL_SPEAKER_PORT", ""),  # 1: the scanner's, as on a board
            "PATH": os.environ.get("PATH", ""),
        }
        try:
            self._process = process = await asyncio.create_subprocess_exec(
                interpreter,
                "-X",
                f"heapsize={self._heap}",
                self.program,
                cwd=self.flash,
                env=environment,
                pass_fds=[link.child.fileno()],
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=MAX_LINE_BYTES,
            )
        except OSError as error:
            link.close()
            raise PinError(f"cannot start {interpreter}: {error}") from error
        assert process.stdout is not None and process.stderr is not None
        try:
            await link.open()
            self._link = link
            self.on_start()
            if self._started is not None and not self._started.done():
                self._started.set_result(None)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen(link))
                group.create_task(self._read_lines(process.stdout))
                group.create_task(self._read_lines(process.stderr))
            return await process.wait()
        finally:
            self._link = None
            await _end(process)
            link.close()
            await self._notify()

    async def _listen(self, link: WorldLink) -> None:
        async for kind, body in link.messages():
            self.on_message(kind, body)
            await self._notify()

    async def _read_lines(self, stream: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await stream.readline()
            except ValueError:  # longer than the limit: the rest comes as further lines
                continue
            if not line:
                return
            text = line.decode(errors="replace").rstrip()
            if text.startswith("rst:"):
                cause, _, ms = text[4:].partition(" ")
                self._reset = cause, int(ms or 0)
                self._moved.clear()  # what moves from now on wakes it
            self._say(text)
            await self._notify()

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _say(self, text: str) -> None:
        self.lines.append(text)
        for callback in self.on_log:
            callback(text)

    def last_log(self, lines: int = 20) -> str:
        """The newest lines that it printed."""
        return "\n".join(list(self.lines)[-lines:])

    async def wait_for_line(self, part: str, timeout_s: float, since: int = 0) -> str:
        """The first kept line from number `since` on that has `part` in it. Raises PinError."""

        def found() -> str | None:
            return next((line for line in list(self.lines)[since:] if part in line), None)

        await self.until(lambda: found() is not None, timeout_s, f"a line with {part!r}")
        line = found()
        assert line is not None
        return line

    async def until(self, true: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Waits for the pin to make that true. Raises PinError."""
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(lambda: true() or not self.running)
        except TimeoutError:
            raise PinError(f"the pin gave no sign of {what} in {timeout_s:.1f} s") from None
        if not true():
            raise PinError(f"the pin's program ended before {what}: {self.lines[-1] if self.lines else ''}")


async def _end(process: asyncio.subprocess.Process) -> None:
    """However it takes it: this process and no other."""
    if process.returncode is not None:
        return
    try:
        process.terminate()
        await asyncio.wait_for(process.wait(), STOP_S)
    except TimeoutError:
        process.kill()
        await process.wait()
    except ProcessLookupError:
        await process.wait()
