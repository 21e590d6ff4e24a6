"""The computer's microphone as the firmware's `mic` sees it: buffers filled in order, nothing twice."""

import importlib.util
from array import array
from pathlib import Path

import pytest

PATH = Path(__file__).parents[2] / "firmware" / "linux" / "sound.py"
UNWRITTEN = 0x25A5A5A5  # pin.mic's mark


@pytest.fixture
def sound(monkeypatch: pytest.MonkeyPatch):
    spec = importlib.util.spec_from_file_location("linux_sound", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    class Stream:
        taker = None

        def start(self, taker):
            self.taker = taker

        def stop(self, taker):
            self.taker = None

    monkeypatch.setattr(module, "_stream", Stream())
    return module


def opened(sound, mode, format, ibuf, bits=32):
    return sound.I2S(
        0, sck=None, ws=None, sd=None, mode=mode, bits=bits, format=format, rate=16000, ibuf=ibuf
    )


def receiver(sound, ibuf=8 * 1024):
    return opened(sound, sound.I2S.RX, sound.I2S.MONO, ibuf)


def buffer(words):
    return bytearray(array("I", [UNWRITTEN] * words).tobytes())


def words(data):
    return array("i", bytes(data)).tolist()


def test_samples_fill_the_buffers_one_after_the_other(sound):
    i2s, full = receiver(sound), []
    i2s.irq(full.append)
    first, second = buffer(4), buffer(4)
    i2s.readinto(first)
    i2s.readinto(second)
    i2s.take([1, -2, 3])
    assert words(first) == [1 << 14, -2 << 14, 3 << 14, UNWRITTEN] and not full
    i2s.take([4, 5])
    assert words(first)[3] == 4 << 14 and words(second) == [5 << 14] + [UNWRITTEN] * 3
    assert full == [i2s]


def test_what_comes_without_a_buffer_waits_and_the_oldest_is_dropped(sound):
    i2s = receiver(sound, ibuf=8 * 4)
    i2s.take([1, 2, 3, 4, 5, 6])
    assert i2s.dropped == 2
    data = buffer(4)
    i2s.readinto(data)
    i2s.take([7])
    assert words(data) == [3 << 14, 4 << 14, 5 << 14, 6 << 14]


def test_it_is_a_microphone_and_nothing_else(sound):
    with pytest.raises(OSError, match="no other I2S"):
        opened(sound, sound.I2S.TX, sound.I2S.STEREO, 20000)


@pytest.fixture
def speaker(sound, monkeypatch: pytest.MonkeyPatch):
    """A speaker whose PortAudio is the test."""

    class Output:
        def __init__(self, **options):
            self.options = options
            self.running = False

        def start(self):
            self.running = True

        def abort(self):
            self.running = False

        def close(self):
            pass

        def play(self, frames):
            out = bytearray(b"\xff" * 2 * frames)
            self.options["callback"](memoryview(out), frames, None, None)
            return array("h", bytes(out)).tolist()

    class Package:
        PortAudioError = RuntimeError
        RawOutputStream = Output

    monkeypatch.setattr(sound, "_sounddevice", lambda: Package)
    return sound.I2S(
        1,
        sck=None,
        ws=None,
        sd=None,
        mode=sound.I2S.TX,
        bits=16,
        format=sound.I2S.MONO,
        rate=16000,
        ibuf=4096,
    )


def test_a_voice_is_played_in_order_and_then_there_is_silence(sound, speaker):
    pcm = array("H", [1, 2, 3, 4, 5])
    left = [[6, 7, 8, 9, 10]]

    def taken(i2s):
        assert i2s is speaker
        if left:
            pcm[:] = array("H", left.pop())
            i2s.write(pcm)

    speaker.irq(taken)
    speaker.write(pcm)
    assert speaker._stream.play(3) == [1, 2, 3]
    assert speaker._stream.play(4) == [4, 5, 6, 7]
    assert speaker._stream.play(5) == [8, 9, 10, 0, 0]
    assert speaker._stream.play(2) == [0, 0]
    speaker.deinit()
    assert not speaker._stream.running


def test_a_computer_without_a_speaker_says_so(sound, monkeypatch):
    class Package:
        class PortAudioError(Exception):
            pass

        def RawOutputStream(self, **options):
            raise self.PortAudioError("no device")

    monkeypatch.setattr(sound, "_sounddevice", Package)
    with pytest.raises(OSError, match="no speaker: no device"):
        opened(sound, sound.I2S.TX, sound.I2S.MONO, 4096, bits=16)


def test_it_runs_only_between_open_and_close(sound):
    i2s = receiver(sound)
    assert sound._stream.taker is i2s
    i2s.deinit()
    assert sound._stream.taker is None
