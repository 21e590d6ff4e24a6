"""A virtual pin: the unmodified firmware in a MicroPython process, and this host as the world around it.

Make a VirtualPin with a folder that has the settings.json of a paired pin, `start` it, hold a `palm` under
it, `say` something, look at its `light`, `stop` it.
"""

import asyncio
import dataclasses
import importlib
import json
import math
import struct
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lapel_wire.audio import SAMPLE_RATE_HZ

from lapel.virtual import beam, live_hand
from lapel.virtual.live_hand import LiveHand
from lapel.virtual.process import HEAP, PinError, PinProcess

__all__ = ["PinError", "VirtualPin"]

BYTES_PER_S = 2 * SAMPLE_RATE_HZ
CHUNK_BYTES = 4000  # 125 ms in a message
AHEAD_S = 0.5  # how far sound is sent ahead of its time: a busy host must not make a gap
LEAD_S = 0.1  # a finger is faster than a voice: from press to the first word
LIVE_LEAD_S = 0.06  # a computer's microphone delivers in blocks of about 20 ms, unevenly
LATE_S = 10.0  # how long a pin may stand still before `play` gives it up
LIGHT_S = 2.0  # of light that is kept
LIGHT_BLOCK_S = 0.02  # light comes in blocks of about that
GLOW_S = 0.15  # without a lit sample for longer the palm is dark; a slow page repeats each 60 ms
MAX_QUESTION_BYTES = 1000  # the wire's limit
TAP_S = 0.4  # a press this short may be a tap (pin.button.HOLD_MS): a shorter recording is held longer
BOARD = "boards.virtual"


def checked_question(text: str) -> str:
    """The text, if a pin can send it as a question. Raises PinError."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise PinError("expected a question in Unicode; some of it is not UTF-8") from None
    if size > MAX_QUESTION_BYTES:
        raise PinError(f"a question has at most {MAX_QUESTION_BYTES} bytes of UTF-8, got {size}; ask shorter")
    return text


class VirtualPin(PinProcess):
    """One pin and its world. `on_light` gets each block of samples that left it while LASER_ARM was high,
    with the time.monotonic() of the first; `on_voice` the same of the speaker's (s16le, mono, 16 kHz)."""

    def __init__(
        self, flash: Path, *, interpreter: Path | None = None, program: Path | None = None, heap: str = HEAP
    ) -> None:
        super().__init__(flash, interpreter, program, heap)
        self.on_start = self._tell_again
        self.on_message = self._hear_of
        self.on_light: list[Callable[[bytes, float], None]] = []
        self.on_voice: list[Callable[[bytes, float], None]] = []
        self.outputs: dict[int, int] = {}
        self.haptics: list[bytes] = []  # each pattern that the motor played, as effects of its library
        self.hand = LiveHand(lambda body: self._tell("d", body))
        self.lit_at: float | None = None  # time.monotonic() of the first lit sample since `mark`
        self.last_lit = 0.0  # and of the last one
        self._marked = 0.0
        self._button: int = importlib.import_module(BOARD).BUTTON
        self.inputs[self._button] = 1  # to ground with a pull-up: 0 is pressed
        self._world: dict[str, bytes] = {}  # what a pin that starts again must be told
        self._light: deque[tuple[float, bytes]] = deque()
        self._sent = 0  # samples of sound for this process
        self._passed = 0  # of which so many are through
        self._counters: asyncio.Future[dict[str, Any]] | None = None

    async def stop(self) -> None:
        self.hand.stop()
        await super().stop()

    def _tell_again(self) -> None:
        self.outputs.clear()
        self._sent = self._passed = 0
        for kind, body in self._world.items():
            self.send(kind, body)

    def _hear_of(self, kind: str, body: bytes) -> None:
        if kind == "l":
            self._shine(struct.unpack_from("<qq", body)[1] / 1e6, body[16:])
        elif kind == "o":
            self.outputs[body[0]] = body[1]
        elif kind == "p":
            at = struct.unpack_from("<qq", body)[1] / 1e6
            for hear in self.on_voice:
                hear(body[16:], at)
        elif kind == "m":
            self._passed = struct.unpack("<q", body)[0]
        elif kind == "v":
            self.haptics.append(body[8:].rstrip(b"\0"))
        elif kind == "c" and self._counters is not None and not self._counters.done():
            self._counters.set_result(json.loads(body))

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

    # The button

    async def press(self) -> None:
        self.mark()
        self.set_input(self._button, 0)

    async def release(self) -> float:
        """time.monotonic() of it."""
        self.mark()
        self.set_input(self._button, 1)
        return self._marked

    # The voice: s16le, mono, 16 kHz

    async def say(self, pcm: bytes, lead_s: float = LEAD_S) -> float:
        """Press, speak in real time, release; time.monotonic() of the release. Raises PinError."""
        await self.press()
        held_until = time.monotonic() + TAP_S
        try:
            await self.play(pcm, lead_s)
            await asyncio.sleep(held_until - time.monotonic())
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
        await self.until(lambda: self._passed >= sent, duration + LATE_S, "the end of the sound")

    def hear(self, pcm: bytes, at: float | None = None) -> None:
        """Sound from time.monotonic() `at` on, or after all sound before it if that is later. By default as
        soon as it can be without gaps, for a live microphone. Up to CHUNK_BYTES."""
        if at is None:
            at = time.monotonic() + LIVE_LEAD_S
        self.send("a", struct.pack("<q", int(at * 1e6)) + pcm)
        self._sent += len(pcm) // 2

    # The rest of the world

    def palm(self, present: bool, distance_mm: int = 250, *, frozen: bool = False) -> None:
        """An open hand that holds still under the pin, or none; `frozen`: the sensor gives nothing new from
        now on. For one that moves see `hand`."""
        self.hand.stop()
        there = dataclasses.replace(live_hand.REST, distance_mm=distance_mm) if present else None
        self._tell("d", live_hand.message(live_hand.still(there), frozen))

    def wifi(self, up: bool, connect_ms: int = 30) -> None:
        self._tell("w", struct.pack("<BH", up, connect_ms))

    def battery(self, millivolts: int) -> None:
        self._tell("b", struct.pack("<H", millivolts))

    def stall(self, ms: int) -> None:
        """The interpreter stands still that long, as in a TLS handshake; the hardware goes on."""
        self.send("s", struct.pack("<I", ms))

    async def type(self, text: str) -> None:
        """A question in writing. Raises PinError for one that is none."""
        self.mark()
        self.send("t", checked_question(text).encode())

    async def counters(self, timeout_s: float = 5.0) -> dict[str, Any]:
        """What the hardware did so far: played, forgotten, mic_read, mic_dropped, mic_refused, scan_frames,
        scan_underruns, scan_zeros, ... Raises PinError."""
        self._counters = future = asyncio.get_running_loop().create_future()
        self.send("q")
        await self.until(future.done, timeout_s, "its counters")
        result: dict[str, Any] = future.result()
        return result

    def _tell(self, kind: str, body: bytes) -> None:
        self._world[kind] = body
        self.send(kind, body)

    # The light

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
