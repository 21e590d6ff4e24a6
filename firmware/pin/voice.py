"""A spoken answer: the relay's frames through a ring into the speaker. One of the app's rooms.

When the port has taken a frame, its callback decodes the next one and hands it over; nothing is allocated for
it. The relay is told how much was played and sends no more than the ring holds.
"""

from array import array

from lapel_wire import adpcm
from lapel_wire.audio import FRAME_BYTES, KIND_VOICE, SAMPLES_PER_FRAME, unpack_header
from pin import log
from pin.clock import Deadline
from pin.link import UP
from pin.states import ASLEEP, LISTENING, THINKING
from pin.utterance import copy_bytes

FRAMES = 32  # of the ring: 1 s, a third more than a relay may be ahead
BEGIN = 6  # frames that must be there before the first: 192 ms of a bad network
TELL = 8  # frames: a quarter of a second
HOLD_MS = 35_000  # for a dark palm, which comes after 30 s (guard), or for the next frame: then it is no news
END_MS = 160  # what lies in the port's memory when the ring is empty
DEAF = (LISTENING, THINKING, ASLEEP)


class Voice:
    """`speaker` has `open()`, which gives the transmitter, `close()` and `shared`: only while it is dark."""

    takes = ("voice_start", "voice_end")

    def __init__(self, speaker, link):
        self.dropped = 0  # frames without room
        self.broken = 0  # voices that were not heard to their end
        self._speaker = speaker
        self._link = link
        self._ring = bytearray(FRAMES * FRAME_BYTES)
        self._pcm = array("H", bytes(2 * SAMPLES_PER_FRAME))
        self._on_taken = self._taken  # one bound method for ever
        self._writing = False  # the port has `_pcm`; until it is taken only the callback writes
        self._number = None  # of the voice that is there
        self._plays = None  # what the relay was told
        self._patience, self._ending = Deadline(), Deadline()
        self._i2s = None
        link.on_binary[KIND_VOICE] = self._take

    def enter(self, app):
        self._app = app

    def message(self, message, now):
        number = message["voice"]
        if message["t"] == "voice_start":
            self._stop()
            self._number = number
            self._app.speaking = True
            self._card = message.get("card")
            self._came = self._went = self._told = 0
            self._last = None  # how many there will be, once that is known
            self._patience.after(HOLD_MS, now)
        elif number == self._number:
            if message.get("cut"):
                self._stop()
            else:
                self._last = self._came

    def poll(self, now):
        app = self._app
        if self._link.state != UP:
            self._plays = None
            self._stop()
            return
        plays = not (app.preferences.silent or app.lock.closed)
        if plays is not self._plays:
            self._plays = plays
            app.tell("voice", plays=plays)
        if self._number is None:
            return
        card = app.reader.card
        other = card is not None and card["card"] != self._card
        if not plays or other or app.button.timing.down or app.machine.state in DEAF:
            self._stop()
        elif self._i2s is None:
            self._wait(now)
        elif self._speaker.shared and card is not None and app.guard.sensor.present:
            self._close()  # light comes first; the rest waits until it is dark again
        else:
            self._play(now)

    def _wait(self, now):
        card = self._app.reader.card
        free = not self._speaker.shared or card is None or not self._app.guard.sensor.present
        there = self._came - self._went
        if self._last == self._went:
            self._stop()
        elif self._patience.passed(now):
            log.warning("voice", "%d frames found no dark palm" % there)
            self._stop()
        elif free and (there >= BEGIN or self._last is not None):
            level = self._app.preferences.levels["volume"]
            self._gain = level * level * 256 // 10_000  # loudness goes by powers
            try:
                i2s = self._speaker.open()
            except (OSError, ValueError) as error:
                log.error("voice", "no speaker: %r" % error)
                self._speaker.close()
                self._stop()
                return
            self._writing = False
            self._ending.clear()
            i2s.irq(self._on_taken)
            self._i2s = i2s

    def _play(self, now):
        if not self._writing and self._went < self._came:
            self._write(self._i2s)
        if self._writing:
            self._ending.after(END_MS, now)
            self._patience.after(HOLD_MS, now)
        elif (self._ending.passed(now) and self._last == self._went) or self._patience.passed(now):
            self._stop()
            return
        if self._went - self._told >= TELL:
            self._told = self._went
            self._app.tell("voice_played", voice=self._number, frames=self._told)

    def _take(self, frame):
        """A frame of the link. Raises WireError."""
        number = unpack_header(frame, KIND_VOICE)[0]
        if number != self._number or self._last is not None:
            return  # on its way while the voice ended
        if self._came - self._went == FRAMES:
            self.dropped += 1
            return
        copy_bytes(frame, 0, self._ring, self._came % FRAMES * FRAME_BYTES, FRAME_BYTES)
        self._came += 1

    def _taken(self, i2s):
        if i2s is self._i2s:  # else it is late: the voice has ended
            # On a computer this is another thread: as long as it may write, the poll does not.
            if self._went < self._came:
                self._write(i2s)
            else:
                self._writing = False

    def _write(self, i2s):
        self._writing = True
        adpcm.decode(self._ring, self._went % FRAMES * FRAME_BYTES, self._pcm, self._gain)
        self._went += 1
        i2s.write(self._pcm)

    def _close(self):
        i2s, self._i2s = self._i2s, None
        if i2s is not None:
            self._speaker.close()

    def _stop(self):
        self._close()
        if self._number is not None:
            if self._last != self._went:
                self.broken += 1
            self._app.tell("voice_played", voice=self._number, frames=self._went, over=True)
            self._number = None
            self._app.speaking = False
