"""Puts the house together: the settings choose the engines, and the relay's sessions share them."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
from contextlib import AsyncExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self

import platformdirs

from . import models
from .assistant import endpoints
from .assistant.acting import Acting
from .assistant.assistant import LocalFirstAssistant, system_prompt
from .assistant.endpoints import Endpoint, EndpointError
from .assistant.household import Household
from .assistant.intents import Matcher
from .assistant.likeness import Encoder
from .assistant.llm import LanguageModel
from .assistant.local_model import LocalModel, LocalModelError
from .config import Config, VoiceConfig, quiet_hours
from .desks import Desk
from .devices.room import DeviceRoom
from .hearing import Hearing
from .latest import Latest
from .models import ModelError, Progress
from .notices import Notices, QuietHours
from .services import History, Unanswerable
from .session import Services
from .speech import Speech, SpeechError, SpeechSettings
from .speech import needed_models as speech_models
from .store.history import SqlHistory
from .store.keeping import SqlKeeping
from .voice import TextToSpeech, VoiceError, make_engine
from .voice import needed_models as voice_models
from .voice.desk import VoiceDesk

if TYPE_CHECKING:
    from .assistant.mcp_tools import McpServers

log = logging.getLogger(__name__)

_LOADING_S = 12.0  # the pin waits 15 for an answer
_BRING_AGAIN_S = 60.0  # a registry that is down, or a disk that somebody is clearing
_ENCODER = "minilm"  # in the model catalogue
_ACTING = frozenset({"qwen"})  # models inside Lapel whose actions are to be trusted; the tiny one's are not
_WARM_AFTER_S = 30.0  # reading a thousand tokens ahead must not hold up the first questions
_AT_ONCE = ("notices", "llm", "history", "skills", "mcp", "voice", "speech")  # what needs no restart
_REACH_AGAIN_S = 20.0  # a server at home that is being restarted is back within a minute


def speech_settings(config: Config) -> SpeechSettings:
    """The speech engines' part of the settings."""
    speech = config.speech
    return SpeechSettings(speech.language, speech.url, speech.key, speech.model)


def chosen_endpoint(config: Config) -> Endpoint | None:
    """The language model that the owner chose; None means the one inside Lapel. Raises EndpointError."""
    return endpoints.chosen(config.llm.url, config.llm.key, config.llm.model)


def needed_models(config: Config) -> list[str]:
    """Models of the catalogue that these settings need."""
    local = [] if chosen_endpoint(config) else [config.llm.embedded]
    if config.llm.embedded in _ACTING and local:
        local.append(_ENCODER)
    return local + speech_models(speech_settings(config)) + voice_models(config.voice)


class House:
    """`async with House(config) as house` has loaded its engines; `services` is what sessions need.

    A language model that is not here yet is fetched meanwhile, if `fetch_model`: what needs none is answered
    at once.
    Raises SpeechError, HistoryError, ModelError, or EndpointError for an address that is none.
    """

    def __init__(self, config: Config, history: History | None = None, fetch_model: bool = True) -> None:
        self.progress: Progress | None = None  # of the language model's download, while there is one
        self._config = config
        self._history = history
        self._fetch_model = fetch_model
        self._endpoint: Endpoint | None = None
        self._waiting_for = "The language model is being loaded. Ask again in a moment."
        self._bringing: asyncio.Task[None] | None = None
        self._decided = asyncio.Event()  # the language model is ready, or could not be had
        self._local: LocalModel | None = None
        self._servers: McpServers | None = None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            self._hearing = Hearing(await self._bring_speech(self._config))
            stack.push_async_callback(self._hearing.close)
            self._speeches = Latest("speech", self._change_speech)
            stack.push_async_callback(self._speeches.close)
            self._model = LanguageModel(self._ready_endpoint)
            stack.push_async_callback(self._model.close)
            history = self._history
            if history is None:
                kept = SqlHistory.in_home(self._config.home, self._config.history.days)
                stack.push_async_callback(kept.close)
                history = kept
            chosen = chosen_endpoint(self._config)
            bringing = self._reach(chosen) if chosen else self._bring_local_model()
            stack.push_async_callback(self._stop_model)
            self._bringing = asyncio.create_task(bringing, name="language model")
            if chosen:
                await self.model_ready()  # milliseconds, unless it is down
            self.devices = devices = await stack.enter_async_context(DeviceRoom(self._config.home))
            assistant = await self._assistant(stack)
            self.voice = self._voice(stack)
            desks: tuple[Desk, ...] = (*devices.desks, self.notices, self.voice)
            self.services = Services(self._hearing, assistant, history, desks, self.voice)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _bring_speech(self, config: Config) -> Speech:
        """Loaded. Raises SpeechError, ModelError."""
        settings = speech_settings(config)
        for name in speech_models(settings):
            await self._fetch(name)
        speech = Speech(settings)
        try:
            await speech.load()
        except BaseException:
            await speech.close()
            raise
        return speech

    async def _change_speech(self, config: Config) -> None:
        """The engines before hear until the others are there."""
        try:
            self._hearing.exchange(await self._bring_speech(config))
        except (SpeechError, ModelError) as error:
            log.error("speech is heard as before: %s", error)

    def _voice(self, stack: AsyncExitStack) -> VoiceDesk:
        voice = self._config.voice
        desk = VoiceDesk(make_engine(voice) if voice.on else None)
        stack.push_async_callback(desk.close)
        self._voices = Latest("voice", self._change_voice)
        stack.push_async_callback(self._voices.close)
        if desk.engine is not None:
            bringing = asyncio.create_task(self._bring_voice(desk.engine, voice), name="voice")
            stack.push_async_callback(_ended, bringing)
        return desk

    async def _change_voice(self, voice: VoiceConfig) -> None:
        """The one before speaks until the other one is there; without any it is silent at once."""
        engine = make_engine(voice) if voice.on else None
        if engine is not None:
            try:
                await self._bring_voice(engine, voice)
            except BaseException:
                await engine.close()
                raise
        await self.voice.exchange(engine)

    async def _bring_voice(self, engine: TextToSpeech, voice: VoiceConfig) -> None:
        """Beside everything else: an answer is read before it is heard."""
        try:
            if self._fetch_model:
                for name in voice_models(voice):
                    await self._fetch(name)
            await engine.start()
        except (ModelError, VoiceError) as error:
            log.error("no voice yet: %s", error)

    async def _assistant(self, stack: AsyncExitStack) -> LocalFirstAssistant:
        """The skills and what chooses among them; `stack` closes them."""
        config = self._config
        self.keeping = keeping = SqlKeeping.in_home(config.home)
        stack.push_async_callback(keeping.close)
        self.notices = Notices(QuietHours(*quiet_hours(config.notices)))
        stack.push_async_callback(self.notices.close)
        self.household = Household(
            config.skills_home or config.home,
            config.skills,
            keeping.store,
            keeping,
            self.notices,
            language=_skills_language(config),
        )
        await self.household.load()
        stack.push_async_callback(self.household.close)
        self.household.start()
        acting = Acting(self.household)
        matcher = await asyncio.to_thread(Matcher, self.household.tools)  # it parses hundreds of templates
        self._answering = assistant = LocalFirstAssistant(self._model, acting, matcher)
        self.notices.serve(acting, assistant)
        stack.push_async_callback(self._stop_servers)
        await self._change_servers(config)
        self._skills = Latest("skills", self._change_skills)
        stack.push_async_callback(self._skills.close)
        stack.push_async_callback(_ended, asyncio.create_task(self._prepare(assistant), name="requests"))
        return assistant

    def apply(self, config: Config) -> bool:
        """Takes over what of changed settings counts at once; True if that is all that has changed.

        Where the relay and its page listen may be another for this run, and how long history is kept is its
        owner's affair: neither is looked at.
        """
        before = self._config
        at_once = {name: getattr(config, name) for name in _AT_ONCE}
        here = self._config = dataclasses.replace(before, **at_once)
        self.notices.quiet = QuietHours(*quiet_hours(config.notices))
        if config.llm != before.llm:
            self._exchange_model()
        if config.speech != before.speech:
            self._speeches.want(here)
        if config.voice != before.voice:
            self._voices.want(config.voice)
        self._skills.want(here)
        return here == dataclasses.replace(config, relay=here.relay, console=here.console)

    async def settled(self) -> None:
        """Waits until what `apply` took over counts, but for a language model."""
        await self._skills.done()
        await self._voices.done()
        await self._speeches.done()

    async def _change_skills(self, config: Config) -> None:
        """Between turns, and with it what chooses among them."""
        if await self.household.exchange(config.skills, _skills_language(config)):
            self._answering.relearn(await asyncio.to_thread(Matcher, self.household.tools))
        await self._change_servers(config)

    async def _change_servers(self, config: Config) -> None:
        if self._servers is None and config.mcp:
            servers = await asyncio.to_thread(_servers_class)
            self._servers = servers({}, self.household)
        if self._servers is not None:
            await self._servers.exchange(config.mcp)

    async def _stop_servers(self) -> None:
        if self._servers is not None:
            await self._servers.close()

    def _exchange_model(self) -> None:
        """Another language model from now on; the one before ends."""
        before, local = self._bringing, self._local
        if before is not None:
            before.cancel()
        self._endpoint = self._local = None
        self._waiting_for = "The language model is being changed. Ask again in a moment."
        self._decided = asyncio.Event()
        self._bringing = asyncio.create_task(self._exchanged(before, local), name="language model")

    async def _exchanged(self, before: asyncio.Task[None] | None, local: LocalModel | None) -> None:
        if before is not None:
            await asyncio.gather(before, return_exceptions=True)
        if local is not None:
            await local.stop()
        self._decided.clear()  # what was cancelled has set it
        chosen = chosen_endpoint(self._config)
        await (self._reach(chosen) if chosen else self._bring_local_model())
        await self._prepare(self._answering)

    async def _prepare(self, assistant: LocalFirstAssistant) -> None:
        """What a model without tool calls needs to act: told from questions by meaning, and read ahead."""
        if not await self.model_ready() or await self._model.way_of_tools() != "json":
            return
        try:
            if self._fetch_model:
                await self._fetch(_ENCODER)
            if models.is_ready(_ENCODER):
                kept = platformdirs.user_cache_path("lapel") / "examples"
                await assistant.learn(await asyncio.to_thread(Encoder, models.path(_ENCODER), kept))
            await asyncio.sleep(_WARM_AFTER_S)
            await assistant.warm()
        except (ModelError, OSError, Unanswerable) as error:
            log.warning("requests are told from questions by their words alone: %s", error)

    async def model_ready(self) -> bool:
        """Waits until the language model can answer; False if it cannot be brought (the log says why)."""
        await self._decided.wait()
        return self._endpoint is not None

    async def _ready_endpoint(self) -> Endpoint:
        if self._endpoint is None and self._local is not None:
            # A relay that was killed in the middle of a question is asked again before its model is loaded.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._decided.wait(), _LOADING_S)
        if self._local is not None and self._endpoint is not None:
            # After a crash it may have come back on another port.
            return dataclasses.replace(self._endpoint, base_url=self._local.base_url)
        if self._endpoint is not None:
            return self._endpoint
        if self.progress is not None and self.progress.total_bytes:
            percent = 100 * self.progress.done_bytes // self.progress.total_bytes
            raise Unanswerable(f"The language model is still arriving: {percent} %.")
        raise Unanswerable(self._waiting_for)

    async def _bring_local_model(self) -> None:
        name = self._config.llm.embedded
        if not self._fetch_model and not models.is_ready(name):
            self._waiting_for = "The language model is not here yet. Run: lapel models fetch"
            self._decided.set()
            return
        while self._endpoint is None:
            try:
                await self._fetch(name)
                self._local = local = LocalModel(models.path(name))
                await local.start()
                await local.warm(system_prompt())
                tools = self._config.llm.tools
                if tools == "auto":
                    tools = "json" if name in _ACTING else "none"
                self._endpoint = Endpoint(local.base_url, local.api_key, name, f"{name}, inside Lapel", tools)
                await self._model.prepare()
            except (ModelError, LocalModelError) as error:
                log.error("no language model: %s", error)
                self._waiting_for = "There is no language model yet. The relay's log says why."
            finally:
                self.progress = None
                self._decided.set()
            if self._endpoint is None:
                await asyncio.sleep(_BRING_AGAIN_S)

    async def _reach(self, chosen: Endpoint) -> None:
        """Asks the owner's endpoint until it answers: it may be started later than the relay."""
        while self._endpoint is None:
            try:
                resolved = await endpoints.resolved(chosen)
                self._endpoint = dataclasses.replace(resolved, tools=self._config.llm.tools)
                await self._model.prepare()
            except EndpointError as error:
                log.error("no language model: %s", error)
                self._waiting_for = "The language model cannot be reached."
            finally:
                self._decided.set()
            if self._endpoint is None:
                await asyncio.sleep(_REACH_AGAIN_S)

    async def _stop_model(self) -> None:
        if self._bringing is not None:
            self._bringing.cancel()
            await asyncio.gather(self._bringing, return_exceptions=True)
        if self._local is not None:
            await self._local.stop()

    async def _fetch(self, name: str) -> None:
        if models.is_ready(name):
            return
        size = models.missing_bytes([name])
        log.warning("the model %s is not here yet: downloading %.0f MB", name, size / 1e6)
        await models.fetch(name, self._note)
        log.warning("the model %s has arrived", name)

    def _note(self, progress: Progress) -> None:
        self.progress = progress


def _skills_language(config: Config) -> str:
    return "zh" if config.speech.language == "zh" else "en"


def _servers_class() -> type[McpServers]:
    from .assistant.mcp_tools import McpServers  # half a second, and few have any

    return McpServers


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
