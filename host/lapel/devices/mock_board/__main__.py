"""`make mock-board`: a mock board until Ctrl-C. Enter pulls its cable, Enter again puts it back in."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import tempfile
from pathlib import Path

from .board import FAULTS, MockBoard


def main() -> None:
    parser = argparse.ArgumentParser(prog="make mock-board", description=__doc__)
    parser.add_argument("--chip", default="esp32s3", help="which chip it has (default: esp32s3)")
    parser.add_argument("--flash-mb", type=int, default=8, help="size of its flash (default: 8)")
    parser.add_argument("--psram-mb", type=int, default=8, help="size of its PSRAM (default: 8, or 0, 2)")
    parser.add_argument("--fault", action="append", default=[], choices=FAULTS, help="what is broken")
    options = parser.parse_args()
    # A script's background job ignores the first; both end it tidily.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    with tempfile.TemporaryDirectory(prefix="lapel-board-") as folder, asyncio.Runner() as runner:
        try:
            runner.run(_serve(options, Path(folder)))
        except KeyboardInterrupt:
            sys.stderr.write("\n")


async def _serve(options: argparse.Namespace, folder: Path) -> None:
    board = MockBoard(
        folder,
        chip=options.chip,
        flash_mb=options.flash_mb,
        psram_mb=options.psram_mb,
        faults=frozenset(options.fault),
        on_event=lambda event: print(f"[{event}]", file=sys.stderr),
    )
    await board.plug()
    sys.stdout.write(f"{board.link}\n")
    sys.stdout.flush()
    loop = asyncio.get_running_loop()
    pressed = asyncio.Event()
    if sys.stdin.isatty():

        def read() -> None:
            sys.stdin.readline()
            pressed.set()

        loop.add_reader(sys.stdin, read)
    try:
        while True:
            await pressed.wait()
            pressed.clear()
            await (board.plug() if board.phase == "off" else board.unplug())
    finally:
        await board.stop()


if __name__ == "__main__":
    main()
