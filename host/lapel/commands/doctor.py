"""`lapel doctor`: every part looked at, and for what is wrong a sentence that says what to do."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import socket
import stat
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table

from .. import config, models
from ..assistant.endpoints import EndpointError, offers, resolved
from ..devices import control
from ..devices.certificate import server_context
from ..devices.pins import Pins, PinsError
from ..house import chosen_endpoint, needed_models, speech_settings
from ..speech import Speech, SpeechError
from ..store.history import HistoryError, SqlHistory
from ..virtual.interpreter import InterpreterMissing, find_interpreter
from ..voice import VoiceError, make_engine

_FREE_BYTES = 500_000_000  # a year of history, a log, and an update
_OK, _WARN, _FAIL = "ok", "warning", "failed"


@dataclass(frozen=True)
class Finding:
    """One part: `state` is ok, warning (something works less well) or failed."""

    part: str
    state: str
    detail: str
    advice: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--port",
        nargs="?",
        const="",
        metavar="PORT",
        help="look at the board on this port instead (default: the only one there is)",
    )


def run(options: argparse.Namespace) -> int:
    findings = examine() if options.port is None else _board(options.port)
    if options.json:
        sys.stdout.write(json.dumps([asdict(finding) for finding in findings]) + "\n")
    else:
        _show(findings)
    return 1 if any(finding.state == _FAIL for finding in findings) else 0


def examine() -> list[Finding]:
    """All findings. Without a readable config.toml the parts that depend on it cannot be looked at."""
    findings = [_python(), _interpreter()]
    try:
        settings = config.load()
    except config.ConfigError as error:
        return [*findings, Finding("settings", _FAIL, str(error), "mend it")]
    checks: tuple[Callable[[config.Config], Finding], ...] = (
        _home, _disk, _certificate, _pins, _history, _port, _speech, _voice, _models, _language_model,
    )  # fmt: skip
    return findings + [check(settings) for check in checks]


def _board(port: str) -> list[Finding]:
    """What is wrong with the board on this computer's USB."""
    from ..devices import board_check  # brings the tools for boards, which nobody else needs

    home = config.load().home

    def connected(pin: str) -> bool:
        try:
            return any(e["pin"] == pin and e["connected"] for e in control.ask(home, "pins"))
        except control.ControlError:
            return False

    found = board_check.examine(port or None, connected)
    return [Finding(one.part, one.state, one.detail, one.advice) for one in found]


def _python() -> Finding:
    return Finding("python", _OK, ".".join(map(str, sys.version_info[:3])))


def _interpreter() -> Finding:
    try:
        return Finding("virtual pin", _OK, f"MicroPython at {find_interpreter()}")
    except InterpreterMissing as error:
        return Finding("virtual pin", _WARN, str(error), "real pins work without it")


def _home(settings: config.Config) -> Finding:
    home = settings.home
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe_file = home / ".doctor"
        probe_file.write_text("", "utf-8")
        probe_file.unlink()
    except OSError as error:
        return Finding("home", _FAIL, f"{home}: {error.strerror}", "make it writable, or set LAPEL_HOME")
    return Finding("home", _OK, str(home))


def _disk(settings: config.Config) -> Finding:
    try:
        free = shutil.disk_usage(settings.home).free
    except OSError as error:
        return Finding("disk", _FAIL, str(error), "set LAPEL_HOME to a folder that exists")
    detail = f"{free / 1e9:.1f} GB free"
    return (
        Finding("disk", _OK, detail) if free >= _FREE_BYTES else Finding("disk", _WARN, detail, "free some")
    )


def _certificate(settings: config.Config) -> Finding:
    try:
        server_context(settings.home)
    except (OSError, ValueError) as error:
        advice = "restore relay.pem from a backup; a new one means pairing every pin again"
        return Finding("certificate", _FAIL, str(error), advice)
    return Finding("certificate", _OK, "self-signed, pinned by every pin")


def _pins(settings: config.Config) -> Finding:
    try:
        count = len(Pins(settings.home).all())
    except PinsError as error:
        return Finding("pins", _FAIL, str(error), "see above")
    path = settings.home / "pins.json"
    if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
        return Finding("pins", _FAIL, f"{path} can be read by others", f"chmod 600 {path}")
    if count == 0:
        return Finding("pins", _WARN, "none is paired", "pair one with: lapel pair")
    return Finding("pins", _OK, f"{count} paired")


def _history(settings: config.Config) -> Finding:
    async def open_and_close() -> None:
        history = SqlHistory.in_home(settings.home, settings.history.days)
        await history.latest(1)
        await history.close()

    try:
        asyncio.run(open_and_close())
    except HistoryError as error:
        return Finding("history", _FAIL, str(error), "see above")
    return Finding("history", _OK, f"kept for {settings.history.days} days")


def _port(settings: config.Config) -> Finding:
    host, port = settings.relay.host, settings.relay.port
    try:
        with socket.create_server((host, port)):
            return Finding("relay", _OK, f"{host} port {port} is free; start it with: lapel relay")
    except OSError as error:
        try:
            with socket.create_connection((host, port), timeout=2):
                return Finding(
                    "relay", _OK, f"something answers on {host} port {port}: a relay, if you started one"
                )
        except OSError:
            advice = "choose another address or port in config.toml"
            return Finding("relay", _FAIL, f"{host} port {port}: {error.strerror}", advice)


def _speech(settings: config.Config) -> Finding:
    async def load() -> None:
        speech = Speech(speech_settings(settings))
        try:
            await speech.load()
        finally:
            await speech.close()

    try:
        asyncio.run(load())
    except SpeechError as error:
        return Finding("speech", _FAIL, str(error), "lapel models fetch")
    where = settings.speech.url or "engines inside Lapel"
    return Finding("speech", _OK, f"language {settings.speech.language}, {where}")


def _voice(settings: config.Config) -> Finding:
    voice = settings.voice
    if not voice.on:
        return Finding(
            "voice", _OK, "off; answers are read only", "[voice] on = true, if a pin has a speaker"
        )

    async def speak() -> float:
        engine = make_engine(voice)
        try:
            return len(await engine.speak("Hello.", "en")) / 32_000  # 16 kHz, 16 bit
        finally:
            await engine.close()

    try:
        seconds = asyncio.run(speak())
    except VoiceError as error:
        return Finding("voice", _WARN, str(error), "answers are still read on the palm")
    return Finding("voice", _OK, f"{voice.url or 'Piper'} said hello in {seconds:.1f} s of sound")


def _models(settings: config.Config) -> Finding:
    try:
        missing = [name for name in needed_models(settings) if not models.is_ready(name)]
    except models.ModelError as error:
        return Finding("models", _FAIL, str(error), "mend [llm] embedded in config.toml")
    if missing:
        size = models.missing_bytes(missing) / 1e6
        return Finding(
            "models", _WARN, f"not here: {', '.join(missing)} ({size:.0f} MB)", "lapel models fetch"
        )
    return Finding("models", _OK, "all that these settings need are here")


def _language_model(settings: config.Config) -> Finding:
    try:
        endpoint = chosen_endpoint(settings)
        if endpoint is None:
            return Finding("language model", _OK, f"{settings.llm.embedded}, inside Lapel", _offers())
        endpoint = asyncio.run(resolved(endpoint))
    except EndpointError as error:
        return Finding("language model", _FAIL, str(error), "start it, or mend [llm] in config.toml")
    return Finding("language model", _OK, f"{endpoint.base_url}, {endpoint.model}")


def _offers() -> str:
    """What the owner could choose instead."""
    found = asyncio.run(offers())
    return "; ".join(f'[llm] url = "{offer.base_url}" would use {offer.name}' for offer in found)


def _show(findings: list[Finding]) -> None:
    colours = {_OK: "green", _WARN: "yellow", _FAIL: "red"}
    table = Table("part", "state", "what there is", "what to do")
    for finding in findings:
        state = f"[{colours[finding.state]}]{finding.state}"
        table.add_row(finding.part, state, finding.detail, finding.advice)
    Console().print(table)
