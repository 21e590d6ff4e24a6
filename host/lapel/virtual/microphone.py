"""The computer's microphone as the virtual pin's, through PortAudio."""

import asyncio
from types import TracebackType
from typing import Any, Self

import numpy as np
import soxr
from lapel_wire.audio import SAMPLE_RATE_HZ

from lapel.virtual.pin import VirtualPin

BLOCK_S = 0.02


class MicrophoneMissing(RuntimeError):
    """The computer's microphone cannot be used; the text says what to do."""


class Microphone:
    """While it is `open`, what the computer hears sounds around the pin. A context manager."""

    def __init__(self, pin: VirtualPin) -> None:
        self.open = False
        self._pin = pin
        self._loop = asyncio.get_running_loop()
        self._resampler: Any = None
        try:
            import sounddevice
        except ImportError as error:
            raise MicrophoneMissing("expected sounddevice; run: pip install 'lapel[mic]'") from error
        except OSError as error:  # the package is there, the library is not
            raise MicrophoneMissing(
                "expected the library PortAudio; on Debian: apt install libportaudio2"
            ) from error
        try:
            device = sounddevice.query_devices(kind="input")
            try:
                sounddevice.check_input_settings(channels=1, dtype="int16", samplerate=SAMPLE_RATE_HZ)
                rate = SAMPLE_RATE_HZ
            except sounddevice.PortAudioError:
                rate = int(device["default_samplerate"])
                self._resampler = soxr.ResampleStream(rate, SAMPLE_RATE_HZ, 1, dtype="int16")
            self._stream = sounddevice.RawInputStream(
                samplerate=rate,
                channels=1,
                dtype="int16",
                blocksize=int(rate * BLOCK_S),
                callback=self._block,
            )
            self._stream.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            raise MicrophoneMissing(f"expected a microphone, this computer offers none ({error})") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()

    def _block(self, data: Any, frames: int, when: Any, status: Any) -> None:
        """In PortAudio's thread."""
        if self.open:
            pcm = bytes(data)
            if self._resampler is not None:
                pcm = self._resampler.resample_chunk(np.frombuffer(pcm, np.int16)).tobytes()
            self._loop.call_soon_threadsafe(self._pin.hear, pcm)
