"""Any OpenAI-compatible `/v1/audio/speech`: speaches, LocalAI, Kokoro-FastAPI, or a cloud the owner chose."""

from __future__ import annotations

import asyncio
import logging

import openai

from ..wav import WavError, decode
from .engine import LONGEST_S, SPEAK_S, VoiceError

log = logging.getLogger(__name__)

AT_ONCE = 2  # requests on their way: a home server speaks one after the other
QUEUE_LIMIT = 8
MAX_REPLY_BYTES = 24 << 20  # 120 s of 48 kHz stereo in 16 bits


class OpenAiVoice:
    """A TextToSpeech that asks a server. `base_url` ends in `/v1`; `voices` by language."""

    def __init__(self, base_url: str, api_key: str, model: str, voices: dict[str, str]) -> None:
        self.name = f"the voice server at {base_url}"
        self._model = model
        self._voices = voices
        self._client = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=api_key or "none",  # the client insists on one; servers at home ignore it
            timeout=SPEAK_S,
            max_retries=1,
        )
        self._waiting = 0
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def start(self) -> None:
        """A server is asked when there is something to say."""

    def speaks(self, language: str) -> bool:
        return language in self._voices

    async def speak(self, sentence: str, language: str) -> bytes:
        if self._waiting >= QUEUE_LIMIT:
            raise VoiceError(f"{QUEUE_LIMIT} sentences wait for {self.name} already")
        self._waiting += 1
        try:
            async with self._turn, asyncio.timeout(SPEAK_S):
                wav = await self._ask(sentence, self._voices[language])
            return await asyncio.to_thread(_samples, wav)
        except TimeoutError:
            raise VoiceError(f"{self.name} did not speak within {SPEAK_S:.0f} s") from None
        except openai.APIConnectionError as error:
            raise VoiceError(f"{self.name} cannot be reached: {error.__cause__ or error}") from error
        except openai.APIStatusError as error:
            raise VoiceError(
                f"{self.name} answered HTTP {error.status_code}: {error.message[:200]}"
            ) from error
        except (openai.OpenAIError, WavError) as error:
            raise VoiceError(f"{self.name} sent something else than a WAV: {error}") from error
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        await self._client.close()

    async def _ask(self, sentence: str, voice: str) -> bytes:
        received = bytearray()
        async with self._client.audio.speech.with_streaming_response.create(
            model=self._model, voice=voice, input=sentence, response_format="wav"
        ) as reply:
            async for block in reply.iter_bytes():
                received += block
                if len(received) > MAX_REPLY_BYTES:
                    raise WavError(f"more than {MAX_REPLY_BYTES >> 20} MB for one sentence")
        return bytes(received)


def _samples(wav: bytes) -> bytes:
    return decode(wav, LONGEST_S).astype("<i2").tobytes()
