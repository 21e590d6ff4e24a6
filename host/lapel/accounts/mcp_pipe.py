"""The Model Context Protocol over a program's pipes, with bounds.

The SDK's own transport keeps a line of any length and logs whatever the program says; here a line has a
limit, and a program that floods is ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
import mcp_types
from mcp.client.stdio import get_default_environment
from mcp.shared.message import SessionMessage

log = logging.getLogger(__name__)

LINE_BYTES = 1 << 20  # of one message; a result for a palm has a few kB
_LINES_A_SECOND = 500  # messages; a list of tools is one
_COMPLAINTS = 20  # lines of its stderr that are logged
_COMPLAINT_CHARACTERS = 200
_END_S = 2.0  # after its stdin closed, and again after SIGTERM


@asynccontextmanager
async def pipe(
    name: str, command: Sequence[str], environment: Mapping[str, str]
) -> AsyncGenerator[Any, None]:
    """Runs `command` and yields the streams of an MCP transport. The program and its children end with it.

    It gets the few variables of the environment that programs need, and these. Raises OSError if there is no
    such program.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=get_default_environment() | dict(environment),
        limit=LINE_BYTES,
        start_new_session=True,
    )
    came, to_read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    to_write, said = anyio.create_memory_object_stream[SessionMessage](0)
    tasks = [
        asyncio.create_task(_read(name, process, came)),
        asyncio.create_task(_write(process, said, came)),
        asyncio.create_task(_complaints(name, process)),
    ]
    try:
        yield to_read, to_write
    finally:
        await asyncio.shield(_end(name, process, tasks))
        for stream in (came, to_read, to_write, said):
            stream.close()


async def _read(name: str, process: asyncio.subprocess.Process, came: Any) -> None:
    """Its messages, until it ends, breaks the limits, or nobody listens."""
    assert process.stdout is not None
    loop = asyncio.get_running_loop()
    since, lines = loop.time(), 0
    try:
        while line := await process.stdout.readline():
            if loop.time() - since >= 1:
                since, lines = loop.time(), 0
            lines += 1
            if lines > _LINES_A_SECOND:
                log.error("MCP server %s: over %d messages a second; it is ended", name, _LINES_A_SECOND)
                break
            if not line.strip():
                continue
            try:
                message = mcp_types.jsonrpc_message_adapter.validate_json(line, by_name=False)
            except ValueError:
                log.warning("MCP server %s: a line that is no message: %.80r", name, line)
                continue
            await came.send(SessionMessage(message))
    except ValueError:  # a line over the limit
        log.error("MCP server %s: a message of over %d bytes; it is ended", name, LINE_BYTES)
    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
        pass
    finally:
        _signal(process, signal.SIGTERM)
        came.close()


async def _write(process: asyncio.subprocess.Process, said: Any, came: Any) -> None:
    assert process.stdin is not None
    try:
        async for message in said:
            text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
            process.stdin.write(text.encode() + b"\n")
            await process.stdin.drain()
    except (OSError, anyio.ClosedResourceError):
        came.close()  # it is gone: a request must not wait for it


async def _complaints(name: str, process: asyncio.subprocess.Process) -> None:
    """The first lines of its stderr go to the log, all of them away."""
    assert process.stderr is not None
    count = 0
    while True:
        try:
            line = await process.stderr.readline()
        except ValueError:
            continue
        if not line:
            return
        count += 1
        if count <= _COMPLAINTS:
            log.info("MCP server %s: %s", name, line.decode(errors="replace").strip()[:_COMPLAINT_CHARACTERS])


async def _end(name: str, process: asyncio.subprocess.Process, tasks: list[asyncio.Task[None]]) -> None:
    """Closes its stdin, then asks, then kills it with its children."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    if process.stdin is not None:
        process.stdin.close()
    for number in (None, signal.SIGTERM, signal.SIGKILL):
        if number is not None:
            _signal(process, number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(_exited(process), _END_S)
            break
    else:
        log.error("MCP server %s: process %d does not end", name, process.pid)
    _signal(process, signal.SIGKILL)  # children that it left behind
    # A pipe that still holds what nobody read is closed by this alone; asyncio has no public way.
    getattr(process, "_transport").close()  # noqa: B009


async def _exited(process: asyncio.subprocess.Process) -> None:
    """Not `wait`, which also waits for pipes that a child may hold open."""
    while process.returncode is None:  # noqa: ASYNC110 asyncio has no other way to be told
        await asyncio.sleep(0.01)


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    """To the whole group: a shell's child too."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
