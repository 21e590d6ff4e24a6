"""Frames in, samples out, whatever order they come in."""

from __future__ import annotations

import audioop
import random

import pytest
from lapel.utterance import Utterance
from lapel_wire import WireError, audio


def frames(count: int, utt: int = 5) -> tuple[list[bytes], bytes]:
    """Frames of noise, and the samples that a decoder gives for them."""
    rng = random.Random(count)
    made, pcm = [], b""
    state = (0, 0)
    for seq in range(count):
        frame = bytearray(audio.FRAME_BYTES)
        audio.pack_header(frame, utt, seq, *state)
        frame[audio.HEADER_BYTES :], after = audioop.lin2adpcm(rng.randbytes(1024), 2, state)
        pcm += audioop.adpcm2lin(bytes(frame[audio.HEADER_BYTES :]), 2, state)[0]
        state = after
        made.append(bytes(frame))
    return made, pcm


@pytest.mark.parametrize("seed", range(5))
def test_any_order_with_repeats_gives_the_same_samples(seed: int) -> None:
    made, pcm = frames(40)
    order = [*range(40), *range(10)]
    random.Random(seed).shuffle(order)
    utterance = Utterance(5)
    for seq in order:
        utterance.add(made[seq])
    assert utterance.pcm(40, 40 * 512) == pcm
    assert utterance.contiguous() == pcm
    assert utterance.contiguous(30) == pcm[30 * 1024 :]
    assert (utterance.received, utterance.repeated, utterance.next) == (40, 10, 40)
    assert utterance.late > 0 and utterance.lost(40) == 0


def test_a_missing_frame_is_silence_and_counted() -> None:
    made, pcm = frames(6)
    utterance = Utterance(5)
    for seq in (0, 1, 3, 5):
        utterance.add(made[seq])
    expected = pcm[:2048] + bytes(1024) + pcm[3072:4096] + bytes(1024) + pcm[5120:]
    assert utterance.pcm(6, 6 * 512) == expected
    assert utterance.pcm(6, 6 * 512 - 100) == expected[:-200]
    assert (utterance.lost(6), utterance.next) == (2, 2)
    assert utterance.contiguous() == pcm[:2048]
    utterance.add(made[2])
    assert (utterance.late, utterance.next) == (1, 4), "the gap closed up to the next one"


def test_more_frames_announced_than_can_have_come() -> None:
    utterance = Utterance(5)
    assert utterance.pcm(3, 1536) == bytes(3072)
    assert utterance.lost(3) == 3
    assert utterance.pcm(0, 0) == b""


def test_a_repeated_frame_with_another_sound_changes_nothing() -> None:
    made, pcm = frames(1)
    utterance = Utterance(5)
    utterance.add(made[0])
    utterance.add(made[0][:10] + bytes(256))
    assert utterance.pcm(1, 512) == pcm


def test_frames_of_another_utterance_are_refused() -> None:
    made, _ = frames(1, utt=6)
    with pytest.raises(WireError, match="expected utterance 5, got 6") as caught:
        Utterance(5).add(made[0])
    assert caught.value.code == "out_of_range"


def test_the_last_frame_that_is_allowed_fills_it() -> None:
    frame = bytearray(frames(1)[0][0])
    utterance = Utterance(5)
    for seq, full in (
        (0, False),
        (audio.MAX_UTTERANCE_FRAMES - 2, False),
        (audio.MAX_UTTERANCE_FRAMES - 1, True),
    ):
        frame[2:4] = seq.to_bytes(2, "little")
        utterance.add(bytes(frame))
        assert utterance.full is full
