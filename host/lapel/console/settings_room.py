"""The page of settings: the same `config.toml` that the command line reads."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any, get_type_hints

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from .. import config, config_file
from ..assistant import endpoints
from ..assistant.endpoints import Endpoint, EndpointError
from ..assistant.library import OFF, Skill
from ..assistant.llm import LanguageModel
from ..config import Config, ConfigError
from ..services import Unanswerable
from ..skills import Secret
from ..speech import SAMPLE_RATE_HZ, SpeechError
from ..speech.openai_stt import OpenAiSpeech
from ..virtual.samples import find
from ..voice import VoiceError, make_engine
from ..wav import read_wav
from .door import fields

log = logging.getLogger(__name__)

TEST_S = 30.0  # a large model on a small machine loads before it answers
_KINDS = {str: "text", int: "number", float: "number", bool: "switch"}
_SPOKEN = "This is the voice of your pin."
BYTES_PER_S = 2 * SAMPLE_RATE_HZ
_SECRETS = frozenset({"key"})
# What the page offers. Where the relay listens is for whoever sits at its command line.
_TABLES = ("speech", "llm", "voice", "history", "notices")
_CHOICES = {
    ("speech", "language"): ["en", "zh", "auto"],
    ("llm", "tools"): ["auto", "native", "json", "none"],
}


class SettingsRoom:
    """Routes below /api/settings. `apply` takes what counts at once and says whether that was all of it;
    `restart` starts Lapel again with the rest."""

    def __init__(
        self,
        settings: Config,
        skills: Callable[[], list[Skill]],
        apply: Callable[[Config], bool],
        restart: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._skills = skills
        self._apply = apply
        self._restart = restart
        self._testing = asyncio.Lock()

    @property
    def routes(self) -> list[BaseRoute]:
        return [
            Route("/api/settings", self._read),
            Route("/api/settings", self._write, methods=["POST"]),
            Route("/api/settings/test", self._test, methods=["POST"]),
            Route("/api/restart", self._again, methods=["POST"]),
        ]

    async def _read(self, request: Request) -> Response:
        try:
            current = await asyncio.to_thread(config.load, self._settings.home)
        except ConfigError as error:
            return JSONResponse({"error": str(error)}, 500)
        return JSONResponse(
            {
                "tables": [_table(name, getattr(current, name)) for name in _TABLES],
                "skills": [_skill(skill, current.skills.get(skill.name, {})) for skill in self._skills()],
                "mcp": [{"name": name, **_plain(table)} for name, table in current.mcp.items()],
            }
        )

    async def _write(self, request: Request) -> Response:
        body = await fields(request, changes=dict)
        if isinstance(body, Response):
            return body
        changes = body["changes"]
        for name, values in changes.items():
            if name not in _TABLES and not name.startswith(("skills.", "mcp.")):
                return JSONResponse({"error": f"[{name}] cannot be changed from here."}, 400)
            if not isinstance(values, dict):
                return JSONResponse({"error": f"[{name}]: expected an object of settings."}, 400)
        try:
            changed = await asyncio.to_thread(config_file.change, self._settings.home, changes)
        except ConfigError as error:
            return JSONResponse({"error": str(error)}, 400)
        self._settings = changed  # what a test button goes on
        log.info("settings changed on the page: %s", ", ".join(sorted(changes)))
        return JSONResponse({"restart": not self._apply(changed)})

    async def _again(self, request: Request) -> Response:
        asyncio.get_running_loop().call_later(0.2, self._restart)  # the answer first
        return JSONResponse({})

    async def _test(self, request: Request) -> Response:
        """Asks an endpoint something small and says how long it took."""
        body = await fields(request, kind=str, url=str, key=str, model=str)
        if isinstance(body, Response):
            return body
        tests = {"llm": self._ask_model, "speech": self._transcribe, "voice": self._speak}
        if body["kind"] not in tests:
            return JSONResponse({"error": f"kind: expected one of {', '.join(tests)}."}, 400)
        key = body["key"] or getattr(self._settings, body["kind"]).key
        async with self._testing:
            began = time.monotonic()
            try:
                async with asyncio.timeout(TEST_S):
                    said = await tests[body["kind"]](body["url"], key, body["model"])
            except TimeoutError:
                return JSONResponse({"error": f"No answer within {TEST_S:.0f} s."}, 502)
            except (EndpointError, SpeechError, VoiceError, Unanswerable) as error:
                return JSONResponse({"error": str(error)}, 502)
        return JSONResponse({"said": said, "ms": round((time.monotonic() - began) * 1000)})

    async def _ask_model(self, url: str, key: str, model: str) -> str:
        chosen = await endpoints.resolved(endpoints.chosen(url, key, model) or _nobody())
        asked = LanguageModel(_always(chosen))
        try:
            words = [{"role": "user", "content": "Say OK."}]
            return "".join([piece async for piece in asked.stream(words, max_tokens=8)])
        finally:
            await asked.close()

    async def _transcribe(self, url: str, key: str, model: str) -> str:
        pcm = await asyncio.to_thread(read_wav, find("time").wav)
        engine = OpenAiSpeech(url, key, model)
        try:
            return await engine.transcribe(pcm, self._settings.speech.language)
        finally:
            await engine.close()

    async def _speak(self, url: str, key: str, model: str) -> str:
        chosen = dataclasses.replace(self._settings.voice, url=url, key=key, model=model)
        engine = make_engine(chosen)
        try:
            pcm = await engine.speak(_SPOKEN, "en")
        finally:
            await engine.close()
        return f"{_SPOKEN} ({len(pcm) / BYTES_PER_S:.1f} s)"


def _always(endpoint: Endpoint) -> Callable[[], Awaitable[Endpoint]]:
    async def given() -> Endpoint:
        return endpoint

    return given


def _nobody() -> Endpoint:
    raise EndpointError("Name an address, such as http://127.0.0.1:11434/v1.")


def _table(name: str, values: Any) -> dict[str, Any]:
    hints = get_type_hints(type(values))
    described = []
    for field in dataclasses.fields(values):
        value = getattr(values, field.name)
        variable = config.ENVIRONMENT.get(name, {}).get(field.name, "")
        secret = field.name in _SECRETS
        least, most = config.LIMITS.get(name, {}).get(field.name, (None, None))
        described.append(
            {
                "key": field.name,
                "kind": "secret" if secret else _KINDS[hints[field.name]],
                "value": bool(value) if secret else value,
                "default": "" if secret else field.default,
                "least": least,
                "most": most,
                "choices": _CHOICES.get((name, field.name)),
                "fixed": variable if os.environ.get(variable) else "",
            }
        )
    return {"table": name, "fields": described}


def _skill(skill: Skill, table: dict[str, Any]) -> dict[str, Any]:
    described: list[dict[str, Any]] = []
    cls: Any = getattr(skill.module, "Settings", None)
    if isinstance(cls, type) and dataclasses.is_dataclass(cls):
        hints = get_type_hints(cls)
        for field in dataclasses.fields(cls):
            hint = hints[field.name]
            default = field.default if field.default is not dataclasses.MISSING else ""
            current = getattr(skill.settings, field.name, default)
            if hint is Secret:
                described.append(
                    {"key": field.name, "kind": "secret", "value": bool(current), "fixed": "keyring"}
                )
            elif hint in _KINDS:
                value = table.get(field.name, current)
                described.append(
                    {"key": field.name, "kind": _KINDS[hint], "value": value, "default": default, "fixed": ""}
                )
    return {
        "name": skill.name,
        "origin": skill.origin,
        "on": skill.failure != OFF,
        "failure": "" if skill.failure == OFF else skill.failure,
        "about": (getattr(skill.module, "__doc__", "") or "").strip().partition("\n")[0],
        "fields": described,
    }


def _plain(table: dict[str, Any]) -> dict[str, Any]:
    """What of an MCP server's table may be shown: no environment and no headers, which hold keys."""
    return {key: value for key, value in table.items() if key in ("command", "url", "on", "trusted")}
