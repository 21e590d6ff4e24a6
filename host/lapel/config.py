"""The owner's settings: `config.toml` in Lapel's home, and the few environment variables above it."""

from __future__ import annotations

import datetime
import ipaddress
import os
import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import platformdirs
from lapel_wire import PORT

# What may stand for a number: fewest and most.
LIMITS = {
    "relay": {"port": (0, 65_535), "max_pins": (1, 10_000)},  # port 0: whichever is free
    "history": {"days": (0, 36_500)},
    "console": {"port": (0, 65_535)},
}
ENVIRONMENT = {
    "speech": {"url": "LAPEL_STT_URL", "key": "LAPEL_STT_KEY", "model": "LAPEL_STT_MODEL"},
    "voice": {"url": "LAPEL_TTS_URL", "key": "LAPEL_TTS_KEY", "model": "LAPEL_TTS_MODEL"},
    "llm": {"url": "LAPEL_LLM_URL", "key": "LAPEL_LLM_KEY", "model": "LAPEL_LLM_MODEL"},
}
_TOOLS = ("auto", "native", "json", "none")


class ConfigError(Exception):
    """A setting that cannot be used; the text says which, what was expected and what to do."""


@dataclass(frozen=True)
class RelayConfig:
    host: str = "127.0.0.1"
    port: int = PORT
    public: str = ""  # where pins away from home reach it, as "name.example.org:5273": tried after the first
    max_pins: int = 200  # connections beyond this are refused before they cost memory


@dataclass(frozen=True)
class SpeechConfig:
    language: str = "en"  # en, zh, de, ... or auto
    url: str = ""  # an OpenAI-compatible /v1 with audio/transcriptions; empty: the engines inside Lapel
    key: str = ""
    model: str = "whisper-1"


@dataclass(frozen=True)
class LlmConfig:
    url: str = ""  # an OpenAI-compatible /v1 with chat/completions; empty: the model inside Lapel
    key: str = ""
    model: str = ""
    embedded: str = "qwen"  # name in the model catalogue
    tools: str = "auto"  # how the model acts: native, json, none; auto asks it once


@dataclass(frozen=True)
class VoiceConfig:
    on: bool = False  # answers are spoken, too, by pins with a speaker that nobody silenced
    url: str = ""  # an OpenAI-compatible /v1 with audio/speech; empty: Piper (the extra lapel[voice])
    key: str = ""
    model: str = "tts-1"
    voice: str = ""  # the server's name of it, or Piper's: of the model catalogue, or a path of an .onnx
    voice_zh: str = ""  # for answers in Chinese; Piper has none here, so they stay silent without it


@dataclass(frozen=True)
class HistoryConfig:
    days: int = 30  # how long conversations are kept; 0 keeps none


@dataclass(frozen=True)
class ConsoleConfig:
    on: bool = True
    host: str = "127.0.0.1"  # another of this computer's addresses lets phones in, over TLS
    port: int = PORT + 1


@dataclass(frozen=True)
class LogConfig:
    json: bool = False  # a line each for whoever collects logs, in place of text


@dataclass(frozen=True)
class NoticesConfig:
    quiet_from: str = ""  # "22:00": from then on only what is urgent knocks ...
    quiet_to: str = ""  # "07:00": ... until then


@dataclass(frozen=True)
class Config:
    """All settings; `home` is the folder that holds them with the keys and the history."""

    home: Path
    relay: RelayConfig = field(default_factory=RelayConfig)
    speech: SpeechConfig = field(default_factory=SpeechConfig)
    llm: LlmConfig = field(default_factory=LlmConfig)
    voice: VoiceConfig = field(default_factory=VoiceConfig)
    history: HistoryConfig = field(default_factory=HistoryConfig)
    console: ConsoleConfig = field(default_factory=ConsoleConfig)
    notices: NoticesConfig = field(default_factory=NoticesConfig)
    log: LogConfig = field(default_factory=LogConfig)
    skills: dict[str, dict[str, Any]] = field(default_factory=dict)  # each skill checks its own
    mcp: dict[str, dict[str, Any]] = field(default_factory=dict)  # servers of tools, by name
    skills_home: Path | None = None  # whose folder `skills` is read, if not this home's


TABLES: dict[str, type] = {
    "relay": RelayConfig,
    "speech": SpeechConfig,
    "llm": LlmConfig,
    "history": HistoryConfig,
    "console": ConsoleConfig,
    "notices": NoticesConfig,
    "log": LogConfig,
    "voice": VoiceConfig,
}


def default_home() -> Path:
    """LAPEL_HOME, or this system's folder for a user's data."""
    named = os.environ.get("LAPEL_HOME")
    return Path(named).expanduser() if named else Path(platformdirs.user_data_dir("lapel"))


def load(home: Path | None = None) -> Config:
    """Reads `config.toml` (none is fine: defaults) and the environment. Raises ConfigError."""
    home = home or default_home()
    path = home / "config.toml"
    try:
        text = path.read_text("utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read as TOML: {error}") from error
    return parse(text, home)


def parse(text: str, home: Path) -> Config:
    """The settings that this text of a `config.toml` in `home` means. Raises ConfigError."""
    path = home / "config.toml"
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} cannot be read as TOML: {error}") from error
    skills = _named_tables(path, "skills.weather", tables.pop("skills", {}))
    mcp = _named_tables(path, "mcp.lights", tables.pop("mcp", {}))
    for name in tables:
        if name not in TABLES:
            raise ConfigError(f"{path}: unknown table [{name}]; expected one of {', '.join(TABLES)}")
    built = {name: _table(path, name, cls, tables.get(name, {})) for name, cls in TABLES.items()}
    config = Config(home=home, **built, skills=skills, mcp=mcp)
    quiet_hours(config.notices)
    if config.llm.tools not in _TOOLS:
        raise ConfigError(f"{path}: [llm] tools: expected {', '.join(_TOOLS)}, got {config.llm.tools!r}")
    check_listen_address(config.relay.host)
    public_address(config.relay)
    check_listen_address(config.console.host)
    return config


def quiet_hours(notices: NoticesConfig) -> tuple[datetime.time, datetime.time]:
    """When only urgent notices knock; twice the same time is never. Raises ConfigError."""
    if not notices.quiet_from and not notices.quiet_to:
        return datetime.time(0), datetime.time(0)
    try:
        return datetime.time.fromisoformat(notices.quiet_from), datetime.time.fromisoformat(notices.quiet_to)
    except ValueError:
        raise ConfigError(
            "[notices] quiet_from and quiet_to: expected two times such as 22:00 and 07:00, "
            f"got {notices.quiet_from!r} and {notices.quiet_to!r}"
        ) from None


def with_language(config: Config, language: str) -> Config:
    """The same settings for another language."""
    return replace(config, speech=replace(config.speech, language=language))


def _table(path: Path, name: str, cls: type, values: Any) -> Any:
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: expected a table [{name}], got {values!r}")
    expected = {f.name: type(f.default) for f in fields(cls)}
    for key, value in values.items():
        if key not in expected:
            raise ConfigError(f"{path}: [{name}] has no setting {key!r}; expected {', '.join(expected)}")
        if type(value) is not expected[key]:
            raise ConfigError(f"{path}: [{name}] {key}: expected {expected[key].__name__}, got {value!r}")
    for key in values.keys() & LIMITS.get(name, {}).keys():
        least, most = LIMITS[name][key]
        if not least <= values[key] <= most:
            raise ConfigError(f"{path}: [{name}] {key}: expected {least} to {most}, got {values[key]}")
    table = cls(**(values | _environment(name)))
    if getattr(table, "url", ""):
        _check_url(f"{path}: [{name}] url, or {ENVIRONMENT[name]['url']}", table.url)
    return table


def _named_tables(path: Path, such_as: str, tables: Any) -> dict[str, dict[str, Any]]:
    """The tables [skills.NAME] or [mcp.NAME] as they are: what each may hold, its reader says."""
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise ConfigError(f"{path}: expected tables such as [{such_as}], got {tables!r}")
    return tables


def _environment(table: str) -> dict[str, str]:
    """Settings that the environment overrides: endpoints, and keys that do not belong in a file."""
    names = ENVIRONMENT.get(table, {})
    return {key: os.environ[variable] for key, variable in names.items() if os.environ.get(variable)}


def _check_url(setting: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, or half an IPv6 address
        sound = False
    if not sound or any(c.isspace() for c in url):
        raise ConfigError(f"{setting}: expected an address like http://127.0.0.1:8000/v1, got {url!r}")


def public_address(relay: RelayConfig) -> list[tuple[str, int]]:
    """Where pins reach the relay from outside: one address, or none. Raises ConfigError."""
    if not relay.public:
        return []
    try:
        parts = urlsplit(f"//{relay.public}")
        if not parts.hostname or parts.path or any(c.isspace() for c in relay.public):
            raise ValueError
        return [(parts.hostname, parts.port or PORT)]
    except ValueError:
        raise ConfigError(
            f'[relay] public: expected an address like "name.example.org:5273", got {relay.public!r}'
        ) from None


def check_listen_address(host: str) -> None:
    """Refuses to listen everywhere: the owner names the one address that pins reach."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if host:
            return
    else:
        mapped = getattr(address, "ipv4_mapped", None)
        if not (mapped or address).is_unspecified:
            return
    raise ConfigError(
        f"host {host!r} means every network this computer is on; "
        "name one address instead, such as 127.0.0.1 or the one your router gave it"
    )
