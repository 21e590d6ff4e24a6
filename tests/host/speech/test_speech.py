"""The facade with engines in the test's hand, and the real detector and English engine."""

from __future__ import annotations

import asyncio
import json
import threading
import wave
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from lapel import speech
from lapel.speech import Speech, SpeechError, SpeechSettings, TooSlow, engine_name
from lapel.speech.native import Decoder, NativeEngine
from lapel.speech.openai_stt import OpenAiSpeech
from lapel.speech.vad import CHUNK_BYTES, SileroDetector, VoiceActivity
from lapel.speech.wer import measure, normalise
from lapel.wav import read_wav

RECORDINGS = Path(__file__).parent / "recordings"
SECOND = b"\0\0" * speech.SAMPLE_RATE_HZ


def noise(seconds: float, level: float, seed: int = 1) -> bytes:
    samples = np.random.default_rng(seed).standard_normal(int(seconds * speech.SAMPLE_RATE_HZ)) * level
    return np.clip(samples * 32768, -32768, 32767).astype("<i2").tobytes()


class Everyone:
    """A detector that hears a voice in everything."""

    async def has_voice(self, pcm: bytes) -> bool:
        return True

    def stream(self) -> speech.VoiceStream:
        raise NotImplementedError

    async def close(self) -> None:
        pass


class Answers:
    """An engine that returns, raises or waits for what it was given."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.asked: list[tuple[bytes, str]] = []

    async def transcribe(self, pcm: bytes, language: str) -> str:
        self.asked.append((pcm, language))
        if isinstance(self.answer, Exception):
            raise self.answer
        if isinstance(self.answer, asyncio.Event):
            await self.answer.wait()
        return self.answer  # type: ignore[return-value]

    async def close(self) -> None:
        pass


async def hear(answer: object, deadline_s: float = 60.0) -> str:
    return await Speech(engine=Answers(answer), detector=Everyone()).transcribe(SECOND, deadline_s)


async def test_an_injected_engine_is_asked_with_the_language() -> None:
    engine = Answers("  Guten\n Tag. ")
    hearing = Speech(SpeechSettings(language="de"), engine=engine, detector=Everyone())
    await hearing.load()
    assert await hearing.transcribe(SECOND + b"\1", 60.0) == "Guten Tag."
    assert await hearing.transcribe(SECOND, 60.0, "auto") == "Guten Tag."
    assert engine.asked == [(SECOND, "de"), (SECOND, "auto")]
    assert not hearing.busy
    await hearing.close()


@pytest.mark.parametrize("nonsense", [None, 7, b"bytes", "x" * 10_000, "a\0b", "\x1b[2J", "\ufffd", "\ud800"])
async def test_nonsense_becomes_a_sentence(nonsense: object) -> None:
    with pytest.raises(SpeechError, match="could not make sense"):
        await hear(nonsense)


async def test_text_of_all_scripts_passes() -> None:
    for text in ("今天天气怎么样？", "Wie spät ist es?", "كم الساعة", "समय क्या है", "👩‍🚀", ""):
        assert await hear(text) == text


async def test_the_deadline_of_the_caller() -> None:
    with pytest.raises(TooSlow, match="took too long"):
        await hear(asyncio.Event(), deadline_s=0.02)


async def test_a_native_engine_that_hangs_does_not_block_others() -> None:
    release = threading.Event()
    loaded = []

    def load() -> Decoder:
        loaded.append(1)
        return decode

    def decode(pcm: bytes, language: str) -> str:
        if pcm == SECOND:
            release.wait()
        return "heard"

    engine = NativeEngine("test", load, is_fast=True, hang_base_s=-1.9)  # 0.1 s for a second of audio
    hearing = Speech(engine=engine, detector=Everyone())
    with pytest.raises(TooSlow):
        await hearing.transcribe(SECOND, 60.0)
    assert await hearing.transcribe(SECOND * 2, 60.0) == "heard"
    assert len(loaded) == 2
    release.set()
    await hearing.close()


@pytest.mark.parametrize(
    ("language", "url", "name"),
    [("en", "", "moonshine"), ("en-GB", "", "moonshine"), ("zh", "", "whisper"), ("auto", "", "whisper"),
     ("en", "http://127.0.0.1:1/v1", "server")],
)  # fmt: skip
def test_which_engine(language: str, url: str, name: str) -> None:
    settings = SpeechSettings(language=language, server_url=url)
    assert engine_name(settings, settings.language) == name
    assert speech.needed_models(settings) == (["whisper-base"] if name == "whisper" else [])


async def test_whisper_without_its_model_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAPEL_MODELS", str(tmp_path))
    hearing = Speech(SpeechSettings(language="de"))
    with pytest.raises(speech.EngineMissing, match="lapel models fetch whisper-base"):
        await hearing.load()
    await hearing.close()


# The real voice detector


@pytest.mark.parametrize(
    "pcm",
    [b"", b"\0", SECOND * 3, *(noise(5, level) for level in (0.003, 0.01, 0.1, 0.3))],
    ids=["empty", "a byte", "silence", "noise -50 dB", "noise -40 dB", "noise -20 dB", "noise -10 dB"],
)
async def test_no_voice_in_silence_and_white_noise(pcm: bytes) -> None:
    engine = Answers("invented")
    hearing = Speech(engine=engine)
    assert not await hearing.has_voice(pcm)
    assert await hearing.transcribe(pcm, 60.0) == ""
    assert engine.asked == []
    await hearing.close()


def recordings() -> list[Path]:
    return sorted(RECORDINGS.glob("*.wav"))


def test_there_are_recordings() -> None:
    assert recordings(), f"no recordings in {RECORDINGS}"


@pytest.mark.parametrize("file", recordings(), ids=lambda file: file.stem)
async def test_voice_in_recordings_whole_and_as_a_stream(file: Path) -> None:
    pcm = read_wav(file)
    detector = SileroDetector()
    assert await detector.has_voice(pcm)
    quiet = (np.frombuffer(pcm, "<i2") * 0.1).astype("<i2").tobytes()
    assert await detector.has_voice(quiet)
    stream = detector.stream()
    told = [await stream.feed(pcm[at : at + CHUNK_BYTES]) for at in range(0, len(pcm), CHUNK_BYTES)]
    assert told == sorted(told)  # once heard, always heard
    assert await stream.finish()
    silent = detector.stream()
    assert not await silent.feed(SECOND)
    assert not await silent.finish()
    await detector.close()


async def test_streams_do_not_mix() -> None:
    pcm = read_wav(recordings()[0])
    detector = SileroDetector()
    streams = [detector.stream() for _ in range(6)]
    for at in range(0, len(pcm), CHUNK_BYTES):
        chunk = pcm[at : at + CHUNK_BYTES]
        await asyncio.gather(*(s.feed(chunk if i % 2 else bytes(len(chunk))) for i, s in enumerate(streams)))
    assert [await s.finish() for s in streams] == [False, True] * 3
    await detector.close()


def test_the_size_of_the_pieces_does_not_matter() -> None:
    pcm = read_wav(recordings()[0])
    whole, pieces = VoiceActivity(), VoiceActivity()
    whole.feed(pcm)
    for at in range(0, len(pcm), 334):
        pieces.feed(pcm[at : at + 334])
    assert whole.speech_chunks == pieces.speech_chunks > 0
    whole.reset()
    assert not whole.heard


# The real English engine


@pytest.fixture(scope="module")
def manifest() -> Path:
    return RECORDINGS / "manifest.tsv"


async def test_english_by_default_is_moonshine(manifest: Path) -> None:
    hearing = Speech()
    await hearing.load()
    pcm = read_wav(RECORDINGS / "wy_lamp.wav")
    texts = await asyncio.gather(*(hearing.transcribe(pcm, 60.0) for _ in range(3)))
    assert {text.lower().rstrip(".") for text in texts} == {"turn on the living room lamp"}
    assert await hearing.transcribe(b"\1\0", 60.0) == ""  # one sample
    await hearing.close()


async def test_moonshine_on_less_than_a_tenth_of_a_second() -> None:
    engine = await speech.load_engine("moonshine")
    assert isinstance(await engine.transcribe(b"\1\0" * 10, "en"), str)
    await engine.close()


async def test_english_word_error_rate(manifest: Path) -> None:
    engine = await speech.load_engine("moonshine")
    measured = await measure(engine, manifest)
    await engine.close()
    assert measured.word_error_rate <= 0.10, [clip for clip in measured.clips if clip.errors]


@pytest.mark.full
async def test_whisper_word_error_rate(manifest: Path) -> None:
    try:
        engine = await speech.load_engine("whisper")
    except speech.EngineMissing as error:
        pytest.skip(str(error))
    measured = await measure(engine, manifest)
    assert measured.word_error_rate <= 0.07, [clip for clip in measured.clips if clip.errors]
    assert await engine.transcribe(SECOND * 3, "en") == ""
    lamp = read_wav(RECORDINGS / "wy_lamp.wav")
    for language in ("auto", "en-GB"):
        assert normalise(await engine.transcribe(lamp, language)) == normalise("turn on the living room lamp")
    with pytest.raises(SpeechError, match="language 'xx' is not supported"):
        await engine.transcribe(SECOND, "xx")
    await engine.close()


@pytest.mark.full
@pytest.mark.parametrize("language", ["zh", "auto"])
async def test_whisper_on_synthesised_chinese(language: str) -> None:
    try:
        engine = await speech.load_engine("whisper")
    except speech.EngineMissing as error:
        pytest.skip(str(error))
    measured = await measure(engine, Path(__file__).parent / "chinese" / "manifest.tsv", language)
    await engine.close()
    assert measured.word_error_rate <= 0.15, [clip for clip in measured.clips if clip.errors]


# A server with /v1/audio/transcriptions


class Transcriptions(BaseHTTPRequestHandler):
    """Answers with what the test sets; keeps the requests."""

    status = 200
    body: bytes = json.dumps({"text": "What time is it?"}).encode()
    requests: list[tuple[str, str, bytes]]

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["content-length"]))
        self.requests.append((self.path, self.headers["authorization"], data))
        self.send_response(self.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[tuple[str, type[Transcriptions]]]:
    handler = type("Handler", (Transcriptions,), {"requests": []})
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}/v1", handler
    httpd.shutdown()
    httpd.server_close()
    thread.join()


async def test_a_server_hears_everything_when_set(
    server: tuple[str, type[Transcriptions]], tmp_path: Path
) -> None:
    url, handler = server
    hearing = Speech(SpeechSettings("de", url, "secret", "some-model"), detector=Everyone())
    await hearing.load()
    assert await hearing.transcribe(SECOND, 60.0) == "What time is it?"
    assert hearing.busy  # no partial transcripts that cost money
    path, key, data = handler.requests[0]
    assert path == "/v1/audio/transcriptions" and key == "Bearer secret"
    assert b"some-model" in data and b'name="language"' in data and b"\r\nde\r\n" in data
    sent = tmp_path / "sent.wav"
    begin = data.index(b"RIFF")
    sent.write_bytes(data[begin : begin + 44 + len(SECOND)])
    with wave.open(str(sent)) as wav:
        assert (wav.getnchannels(), wav.getsampwidth(), wav.getframerate()) == (1, 2, 16_000)
        assert wav.readframes(wav.getnframes()) == SECOND
    await hearing.transcribe(SECOND, 60.0, "auto")
    assert b'name="language"' not in handler.requests[1][2]
    await hearing.close()


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [(401, b"{}", "refused the relay's key"), (404, b"{}", "reported an error"), (200, b"{}", "make sense"),
     (200, b"hello", "nonsense|make sense"), (200, b'{"text": 5}', "make sense")],
)  # fmt: skip
async def test_a_server_that_fails(
    server: tuple[str, type[Transcriptions]], status: int, body: bytes, sentence: str
) -> None:
    url, handler = server
    handler.status, handler.body = status, body
    engine = OpenAiSpeech(url, "", "m")
    with pytest.raises(SpeechError, match=sentence):
        await engine.transcribe(SECOND, "en")
    await engine.close()


async def test_a_server_that_is_not_there() -> None:
    engine = OpenAiSpeech("http://127.0.0.1:9/v1", "", "m")
    with pytest.raises(SpeechError, match="did not answer"):
        await engine.transcribe(SECOND, "en")
    assert engine.waiting == 0
    await engine.close()
