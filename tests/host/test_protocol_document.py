"""docs/protocol.md says what lapel_wire does: its tables are compared, not trusted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import lapel.connected
import lapel.relay
import lapel.session
import pytest
from lapel_wire import MAX_MESSAGE_BYTES, PATH, PORT, SERVER_NAME, VERSION, WireError, audio, messages

DOCUMENT = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text("utf-8")
NAMED = {messages.NUMBER_MAX: "2^30 - 1", messages.TIME_MAX_MS: "2^53 - 1"}


def holds(rule: tuple[Any, ...]) -> str:
    """What the document says of a rule."""
    kind = rule[0]
    if kind == "int":
        return f"{rule[1]} to {NAMED.get(rule[2], rule[2])}"
    if kind == "bool":
        return "true or false"
    if kind == "word":
        return "one of " + ", ".join(f"`{word}`" for word in rule[1])
    if kind == "list":
        return f"list {rule[1]} of {holds(rule[2])}"
    if kind == "map":
        return "object of " + ", ".join(f"`{name}` {holds(inner)}" for name, inner in rule[1].items())
    return f"{kind} {rule[1]}"


def rows(table: dict[str, dict[str, tuple[Any, ...]]]) -> list[str]:
    return [
        f"| `{t}` | `{name}` | {holds(rule)} |"
        for t, fields in table.items()
        for name, rule in fields.items()
    ]


def section(title: str) -> str:
    return DOCUMENT.split(f"# {title}\n", 1)[1].split("\n## ", 1)[0].split("\n### ", 1)[0]


@pytest.mark.parametrize(
    ("title", "table"), [("What a pin says", messages.UP), ("What a relay says", messages.DOWN)]
)
def test_every_message_and_field_is_in_its_table(title: str, table: dict[str, Any]) -> None:
    written = [line for line in section(title).splitlines() if line.startswith("| `")]
    assert written == rows(table)


def test_every_error_code_is_explained() -> None:
    assert re.findall(r"^\| `(\w+)` \|", section("What is not allowed"), re.MULTILINE) == list(
        WireError.CODES
    )


def test_every_reason_of_a_refusal_is_in_the_code_and_the_document() -> None:
    source = Path(lapel.session.__file__).parent
    code = (source / "handshake.py").read_text() + (source / "relay.py").read_text()
    used = set(re.findall(r'Refused\(\s*"(\w+)"', code)) | set(
        re.findall(r'_turn_away\(connection, "(\w+)"', code)
    )
    assert set(re.findall(r"^\| `(\w+)` \|", section("Who is there"), re.MULTILINE)) == used


@pytest.mark.parametrize(
    "fact",
    [
        f"port {PORT} unless",
        f"at `{PATH}`",
        f"`{SERVER_NAME}`",
        f"at most {MAX_MESSAGE_BYTES} bytes in either direction",
        f"VERSION             {VERSION}\n",
        f"Exactly {audio.FRAME_BYTES} bytes",
        f"from 0, below {audio.MAX_UTTERANCE_FRAMES}",
        f"{audio.SAMPLES_PER_FRAME} samples of 16 kHz",
        f"0 to {audio.MAX_STEP_INDEX}",
        f"{audio.FRAME_MS} ms of silence",
        f"at {audio.MAX_UTTERANCE_S} seconds of sound**, {audio.MAX_UTTERANCE_FRAMES} frames",
        f"after {lapel.session.UTTERANCE_S}\nseconds of the clock",
        f"every {lapel.session.ACK_FRAMES} frames, a second",
        f"challenge | {lapel.relay.CHALLENGE_S:.0f} s",
        f"takes nothing | {lapel.connected.SEND_S:.0f} s",
        f"ping | {lapel.relay.PING_S:.0f} s, one every {lapel.relay.PING_S:.0f} s",
        f"TLS and upgrade | {lapel.relay.OPEN_S:.0f} s each",
        f"protocol errors | {lapel.session.MAX_WIRE_ERRORS} a connection",
        f"32 pages of 8 lines of {messages.LINE_BYTES} bytes",
    ],
)
def test_the_numbers_are_those_of_the_code(fact: str) -> None:
    assert fact in DOCUMENT
