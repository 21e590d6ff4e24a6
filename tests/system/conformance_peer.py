"""The pin's websocket client as an echo peer for conformance test servers. Runs under MicroPython.

    MICROPYPATH=.frozen:firmware micropython -X heapsize=128m tests/system/conformance_peer.py URL

A server that speaks the fuzzing protocol (/getCaseCount, /runCase?case=N&agent=A, /updateReports?agent=A) is
taken through all its cases. To any other the peer connects as the URL says, echoes every message until the
server closes, and connects again until it refuses or says nothing for SILENCE_MS. Plain ws:// is allowed here
and nowhere else in Lapel.
"""

import asyncio
import gc
import sys

from pin.channel import Channel, Closed
from pin.handshake import HandshakeError

AGENT = "lapel-pin"
SILENCE_MS = 10000
OPEN_MS = 10000
LARGEST_MESSAGE = 16 * 1024 * 1024  # of the known suites; the heap must hold it four times


def split(url):
    """(host, port, path) of a ws:// URL."""
    scheme, _, rest = url.partition("://")
    if scheme != "ws" or not rest:
        raise ValueError(f"expected a URL like ws://127.0.0.1:9001, got {url!r}")
    address, slash, path = rest.partition("/")
    host, _, port = address.rpartition(":") if ":" in address else (address, "", "80")
    return host, int(port), slash + path or "/"


async def case_count(channel, host, port, base):
    """What /getCaseCount answers, or None; and whether messages were echoed.

    A server that looks at no path may have begun its first test: then its messages are echoed here already.
    """
    echoed = False
    try:
        await channel.open(host, port, base + "/getCaseCount", None, None, OPEN_MS)
        answer = await channel.receive(SILENCE_MS)
        if isinstance(answer, str) and answer.strip().isdigit():
            await channel.close()
            return int(answer), False
        if answer is not None:
            echoed = True
            await send_back(channel, answer)
            await echo(channel)
    except (OSError, HandshakeError, Closed):
        pass  # it is not a fuzzing server
    await channel.close()
    return None, echoed


async def send_back(channel, message):
    if isinstance(message, str):
        await channel.send_text(message)
    else:
        await channel.send_bytes(message)


async def echo(channel):
    """Send back what comes. True if the server ended it, False if it fell silent."""
    try:
        while True:
            message = await channel.receive(SILENCE_MS)
            if message is None:
                await channel.close()
                return False
            await send_back(channel, message)
    except Closed:
        return True


async def run(url):
    host, port, path = split(url)
    base = path.rstrip("/")
    limit = min(LARGEST_MESSAGE, gc.mem_free() // 5)
    channel = Channel(frame_bytes=limit, message_bytes=limit)
    count, echoed = await case_count(channel, host, port, base)
    if count is None:
        print(f"{url} is no fuzzing server: echoing until it refuses or is silent")
        rounds = int(echoed)
        while True:
            try:
                await channel.open(host, port, path, None, None, OPEN_MS)
            except (OSError, HandshakeError) as error:
                print(f"{rounds} connections echoed, then: {error}")
                return 0 if rounds else 1
            rounds += 1
            if not await echo(channel):
                print(f"{rounds} connections echoed, the last fell silent")
                return 0
    print(f"{count} cases")
    for case in range(1, count + 1):
        await channel.open(host, port, f"{base}/runCase?case={case}&agent={AGENT}", None, None, OPEN_MS)
        await echo(channel)
    await channel.open(host, port, f"{base}/updateReports?agent={AGENT}", None, None, OPEN_MS)
    await echo(channel)
    print("all cases run: see the server's report")
    return 0


if len(sys.argv) != 2:
    sys.exit("usage: conformance_peer.py ws://HOST:PORT[/PATH]")
sys.exit(asyncio.run(run(sys.argv[1])))
