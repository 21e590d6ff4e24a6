"""Piper: a voice is a file, its engine a program of its own.

Piper is GPL-3, so it is run and never imported. It stays up: each line of its input becomes a WAV in a
folder, and a line of its log says that it is there.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.metadata
import logging
import re
import sys
import tempfile
from collections import deque
from pathlib import Path

from ..wav import WavError, read_wav
from .engine import LONGEST_S, SPEAK_S, VoiceError

log = logging.getLogger(__name__)

LOAD_S = 60.0  # 63 MB from the SD card of a Raspberry Pi, and the run time of its network
QUEUE_LIMIT = 8  # sentences that wait; with more, speaking is behind what anybody still looks at
_STOP_S = 2.0
_WROTE = re.compile(rb"Wrote (.+\.wav)\s*$")
_LOG_LINES = 12
_LINE_BYTES = 1 << 16


class PiperVoices:
    """A TextToSpeech with one voice file (.onnx, its .onnx.json beside it) for each language."""

    name = "Piper"

    def __init__(self, files: dict[str, Path]) -> None:
        self._programs = {language: _Program(file) for language, file in files.items()}

    async def start(self) -> None:
        await asyncio.gather(*(program.speak("Hello.") for program in self._programs.values()))

    def speaks(self, language: str) -> bool:
        return language in self._programs

    async def speak(self, sentence: str, language: str) -> bytes:
        program = self._programs.get(language)
        if program is None:
            raise VoiceError(f"there is no voice for {language!r}; set one in [voice] of config.toml")
        return await program.speak(sentence)

    async def close(self) -> None:
        await asyncio.gather(*(program.close() for program in self._programs.values()))


class _Program:
    """One voice's process. It is started when it is needed, also after it broke."""

    def __init__(self, voice: Path) -> None:
        self._voice = voice
        self._process: asyncio.subprocess.Process | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._log: deque[str] = deque(maxlen=_LOG_LINES)
        self._turn = asyncio.Lock()
        self._closed = False
        self._work: set[asyncio.Task[bytes]] = set()

    async def speak(self, sentence: str) -> bytes:
        if len(self._work) >= QUEUE_LIMIT:
            raise VoiceError(f"{QUEUE_LIMIT} sentences wait to be spoken already")
        # A task of its own: whoever asked may go, but the answer to this line must be read before the next.
        work = asyncio.create_task(self._spoken(sentence))
        self._work.add(work)
        work.add_done_callback(self._work.discard)
        work.add_done_callback(_seen)
        return await asyncio.shield(work)

    async def close(self) -> None:
        self._closed = True
        for work in list(self._work):
            work.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        await self._stop()
        if self._folder is not None:
            self._folder.cleanup()

    async def _spoken(self, sentence: str) -> bytes:
        async with self._turn:
            return await self._ask(sentence)

    async def _ask(self, sentence: str) -> bytes:
        if self._closed:
            raise VoiceError("the relay is shutting down")
        seconds = SPEAK_S
        if self._process is None:
            seconds = LOAD_S
            await self._start()
        process = self._process
        assert process is not None and process.stdin is not None
        try:
            async with asyncio.timeout(seconds):
                process.stdin.write(" ".join(sentence.split()).encode() + b"\n")
                await process.stdin.drain()
                file = await self._written()
            return await asyncio.to_thread(_taken, file)
        except TimeoutError:
            await self._stop()
            raise VoiceError(f"Piper did not speak within {seconds:.0f} s; it is started anew") from None
        except (OSError, WavError, EOFError, ValueError) as error:
            await self._stop()
            said = self._log[-1] if self._log else str(error)
            raise VoiceError(f"Piper broke off: {said}") from error
        except asyncio.CancelledError:
            await self._stop()
            raise

    async def _start(self) -> None:
        try:
            importlib.metadata.version("piper-tts")
        except importlib.metadata.PackageNotFoundError:
            raise VoiceError("Piper is not installed; run: pip install 'lapel[voice]'") from None
        for file in (self._voice, self._voice.with_name(self._voice.name + ".json")):
            if not file.is_file():
                raise VoiceError(
                    f"the voice {file} is not there; run: lapel models fetch, or mend [voice] in config.toml"
                )
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="lapel-voice-")
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "piper", "-m", str(self._voice), "-d", self._folder.name,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE, limit=_LINE_BYTES,
        )  # fmt: skip

    async def _written(self) -> Path:
        """The next file that the program says it wrote. Raises EOFError."""
        assert self._process is not None and self._process.stderr is not None
        while True:
            line = await self._process.stderr.readline()
            if not line:
                raise EOFError("its program ended")
            wrote = _WROTE.search(line)
            if wrote:
                return Path(wrote.group(1).decode())
            self._log.append(line.decode(errors="replace").strip())

    async def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STOP_S):
                await process.wait()


def _taken(file: Path) -> bytes:
    try:
        return read_wav(file, LONGEST_S)
    finally:
        file.unlink(missing_ok=True)


def _seen(work: asyncio.Task[bytes]) -> None:
    """Nobody may be waiting for it any more."""
    if not work.cancelled():
        work.exception()
