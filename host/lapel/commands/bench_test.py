"""`lapel bench-test`: try each part of a pin over its cable, before the case is closed."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..devices import boards, install, ports
from ..devices.ports import Port
from ..devices.problems import BoardError, Code
from ..devices.repl import Repl
from ..hardware import bench
from ..hardware.bench import BUILD_TESTS, Test, Verdict

START_S = 30.0  # after a reset: USB comes back within 20 s, the app's own start takes 3
POLL_S = 0.5
_STARTING = (Code.NO_PROMPT, Code.PORT_BUSY, Code.CABLE)
_ABSENT = "it does not answer on the bus: its four wires, its supply"
_OPTIONAL = ("gauge", "haptic")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    names = [test.name for test in bench.TESTS]
    parser.add_argument(
        "part", nargs="*", metavar="PART", help=f"of {', '.join(names)} (default: all of the build)"
    )
    parser.add_argument("--port", help="the board's port (default: the only board there is)")
    parser.add_argument("--board", default="xiao_esp32s3_matrix", help="which board (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON, ask nothing")


def run(options: argparse.Namespace) -> int:
    known = {test.name: test for test in bench.TESTS}
    unknown = [name for name in options.part if name not in known]
    if unknown:
        sys.stderr.write(f"lapel bench-test: there is no {unknown[0]!r}; known: {', '.join(known)}\n")
        return 2
    try:
        boards.load(options.board)
        build = "matrix" if options.board.endswith("_matrix") else "vector"
        tests = [known[name] for name in options.part or BUILD_TESTS[build]]
        port = _at_rest(ports.find(options.port))
        try:
            with _opened(port) as repl:
                results = _all(repl, tests, options.board, options.json)
        finally:
            _back(port)
    except BoardError as error:
        sys.stderr.write(f"lapel bench-test: {error}\n")
        return int(error.code)
    if options.json:
        rows = [
            {"part": test.name, "ok": verdict.ok, "said": verdict.said, "advice": verdict.advice}
            for test, verdict in results
        ]
        sys.stdout.write(json.dumps(rows) + "\n")
    return 0 if all(verdict.ok for _, verdict in results) else 1


def _at_rest(port: Port) -> Port:
    """The board with the app stopped and no watchdog: it cannot be stopped once it runs."""
    with Repl(port) as repl:
        repl.write(install.HOLD, b"")
        repl.reset()
    return ports.again(port)


@contextmanager
def _opened(port: Port) -> Iterator[Repl]:
    """A session with a board that may still be starting. Raises BoardError when its time is over."""
    end = time.monotonic() + START_S
    while True:
        try:
            repl = Repl(ports.again(port)).__enter__()
            break
        except BoardError as error:
            if error.code not in _STARTING or time.monotonic() > end:
                raise
            time.sleep(POLL_S)
    try:
        yield repl
    finally:
        repl.__exit__(None, None, None)


def _back(port: Port) -> None:
    with _opened(port) as repl:
        repl.remove([install.HOLD])
        repl.reset()


def _all(repl: Repl, tests: list[Test], board: str, quiet: bool) -> list[tuple[Test, Verdict]]:
    results = []
    for test in tests:
        if test.ask and not quiet:
            sys.stdout.write(f"   {test.ask}\n")
            sys.stdout.flush()
        verdict = tried(repl, test, board)
        results.append((test, verdict))
        if quiet:
            continue
        sys.stdout.write(f"{'ok ' if verdict.ok else 'NOT'} {test.title}: {verdict.said}\n")
        if verdict.advice:
            sys.stdout.write(f"    {verdict.advice}\n")
        if test.seen and verdict.ok:
            sys.stdout.write(f"    look: {test.seen}?\n")
    return results


def tried(repl: Repl, test: Test, board: str) -> Verdict:
    """What the board refuses is a verdict too. Raises BoardError for a port that is gone."""
    try:
        return bench.measure(repl, test, board)
    except BoardError as error:
        if error.code != Code.NOT_INSTALLED:
            raise
        said = str(error).removeprefix("the board refuses: ")
        if "ImportError" in said or "no module" in said:
            return Verdict(False, said, "the firmware is not on the board: run lapel flash first")
        advice = _ABSENT + ("; left out on purpose? then this is right" if test.name in _OPTIONAL else "")
        return Verdict(False, said, advice)
