"""The virtual I2S hardware in sample counts: what it keeps and drops, what it sends when it has nothing."""

from array import array

from stand_ins.i2s_core import DESCRIPTOR_FRAMES, Receiver, Sender, descriptors
from stand_ins.room import SAMPLES, Room

ON_MICROPYTHON = True

KIB_64 = 65536


class Port:
    """Notes what the hardware does."""

    def __init__(self):
        self.copies = []  # (token, offset, position, frames)
        self.full = []
        self.out = []  # (position, frames)

    def copy(self, token, offset, position, frames):
        self.copies.append((token, offset, position, frames))

    def done(self, token):
        self.full.append(token)

    def sent(self, position, frames):
        self.out.append((position, frames))

    def positions(self, token):
        """Which frames a buffer got, in its order."""
        got = []
        for name, offset, position, frames in self.copies:
            if name == token:
                assert offset == len(got)
                got += range(position, position + frames)
        return got


def test_ibuf_is_rounded_down_to_descriptors():
    assert descriptors(KIB_64, 8) == 32
    assert descriptors(20000, 8) == 9
    assert descriptors(100, 8) == 2


def test_nobody_reads_then_the_oldest_descriptors_are_dropped():
    port = Port()
    receiver = Receiver(KIB_64, 0)
    kept = 31 * DESCRIPTOR_FRAMES  # the queue is one shorter than the ring
    receiver.advance(kept, port)
    assert receiver.dropped == 0
    receiver.advance(kept + DESCRIPTOR_FRAMES - 1, port)
    assert receiver.dropped == 0
    receiver.advance(kept + DESCRIPTOR_FRAMES, port)
    assert receiver.dropped == DESCRIPTOR_FRAMES
    receiver.advance(16000, port)  # 1 s: 62 descriptors
    assert receiver.dropped == (62 - 31) * DESCRIPTOR_FRAMES
    receiver.requests.add("late", 512)
    receiver.advance(16000, port)
    assert port.positions("late") == list(range(receiver.dropped, receiver.dropped + 512))


def test_a_stall_of_one_second_loses_nothing_with_a_long_buffer():
    port = Port()
    receiver = Receiver(16384, 0)
    receiver.requests.add("long", 40 * 512)
    receiver.advance(1000, port)
    receiver.advance(17000, port)  # nobody looked for 1 s
    receiver.advance(40 * 512, port)
    assert receiver.dropped == 0
    assert port.full == ["long"]
    assert port.positions("long") == list(range(40 * 512))


def test_a_stall_with_short_buffers_loses_what_does_not_fit():
    port = Port()
    receiver = Receiver(16384, 0)  # 8 descriptors, 7 of them wait
    receiver.requests.add("first", 512)
    receiver.requests.add("second", 512)
    receiver.advance(16000, port)
    assert port.full == ["first", "second"]
    assert port.positions("first") + port.positions("second") == list(range(1024))
    whole = 16000 // DESCRIPTOR_FRAMES * DESCRIPTOR_FRAMES
    assert receiver.dropped == whole - 1024 - 7 * DESCRIPTOR_FRAMES
    receiver.requests.add("third", 512)
    receiver.advance(16000, port)
    assert port.positions("third") == list(range(1024 + receiver.dropped, 1536 + receiver.dropped))


def test_samples_come_in_whole_descriptors():
    port = Port()
    receiver = Receiver(16384, 100)
    receiver.requests.add("short", 300)
    assert receiver.due() == 100 + 256
    receiver.advance(100 + 255, port)
    assert port.copies == []
    receiver.advance(100 + 256, port)
    assert port.positions("short") == list(range(100, 356))
    assert port.full == []
    receiver.advance(100 + 512, port)
    assert port.full == ["short"]
    assert receiver.due() is None


def test_how_often_one_looks_makes_no_difference():
    results = []
    for step in (1, 7, 250, 256, 1000, 9000):
        port = Port()
        receiver = Receiver(16384, 0)
        receiver.requests.add("a", 700)
        receiver.requests.add("b", 700)
        position = 0
        while position < 9000:
            position += min(step, 9000 - position)
            receiver.advance(position, port)
        results.append((port.positions("a"), port.positions("b"), receiver.dropped, receiver.read))
    assert all(result == results[0] for result in results)


def test_a_third_buffer_is_refused():
    port = Port()
    receiver = Receiver(16384, 0)
    assert receiver.requests.add("a", 256) and receiver.requests.add("b", 256)
    assert not receiver.requests.add("c", 256)
    assert receiver.requests.refused == 1
    receiver.advance(256, port)
    assert receiver.requests.add("c", 256)


def test_sending_nothing_is_silence_and_no_underrun():
    port = Port()
    sender = Sender(20000, 8, 0)
    sender.advance(48000, port)
    assert (sender.zeros, sender.underruns, port.out) == (48000, 0, [])


def test_a_ring_that_runs_dry_sends_zeros():
    port = Port()
    sender = Sender(20000, 8, 0)
    sender.requests.add("a", 1000)
    sender.advance(0, port)
    assert port.full == ["a"]  # it fits: taken at once
    sender.advance(1500, port)
    assert port.out == [(0, 1000)]
    assert (sender.underruns, sender.zeros) == (1, 500)
    sender.advance(2000, port)
    assert (sender.underruns, sender.zeros) == (1, 1000)  # still the same hole
    sender.requests.add("b", 100)
    sender.advance(2000, port)
    sender.advance(2100, port)
    assert port.out == [(0, 1000), (2000, 100)]
    assert sender.underruns == 1
    sender.advance(2101, port)
    assert sender.underruns == 2


def test_a_full_ring_makes_the_program_wait():
    port = Port()
    sender = Sender(20000, 8, 0)  # 2304 frames
    sender.requests.add("a", 3000)
    sender.advance(0, port)
    assert port.full == []
    assert sender.due() == 3000 - 2304
    sender.advance(695, port)
    assert port.full == []
    sender.advance(696, port)
    assert port.full == ["a"]
    sender.requests.add("b", 3000)
    sender.advance(6000, port)
    assert port.full == ["a", "b"]
    assert (sender.underruns, sender.zeros) == (0, 0)
    assert sum(frames for _, frames in port.out) == 6000


def _pcm(values):
    data = bytearray()
    for value in values:
        data += bytes((value & 255, value >> 8 & 255))
    return bytes(data)


def _signed(word):
    return word - (1 << 32) if word & 0x80000000 else word


def _read(room, position, count, shift=0):
    out = array("i", [1] * (count + 2))
    room.words(position, count, out, 1, shift)
    assert out[0] == out[count + 1] == 1  # nothing beyond
    return [_signed(word & 0xFFFFFFFF) for word in out[1 : count + 1]]


def test_a_room_is_silent_before_and_after():
    room = Room()
    assert _read(room, 0, 3) == [0, 0, 0]
    assert room.append(10, _pcm([1, -1, 32767, -32768]), 0, 4, 0) == 14
    assert _read(room, 8, 8) == [0, 0, 1, -1, 32767, -32768, 0, 0]
    assert _read(room, 10, 4, 14) == [1 << 14, -(1 << 14), 32767 << 14, -(32768 << 14)]


def test_sounds_follow_each_other():
    room = Room()
    room.append(10, _pcm([1, 2, 3]), 0, 3, 0)
    room.append(10, _pcm([9, 4, 5]), 2, 2, 0)  # too early: right after the one before
    room.append(18, _pcm([6]), 0, 1, 0)
    assert _read(room, 9, 11) == [0, 1, 2, 3, 4, 5, 0, 0, 0, 6, 0]


def test_a_later_sound_finds_no_rest_of_an_earlier_one():
    room = Room()
    room.append(5, _pcm([7] * 50), 0, 50, 0)
    room.append(SAMPLES, _pcm([1]), 0, 1, SAMPLES)
    room.append(SAMPLES + 20, _pcm([2]), 0, 1, SAMPLES)
    assert _read(room, SAMPLES, 21) == [1] + [0] * 19 + [2]


def test_a_room_forgets_the_oldest_and_says_so():
    room = Room()
    block = _pcm([3] * 1000)
    for i in range(SAMPLES // 1000 + 1):
        room.append(i * 1000, block, 0, 1000, 0)
    assert room.forgotten == (SAMPLES // 1000 + 1) * 1000 - SAMPLES
