"""One session, over the wire: frames that go astray, engines that fail, presses that interrupt."""

from __future__ import annotations

import asyncio
import audioop
import random
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import lapel.listening
import lapel.session
import lapel.turn
import pytest
from lapel.bench.instant import ANSWER, TRANSCRIPT
from lapel.bench.wire_client import WireClient
from lapel.services import Unanswerable
from lapel.store.history import SqlHistory
from lapel_wire import audio
from relay_house import VOICE, House, running, words

AT_HOME = "Something went wrong at home. The relay's log says what."
NOT_TEXT = "Speech recognition gave something that is not text."
NONSENSE = [None, 5, b"bytes", ["list"], object()]


async def never(*_: object) -> Any:
    await asyncio.Event().wait()


def raising(error: BaseException) -> Callable[..., Any]:
    async def call(*_: object) -> Any:
        raise error

    return call


def returning(value: Any) -> Callable[..., Any]:
    async def call(*_: object) -> Any:
        return value

    return call


async def goes_on(house: House, client: WireClient, utt: int) -> None:
    """The next question of the same session is answered as if nothing had been."""
    house.speech.on_detector = type(house.speech)().on_detector
    house.speech.on_transcribe = returning(TRANSCRIPT)
    house.assistant.on_answer = type(house.assistant)().on_answer
    assert await house.ask(client, utt) == ANSWER


# What arrives.


async def test_a_spoken_question_comes_back_as_words(tmp_path: Path) -> None:
    async with running(tmp_path) as house, house.client() as client:
        await client.speak(7, VOICE)
        acks, final, card = [], None, None
        while card is None or card["more"]:
            message = await client.receive()
            assert message["utt"] == 7
            if message["t"] == "ack":
                acks.append(message["next"])
            elif message["t"] == "final":
                final = message["text"]
            elif message["t"] == "card":
                card = message
        assert final == TRANSCRIPT
        assert (words(card), card["kind"]) == (ANSWER, "answer")
        assert acks == sorted(acks) and acks[-1] == len(client.frames(7, VOICE))
        assert len(house.speech.heard[0]) == len(VOICE)
        record = house.history.records[0]
        assert (record.question, record.answer, record.failure) == (TRANSCRIPT, ANSWER, "")
        assert record.frames == {"sent": 33, "received": 33, "lost": 0}
        assert {"transcript", "first_card", "last_card"} <= set(record.timings_ms)


async def test_duplicate_late_and_lost_frames(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with running(tmp_path) as house, house.client() as client:
        frames = client.frames(1, VOICE)
        whole = b"".join(
            audioop.adpcm2lin(frame[10:], 2, audio.unpack_header(frame)[2:])[0] for frame in frames
        )
        order = [seq for seq in range(len(frames)) if seq not in (3, 4, 20)]
        random.Random(1).shuffle(order)
        await client.send("utterance_start", utt=1)
        for seq in [*order, *order[:5]]:
            await client.connection.send(frames[seq])
        await client.send("utterance_end", utt=1, frames=len(frames), samples=len(VOICE) // 2)
        assert words(await client.answer()) == ANSWER
        expected = bytearray(whole[: len(VOICE)])
        for seq in (3, 4, 20):
            expected[seq * 1024 : seq * 1024 + 1024] = bytes(1024)
        assert house.speech.heard[0] == bytes(expected)
        assert house.history.records[0].frames == {"sent": 33, "received": 30, "lost": 3}
        assert "3 of 33 frames lost, 5 repeated" in caplog.text
        # Frames still on their way after the end, and an end that comes twice, change nothing.
        await client.connection.send(frames[3])
        await client.send("utterance_end", utt=1, frames=len(frames), samples=len(VOICE) // 2)
        await goes_on(house, client, 2)


async def test_a_repeated_question_gets_its_answer_again_without_asking(tmp_path: Path) -> None:
    """A pin whose link broke before it saw the card sends everything again."""
    async with running(tmp_path) as house:
        async with house.client() as client:
            first = await house.ask(client, 1)
            await house.until(lambda: len(house.history.records) == 1)
        async with house.client() as client:
            await client.speak(1, VOICE)
            final = await client.expect("final")
            card = await client.expect("card")
            assert (final["text"], words(card), card["more"]) == (TRANSCRIPT, first, False)
            await client.send("ask", utt=1, text="again")
            assert words(await client.expect("card")) == first
            assert len(house.assistant.asked) == 1
            await goes_on(house, client, 2)


async def test_an_utterance_without_end_stops_at_30_seconds_of_sound(tmp_path: Path) -> None:
    async with running(tmp_path) as house, house.client() as client:
        frame = client.frames(1, VOICE[:1024])[0]
        await client.send("utterance_start", utt=1)
        for seq in range(audio.MAX_UTTERANCE_FRAMES):
            await client.connection.send(frame[:2] + seq.to_bytes(2, "little") + frame[4:])
        assert words(await client.answer()) == ANSWER
        assert len(house.speech.heard[0]) == audio.MAX_UTTERANCE_FRAMES * 1024
        too_late = bytearray(frame)
        too_late[2:4] = audio.MAX_UTTERANCE_FRAMES.to_bytes(2, "little")
        await client.connection.send(bytes(too_late))
        with pytest.raises(PermissionError, match="out_of_range"):
            await client.expect("ack")
        await goes_on(house, client, 2)


async def test_an_utterance_that_stalls_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lapel.session, "UTTERANCE_S", 0.02)
    async with running(tmp_path) as house, house.client() as client:
        await client.send("utterance_start", utt=1)
        await client.connection.send(client.frames(1, VOICE)[0])
        card = await client.answer()
        assert (words(card), card["kind"]) == ("The question broke off. Please ask again.", "error")
        monkeypatch.undo()
        await goes_on(house, client, 2)


@pytest.mark.parametrize("pcm", [b"", bytes(2), bytes(64000)], ids=["empty", "one sample", "2 s of silence"])
async def test_silence(tmp_path: Path, pcm: bytes) -> None:
    async with running(tmp_path) as house, house.client() as client:
        await client.speak(1, pcm)
        card = await client.answer()
        assert (words(card), card["kind"]) == ("I heard nothing.", "notice")
        assert house.speech.heard == []
        await goes_on(house, client, 2)


async def test_a_cancelled_utterance_is_forgotten(tmp_path: Path) -> None:
    async with running(tmp_path) as house, house.client() as client:
        await client.send("utterance_start", utt=1)
        for frame in client.frames(1, VOICE):
            await client.connection.send(frame)
        await client.send("utterance_cancel", utt=9)  # of no utterance here: nothing happens
        await client.send("utterance_cancel", utt=1)
        await client.send("utterance_end", utt=1, frames=33, samples=33 * 512)
        await goes_on(house, client, 2)
        assert len(house.speech.heard) == 1


async def test_a_typed_question(tmp_path: Path) -> None:
    async with running(tmp_path) as house, house.client() as client:
        await client.send("ask", utt=1, text=" how\nold\x00 \u200bis it ")
        assert words(await client.answer()) == ANSWER
        assert house.assistant.asked[0][0] == "how old is it"


async def test_a_typed_question_without_a_letter_asks_no_model(tmp_path: Path) -> None:
    async with running(tmp_path) as house, house.client() as client:
        for utt, text in enumerate(("", " \n\x00\u200b")):
            await client.send("ask", utt=utt, text=text)
            assert words(await client.answer()) == "I did not catch that."
        assert house.assistant.asked == []


async def test_protocol_errors_are_answered_and_survived(tmp_path: Path) -> None:
    async with running(tmp_path) as house, house.client() as client:
        frame = client.frames(1, VOICE)[0]
        await client.send("utterance_start", utt=1)
        for sent, code in (
            ("nonsense", "not_json"),
            ('{"t":"hello"}', "missing_field"),
            ('{"t":"proof","mac":"' + "0" * 64 + '"}', "unknown_type"),
            ('{"t":"welcome"}', "unknown_type"),
            ('{"t":"ask","utt":true,"text":"x"}', "wrong_type"),
            ('{"t":"ask","utt":1,"text":"' + "x" * 1001 + '"}', "too_long"),
            ('{"t":"time","pin_ms":%s}' % ("[" * 993 + "]" * 993), "wrong_type"),
            (b"", "bad_length"),
            (frame[:-1], "bad_length"),
            (frame + b"\0", "bad_length"),
            (b"\x02" + frame[1:], "unknown_type"),
            (frame[:1] + b"\x59" + frame[2:], "out_of_range"),
            (frame[:4] + b"\x02" + frame[5:], "out_of_range"),  # of another utterance
            ('{"t":"utterance_end","utt":1,"frames":1,"samples":513}', "out_of_range"),
        ):
            await client.connection.send(sent)
            message = await client.receive()
            assert message["t"] == "error"
            assert message["code"] in (code, "not_json"), sent
        await goes_on(house, client, 2)


async def test_time_and_errors_of_the_pin(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with running(tmp_path) as house, house.client() as client:
        await client.send("error", code="mic", text="the microphone\nis gone")
        await client.send("time", pin_ms=123)
        message = await client.expect("time")
        assert message["pin_ms"] == 123 and message["unix_ms"] > 1_700_000_000_000
        assert "reports 'mic': 'the microphone\\nis gone'" in caplog.text


async def test_when_the_card_was_lit_is_kept(tmp_path: Path) -> None:
    async with running(tmp_path) as house, house.client() as client:
        await client.speak(1, VOICE)
        card = await client.answer()
        for number in (card["card"] + 1, card["card"], card["card"]):
            await client.send("event", name="shown", card=number, pin_ms=5)
        await client.send("event", name="dismissed", card=card["card"])
        await client.send("time", pin_ms=1)
        await client.expect("time")
        (record,) = house.history.records
        assert record.timings_ms["shown"] >= record.timings_ms["first_card"]


async def test_lost_samples_are_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with running(tmp_path) as house, house.client() as client:
        await client.send("utterance_start", utt=1)
        await client.send("utterance_end", utt=1, frames=0, samples=0, dropped=480)
        assert words(await client.answer()) == "I heard nothing."
    assert "the microphone lost 480 samples" in caplog.text


async def test_a_follow_up_knows_the_talk_so_far(tmp_path: Path) -> None:
    async with running(tmp_path) as house:
        async with house.client() as client:
            await house.ask(client, 1)
            await house.ask(client, 2)
        async with house.client() as client:  # also over a new link
            await house.ask(client, 3)
        asked = [[each.question for each in earlier] for _, earlier in house.assistant.asked]
        assert asked == [[], [TRANSCRIPT], [TRANSCRIPT, TRANSCRIPT]]


# Engines that fail.


@pytest.mark.parametrize("error", [ValueError("boom"), TimeoutError(), MemoryError(), Unanswerable("No.")])
async def test_a_detector_that_fails_is_done_without(tmp_path: Path, error: Exception) -> None:
    class Broken:
        feed = finish = staticmethod(raising(error))

    def refuses() -> Any:
        raise error

    async with running(tmp_path) as house, house.client() as client:
        for utt, detector in enumerate((Broken, refuses)):
            house.speech.on_detector = detector
            assert await house.ask(client, utt) == ANSWER
            assert await house.ask(client, utt + 10, VOICE[:512]) == ANSWER, "too short for a first look"


async def test_a_detector_that_hangs_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(lapel.listening, "_FINISH_S", 0.02)

    class Hanging:
        feed = finish = staticmethod(never)

    async with running(tmp_path) as house, house.client() as client:
        house.speech.on_detector = Hanging
        assert await house.ask(client, 1) == ANSWER
        assert "voice detector: no answer" in caplog.text
        # Presses that come while it hangs leave nothing behind either; `running` checks that.
        monkeypatch.undo()
        for utt in range(2, 30):
            await client.speak(utt, VOICE[:16384])
        await goes_on(house, client, 30)


@pytest.mark.parametrize("answer", [0, 1, None, "yes", [], b"x"])
async def test_a_detector_that_talks_nonsense(tmp_path: Path, answer: Any) -> None:
    class Odd:
        feed = finish = staticmethod(returning(answer))

    async with running(tmp_path) as house, house.client() as client:
        house.speech.on_detector = Odd
        assert await house.ask(client, 1) == (ANSWER if answer else "I heard nothing.")
        await goes_on(house, client, 2)


async def test_speech_recognition_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(tmp_path) as house, house.client() as client:
        utt = 0
        for call, sentence, kind in (
            (raising(Unanswerable("Too many people speak.")), "Too many people speak.", "error"),
            (raising(ValueError("boom")), AT_HOME, "error"),
            (raising(MemoryError()), AT_HOME, "error"),
            (raising(Unanswerable("\x00\x1b")), "Something went wrong at home.", "error"),
            (returning(""), "I did not catch that.", "notice"),
            (returning(" ... \x00 "), "I did not catch that.", "notice"),
            *((returning(value), NOT_TEXT, "error") for value in NONSENSE),
        ):
            utt += 1
            house.speech.on_transcribe = call
            await client.speak(utt, VOICE)
            card = await client.answer()
            assert (words(card), card["kind"]) == (sentence, kind)
        monkeypatch.setattr(lapel.turn, "TRANSCRIBE_S", 0.02)
        house.speech.on_transcribe = never
        assert await house.ask(client, utt + 1) == "Speech recognition took too long."
        monkeypatch.undo()
        await goes_on(house, client, utt + 2)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("word " * 100_000, id="huge"),
        pytest.param("字" * 100_000, id="huge hanzi"),
        pytest.param("\x01\x02a" * 5000, id="control"),
        pytest.param('"\\' * 5000 + "a", id="quotes"),
        pytest.param("a\ud800b", id="surrogate"),
        pytest.param("a\u202eb" * 900, id="direction"),
        pytest.param("😀a" * 900, id="emoji"),
    ],
)
async def test_odd_transcripts_and_answers(tmp_path: Path, text: str) -> None:
    async def answer(question: str) -> AsyncGenerator[str, None]:
        assert len(question.encode()) <= 1000
        assert question.isprintable()
        yield text

    async with running(tmp_path) as house, house.client(lines=8, cols=80) as client:
        house.speech.on_transcribe = returning(text)
        house.assistant.on_answer = answer
        await client.speak(1, VOICE)
        card = await client.answer()
        assert card["kind"] == "answer"
        assert words(card)[:1] == text.lstrip("\x01\x02")[:1]
        await goes_on(house, client, 2)


async def test_an_assistant_that_fails_before_its_first_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def raises(error: BaseException) -> AsyncGenerator[str, None]:
        raise error
        yield ""

    async def hangs() -> AsyncGenerator[str, None]:
        await never()
        yield ""

    async def gives(*pieces: Any) -> AsyncGenerator[Any, None]:
        for piece in pieces:
            yield piece

    async with running(tmp_path) as house, house.client() as client:
        cases = (
            (lambda: raises(Unanswerable("The model is away.")), "The model is away."),
            (lambda: raises(KeyError("boom")), AT_HOME),
            (gives, "There was no answer to that."),
            (lambda: gives("", " ", "\n\x00"), "There was no answer to that."),
            (lambda: gives("\x1b"), "There was no answer to that."),
            (lambda: None, AT_HOME),
            (lambda: "text", AT_HOME),
            *(
                (lambda value=value: gives(value), "The assistant answered with something that is not text.")
                for value in NONSENSE
            ),
        )
        for utt, (work, sentence) in enumerate(cases):
            house.assistant.on_answer = lambda question, work=work: work()
            assert await house.ask(client, utt) == sentence

        def refuses(question: str) -> Any:
            raise RuntimeError("boom")

        house.assistant.on_answer = refuses
        assert await house.ask(client, 98) == AT_HOME
        monkeypatch.setattr(lapel.turn, "FIRST_WORDS_S", 0.02)
        house.assistant.on_answer = lambda question: hangs()
        assert await house.ask(client, 99) == "The language model did not answer."
        monkeypatch.undo()
        await goes_on(house, client, 100)


async def test_an_assistant_that_fails_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was said stays on the palm, with the reason why it ends."""

    async def begins(then: Callable[[], Any]) -> AsyncGenerator[Any, None]:
        yield "It opened in "
        yield await then()

    async with running(tmp_path) as house, house.client() as client:
        house.assistant.on_answer = lambda question: begins(raising(Unanswerable("The line is dead.")))
        assert await house.ask(client, 1) == "It opened in ... The line is dead."
        house.assistant.on_answer = lambda question: begins(returning(5))
        assert (await house.ask(client, 2)).startswith("It opened in ... The assistant answered")
        house.assistant.on_answer = lambda question: begins(raising(OSError("boom")))
        assert await house.ask(client, 3) == AT_HOME
        monkeypatch.setattr(lapel.turn, "BETWEEN_WORDS_S", 0.02)
        house.assistant.on_answer = lambda question: begins(never)
        assert await house.ask(client, 4) == "It opened in ... The language model stopped in the middle."
        monkeypatch.setattr(lapel.turn, "ANSWER_S", 0.01)
        assert (await house.ask(client, 5)).endswith("The answer took too long.")
        monkeypatch.undo()
        await goes_on(house, client, 6)


async def test_an_answer_that_never_ends_is_cut(tmp_path: Path) -> None:
    closed = asyncio.Event()

    async def endless(question: str) -> AsyncGenerator[str, None]:
        try:
            while True:
                yield "and so on "
        finally:
            closed.set()

    async with running(tmp_path) as house, house.client() as client:
        house.assistant.on_answer = endless
        assert (await house.ask(client, 1)).endswith("...")
        assert closed.is_set()
        await goes_on(house, client, 2)


# Partial transcripts.


async def test_partial_transcripts_while_speaking(tmp_path: Path) -> None:
    texts = iter(["how old", None, 5, "how \x00 old is " + '"' * 5000, "", "done", "done", "done"])
    turns: list[int] = []

    async def transcribe(pcm: bytes) -> Any:
        turns.append(len(pcm))
        text = next(texts)
        if text is None:
            raise ValueError("boom")
        return text

    async with running(tmp_path) as house, house.client() as client:
        house.speech.busy = False
        house.speech.on_transcribe = transcribe
        await client.send("utterance_start", utt=1)
        frames = client.frames(1, VOICE * 6)
        partials: list[str] = []
        for start in range(0, len(frames), lapel.session.ACK_FRAMES):
            for frame in frames[start : start + lapel.session.ACK_FRAMES]:
                await client.connection.send(frame)
            # The answer to a question after the frames: what is between came of the frames.
            await client.send("time", pin_ms=start)
            while (message := await client.receive())["t"] != "time":
                if message["t"] == "partial":
                    partials.append(message["text"])
        await client.send("utterance_end", utt=1, frames=len(frames), samples=len(frames) * 512)
        await client.answer()
        assert partials[0] == "how old"
        assert partials[1].startswith('how old is "') and len(partials[1]) <= 250
        assert len(turns) >= 5 and turns[:-1] == sorted(turns[:-1])
        house.speech.on_transcribe = returning(TRANSCRIPT)
        await goes_on(house, client, 2)


async def test_a_partial_transcript_that_hangs_does_not_hold_up_the_question(tmp_path: Path) -> None:
    calls = 0

    async def transcribe(pcm: bytes) -> str:
        nonlocal calls
        calls += 1
        if calls == 1:
            await never()
        return TRANSCRIPT

    async with running(tmp_path) as house, house.client() as client:
        house.speech.busy = False
        house.speech.on_transcribe = transcribe
        await client.send("utterance_start", utt=1)
        frames = client.frames(1, VOICE * 2)
        for frame in frames:
            await client.connection.send(frame)
            await asyncio.sleep(0)
        await house.until(lambda: calls == 1)
        await client.send("utterance_end", utt=1, frames=len(frames), samples=len(frames) * 512)
        assert words(await client.answer()) == ANSWER


async def test_unanswerable_partials_and_a_pin_that_leaves_meanwhile(tmp_path: Path) -> None:
    async with running(tmp_path) as house:
        house.speech.busy = False
        client = house.client()
        await client.open()
        await client.challenge()
        house.speech.on_transcribe = raising(Unanswerable("busy"))
        assert await house.ask(client, 1, VOICE * 3) == "busy"
        going = asyncio.Event()

        async def slow(pcm: bytes) -> str:
            going.set()
            await house.until(lambda: house.relay.connected == [])
            return "to nobody"

        house.speech.on_transcribe = slow
        await client.send("utterance_start", utt=2)
        for frame in client.frames(2, VOICE * 3):
            await client.connection.send(frame)
            await asyncio.sleep(0)
        await going.wait()
        client.connection.transport.abort()


# A new press.


@pytest.mark.parametrize("how", ["speak", "ask"])
async def test_a_new_press_ends_the_turn_before_it(tmp_path: Path, how: str) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def streaming(question: str) -> AsyncGenerator[str, None]:
        try:
            yield "The first answer goes "
            begun.set()
            await never()
        finally:
            ended.set()

    async with running(tmp_path) as house, house.client() as client:
        house.assistant.on_answer = streaming
        await client.speak(1, VOICE)
        await begun.wait()
        house.assistant.on_answer = type(house.assistant)().on_answer
        if how == "speak":
            await client.speak(2, VOICE)
        else:
            await client.send("ask", utt=2, text="and now?")
        while (card := await client.answer())["utt"] != 2:
            pass
        assert words(card) == ANSWER
        assert ended.is_set(), "the model's stream was closed"
        interrupted, answered = house.history.records
        assert (interrupted.utt, interrupted.failure) == (1, "interrupted")
        assert (answered.utt, answered.failure) == (2, "")


async def test_many_presses_at_once_leave_one_answer(tmp_path: Path) -> None:
    async with running(tmp_path) as house, house.client() as client:
        for utt in range(30):
            await client.speak(utt, VOICE[:8192])
        while (card := await client.answer())["utt"] != 29:
            pass
        assert words(card) == ANSWER


async def test_a_pin_that_leaves_in_the_middle_leaves_nothing_running(tmp_path: Path) -> None:
    ended = asyncio.Event()

    async def streaming(question: str) -> AsyncGenerator[str, None]:
        try:
            while True:
                yield "word "
                await asyncio.sleep(0)
        finally:
            ended.set()

    async with running(tmp_path) as house:
        client = house.client()
        await client.open()
        await client.challenge()
        house.assistant.on_answer = streaming
        await client.speak(1, VOICE)
        await client.expect("card")
        client.connection.transport.abort()
        await ended.wait()
        await house.until(lambda: house.relay.connected == [])


# The history.


async def test_a_disk_that_fails_does_not_stop_a_turn(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    history = SqlHistory.in_home(tmp_path, days=30)
    async with running(tmp_path, history=history) as house, house.client() as client:
        assert await house.ask(client, 1) == ANSWER
        await house.until(lambda: history._waiting == 0)
        (tmp_path / "history.db").write_bytes(b"this is no database" * 1000)
        assert await house.ask(client, 2) == ANSWER
        await house.until(lambda: "a turn could not be kept" in caplog.text)
        await history.close()
        assert await house.ask(client, 3) == ANSWER
        await house.until(lambda: "closed; this turn is not kept" in caplog.text)
