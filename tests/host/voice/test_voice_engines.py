"""What speaks: the real Piper with its voice, and any server on loopback."""

from __future__ import annotations

import asyncio
import io
import json
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from lapel import models
from lapel.config import VoiceConfig
from lapel.speech import Speech, SpeechSettings
from lapel.speech.wer import normalise, word_errors
from lapel.voice import VoiceError, make_engine, needed_models
from lapel.voice.openai_voice import OpenAiVoice
from lapel.voice.piper import QUEUE_LIMIT, PiperVoices

needs_joe = pytest.mark.skipif(
    not models.is_ready("joe"), reason="needs a Piper voice: lapel models fetch joe"
)
SENTENCE = "The bridge opened in May, and it is very long."


@pytest.fixture
async def piper() -> AsyncIterator[PiperVoices]:
    engine = make_engine(VoiceConfig(on=True))
    assert isinstance(engine, PiperVoices)
    yield engine
    await engine.close()


async def heard(pcm: bytes) -> str:
    speech = Speech(SpeechSettings())
    try:
        return await speech.transcribe(pcm, 30.0)
    finally:
        await speech.close()


@needs_joe
async def test_what_piper_says_is_understood(piper: PiperVoices) -> None:
    pcm = await piper.speak(SENTENCE, "en")
    assert 1.5 < len(pcm) / 32000 < 6 and len(pcm) % 2 == 0
    assert word_errors(normalise(SENTENCE), normalise(await heard(pcm))) <= 1


@needs_joe
async def test_one_program_speaks_many_sentences_in_order(piper: PiperVoices) -> None:
    lengths = [len(pcm) for pcm in await asyncio.gather(*(piper.speak("No. " * n, "en") for n in (1, 8, 2)))]
    assert lengths[0] < lengths[2] < lengths[1]
    program = piper._programs["en"]
    assert program._process is not None
    pid = program._process.pid
    await piper.speak("Again.", "en")
    assert program._process.pid == pid
    assert program._folder is not None
    assert not await asyncio.to_thread(lambda: list(Path(program._folder.name).iterdir()))


@needs_joe
async def test_who_does_not_wait_any_more_leaves_no_answer_for_the_next(piper: PiperVoices) -> None:
    await piper.start()
    given_up = asyncio.create_task(piper.speak("One. " * 30, "en"))
    await asyncio.sleep(0.02)
    given_up.cancel()
    pcm = await piper.speak("Yes.", "en")
    assert len(pcm) < 2 * 32000


@needs_joe
async def test_a_program_that_breaks_is_started_again(piper: PiperVoices) -> None:
    with pytest.raises(VoiceError, match="broke off"):
        await piper.speak("...", "en")  # nothing to say: this program ends on it
    assert len(await piper.speak("Yes.", "en")) > 3200
    process = piper._programs["en"]._process
    assert process is not None
    process.kill()
    with pytest.raises(VoiceError):
        await piper.speak("Yes.", "en")
    assert len(await piper.speak("Yes.", "en")) > 3200


@needs_joe
async def test_too_many_sentences_are_refused(piper: PiperVoices) -> None:
    asked = [asyncio.create_task(piper.speak("Yes.", "en")) for _ in range(QUEUE_LIMIT + 1)]
    results = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(result, VoiceError) for result in results) == 1


async def test_a_voice_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    engine = make_engine(VoiceConfig(on=True, voice=str(tmp_path / "nobody.onnx")))
    with pytest.raises(VoiceError, match="lapel models fetch"):
        await engine.start()
    assert engine.speaks("en") and not engine.speaks("zh")
    with pytest.raises(VoiceError, match="voice for 'zh'"):
        await engine.speak("好", "zh")
    await engine.close()


def test_needed_models() -> None:
    assert needed_models(VoiceConfig()) == []
    assert needed_models(VoiceConfig(on=True)) == ["joe"]
    assert needed_models(VoiceConfig(on=True, voice="/a/b.onnx")) == []
    assert needed_models(VoiceConfig(on=True, url="http://127.0.0.1:1/v1")) == []


# Any server


def tone(rate: int, seconds: float, channels: int = 1) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(channels)
        wav.setsampwidth(2)
        wav.setframerate(rate)
        wav.writeframes(b"\x10\x20" * channels * int(rate * seconds))
    return file.getvalue()


class Server:
    """`/v1/audio/speech` on loopback; `reply` is (status, type, body)."""

    def __init__(self) -> None:
        self.reply = (200, "audio/wav", tone(24000, 0.5))
        self.asked: list[dict[str, str]] = []
        self.keys: list[str] = []
        self.url = ""
        self.delay_s = 0.0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                lines = head.split("\r\n")
                fields = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines[1:] if line)}
                body = await reader.readexactly(int(fields.get("content-length", "0")))
                assert lines[0].split()[1] == "/v1/audio/speech"
                self.asked.append(json.loads(body))
                self.keys.append(fields["authorization"])
                await asyncio.sleep(self.delay_s)
                status, kind, data = self.reply
                answer = (
                    f"HTTP/1.1 {status} OK\r\ncontent-type: {kind}\r\ncontent-length: {len(data)}\r\n\r\n"
                )
                writer.write(answer.encode() + data)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def server() -> AsyncIterator[Server]:
    scripted = Server()
    listening = await asyncio.start_server(scripted.serve, "127.0.0.1", 0)
    async with listening:
        scripted.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
        yield scripted


async def test_a_server_is_asked_as_the_api_says() -> None:
    async with server() as there:
        engine = make_engine(VoiceConfig(True, there.url, "secret", "kokoro", "anna", "xiaobei"))
        try:
            for rate, channels in ((24000, 1), (48000, 2), (16000, 1)):
                there.reply = (200, "audio/wav", tone(rate, 0.5, channels))
                pcm = await engine.speak("Hello.", "en")
                assert abs(len(pcm) - 16000) < 40
            await engine.speak("你好。", "zh")
        finally:
            await engine.close()
        assert there.asked[0] == {
            "input": "Hello.",
            "model": "kokoro",
            "voice": "anna",
            "response_format": "wav",
        }
        assert there.asked[-1]["voice"] == "xiaobei" and set(there.keys) == {"Bearer secret"}


async def test_a_streamed_wav_has_no_honest_length() -> None:
    async with server() as there:
        data = bytearray(tone(24000, 0.5))
        data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
        there.reply = (200, "audio/wav", bytes(data))
        engine = OpenAiVoice(there.url, "", "m", {"en": "v"})
        assert abs(len(await engine.speak("Hello.", "en")) - 16000) < 40
        await engine.close()


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        ((500, "application/json", b'{"error": {"message": "out of memory"}}'), "HTTP 500"),
        ((401, "application/json", b"{}"), "HTTP 401"),
        ((200, "audio/mpeg", b"ID3\x04" + bytes(300)), "something else than a WAV"),
        ((200, "audio/wav", b""), "something else than a WAV"),
        ((200, "text/html", b"<html>hello</html>"), "something else than a WAV"),
    ],
)
async def test_a_server_that_fails_is_named(reply: tuple[int, str, bytes], says: str) -> None:
    async with server() as there:
        there.reply = reply
        engine = OpenAiVoice(there.url, "", "m", {"en": "v"})
        engine._client.max_retries = 0
        with pytest.raises(VoiceError, match=says):
            await engine.speak("Hello.", "en")
        await engine.close()
    engine = OpenAiVoice(there.url, "", "m", {"en": "v"})
    engine._client.max_retries = 0
    with pytest.raises(VoiceError, match="cannot be reached"):
        await engine.speak("Hello.", "en")
    await engine.close()
