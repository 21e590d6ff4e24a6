"""A virtual pin: the unmodified firmware in a MicroPython process, and this host as the world around it.

Make a VirtualPin with a folder that has the settings.json of a paired pin, `start` it, hold a `palm` under
it, `say` something, look at its `light`, `stop` it.
"""

import asyncio
import contextlib
import importlib
import json
import math
import os
import struct
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lapel_wire.audio import SAMPLE_RATE_HZ

from lapel import viper
from lapel.virtual import beam
from lapel.virtual.interpreter import find_interpreter
from lapel.virtual.world_link import WorldLink

HEAP = "8m"  # the PSRAM of an ESP32-S3 board
BYTES_PER_S = 2 * SAMPLE_RATE_HZ
CHUNK_BYTES = 4000  # 125 ms in a message
AHEAD_S = 0.5  # how far sound is sent ahead of its time: a busy host must not make a gap
LEAD_S = 0.1  # a finger is faster than a voice: from press to the first word
LIVE_LEAD_S = 0.06  # a computer's microphone delivers in blocks of about 20 ms, unevenly
LATE_S = 10.0  # how long a pin may stand still before `play` gives it up
STOP_S = 2.0
LIGHT_S = 2.0  # of light that is kept
LIGHT_BLOCK_S = 0.02  # light comes in blocks of about that
GLOW_S = 0.15  # without a lit sample for longer the palm is dark; a slow page repeats each 60 ms
LINES = 2000  # of log that are kept
MAX_LINE_BYTES = 1 << 16
BOARD = "boards.virtual"


class PinError(RuntimeError):
    """The virtual pin cannot run, or ended when it should not."""


class VirtualPin:
    """One pin. `on_log` gets each line that it prints, `on_light` each block of samples that left it while
    LASER_ARM was high, with the time.monotonic() of the first."""

    def __init__(
        self, flash: Path, *, interpreter: Path | None = None, program: Path | None = None, heap: str = HEAP
    ) -> None:
        self.flash = flash
        self.firmware = viper.source_root()
        self.program = program or self.firmware / "main.py"
        self.on_log: list[Callable[[str], None]] = []
        self.on_light: list[Callable[[bytes, float], None]] = []
        self.lines: deque[str] = deque(maxlen=LINES)
        self.outputs: dict[int, int] = {}
        self.haptics: list[int] = []
        self.lit_at: float | None = None  # time.monotonic() of the first lit sample since `mark`
        self.resets = 0
        self._interpreter = interpreter
        self._heap = heap
        board = importlib.import_module(BOARD)
        self._button: int = board.BUTTON
        self._inputs = {self._button: 1}  # to ground with a pull-up: 0 is pressed
        self._world: dict[str, bytes] = {}  # what a pin that starts again must be told
        self._light: deque[tuple[float, bytes]] = deque()
        self.last_lit = 0.0  # time.monotonic() of the last lit sample
        self._link: WorldLink | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._power: asyncio.Task[None] | None = None
        self._started: asyncio.Future[None] | None = None
        self._reset: tuple[str, int] | None = None
        self._changed = asyncio.Condition()
        self._moved = asyncio.Event()  # an input changed
        self._sent = 0  # samples of sound for this process
        self._passed = 0  # of which so many are through
        self._counters: asyncio.Future[dict[str, Any]] | None = None

    # Power

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
        self._power = asyncio.create_task(self._supply(interpreter), name="virtual pin")
        await asyncio.wait([self._started, self._power], return_when=asyncio.FIRST_COMPLETED)
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
        return self._power is not None and not self._power.done()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def _supply(self, interpreter: Path) -> None:
        cause = "power"
        while True:
            self._reset = None
            code = await self._run(interpreter, cause)
            if self._reset is None:
                self._say_line(f"the pin's program ended (exit code {code})")
                return
            cause, ms = self._reset
            self.resets += 1
            if cause == "deepsleep":
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._moved.wait(), ms / 1000 if ms else None)

    async def _run(self, interpreter: Path, cause: str) -> int:
        """One life from power-up to the end of the process; its exit code."""
        link = WorldLink()
        environment = {
            "MICROPYPATH": f".frozen:{self.firmware / 'stand_ins'}:{self.firmware}",
            "LAPEL_WORLD_FD": str(link.child.fileno()),
            "LAPEL_RESET_CAUSE": cause,
            "LAPEL_INPUTS": ",".join(f"{gpio}={level}" for gpio, level in self._inputs.items()),
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
            self._sent = self._passed = 0
            for kind, body in self._world.items():
                link.send(kind, body)
            if self._started is not None and not self._started.done():
                self._started.set_result(None)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen(link))
                group.create_task(self._read_lines(process.stdout))
                group.create_task(self._read_lines(process.stderr))
            return await process.wait()
        finally:
            self._link = None
            self.outputs.clear()
            await _end(process)
            link.close()
            async with self._changed:
                self._changed.notify_all()

    # What the pin says

    async def _listen(self, link: WorldLink) -> None:
        async for kind, body in link.messages():
            if kind == "l":
                _, us = struct.unpack_from("<qq", body)
                self._shine(us / 1e6, body[16:])
            elif kind == "o":
                gpio, level, _ = struct.unpack("<BBq", body)
                self.outputs[gpio] = level
            elif kind == "m":
                self._passed = struct.unpack("<q", body)[0]
            elif kind == "v":
                self.haptics.append(body[0])
            elif kind == "c" and self._counters is not None and not self._counters.done():
                self._counters.set_result(json.loads(body))
            if kind != "l":
                async with self._changed:
                    self._changed.notify_all()

    def _shine(self, at: float, samples: bytes) -> None:
        self._light.append((at, samples))
        while self._light[0][0] < at - LIGHT_S:
            self._light.popleft()
        lit = beam.lit_samples(samples)
        if lit.any():
            self.last_lit = at + (len(lit) - 1 - int(lit[::-1].argmax())) / beam.RATE_HZ
        if self.lit_at is None:
            early = max(0, math.ceil((self._marked - at) * beam.RATE_HZ))  # samples from before the mark
            if lit[early:].any():
                self.lit_at = at + (early + int(lit[early:].argmax())) / beam.RATE_HZ
        for callback in self.on_light:
            callback(samples, at)

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
            self._say_line(text)
            async with self._changed:
                self._changed.notify_all()

    def _say_line(self, text: str) -> None:
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

        await self._until(lambda: found() is not None, timeout_s, f"a line with {part!r}")
        line = found()
        assert line is not None
        return line

    async def _until(self, true: Callable[[], bool], timeout_s: float, what: str) -> None:
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(lambda: true() or not self.running)
        except TimeoutError:
            raise PinError(f"the pin gave no sign of {what} in {timeout_s:.1f} s") from None
        if not true():
            raise PinError(f"the pin's program ended before {what}: {self.lines[-1] if self.lines else ''}")

    # The button

    async def press(self) -> None:
        self.mark()
        self._input(self._button, 0)

    async def release(self) -> float:
        """time.monotonic() of it."""
        self.mark()
        self._input(self._button, 1)
        return self._marked

    def _input(self, gpio: int, level: int) -> None:
        self._inputs[gpio] = level
        self._send("g", struct.pack("<BB", gpio, level))
        self._moved.set()

    # The voice: s16le, mono, 16 kHz

    async def say(self, pcm: bytes, lead_s: float = LEAD_S) -> float:
        """Press, speak in real time, release; time.monotonic() of the release. Raises PinError."""
        await self.press()
        try:
            await self.play(pcm, lead_s)
        finally:
            released = await self.release()
        return released

    async def play(self, pcm: bytes, lead_s: float = 0.0) -> None:
        """Sound in the room, in real time; returns when the last sample has passed. Raises PinError."""
        begin = time.monotonic() + lead_s
        for at in range(0, len(pcm), CHUNK_BYTES):
            await asyncio.sleep(begin + at / BYTES_PER_S - AHEAD_S - time.monotonic())
            self.hear(pcm[at : at + CHUNK_BYTES], begin)
        sent = self._sent
        duration = max(0.0, begin + len(pcm) / BYTES_PER_S - time.monotonic())
        await self._until(lambda: self._passed >= sent, duration + LATE_S, "the end of the sound")

    def hear(self, pcm: bytes, at: float | None = None) -> None:
        """Sound from time.monotonic() `at` on, or after all sound before it if that is later. By default as
        soon as it can be without gaps, for a live microphone. Up to CHUNK_BYTES."""
        if at is None:
            at = time.monotonic() + LIVE_LEAD_S
        self._send("a", struct.pack("<q", int(at * 1e6)) + pcm)
        self._sent += len(pcm) // 2

    # The rest of the world

    def palm(self, present: bool, distance_mm: int = 250, *, frozen: bool = False) -> None:
        """A hand under the pin, or none; `frozen`: the sensor gives nothing new from now on."""
        self._tell("h", struct.pack("<BBH", present, frozen, distance_mm if present else 0))

    def wifi(self, up: bool, connect_ms: int = 30) -> None:
        self._tell("w", struct.pack("<BH", up, connect_ms))

    def battery(self, millivolts: int) -> None:
        self._tell("b", struct.pack("<H", millivolts))

    def stall(self, ms: int) -> None:
        """The interpreter stands still that long, as in a TLS handshake; the hardware goes on."""
        self._send("s", struct.pack("<I", ms))

    async def type(self, text: str) -> None:
        """A question in writing."""
        self.mark()
        self._send("t", text.encode())

    async def counters(self, timeout_s: float = 5.0) -> dict[str, Any]:
        """What the hardware did so far: played, forgotten, mic_read, mic_dropped, mic_refused, scan_frames,
        scan_underruns, scan_zeros, ... Raises PinError."""
        self._counters = future = asyncio.get_running_loop().create_future()
        self._send("q")
        await self._until(future.done, timeout_s, "its counters")
        result: dict[str, Any] = future.result()
        return result

    def _tell(self, kind: str, body: bytes) -> None:
        self._world[kind] = body
        self._send(kind, body)

    def _send(self, kind: str, body: bytes = b"") -> None:
        if self._link is not None:
            self._link.send(kind, body)

    # The light

    _marked = 0.0

    def mark(self) -> None:
        """From now on `lit_at` waits for a new first lit sample."""
        self._marked = time.monotonic()
        self.lit_at = None

    @property
    def lit(self) -> bool:
        """Whether there is light now."""
        return time.monotonic() - self.last_lit < GLOW_S

    async def look(self, ms: float = 200, timeout_s: float = 2.0) -> tuple[bytes, bool]:
        """As `light`, but once `ms` of it have come since the mark, or `timeout_s` have passed: the first
        moments of a card show only its first strokes."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline and not self._seen(ms / 1000):  # noqa: ASYNC110 - blocks tick by
            await asyncio.sleep(LIGHT_BLOCK_S)
        return self.light(ms)

    def _seen(self, seconds: float) -> bool:
        since = self.lit_at
        return since is not None and self._light[-1][0] >= since + seconds

    def light(self, ms: float = 500) -> tuple[bytes, bool]:
        """The newest `ms` of samples that left the pin while LASER_ARM was high, and True for that they did:
        what light.render takes."""
        wanted = int(ms * beam.RATE_HZ / 1000) * 8
        return b"".join(samples for _, samples in self._light)[-wanted:], True


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
