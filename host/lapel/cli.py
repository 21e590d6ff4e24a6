"""`lapel`: one small command per thing to do. Each lives in `lapel.commands`."""

from __future__ import annotations

import argparse
import errno
import importlib
import logging
import signal
import sys
from types import ModuleType
from typing import NoReturn

from . import __version__
from .config import ConfigError

# Imported when chosen: `lapel pins` must not wait for speech engines.
_COMMANDS = {
    "run": "a relay and a virtual pin to play with, here in the terminal",
    "relay": "serve your pins",
    "pin": "a virtual pin for a relay that is running, or this computer as one",
    "ask": "ask one question with a virtual pin and report what the palm shows",
    "flash": "make a pin of the board on this computer's USB",
    "ticket": "let another computer flash a pin for this relay",
    "bench-test": "try each part of a pin you build, over its cable",
    "monitor": "watch a pin's log over its cable",
    "update": "bring this computer's firmware onto pins over the air",
    "intent": "show where a sentence would go, without doing it",
    "skill": "list what Lapel can do, or begin a skill of your own",
    "memory": "search, export or erase what Lapel keeps; edit what it remembers",
    "pair": "make a key for a new pin",
    "pins": "list the paired pins, change, rekey or revoke one",
    "models": "list the models, fetch one, check them",
    "doctor": "check everything and say what to do",
    "preview": "draw a text as a palm would show it, and say how well",
    "power": "how long a pin's battery lasts, from its parts and a described day",
    "palm": "replay a recording of the palm sensor through the pin's tracker and gestures",
    "calibrate": "fit a pin's light to its mirrors",
    "bench": "measure latency, load and the audio path",
    "metrics": "a token for a Prometheus that reads the relay's figures",
    "service": "run the relay whenever this computer runs (systemd)",
}
_LOG_LEVELS = ("debug", "info", "warning", "error")

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130


class CommandError(Exception):
    """A command cannot do what was asked; the text says why and what to do."""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Runs the command line and exits with its code: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
    # Told to end, or its terminal closed, a command tidies up as after Ctrl-C: it may have a temporary home.
    # Not to be taken for granted is SIGINT itself: what a script starts in the background ignores it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        sys.exit(_run(sys.argv[1:] if arguments is None else arguments))
    except KeyboardInterrupt:  # also while a command's engines are imported, which takes a second
        sys.exit(EXIT_INTERRUPTED)


def _run(arguments: list[str]) -> int:
    chosen = _chosen(arguments)
    parser = _parser(chosen)
    options = parser.parse_args(arguments)
    logging.basicConfig(
        level=options.log.upper(),
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    # Their info lines say each socket and request; ours say what they were for.
    for noisy in ("websockets", "httpx", "httpx2", "httpcore", "openai"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.root.level))
    if chosen is None:
        parser.print_help()
        return 0
    try:
        return int(_module(chosen).run(options))
    except BrokenPipeError:  # `lapel pins | head`
        sys.stderr.close()
        return EXIT_FAILED
    except OSError as error:  # of Lapel's home, most likely: nothing to be done without it
        reason = _disk_reason(error)
        if not reason:
            raise
        sys.stderr.write(f"lapel {chosen}: {reason}\n")
        return EXIT_FAILED
    except Exception as error:
        if not _is_ours(error):
            raise
        sys.stderr.write(f"lapel {chosen}: {error}\n")
        return EXIT_FAILED


def _disk_reason(error: OSError) -> str:
    """What is wrong with a file or its disk, as a sentence for the owner; "" for another error."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full; free some space, or set LAPEL_HOME to another disk"
    if error.filename is None:
        return ""
    return f"{error.filename}: {error.strerror}; check the path and who owns it, or set LAPEL_HOME"


def _is_ours(error: Exception) -> bool:
    """Whether the error's text is a sentence for the owner rather than a bug of ours."""
    if isinstance(error, CommandError | ConfigError):
        return True
    return type(error).__module__.startswith("lapel") and type(error).__name__.endswith(("Error", "Missing"))


def _chosen(arguments: list[str]) -> str | None:
    return next((word for word in arguments if word in _COMMANDS), None)


def _parser(chosen: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lapel", description="Ask by voice, read the answer in light on your palm, everything at home."
    )
    parser.add_argument("--version", action="version", version=f"lapel {__version__}")
    parser.add_argument(
        "--log", choices=_LOG_LEVELS, default="warning", help="how much to log (default: warning)"
    )
    parser.add_argument("--log-json", action="store_true", help="log the relay as JSON, a line each")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, summary in _COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        if name == chosen:
            _module(name).add_arguments(command)
    return parser


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"lapel.commands.{name.replace('-', '_')}")
