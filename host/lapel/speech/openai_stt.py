"""Any OpenAI-compatible `/v1/audio/transcriptions`: speaches, LocalAI, vLLM, or a cloud the owner chose."""

from __future__ import annotations

import asyncio
import io
import logging
import wave

import openai

from lapel.speech.engine import SAMPLE_BYTES, SAMPLE_RATE_HZ, Busy, SpeechError, checked_text

log = logging.getLogger(__name__)

AT_ONCE = 4  # requests on their way; a home server works on one or two
QUEUE_LIMIT = 32  # as the engines here
_REPLY_DEADLINE_S = 30.0  # the relay's own deadline is shorter; this one frees the connection in any case


class OpenAiSpeech:
    """A SpeechToText that asks a server. `base_url` ends in `/v1`."""

    is_fast = False  # each partial would be a request, perhaps a paid one

    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        self.name = f"the speech server at {base_url}"
        self.refused = 0
        self._model = model
        self._client = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=api_key or "none",  # the client insists on one; servers at home ignore it
            timeout=_REPLY_DEADLINE_S,
            max_retries=1,
        )
        self._waiting = 0
        self._turn = asyncio.Semaphore(AT_ONCE)

    @property
    def waiting(self) -> int:
        """Requests queued or on their way."""
        return self._waiting

    async def transcribe(self, pcm: bytes, language: str) -> str:
        """The words in `pcm`; see SpeechToText."""
        if self._waiting >= QUEUE_LIMIT:
            self.refused += 1
            raise Busy
        self._waiting += 1
        try:
            async with self._turn:
                reply = await self._client.audio.transcriptions.create(
                    file=("speech.wav", as_wav(pcm), "audio/wav"),
                    model=self._model,
                    language=openai.omit if language == "auto" else language,
                    response_format="json",
                )
        except openai.AuthenticationError as error:
            log.error("%s refused the key: %s", self.name, error)
            raise SpeechError("The speech server refused the relay's key.") from error
        except openai.APIConnectionError as error:  # time-outs too
            log.error("%s cannot be reached: %s", self.name, error.__cause__ or error)
            raise SpeechError("The speech server did not answer.") from error
        except openai.APIStatusError as error:
            log.error("%s answered HTTP %d: %s", self.name, error.status_code, error.message[:200])
            raise SpeechError("The speech server reported an error.") from error
        except (openai.OpenAIError, ValueError) as error:  # a body that is not what the API promises
            log.error("%s sent something else than a transcription: %s", self.name, error)
            raise SpeechError("The speech server sent nonsense.") from error
        finally:
            self._waiting -= 1
        return checked_text(getattr(reply, "text", None))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def as_wav(pcm: bytes) -> bytes:
    """`pcm` (s16le, mono, 16 kHz) with a WAV header."""
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(SAMPLE_BYTES)
        wav.setframerate(SAMPLE_RATE_HZ)
        wav.writeframes(pcm)
    return file.getvalue()
