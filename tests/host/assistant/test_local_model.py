"""The embedded model's server, with the tiny model where it has been fetched, and without any model."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import openai
import pytest
from lapel import models
from lapel.assistant import local_model
from lapel.assistant.local_model import LocalModel, LocalModelError

# The tiny model tests the plumbing: what it says is not looked at. `lapel models fetch smollm2` brings it.
needs_model = pytest.mark.skipif(not models.is_ready("smollm2"), reason="smollm2 has not been fetched")

PARENT = """
import asyncio, sys
from pathlib import Path
from lapel.assistant.local_model import LocalModel

async def main():
    model = LocalModel(Path(sys.argv[1]), threads=1)
    await model.start()
    print(model.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.fixture
async def model() -> AsyncIterator[LocalModel]:
    model = LocalModel(models.path("smollm2"), threads=1)
    yield model
    await model.stop()


async def ask(model: LocalModel, key: str | None = None) -> str:
    async with openai.AsyncOpenAI(
        base_url=model.base_url, api_key=key or model.api_key, max_retries=0, timeout=60
    ) as client:
        reply = await client.chat.completions.create(
            model="local", messages=[{"role": "user", "content": "Say hello."}], max_tokens=4
        )
    return reply.choices[0].message.content or ""


async def ended(pid: int) -> None:
    """Wait until no such process runs (a zombie of somebody else's does not)."""
    async with asyncio.timeout(30):
        while True:
            try:
                state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]  # noqa: ASYNC240
            except OSError:
                return
            if state == "Z":
                return
            await asyncio.sleep(0.05)


@needs_model
async def test_it_serves_on_loopback_with_its_key_only(model: LocalModel) -> None:
    await model.start()
    assert model.is_running and model.base_url.startswith("http://127.0.0.1:")
    assert await ask(model)
    with pytest.raises(openai.AuthenticationError):
        await ask(model, key="another")
    if sys.platform == "linux":
        assert model.api_key.encode() not in Path(f"/proc/{model.pid}/cmdline").read_bytes()  # noqa: ASYNC240
    await model.warm("You are a test.")
    pid = model.pid
    await model.stop()
    assert not model.is_running and pid is not None
    await ended(pid)
    with pytest.raises(LocalModelError, match="did not read its system prompt"):
        await model.warm("You are a test.")


@needs_model
async def test_a_crash_is_followed_by_a_restart_on_the_same_address(
    model: LocalModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_model, "_RETRY_FIRST_S", 0.05)
    await model.start()
    address, first = model.base_url, model.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    async with asyncio.timeout(60):
        while not (model.restarts and model.is_running):
            await asyncio.sleep(0.05)
    assert await ask(model)
    assert model.pid != first and model.base_url == address


@needs_model
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_it_ends_when_the_relay_is_killed() -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(models.path("smollm2")), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    child = int(await asyncio.wait_for(parent.stdout.readline(), 60))
    parent.kill()
    await parent.wait()
    await ended(child)


async def test_no_model(tmp_path: Path) -> None:
    with pytest.raises(LocalModelError, match="lapel models fetch"):
        await LocalModel(tmp_path / "none.gguf").start()


async def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(b"this is no model")
    model = LocalModel(bad, threads=1)
    with pytest.raises(LocalModelError, match=r"ended with status .* while loading"):
        await model.start()
    assert not model.is_running
    await model.stop()


async def test_a_child_without_a_key_refuses() -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "lapel.assistant.local_model", "--model=x",
        stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, said = await child.communicate()
    assert child.returncode == 2 and b"must hold the key" in said
