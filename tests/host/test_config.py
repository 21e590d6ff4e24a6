"""Settings: defaults, the file, the environment above it, and what cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest
from lapel import config
from lapel.config import Config, ConfigError
from lapel_wire import PORT

VARIABLES = ("STT_URL", "STT_KEY", "STT_MODEL", "LLM_URL", "LLM_KEY", "LLM_MODEL", "TTS_URL", "HOME")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(f"LAPEL_{name}", raising=False)


def load(home: Path, text: str) -> Config:
    (home / "config.toml").write_text(text, "utf-8")
    return config.load(home)


def test_defaults_need_no_file(tmp_path: Path) -> None:
    loaded = config.load(tmp_path)
    assert loaded == Config(home=tmp_path)
    assert (loaded.relay.host, loaded.relay.port) == ("127.0.0.1", PORT)
    assert loaded.speech.language == "en" and loaded.llm.url == "" and loaded.history.days == 30


def test_the_file_and_the_environment_above_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    relay = '[relay]\nhost = "192.0.2.1"\nport = 6000\n'
    loaded = load(tmp_path, relay + '[llm]\nurl = "http://a/v1"\nmodel = "m"\n[history]\ndays = 0\n')
    assert (loaded.relay.host, loaded.relay.port, loaded.llm.url, loaded.history.days) == (
        "192.0.2.1", 6000, "http://a/v1", 0,
    )  # fmt: skip
    monkeypatch.setenv("LAPEL_LLM_URL", "http://b/v1")
    monkeypatch.setenv("LAPEL_STT_URL", "http://c/v1")
    monkeypatch.setenv("LAPEL_LLM_MODEL", "")
    loaded = config.load(tmp_path)
    assert (loaded.llm.url, loaded.llm.model, loaded.speech.url) == ("http://b/v1", "m", "http://c/v1")


def test_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAPEL_HOME", str(tmp_path / "there"))
    assert config.load().home == tmp_path / "there"
    monkeypatch.setenv("LAPEL_HOME", "~/x")
    assert config.default_home() == Path.home() / "x"
    monkeypatch.delenv("LAPEL_HOME")
    assert config.default_home().name == "lapel"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[relay", "cannot be read as TOML"),
        ("[relais]\n", r"unknown table \[relais\]; expected one of relay, speech, llm, history"),
        ("[relay]\nport = 99999\n", r"\[relay\] port: expected 0 to 65535, got 99999"),
        ("[history]\ndays = -1\n", r"\[history\] days: expected 0 to 36500, got -1"),  # would delete all
        ('[llm]\nurl = "ollama"\n', "or LAPEL_LLM_URL: expected an address like http://.*, got 'ollama'"),
        ('[llm]\nurl = "http://127.0.0.1:99999/v1"\n', "got 'http://127.0.0.1:99999/v1'"),
        ('[speech]\nurl = "http://[::1"\n', "or LAPEL_STT_URL: expected an address"),
        ('[speech]\nurl = "http://a b/v1"\n', "got 'http://a b/v1'"),
        ("port = 1\n", r"unknown table \[port\]"),
        ("relay = 5\n", r"expected a table \[relay\], got 5"),
        ("[relay]\nports = 1\n", r"\[relay\] has no setting 'ports'; expected host, port, public, max_pins"),
        ('[relay]\nport = "5273"\n', r"\[relay\] port: expected int, got '5273'"),
        ("[relay]\nport = true\n", "expected int, got True"),
        ("[relay]\nport = 1.5\n", "expected int, got 1.5"),
        ("[relay]\nhost = 5\n", "expected str, got 5"),
        ('[relay]\nhost = "0.0.0.0"\n', "means every network .* name one address"),
        ('[relay]\nhost = "::"\n', "means every network"),
        ('[relay]\nhost = "::ffff:0.0.0.0"\n', "means every network"),
        ('[relay]\nhost = ""\n', "means every network"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load(tmp_path, text)


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        config.load(tmp_path)
    (tmp_path / "config.toml").unlink()
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        config.load(tmp_path)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "192.168.1.20", "fe80::1", "home.local", "localhost"])
def test_addresses_that_are_one_address(host: str) -> None:
    config.check_listen_address(host)


def test_the_public_address_is_one_or_none(tmp_path: Path) -> None:
    known = {
        "": [],
        "home.example.org": [("home.example.org", PORT)],
        "203.0.113.7:443": [("203.0.113.7", 443)],
    }
    for text, addresses in known.items():
        assert config.public_address(config.RelayConfig(public=text)) == addresses
    for wrong in ("https://home.example.org", "a b", "host:port", ":5273", "host/path"):
        (tmp_path / "config.toml").write_text(f'[relay]\npublic = "{wrong}"\n')
        with pytest.raises(config.ConfigError, match="public"):
            config.load(tmp_path)
