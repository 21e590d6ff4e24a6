"""A spoken answer on its way through the pin: ring, port, and who may stop it."""

import random
from array import array

from fake_pin import Pin, clock
from lapel_wire import adpcm, audio
from pin import voice
from pin.voice import BEGIN, FRAMES, HOLD_MS, TELL, Voice

ON_MICROPYTHON = True


class Port:
    """A transmitter that has taken a buffer when the test says so."""

    def __init__(self):
        self.handler = None
        self.heard = []  # a copy of each buffer
        self.waiting = 0

    def irq(self, handler):
        self.handler = handler

    def write(self, pcm):
        self.waiting += 1
        assert self.waiting == 1  # the one buffer there is
        self.heard.append(array("H", pcm))

    def take(self):
        """Whether there was something to take."""
        if not self.waiting:
            return False
        self.waiting -= 1
        self.handler(self)
        return True


class Speaker:
    def __init__(self, shared=False):
        self.shared = shared
        self.port = None
        self.opened = self.closed = 0
        self.broken = False

    def open(self):
        self.opened += 1
        if self.broken:
            raise OSError(19)
        self.port = Port()
        return self.port

    def close(self):
        self.closed += 1


class Locked:
    closed = True


class Sensor:
    present = False


class Rig:
    """A pin whose room this is, and the relay's side of it."""

    def __init__(self, shared=False):
        self.speaker = Speaker(shared)
        self.pin = Pin(rooms=())
        self.link = self.pin.link
        self.link.on_binary = {}
        self.voice = Voice(self.speaker, self.link)
        self.app = self.pin.app
        self.app.guard.sensor = Sensor()
        self.voice.enter(self.app)
        self.frame = bytearray(audio.FRAME_BYTES)
        self.codec = adpcm.new_state()
        self.sent = 0
        self.poll()

    def poll(self, ms=5):
        clock.now += ms
        self.voice.poll(clock.now)

    def start(self, number=1, card=None):
        self.sent = 0
        self.voice.message({"t": "voice_start", "voice": number, "card": card}, clock.now)

    def give(self, frames, number=1):
        """Frames whose samples all have the frame's number, roughly: a step a frame."""
        for _ in range(frames):
            pcm = array("H", [(self.sent * 100) & 0xFFFF] * audio.SAMPLES_PER_FRAME)
            audio.pack_header(self.frame, number, self.sent, self.codec[0], self.codec[1], audio.KIND_VOICE)
            adpcm.encode(pcm, memoryview(self.frame)[audio.HEADER_BYTES :], self.codec, 512)
            self.link.on_binary[audio.KIND_VOICE](memoryview(self.frame))
            self.sent += 1

    def end(self, number=1, cut=False):
        message = {"t": "voice_end", "voice": number, "frames": self.sent}
        if cut:
            message["cut"] = True
        self.voice.message(message, clock.now)

    def told(self, t):
        return [fields for name, fields in self.link.sent if name == t]

    def over(self):
        last = self.told("voice_played")[-1:]
        return bool(last) and last[0].get("over") is True

    def play_out(self):
        """Lets the port take everything."""
        for _ in range(8 * FRAMES):
            self.poll()
            if not self.speaker.port.take() and self.over():
                break
            self.poll()


def level(pcm):
    """The last sample of a frame, where the codec has settled."""
    value = pcm[-1]
    return value - 65536 if value > 32767 else value


def test_frames_come_out_in_order_and_the_relay_is_told():
    rig = Rig()
    assert rig.told("voice") == [{"plays": True}]
    rig.app.preferences.set_level("volume", 100, clock.now)
    rig.start()
    rig.give(20)
    rig.end()
    rig.poll()
    assert rig.app.speaking
    rig.play_out()
    heard = rig.speaker.port.heard
    assert len(heard) == 20 and rig.over() and not rig.app.speaking
    assert all(abs(level(pcm) - 100 * i) < 60 for i, pcm in enumerate(heard))
    told = [fields["frames"] for fields in rig.told("voice_played")]
    assert told == sorted(told) and told[-1] == 20 and len(told) >= 20 // TELL
    assert rig.voice.broken == rig.voice.dropped == 0 and rig.speaker.closed == 1


def test_it_begins_when_enough_is_there():
    rig = Rig()
    rig.start()
    rig.give(BEGIN - 1)
    rig.poll()
    assert not rig.speaker.opened
    rig.give(1)
    rig.poll()
    rig.poll()
    assert rig.speaker.opened == 1 and len(rig.speaker.port.heard) == 1
    # and at once if there will be no more
    rig.start(2)
    rig.give(1, 2)
    rig.end(2)
    rig.poll()
    rig.poll()
    assert rig.speaker.opened == 2 and len(rig.speaker.port.heard) == 1


def test_a_full_ring_drops_and_counts():
    rig = Rig()
    rig.start()
    rig.give(FRAMES + 5)
    assert rig.voice.dropped == 5
    rig.end()
    rig.play_out()
    assert len(rig.speaker.port.heard) == FRAMES


def test_random_comings_and_goings_keep_the_order():
    """Whatever the network and the port do, what is heard is what was sent, in its order, once."""
    for seed in range(8):
        random.seed(seed)
        rig = Rig()
        rig.app.preferences.set_level("volume", 100, clock.now)
        rig.start()
        for _ in range(400):
            doing = random.randrange(3)
            room = FRAMES - (rig.sent - rig.voice._went)
            if doing == 0 and room and rig.sent < 200:
                rig.give(1 + random.randrange(min(room, 9)))
            elif doing == 1 and rig.speaker.port is not None:
                rig.speaker.port.take()
            else:
                rig.poll()
        rig.end()
        rig.play_out()
        heard = rig.speaker.port.heard
        assert len(heard) == rig.sent > 50 and rig.voice.dropped == 0
        assert all(abs(level(pcm) - 100 * i) < 100 for i, pcm in enumerate(heard))


def stopped_by(do, shared=False):
    """Starts a voice, lets it play a little, does something, and says whether it is over within one poll."""
    rig = Rig(shared)
    rig.start(card=7)
    rig.give(20)
    rig.poll()
    rig.poll()
    rig.speaker.port.take()
    port = rig.speaker.port
    heard = len(port.heard)
    do(rig)
    rig.poll()
    assert len(port.heard) == heard
    port.take()  # what was under way: its callback comes late
    rig.poll()
    assert len(port.heard) == heard
    return rig


def test_a_press_silences_it_at_once():
    def press(rig):
        rig.app.button.timing.down = True

    rig = stopped_by(press)
    assert rig.over() and rig.voice.broken == 1 and rig.speaker.closed == 1 and not rig.app.speaking


def test_the_relay_cuts_it():
    rig = stopped_by(lambda rig: rig.end(cut=True))
    assert rig.over() and rig.speaker.closed == 1


def test_frames_that_were_on_their_way_are_ignored():
    rig = stopped_by(lambda rig: rig.end(cut=True))
    rig.give(5)
    rig.poll()
    assert rig.speaker.opened == 1 and rig.voice.dropped == 0
    rig.start(2)
    rig.give(3, 1)
    assert rig.voice._came == 0


def test_silence_ends_it_and_the_relay_knows():
    rig = stopped_by(lambda rig: rig.app.preferences.set_silent(True, clock.now))
    assert rig.told("voice") == [{"plays": True}, {"plays": False}]
    rig.start(3)
    rig.give(10, 3)
    rig.poll()
    assert rig.speaker.opened == 1 and rig.over()


def test_a_lock_and_another_card_end_it():
    def lock(rig):
        rig.app.lock = Locked()

    assert stopped_by(lock).told("voice")[-1] == {"plays": False}

    def card(rig):
        rig.app.reader.card = {"card": 8, "kind": "answer"}

    assert stopped_by(card).over()

    def its_own(rig):
        rig.app.reader.card = {"card": 7, "kind": "answer"}

    rig = Rig()
    rig.start(card=7)
    rig.give(20)
    its_own(rig)
    rig.poll()
    rig.poll()
    assert rig.speaker.opened == 1 and not rig.over()


def test_a_lost_link_ends_it_and_another_is_told_anew():
    def lose(rig):
        rig.link.state = 0

    rig = stopped_by(lose)
    rig.link.state = voice.UP
    rig.poll()
    assert rig.told("voice") == [{"plays": True}] * 2


def test_on_a_shared_port_it_waits_for_the_dark():
    rig = Rig(shared=True)
    sensor = rig.app.guard.sensor
    rig.app.reader.card = {"card": 7, "kind": "answer"}
    sensor.present = True
    rig.start(card=7)
    rig.give(20)
    for _ in range(50):
        rig.poll()
    assert not rig.speaker.opened
    sensor.present = False  # the hand goes: nothing can be lit
    rig.poll()
    rig.poll()
    assert rig.speaker.opened == 1
    port = rig.speaker.port
    rig.speaker.port.take()
    sensor.present = True  # light comes first
    rig.poll()
    assert rig.speaker.closed == 1 and not rig.over()
    rig.app.reader.card = None  # the card was read
    rig.end()
    rig.poll()
    rig.poll()
    assert rig.speaker.opened == 2 and rig.speaker.port is not port
    rig.play_out()
    assert len(port.heard) + len(rig.speaker.port.heard) == 20 and rig.over()


def test_on_a_port_of_its_own_it_plays_beside_the_light():
    rig = Rig()
    rig.app.reader.card = {"card": 7, "kind": "answer"}
    rig.app.guard.sensor.present = True
    rig.start(card=7)
    rig.give(20)
    rig.poll()
    assert rig.speaker.opened == 1


def test_what_waits_too_long_is_no_news():
    rig = Rig(shared=True)
    rig.app.reader.card = {"card": 7, "kind": "answer"}
    rig.app.guard.sensor.present = True
    rig.start(card=7)
    rig.give(20)
    rig.poll(HOLD_MS - 10)
    assert not rig.over()
    rig.poll(20)
    assert rig.over() and rig.voice.broken == 1 and not rig.speaker.opened


def test_a_relay_that_falls_silent_holds_nothing_up():
    rig = Rig()
    rig.start()
    rig.give(10)
    rig.play_out()
    assert not rig.over()
    rig.poll(HOLD_MS + 10)
    assert rig.over() and rig.speaker.closed == 1


def test_a_speaker_that_does_not_open_is_given_back():
    rig = Rig(shared=True)
    rig.speaker.broken = True
    rig.start()
    rig.give(20)
    rig.poll()
    assert rig.over() and rig.speaker.closed == 1 and not rig.app.speaking


def test_volume():
    def loudness(percent):
        rig = Rig()
        rig.app.preferences.set_level("volume", percent, clock.now)
        rig.start()
        rig.give(30)
        rig.end()
        rig.play_out()
        return max(level(pcm) for pcm in rig.speaker.port.heard)

    assert loudness(0) == 0 and 2800 < loudness(100) < 3000 and 650 < loudness(50) < 750


def test_nonsense_is_refused():
    from lapel_wire import WireError

    rig = Rig()
    rig.start()
    for frame in (b"", b"\x02" * 10, bytes((2, 89)) + bytes(264)):
        try:
            rig.link.on_binary[audio.KIND_VOICE](memoryview(frame))
        except WireError:
            continue
        raise AssertionError(frame)
    assert rig.voice._came == 0


def test_the_decoder_is_the_encoder_s_mirror():
    random.seed(2)
    state, out = adpcm.new_state(), array("H", bytes(1024))
    frame = bytearray(audio.FRAME_BYTES + 3)
    for loudness in (3, 300, 9000, 32767):
        pcm = [random.randrange(-loudness, loudness + 1) for _ in range(512)]
        header = bytearray(audio.FRAME_BYTES)
        audio.pack_header(header, 1, 0, state[0], state[1], audio.KIND_VOICE)
        adpcm.encode(array("H", [s & 0xFFFF for s in pcm]), memoryview(header)[10:], state, 512)
        frame[3:] = header
        adpcm.decode(frame, 3, out, 256)
        assert level(out) == state[0]  # both ends have the same predictor
        adpcm.decode(frame, 3, out, 128)
        assert level(out) == state[0] >> 1
