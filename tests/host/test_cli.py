"""The command line refuses what cannot be done with one sentence, and never with a traceback."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from lapel import cli

WAIT_S = 60.0


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """The exit code, and what was said on standard error."""
    with pytest.raises(SystemExit) as ended:
        cli.main(list(words))
    assert isinstance(ended.value.code, int)
    return ended.value.code, capsys.readouterr().err


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """A command sets how its process takes signals; this one stays as it was."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("LAPEL_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--text", "  "], "the question is empty"),
        (["--text", "x" * 1001], "at most 1000 bytes of UTF-8, got 1001"),
        (["--text", "你" * 400], "got 1200"),
        (["--text", "\udcff"], "not UTF-8"),
        (["--sample", "none"], "no sample is called 'none'"),
        (["/dev/null"], "expected a WAV file"),
        (["missing.wav"], "missing.wav: cannot be read"),
        (["--text", "x", "--png", "/proc/palm.png"], "/proc/palm.png cannot be written"),
        (["--text", "x", "--png", "/dev/null/palm.png"], "/dev/null/palm.png cannot be written"),
        (["--text", "x", "--png", "."], ". cannot be written: Is a directory"),
    ],
)
def test_ask_says_what_is_wrong_before_anything_starts(capsys, words: list[str], sentence: str) -> None:
    code, said = run(capsys, "ask", *words)
    assert code == cli.EXIT_FAILED
    assert said.startswith("lapel ask: ") and sentence in said


def test_an_interrupt_while_a_command_is_imported_is_quiet(capsys, monkeypatch) -> None:
    def interrupted(name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.importlib, "import_module", interrupted)
    assert run(capsys, "pins") == (cli.EXIT_INTERRUPTED, "")


def test_told_to_end_a_command_leaves_nothing_behind(tmp_path: Path) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    words = [sys.executable, "-m", "lapel", "ask", "--sample", "moon", "--no-wait"]
    with subprocess.Popen(
        words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        deadline = time.monotonic() + WAIT_S
        while not list(tmp_path.glob("lapel-*")) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.terminate()
        said, _ = process.communicate(timeout=WAIT_S)
    assert process.returncode == cli.EXIT_INTERRUPTED and b"Traceback" not in said
    assert not list(tmp_path.glob("lapel-*"))


def test_each_command_has_help(capsys) -> None:
    for name in cli._COMMANDS:
        assert run(capsys, name, "--help") == (0, "")


def test_broken_settings_are_named(capsys, home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_text("[relay]\nport = '5273'\n")
    code, said = run(capsys, "pins")
    assert code == cli.EXIT_FAILED and "[relay] port: expected int, got '5273'" in said


@pytest.mark.parametrize("words", [["pair"], ["run"], ["pin"], ["relay", "--port", "0"]])
def test_a_home_that_cannot_be_made_is_named(capsys, monkeypatch, words: list[str]) -> None:
    monkeypatch.setenv("LAPEL_HOME", "/dev/null/home")
    code, said = run(capsys, *words)
    assert code == cli.EXIT_FAILED and "/dev/null" in said and "Traceback" not in said


def test_a_unit_file_quotes_a_home_with_spaces(capsys, monkeypatch) -> None:
    monkeypatch.setenv("LAPEL_HOME", "/srv/my pins/100%")
    with pytest.raises(SystemExit):
        cli.main(["service", "print"])
    assert '\nEnvironment="LAPEL_HOME=/srv/my pins/100%%"\n' in capsys.readouterr().out


def test_doctor_goes_on_with_an_unknown_model(capsys, home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_text('[llm]\nembedded = "nope"\n')
    with pytest.raises(SystemExit):
        cli.main(["doctor", "--json"])
    findings = {finding["part"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert findings["models"]["state"] == "failed" and "no model 'nope'" in findings["models"]["detail"]
    assert "language model" in findings
