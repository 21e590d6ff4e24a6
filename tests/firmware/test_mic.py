"""Word conversion, and a microphone whose port the test plays: what arrives, what is lost, what stops."""

import random
from array import array

from lapel_wire import adpcm, audio
from pin import mic
from pin.mic import LONG_WORDS, SHORT_WORDS, Mic, convert
from pin.utterance import Utterance

ON_MICROPYTHON = True

UNFILLED = 0x25A5A5A5
SHIFT = 14


def converted(words, shift):
    out = array("H", bytes(2 * len(words) + 2))
    count = convert(array("i", words), 0, len(words), shift, out, 1)
    return [value - 65536 if value > 32767 else value for value in list(out)[1 : 1 + count]]


def clipped(value):
    return max(-32768, min(32767, value))


def test_conversion_shifts_and_saturates():
    edges = [
        0,
        1,
        -1,
        255,
        256,
        -256,
        1 << 14,
        -(1 << 14),
        (1 << 14) - 1,
        1 << 29,
        (1 << 29) - 1,
        -(1 << 29),
        -(1 << 29) - 1,
    ]
    edges += [(1 << 31) - 1, -(1 << 31), (1 << 31) - 256, 0x7FFF0000, -0x80000000 + 256]
    random.seed(5)
    words = edges + [(random.getrandbits(24) - (1 << 23)) << 8 for _ in range(500)]
    for shift in range(17):
        assert converted(words, shift) == [clipped(word >> shift) for word in words], shift


def test_conversion_stops_where_nothing_was_written():
    assert converted([1 << 16, 2 << 16, UNFILLED, 3 << 16], 16) == [1, 2]
    assert converted([UNFILLED], 16) == []


class FakeI2S:
    """A receiver after the ESP32's: two buffers at most, filled in order, a callback for each full one."""

    def __init__(self, room):
        self.room = room
        self.buffers = []
        self.done = 0
        self.open = True

    def irq(self, handler):
        self.handler = handler

    def readinto(self, buffer):
        assert len(self.buffers) < 2
        self.buffers.append(buffer)
        return len(buffer)

    def deinit(self):
        self.open = False

    def give(self, samples):
        """The room's next samples go into the buffers; those that do not fit are lost."""
        while samples and self.buffers:
            buffer = self.buffers[0]
            words = len(buffer) // 4
            count = min(samples, words - self.done)
            for i in range(self.done, self.done + count):
                word = self.room.next() << SHIFT & 0xFFFFFFFF
                buffer[4 * i : 4 * i + 4] = word.to_bytes(4, "little")
            self.done += count
            samples -= count
            if self.done == words:
                self.buffers.pop(0)
                self.done = 0
                if self.handler:
                    self.handler(self)
        for _ in range(samples):
            self.room.next()


class Room:
    """A sound that never repeats soon."""

    def __init__(self):
        self.position = 0

    def next(self):
        self.position += 1
        return self.at(self.position - 1)

    def at(self, position):
        return (position * 7919 + position * position) % 20011 - 10000


class Clock:
    """Stands in for ticks_ms in pin.mic while a test runs."""

    def __enter__(self):
        self.now = 5000
        self._ticks_ms = mic.ticks_ms
        mic.ticks_ms = lambda: self.now
        return self

    def __exit__(self, *_):
        mic.ticks_ms = self._ticks_ms


class Bench:
    def __init__(self, clock, linked=True):
        self.clock = clock
        self.room = Room()
        self.opened = []
        self.mic = Mic(self._open, SHIFT)
        self.mic.linked = linked
        self.utterance = Utterance()
        self.utterance.begin(7)
        self.mic.start(self.utterance)

    def _open(self, ibuf_bytes):
        self.opened.append(FakeI2S(self.room))
        return self.opened[-1]

    @property
    def i2s(self):
        return self.opened[-1]

    def run(self, ms, step_ms=4, stalled=False):
        for _ in range(0, ms, step_ms):
            self.clock.now += step_ms
            self.i2s.give(16 * step_ms)
            if not stalled:
                self.mic.poll()


def encoded(room, samples):
    """The frames that these samples of the room must become."""
    codec = adpcm.new_state()
    frames = []
    for start in range(0, samples, 512):
        pcm = array("H", [room.at(i) & 0xFFFF if i < samples else 0 for i in range(start, start + 512)])
        frame = bytearray(audio.FRAME_BYTES)
        audio.pack_header(frame, 7, len(frames), codec[0], codec[1])
        out = bytearray(256)
        adpcm.encode(pcm, out, codec, 512)
        frame[10:] = out
        frames.append(bytes(frame))
    return frames


def kept(utterance):
    frames = []
    for seq in range(utterance.frames):
        frame = bytearray(audio.FRAME_BYTES)
        utterance.copy(seq, frame)
        frames.append(bytes(frame))
    return frames


def stop(bench):
    bench.mic.stop(bench.clock.now)
    bench.run(200)
    assert not bench.mic.running and not bench.i2s.open and bench.utterance.ended


def test_each_sample_in_order_with_short_and_with_long_buffers():
    for linked in (True, False):
        with Clock() as clock:
            bench = Bench(clock, linked)
            assert len(bench.i2s.buffers[0]) == 4 * (SHORT_WORDS if linked else LONG_WORDS)
            bench.run(700)
            stop(bench)
            # Everything until the release and at most a look more; nothing is made up.
            assert 700 * 16 <= bench.utterance.samples <= 710 * 16
            assert kept(bench.utterance) == encoded(bench.room, bench.utterance.samples)
            assert bench.utterance.dropped == 0


def test_a_second_of_stall_loses_nothing_while_not_linked():
    for before_ms in (0, 100, 1200, 1276):
        with Clock() as clock:
            bench = Bench(clock, linked=False)
            bench.run(before_ms)
            bench.run(1000, stalled=True)
            bench.run(300)
            stop(bench)
            assert bench.utterance.samples >= (before_ms + 1300) * 16
            assert kept(bench.utterance) == encoded(bench.room, bench.utterance.samples)
            assert bench.utterance.dropped == 0


def test_linked_in_the_middle_changes_to_short_buffers():
    with Clock() as clock:
        bench = Bench(clock, linked=False)
        bench.run(600)
        assert bench.utterance.frames >= 17  # out of a long buffer that is not full yet
        bench.mic.linked = True
        bench.run(2200)
        assert [len(buffer) for buffer in bench.i2s.buffers] == [4 * SHORT_WORDS] * 2
        stop(bench)
        assert kept(bench.utterance) == encoded(bench.room, bench.utterance.samples)


def test_what_a_stall_costs_is_counted():
    with Clock() as clock:
        bench = Bench(clock)
        bench.run(640)
        bench.run(800, stalled=True)  # two short buffers hold 64 ms of it; this port has no other memory
        bench.run(400)
        stop(bench)
        lost = (800 - 64) * 16
        assert abs(bench.utterance.dropped - lost) <= 512, bench.utterance.dropped
        assert bench.utterance.dropped % 256 == 0


def test_the_cap_ends_it():
    with Clock() as clock:
        bench = Bench(clock)
        bench.run(30100, step_ms=20)
        assert not bench.mic.running and bench.utterance.ended
        assert bench.utterance.frames == audio.MAX_UTTERANCE_FRAMES
        assert bench.utterance.samples == audio.MAX_UTTERANCE_FRAMES * 512


def test_a_microphone_that_stops_is_told_in_a_sentence():
    with Clock() as clock:
        bench = Bench(clock)
        bench.run(320)
        for _ in range(200):
            clock.now += 5
            bench.mic.poll()
        assert not bench.mic.running and bench.mic.failed == "The microphone stopped."


def test_a_stalled_interpreter_is_not_a_stopped_microphone():
    with Clock() as clock:
        bench = Bench(clock)
        bench.run(320)
        clock.now += 5000
        bench.mic.poll()
        assert bench.mic.running


def test_a_microphone_that_does_not_start():
    def broken(ibuf_bytes):
        raise OSError(19)

    device = Mic(broken, SHIFT)
    device.start(Utterance())
    assert not device.running and device.failed == "The microphone does not start."


def test_cancel_and_start_again():
    with Clock() as clock:
        bench = Bench(clock)
        bench.run(100)
        old = bench.i2s
        bench.mic.cancel()
        assert not old.open and old.handler is None
        bench.room.position = 0
        bench.utterance.begin(7)
        bench.mic.start(bench.utterance)
        bench.mic._filled(old)  # a callback that was under way when the last recording ended
        bench.run(300)
        stop(bench)
        assert kept(bench.utterance) == encoded(bench.room, bench.utterance.samples)
