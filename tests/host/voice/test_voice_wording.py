"""Answers cut into what is spoken at once, and the frames that they become."""

from __future__ import annotations

import audioop
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lapel.voice.frames import FrameEncoder
from lapel.voice.wording import MOST_CHARACTERS, language_of, sentences
from lapel_wire.audio import FRAME_BYTES, HEADER_BYTES, KIND_VOICE, SAMPLES_PER_FRAME, unpack_header


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It opened in 1883. It is 140 years old!", ["It opened in 1883.", "It is 140 years old!"]),
        ("Yes. It is 3.5 km, or 2.2 miles.", ["Yes. It is 3.5 km, or 2.2 miles."]),
        ("Really? No.", ["Really? No."]),
        ("10:42 AM", ["10:42 AM"]),
        ('He said "stop here." Then he left us.', ['He said "stop here.', "Then he left us."]),
        ("里斯本是首都。它在海边！", ["里斯本是首都。", "它在海边！"]),
        ("...", []),
        ("", []),
        ("Done. ...", ["Done. ..."]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert list(sentences(text)) == expected


@given(st.text(alphabet="ab ,.!?;。，好9", max_size=900))
def test_nothing_that_can_be_said_is_lost_and_nothing_is_too_long(text: str) -> None:
    said = list(sentences(text))
    assert all(len(each) <= MOST_CHARACTERS + 1 and any(c.isalnum() for c in each) for each in said)
    assert [c for each in said for c in each if c.isalnum()] == [c for c in text if c.isalnum()]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("It is noon.", "en"),
        ("现在是十二点。", "zh"),
        ("你的 Wi-Fi 已经连接。", "zh"),
        ("The sign says 出口, which is exit.", "en"),
        ("42", "en"),
    ],
)
def test_language(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize("pieces", [[1024], [1, 1023], [5000, 3, 700], [0, 2], [1024 * 70]])
def test_frames_are_the_wire_s_and_each_can_be_decoded_alone(pieces: list[int]) -> None:
    rng = random.Random(3)
    pcm = b"".join(
        int(9000 * rng.uniform(-1, 1)).to_bytes(2, "little", signed=True) for _ in range(sum(pieces) // 2 + 1)
    )[: sum(pieces)]
    encoder, frames, at = FrameEncoder(77), [], 0
    for size in pieces:
        frames += encoder.feed(pcm[at : at + size])
        at += size
    frames += encoder.finish()
    assert len(frames) == encoder.frames == -(-len(pcm) // (2 * SAMPLES_PER_FRAME))
    whole = b""
    for i, frame in enumerate(frames):
        assert len(frame) == FRAME_BYTES
        voice, number, predictor, index = unpack_header(frame, KIND_VOICE)
        assert (voice, number) == (77, i)
        decoded, _ = audioop.adpcm2lin(frame[HEADER_BYTES:], 2, (predictor, index))
        whole += decoded
    padded = pcm.ljust(len(frames) * 2 * SAMPLES_PER_FRAME, b"\0")
    assert whole == audioop.adpcm2lin(audioop.lin2adpcm(padded, 2, None)[0], 2, None)[0]
