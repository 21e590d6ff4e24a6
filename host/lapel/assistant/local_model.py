"""The language model at home: llama.cpp in a process of its own, on an OpenAI-compatible loopback endpoint.

A process, because two gigabytes of model and native code that may crash do not belong in the relay. It
listens on loopback only, wants a key made for this run (passed by environment, since everybody can read a
command line), and ends when its standard input does, which happens even when the relay is killed.

`python -m lapel.assistant.local_model --model FILE` is the child; `LocalModel` the relay's handle on it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import secrets
import signal
import sys
import threading
import time
from collections import deque
from pathlib import Path

log = logging.getLogger(__name__)

CONTEXT_TOKENS = 4096  # a system prompt, a dozen turns and an answer; 115 MB for Qwen 1.5B
# Answers written at once. With 2 on two cores, one of two new questions waits 2 s for a cold prompt and both
# are written at half speed: three short answers take 3.3 s together, in turn 1.8 s.
PARALLEL = 1
_KEY_VARIABLE = "LAPEL_LOCAL_MODEL_KEY"
_PROMPT_CACHE_MIB = 256  # prompts of recent conversations kept in memory; llama.cpp's default is 8 GB

LOAD_DEADLINE_S = 120.0  # 1.1 GB from the SD card of a Raspberry Pi takes about 30 s
_STOP_DEADLINE_S = 3.0
_WARM_DEADLINE_S = 60.0
_RETRY_FIRST_S, _RETRY_MOST_S = 1.0, 60.0
_HEALTHY_S = 60.0  # having run this long, a crash is taken to be a new one and the back-off starts again
_LOG_LINES = 20


class LocalModelError(Exception):
    """The model cannot be served. The text says what came and what to do."""


class LocalModel:
    """A supervised model server. It is started again, ever more slowly, when it crashes."""

    def __init__(
        self, model: Path, *, context_tokens: int = CONTEXT_TOKENS, threads: int | None = None
    ) -> None:
        self.api_key = secrets.token_urlsafe(24)
        self.restarts = 0
        self._model = model
        self._arguments = [f"--context={context_tokens}", f"--threads={threads or _cores()}"]
        self._port = 0
        self._is_loaded = False
        self._process: asyncio.subprocess.Process | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._stderr: asyncio.Task[None] | None = None
        self._last_lines: deque[str] = deque(maxlen=_LOG_LINES)
        self._system_prompt: str | None = None

    @property
    def base_url(self) -> str:
        """For the `openai` client. It stays the same over restarts as long as the port is to be had."""
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def is_running(self) -> bool:
        """Whether the server is up and the model loaded, now."""
        return self._is_loaded and self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        """Process id of the server, for `doctor` and the bench."""
        return self._process.pid if self._process is not None else None

    async def start(self) -> None:
        """Load the model and serve it. Raises LocalModelError if that does not work out."""
        if self._supervisor is not None:
            return
        if not await asyncio.to_thread(self._model.is_file):
            raise LocalModelError(f"there is no model at {self._model}; run: lapel models fetch")
        try:
            await self._spawn()
        except BaseException:
            await self._end_process()
            raise
        self._supervisor = asyncio.create_task(self._supervise(), name="local model")

    async def stop(self) -> None:
        """End the server."""
        if self._supervisor is not None:
            self._supervisor.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._supervisor
            self._supervisor = None
        await self._end_process()

    async def warm(self, system_prompt: str) -> None:
        """Read the system prompt ahead, so that the first question need not wait for it. Kept over restarts.

        Raises LocalModelError when the server does not answer.
        """
        import openai  # half a second to import, and the child that shares this module does not need it

        self._system_prompt = system_prompt
        client = openai.AsyncOpenAI(
            base_url=self.base_url, api_key=self.api_key, timeout=_WARM_DEADLINE_S, max_retries=0
        )
        try:
            async with client:
                await client.chat.completions.create(
                    model="local",
                    messages=[
                        {"role": "system", "content": system_prompt},
                        {"role": "user", "content": "Hello"},
                    ],
                    max_tokens=1,
                )
        except openai.OpenAIError as error:
            raise LocalModelError(f"the local model did not read its system prompt: {error}") from error

    async def _spawn(self) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "lapel.assistant.local_model",
            f"--model={self._model}", f"--port={self._port}", *self._arguments,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env={**os.environ, _KEY_VARIABLE: self.api_key},
        )  # fmt: skip
        self._process = process
        self._last_lines.clear()
        assert process.stdout is not None and process.stderr is not None  # both were asked to be pipes
        self._stderr = asyncio.create_task(self._keep_lines(process.stderr))
        begun = time.monotonic()
        try:
            line = await asyncio.wait_for(process.stdout.readline(), LOAD_DEADLINE_S)
        except TimeoutError:
            raise LocalModelError(
                f"{self._model.name} was not loaded in {LOAD_DEADLINE_S:g} s; try a smaller model"
            ) from None
        if not line:
            await process.wait()
            await self._stderr
            said = self._last_lines[-1] if self._last_lines else "nothing"
            raise LocalModelError(
                f"the model server ended with status {process.returncode} while loading {self._model}; "
                f"it said: {said}"
            )
        self._port = int(json.loads(line)["port"])
        self._is_loaded = True
        log.info("%s is served on %s after %.1f s", self._model.name, self.base_url, time.monotonic() - begun)

    async def _supervise(self) -> None:
        wait_s = _RETRY_FIRST_S
        while True:
            begun = time.monotonic()
            if self._process is not None:
                status = await self._process.wait()
                log.error(
                    "the model server ended with status %s; it said: %s", status, list(self._last_lines)
                )
            if time.monotonic() - begun > _HEALTHY_S:
                wait_s = _RETRY_FIRST_S
            await self._end_process()
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, _RETRY_MOST_S)
            self.restarts += 1
            try:
                await self._spawn()
                if self._system_prompt is not None:
                    await self.warm(self._system_prompt)
            except LocalModelError as error:
                log.error("%s", error)
                await self._end_process()
                self._port = 0  # perhaps somebody took it

    async def _end_process(self) -> None:
        process, self._process = self._process, None
        self._is_loaded = False
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _STOP_DEADLINE_S)
        except TimeoutError:
            process.kill()
            await process.wait()
        if self._stderr is not None:
            await self._stderr

    async def _keep_lines(self, stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            text = line.decode(errors="replace").rstrip()[:500]
            self._last_lines.append(text)
            log.debug("model server: %s", text)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _serve(model: str, port: int, context_tokens: int, threads: int) -> None:
    """The child: serve until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the relay decides
    gone = threading.Event()
    threading.Thread(target=_wait_for_end, args=(gone,), daemon=True).start()
    # llama.cpp prints where it likes: keep standard output for the one line the relay waits for.
    answer = os.dup(1)
    os.dup2(2, 1)

    import xllamacpp

    settings = xllamacpp.CommonParams()
    settings.model.path = model
    settings.hostnames = ["127.0.0.1"]
    settings.port = port
    settings.api_keys = [os.environ.pop(_KEY_VARIABLE)]
    settings.n_ctx = context_tokens
    settings.n_parallel = PARALLEL
    settings.cpuparams.n_threads = threads
    settings.cpuparams_batch.n_threads = threads
    settings.cache_prompt = True
    settings.cache_ram_mib = _PROMPT_CACHE_MIB
    settings.offline = True
    settings.ui = False
    settings.endpoint_slots = False
    settings.verbosity = 1  # errors
    server = xllamacpp.Server(settings)
    bound = int(server.listening_address.rsplit(":", 1)[1])
    os.write(answer, json.dumps({"port": bound}).encode() + b"\n")
    gone.wait()


def _wait_for_end(gone: threading.Event) -> None:
    while os.read(0, 4096):
        pass
    gone.set()
    os._exit(0)  # at once (while loading: as soon as that lets Python run); nothing here needs saving


def main() -> None:
    """Entry of the child process."""
    parser = argparse.ArgumentParser(description="Serve a GGUF model on loopback until standard input ends.")
    parser.add_argument("--model", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--context", type=int, default=CONTEXT_TOKENS)
    parser.add_argument("--threads", type=int, default=_cores())
    options = parser.parse_args()
    if not os.environ.get(_KEY_VARIABLE):
        parser.error(f"{_KEY_VARIABLE} must hold the key that callers will have to show")
    _serve(options.model, options.port, options.context, options.threads)


if __name__ == "__main__":
    main()
