"""The pin's side of `test_websocket_channel.py`: one scenario a run, on MicroPython or CPython.

    channel_scenarios.py SCENARIO PORT [CERTIFICATE] [NAME]

Prints one JSON object: what the scenario saw.
"""

import asyncio
import gc
import json
import os
import sys
import time

from pin.channel import Channel, Closed
from pin.handshake import HandshakeError
from pin.tcp import deadline_in, left_ms, sleep_ms
from pin.websocket import Frame

OPEN_MS = 5000
AUDIO_BYTES = 266
AUDIO_FRAMES = 313  # ten seconds of speech


def context(certificate):
    if not certificate:
        return None
    with open(certificate, "rb") as file:
        pinned = file.read()
    if sys.implementation.name == "micropython":
        import tls

        pin = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
        pin.verify_mode = tls.CERT_REQUIRED
        pin.load_verify_locations(pinned)
    else:
        import ssl

        pin = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        pin.load_verify_locations(cadata=pinned)
    return pin


async def opened(port, certificate, name, timeout_ms=OPEN_MS):
    channel = Channel()
    await channel.open("127.0.0.1", port, "/", context(certificate), name, timeout_ms)
    return channel


async def end_of(awaitable):
    try:
        await awaitable
    except Closed as error:
        return [error.code, error.reason]
    return None


async def failure(*args):
    """How opening fails, and whether within about the time it was given."""
    deadline = deadline_in(2000)
    kind = None
    try:
        await opened(*args, timeout_ms=500)
    except HandshakeError as error:
        kind, reason = "handshake", str(error)
    except OSError as error:
        kind, reason = "os", str(error)
    return {"kind": kind, "reason": reason, "in_time": left_ms(deadline) > 0}


async def echo(*args):
    channel = await opened(*args)
    same = []
    for message in ("", "grüße 😀", "x" * 2048, b"", b"\x00\xff", bytes(2048)):
        await (channel.send_text(message) if isinstance(message, str) else channel.send_bytes(message))
        same.append(await channel.receive(2000) == message)
    errors = []
    for data in (b"x" * 2049, b"y" * 9000):
        try:
            await channel.send_bytes(data)
        except ValueError as error:
            errors.append(str(error))
    await channel.send_text("largest")
    largest = len(await channel.receive(2000))
    await channel.close(1000, "bye")
    return {"same": same, "errors": errors, "largest": largest, "after": await end_of(channel.send_text("x"))}


async def send_while_receiving(*args):
    channel = await opened(*args)
    got = []

    async def read():
        for _ in range(3):
            got.append(await channel.receive(2000))

    reader = asyncio.create_task(read())
    await sleep_ms(20)
    await asyncio.gather(channel.send_text("a"), channel.send_text("b"), channel.send_text("c"))
    await reader
    second = None
    reader = asyncio.create_task(end_of(channel.receive(10000)))
    await sleep_ms(20)
    try:
        await channel.receive(10)
    except RuntimeError as error:
        second = str(error)
    await channel.close(1000, "done")  # the waiting task sees it too
    return {"got": sorted(got), "second": second, "reader": await reader}


async def deadlines(*args):
    channel = await opened(*args)
    results = [await channel.receive(0), await channel.receive(100)]
    waiting = asyncio.create_task(channel.receive(10000))
    await sleep_ms(20)
    waiting.cancel()
    try:
        await waiting
    except asyncio.CancelledError:
        results.append("cancelled")
    await channel.send_text("still here")
    results.append(await channel.receive(2000))
    await channel.send_text("not lost")
    await sleep_ms(100)
    waiting = asyncio.create_task(channel.receive(2000))
    await sleep_ms(0)  # MicroPython has read the bytes by now
    waiting.cancel()
    try:
        results.append(await waiting)
    except asyncio.CancelledError:
        results.append(await channel.receive(2000))
    await channel.ping(2000)
    results.append(await channel.receive(100))  # the pong came: no Closed
    await channel.close()
    return {"results": results}


async def silent(*args):
    """A relay that has gone without a word: the ping finds it out."""
    channel = await opened(*args)
    nothing = await channel.receive(50)
    await channel.ping(200)
    return {"nothing": nothing, "end": await end_of(channel.receive(10000))}


async def closed_by_peer(*args):
    channel = await opened(*args)
    await channel.send_text("close")
    return {"end": await end_of(channel.receive(5000)), "again": await end_of(channel.receive(5000))}


async def stalled(*args):
    """The relay stops reading until the socket is full: nothing is lost, doubled or mixed."""
    channel = await opened(*args)
    frame = Frame(AUDIO_BYTES)
    waits = 0

    async def read():
        while await channel.receive(10000) != "all":
            pass

    reader = asyncio.create_task(read())
    await channel.send_text("stall")
    for number in range(20000):
        frame.payload[:] = number.to_bytes(4, "big") + bytes(AUDIO_BYTES - 4)
        if not channel.send_frame(frame, AUDIO_BYTES):
            waits += 1
            if waits == 1:
                other = await opened(*args)
                await other.send_text("go on")
                await other.close()
            await channel.drain()
        if number % 1000 == 0:
            await channel.send_text(str(number))
    await channel.send_text("end")
    await reader
    await channel.close()
    return {"waits": waits}


async def dead_weight(*args):
    """The relay never reads again: drain gives up in its time."""
    channel = await opened(*args)
    frame = Frame(2048)

    async def fill():
        while True:
            if not channel.send_frame(frame, 2048):
                await channel.drain(300)

    return {"end": await end_of(fill()), "pending": frame.pending()}


async def reconnect(*args):
    channel = Channel()
    tls = context(args[1])
    counts = []
    for n in range(20):
        await channel.open("127.0.0.1", args[0], "/", tls, args[2], OPEN_MS)
        await channel.send_text("close" if n % 2 else str(n))
        await end_of(channel.receive(2000))
        await channel.close()
        await sleep_ms(5)
        gc.collect()
        counts.append(len(os.listdir("/proc/self/fd")))
    return {"first": counts[4], "last": counts[-1]}


async def audio(*args):
    """Heap bytes for each audio frame, with a reader waiting and an ack every eighth. MicroPython only."""
    channel = await opened(*args)
    acks = 0

    async def read():
        nonlocal acks
        while True:
            await channel.receive(10000)
            acks += 1

    reader = asyncio.create_task(read())
    frame = Frame(AUDIO_BYTES)
    number = bytearray(4)
    await sleep_ms(100)
    gc.collect()
    gc.disable()
    sending = 0
    start, before = time.ticks_us(), gc.mem_alloc()
    for n in range(AUDIO_FRAMES):
        number[2], number[3] = n >> 8, n & 255
        frame.payload[:4] = number
        mark = gc.mem_alloc()
        if not channel.send_frame(frame, AUDIO_BYTES):
            await channel.drain()
        sending += gc.mem_alloc() - mark
        await asyncio.sleep_ms(0)
    used = gc.mem_alloc() - before
    took = time.ticks_diff(time.ticks_us(), start)
    gc.enable()
    await sleep_ms(200)
    reader.cancel()
    await sleep_ms(0)
    await channel.close()
    return {"frame_bytes": used / AUDIO_FRAMES, "sending_bytes": sending, "acks": acks, "took_us": took}


def main(scenario, port, certificate="", name="lapel"):
    print(json.dumps(asyncio.run(globals()[scenario](int(port), certificate, name))))


main(*sys.argv[1:])
