"""A virtual pin to play with in the terminal: its palm in light, its button on a key, a hand on the mouse.

A terminal tells of a key's press and not of its release, so the space bar toggles the button. Without a
terminal the pin's log is printed, and each line of a pipe on stdin is a typed question.
"""

import asyncio
import contextlib
import os
import re
import stat
import sys
import termios
import tty
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.segment import Segments
from rich.text import Text

from lapel.virtual import hand_control, light, mouse, samples
from lapel.virtual.hand_control import HandControl
from lapel.virtual.microphone import Microphone, MicrophoneMissing
from lapel.virtual.pin import PinError, VirtualPin
from lapel.wav import WavError, read_wav

REFRESH_S = 0.2  # a few pictures a second: each is 45 kB for the terminal
TAP_S = 0.08  # clearly shorter than a hold
NOTES = 6
PALM_COLUMNS = 56
ROWS_BESIDE_PALM = NOTES + 7
PIXELS_A_COLUMN = 4  # the picture is drawn finer than the terminal shows it
MAX_QUESTION_CHARACTERS = 240  # at most four bytes each: within the wire's 1000
# Arrows, F5 and the like (ECMA-48 control sequences): the digits in them are nobody's question.
FUNCTION_KEYS = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|O[@-~])")
HELP = "space: press, then release   t: tap   /: type   {samples}q: quit"


class Terminal:
    """`note` shows a line of text beside the pin's own log."""

    def __init__(self, pin: VirtualPin, console: Console | None = None) -> None:
        self.pin = pin
        self.console = console or Console()
        self._notes: deque[str] = deque(maxlen=NOTES)
        self._state = "starting"
        self._pressed = False
        self._hand = HandControl(pin, self._do)
        self._typing: str | None = None
        self._quit = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy = False
        self._prints = False  # there is no screen: notes are lines among the log's
        self._microphone: Microphone | None = None
        self._samples = [sample for sample in samples.samples() if sample.wav.exists()][:9]
        self._picture: Segments | None = None
        self._pictured: tuple[float, int] | None = None  # what that is a picture of
        self._keys: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            " ": self._toggle,
            "t": self._tap,
        }

    def note(self, text: str) -> None:
        self._notes.append(text)
        if self._prints:
            print_line(text)

    async def run(self) -> None:
        """Until the wearer quits or the pin ends. The pin must be running."""
        self._hand.start()
        if sys.stdin.isatty() and self.console.is_terminal:
            await self._interactive()
        else:
            await self._plain()

    # Without a terminal

    async def _plain(self) -> None:
        self._prints = True
        self.pin.on_log.append(print_line)
        for line in self.pin.lines:
            print_line(line)
        reading = asyncio.create_task(self._read_questions())
        try:
            await self.pin.ended()
        finally:
            reading.cancel()
            self.pin.on_log.remove(print_line)

    async def _read_questions(self) -> None:
        if stat.S_ISCHR(os.fstat(sys.stdin.fileno()).st_mode) and not sys.stdin.isatty():
            return  # /dev/null: nobody is there to ask, and it cannot be waited for
        reader = asyncio.StreamReader()
        try:
            await asyncio.get_running_loop().connect_read_pipe(
                lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
            )
        except (OSError, ValueError):  # a file: nor here
            return
        while line := await reader.readline():
            if text := line.decode(errors="replace").strip():
                await self.pin.type(text[:MAX_QUESTION_CHARACTERS])

    # With one

    async def _interactive(self) -> None:
        for line in self.pin.lines:
            self._log(line)
        self.pin.on_log.append(self._log)
        try:
            with contextlib.ExitStack() as stack:
                try:
                    self._microphone = stack.enter_context(Microphone(self.pin))
                except MicrophoneMissing as error:
                    self.note(f"No microphone: {error}.")
                    self.note("Type a question, or take a spoken one by its number.")
                stack.enter_context(_keyboard(self._key))
                live = stack.enter_context(
                    Live(self._show(), console=self.console, screen=True, auto_refresh=False)
                )
                shown = None
                while self.pin.running and not self._quit.is_set():
                    await self._draw()
                    now = (self._pictured, self._text())
                    if now != shown:
                        live.update(self._show(), refresh=True)
                        shown = now
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._quit.wait(), REFRESH_S)
        finally:
            self.pin.on_log.remove(self._log)
            for task in self._tasks:
                task.cancel()
        if not self._quit.is_set():
            self.console.print(self.pin.last_log())

    def _log(self, line: str) -> None:
        _, _, state = line.partition("state: ")
        if state:
            self._state = state.rpartition(" ")[2]
        else:
            self.note(line)

    def _key(self, keys: str) -> None:
        keys = self._hand.take_mouse(keys)
        if self._typing is None:
            self._hand.take_arrows(keys)
        for key in FUNCTION_KEYS.sub("", keys):
            if self._typing is not None:
                self._edit(key)
            elif key in ("q", "\x03", "\x04"):
                self._quit.set()
            elif key == "/":
                self._typing = ""
            elif key.isdigit() and 0 < int(key) <= len(self._samples):
                self._do(self._play(int(key) - 1))
            elif key in self._keys:
                self._do(self._keys[key]())
            else:
                self._hand.take_key(key)

    def _edit(self, key: str) -> None:
        assert self._typing is not None
        if key in "\r\n":
            if self._typing.strip():
                self.note(f"You typed: {self._typing}")
                self._do(self.pin.type(self._typing))
            self._typing = None
        elif key in "\x1b\x03":
            self._typing = None
        elif key in "\x7f\b":
            self._typing = self._typing[:-1]
        elif key.isprintable() and len(self._typing) < MAX_QUESTION_CHARACTERS:
            self._typing += key

    def _do(self, action: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._guarded(action))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, action: Coroutine[Any, Any, None]) -> None:
        try:
            await action
        except (PinError, WavError) as error:
            self.note(str(error))

    async def _toggle(self) -> None:
        if self._busy:
            return
        self._pressed = not self._pressed
        if self._microphone is not None:
            self._microphone.open = self._pressed
        await (self.pin.press() if self._pressed else self.pin.release())

    async def _tap(self) -> None:
        if not self._busy and not self._pressed:
            await self.pin.press()
            await asyncio.sleep(TAP_S)
            await self.pin.release()

    async def _play(self, number: int) -> None:
        if self._busy or self._pressed:
            return
        self._busy = True
        try:
            sample = self._samples[number]
            self.note(f"You say: {sample.text}")
            await self.pin.say(await asyncio.to_thread(read_wav, sample.wav))
        finally:
            self._busy = False

    async def _draw(self) -> None:
        """The palm now, in another thread: a picture takes tens of milliseconds."""
        lit = self.pin.lit and self._hand.there
        columns = min(PALM_COLUMNS, self.console.width, 2 * max(4, self.console.height - ROWS_BESIDE_PALM))
        self._hand.resize(columns, columns // 2)  # a character is two pixels high
        wanted = (self.pin.last_lit if lit else 0.0, columns)
        if wanted != self._pictured:
            seen = self.pin.light() if lit else (b"", False)
            self._picture = await asyncio.to_thread(_palm, seen, columns)
            self._pictured = wanted

    def _show(self) -> RenderableType:
        return Group(*([self._picture] if self._picture is not None else []), *self._text())

    def _text(self) -> list[Text]:
        """What stands below the picture."""
        button = "held" if self._pressed or self._busy else "up"
        lines = [
            Text(f"{self._state}   button {button}   hand {self._hand.words()}", style="bold", no_wrap=True)
        ]
        lines += [Text(note, style="dim", no_wrap=True, overflow="ellipsis") for note in self._notes]
        if self._typing is not None:
            lines.append(Text(f"/ {self._typing}_   (Enter asks, Esc does not)", style="green"))
        else:
            spoken = f"1-{len(self._samples)}: say a question   " if self._samples else ""
            for line in (HELP.format(samples=spoken), *hand_control.HELP):
                lines.append(Text(line, style="cyan", no_wrap=True, overflow="ellipsis"))
        return lines


def print_line(line: str) -> None:
    print(line, flush=True)


def _palm(seen: tuple[bytes, bool], columns: int) -> Segments:
    edge = columns * PIXELS_A_COLUMN
    return light.to_terminal(light.render(seen[0], (edge, edge), armed=seen[1]), columns)


def _report_mouse(sequence: str) -> None:
    sys.stdout.write(sequence)
    sys.stdout.flush()


@contextlib.contextmanager
def _keyboard(on_keys: Callable[[str], None]) -> Iterator[None]:
    """Keys as they are pressed, without an echo; the terminal is as before afterwards."""
    loop = asyncio.get_running_loop()
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)

    def read() -> None:
        data = os.read(descriptor, 1024)
        on_keys(data.decode(errors="ignore") if data else "\x04")

    try:
        tty.setcbreak(descriptor)
        loop.add_reader(descriptor, read)
        _report_mouse(mouse.ON)
        yield
    finally:
        _report_mouse(mouse.OFF)
        loop.remove_reader(descriptor)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
