"""The pin's one connection to its relay, and the only task that opens, feeds and ends it.

The app says what it wants (`want`, `deliver`, `send`) and takes what came out of `inbox`. A kept question
is sent from its first frame on each new connection until the app takes it back: the relay ignores repeats.
Binary frames go straight to whoever asked for their kind in `on_binary`.
"""

import asyncio
import os
from binascii import hexlify
from collections import deque

from lapel_wire import PATH, SERVER_NAME, VERSION, WireError, challenge, messages
from lapel_wire.audio import FRAME_BYTES
from pin import discover, log
from pin.backoff import Backoff
from pin.channel import Closed
from pin.clock import Deadline, ticks_diff, ticks_ms
from pin.handshake import HandshakeError
from pin.websocket import POLICY, Frame

FIRMWARE = "0.1.0"

OPEN_MS = 8000  # TCP, TLS and upgrade: about 2 s on the chip
REPLY_MS = 4000  # for each step of the handshake
IDLE_PING_MS = 5000  # with its deadline below: a half-open link is found within 10 s
IDLE_PONG_MS = 4000
BUSY_PING_MS = 2000  # while somebody waits for an answer
BUSY_PONG_MS = 2500
TIME_MS = 600_000  # between two questions for the time: a crystal strays by 10 ms in so long
RECEIVE_MS = 1000
TICK_MS = 5  # how long a frame may wait for the sender
INBOX = 16  # messages that the app has not taken; more only come if it hangs
OUTBOX = 16
ERROR_CHARACTERS = 60  # 240 bytes of any script

DOWN, TRYING, UP = 0, 1, 2
NO_ANSWER, REFUSED = 0, -1  # how a visit without a welcome ended; one with it: ms that it lasted

UNKNOWN_HERE = "The relay does not know this pin. Pair it again."


class Refused(Exception):
    """The relay, or this pin, ended the handshake. The text is a sentence."""


class Link:
    """`board` and `display` go into the hello, `wifi` (or None) joins a network, `tls` pins the relay."""

    def __init__(self, settings, board, display, channel, tls, wifi, firmware=FIRMWARE):
        self.state = DOWN
        self.failures = 0  # in a row
        self.refusal = ""  # why pin or relay refused the other, for the wearer
        self.unix_ms = None  # the relay's clock at `unix_at`
        self.unix_at = 0
        self.inbox_lost = self.outbox_lost = 0
        self.alive_ms = (
            ticks_ms()
        )  # the task's last sign of life; at most a visit and a Wi-Fi join lie between two
        self.on_binary = {}  # kind of a frame, its first byte: called with a view of each
        self._settings = settings
        self._board = board
        self._display = display
        self._channel = channel
        self._tls = tls
        self._wifi = wifi
        self._firmware = firmware
        self._last = None  # the address that welcomed the pin last; it need not be in the settings
        self._nonces = ("", "")  # of this connection: the pin's and the relay's
        self._again = False  # end this connection and begin the next
        self._inbox = _queue(INBOX)
        self._outbox = _queue(OUTBOX)
        self._wanted = False
        self._retry = False
        self._frame = Frame(FRAME_BYTES)
        self._utterance = None
        self._asked_ms = 0  # when the time was asked for
        self._started = False  # utterance_start went out on this connection
        self._sent = 0  # frames of it that did
        self._ended = False

    # what the app calls

    def want(self, wanted=True):
        """Keep a connection, or have none."""
        self._wanted = wanted

    def retry(self):
        """Do not wait any longer for the next try."""
        self._retry = True

    def reconnect(self):
        """Settings changed: say what is to be said, end this connection, and begin another one."""
        self._again = self._retry = True

    def ending(self):
        """Whether the connection there is, is about to be replaced."""
        return self._again

    def mac(self, key, role):
        """The MAC by `key` of this connection's challenge, as hex."""
        return challenge.mac(key, role, VERSION, self._settings.pin, *self._nonces)

    def settled(self):
        """Whether everything that was to be sent is out, or lost."""
        return not self._outbox and not self._utterance

    def deliver(self, utterance):
        """Send this question, also while it is still being spoken, until `forget`."""
        self._utterance = utterance
        self._started = self._ended = False
        self._sent = 0

    def forget(self, cancel=False):
        """The question was answered, or, with `cancel`, is not wanted any more."""
        if cancel and self._started and self._utterance:
            self.send("utterance_cancel", utt=self._utterance.number)
        self._utterance = None

    def delivered(self):
        """Whether the whole question went out on this connection."""
        return self.state == UP and self._utterance is not None and self._ended

    def send(self, t, **fields):
        """Queue a message; it is lost without a connection."""
        if self.state != UP:
            return
        if len(self._outbox) == OUTBOX:
            self.outbox_lost += 1
            log.warning("link", "%d messages lost: the relay takes nothing" % self.outbox_lost)
        self._outbox.append(messages.encode(messages.UP, t, **fields))

    def receive(self):
        """The next message for the app, or None."""
        return self._inbox.popleft() if self._inbox else None

    # the task

    async def run(self):
        """Never ends. Opens, serves and reopens."""
        backoff, wait = Backoff(), Deadline()
        while True:
            while not self._wanted:
                self.alive_ms = ticks_ms()
                await asyncio.sleep_ms(2 * TICK_MS)
            if self._retry:
                self._retry = False
                backoff.reset()
            self.state = TRYING
            lasted_ms = await self._visit_all()
            self.state = DOWN
            self.failures = 0 if lasted_ms else self.failures + 1
            wait.after(backoff.after(lasted_ms), ticks_ms())
            while self._wanted and not self._retry and not wait.passed(ticks_ms()):
                self.alive_ms = ticks_ms()
                await asyncio.sleep_ms(2 * TICK_MS)

    async def _visit_all(self):
        """Every address that there is, until one welcomes the pin. How many ms that lasted, 0 without."""
        self._again = False
        self.refusal = ""
        settings = self._settings
        if self._wifi and self._wifi.networks != settings.wifi:
            self._wifi.change(settings.wifi)
        rejoins = self._wifi and not self._wifi.connected()
        if self._wifi and not await self._wifi.join():
            log.warning("link", "no Wi-Fi network of the settings is in reach")
            return 0
        known, last, on_trial = settings.relays, self._last, settings.trial is not None
        # The one that welcomed the pin last comes first, unless it may be in another network now. New ones on
        # trial must show that they lead here themselves.
        first = [last] if last and not on_trial and not (rejoins and last in known) else []
        refused = False
        for address in first + [address for address in known if address not in first]:
            lasted_ms = await self._visit(*address)
            if lasted_ms > 0:
                return lasted_ms
            refused = refused or lasted_ms == REFUSED
        if refused or on_trial:
            return 0
        for address in await self._discover():  # the relay may have moved
            lasted_ms = await self._visit(*address)
            if lasted_ms > 0:
                return lasted_ms
        return 0

    async def _discover(self):
        try:
            found = await discover.find()
        except OSError as error:
            log.warning("link", "cannot ask the network for the relay: %s" % error)
            return []
        known = self._settings.relays
        found = [address for address in found if address not in known]
        log.info("link", "the network knows %d other relays" % len(found))
        return found

    async def _visit(self, host, port):
        """One connection from beginning to end. How many ms it lasted, or why there was no welcome."""
        channel = self._channel
        self.alive_ms = ticks_ms()
        try:
            await channel.open(host, port, PATH, self._tls, SERVER_NAME, OPEN_MS)
            await self._greet()
        except (OSError, HandshakeError, Closed, WireError, Refused) as error:
            log.warning("link", "%s:%d: %s" % (host, port, error))
            refused = isinstance(error, (WireError, Refused))
            await channel.close(POLICY if refused else 1000)
            return REFUSED if refused else NO_ANSWER
        log.info("link", "welcomed by %s:%d" % (host, port))
        self._last = (host, port)
        since_ms = ticks_ms()
        self._outbox = _queue(OUTBOX)
        self._started = self._ended = False
        self._sent = 0
        self.state = UP
        receiving = asyncio.create_task(self._receive())
        try:
            await self._serve(receiving)
        except Closed as error:
            log.warning("link", str(error))
        self.state = TRYING
        receiving.cancel()
        await channel.close()
        return max(1, ticks_diff(ticks_ms(), since_ms))

    async def _greet(self):
        settings = self._settings
        nonce = hexlify(os.urandom(challenge.NONCE_BYTES)).decode()
        await self._say(
            "hello",
            v=VERSION,
            pin=settings.pin,
            nonce=nonce,
            firmware=self._firmware,
            board=self._board,
            display=self._display,
        )
        reply = await self._hear("challenge")
        self._nonces = (nonce, reply["nonce"])
        # While a key is being replaced there are two, and the relay shows which one it holds.
        right = [key for key in settings.keys if challenge.same(self.mac(key, "relay"), reply["mac"])]
        if not right:
            self.refusal = UNKNOWN_HERE
            await self._say("error", code="wrong_key", text=UNKNOWN_HERE)
            raise Refused(UNKNOWN_HERE)
        await self._say("proof", mac=self.mac(right[0], "pin"))
        self._set_time((await self._hear("welcome"))["unix_ms"])
        self.refusal = ""
        if len(settings.keys) > 1 and right[0] == settings.keys[0]:
            try:  # the relay took the new key: the old one has served
                settings.change(key=right[0].hex(), next_key=None, trial=None)
            except OSError as error:  # both go on working
                log.error("link", "the new key cannot be made the only one: %s" % error)

    async def _say(self, t, **fields):
        await self._channel.send_text(messages.encode(messages.UP, t, **fields))

    async def _hear(self, t):
        """The handshake's next message, which must be `t`. Raises Refused, Closed, WireError."""
        text = await self._channel.receive(REPLY_MS)
        if text is None:
            raise Refused("the relay sent no %s in %d ms" % (t, REPLY_MS))
        message = _decode(text)
        if message["t"] == "error":
            self.refusal = message["text"]
            raise Refused(message["text"])
        if message["t"] != t:
            raise Refused("expected %s from the relay, got %s" % (t, message["t"]))
        return message

    async def _serve(self, receiving):
        """The only writer while the link is up. Ends when it is not wanted; raises Closed."""
        channel = self._channel
        ping, clock = Deadline(), Deadline()
        clock.after(TIME_MS, ticks_ms())
        while self._wanted and not receiving.done() and not (self._again and self.settled()):
            while self._outbox:
                await channel.send_text(self._outbox.popleft())
            if self._utterance is not None:
                something = self._say_utterance()
                if something is not None:
                    await something
            now = self.alive_ms = ticks_ms()
            busy = self._utterance is not None
            if not ping.set:
                ping.after(BUSY_PING_MS if busy else IDLE_PING_MS, now)
            elif ping.passed(now):
                ping.clear()
                await channel.ping(BUSY_PONG_MS if busy else IDLE_PONG_MS)
            if clock.passed(now):
                clock.after(TIME_MS, now)
                self._asked_ms = now
                self.send("time", pin_ms=now)
            await asyncio.sleep_ms(TICK_MS)

    def _say_utterance(self):
        # Something to wait for, or None: frames go out without a coroutine, for that would be allocated.
        utterance = self._utterance
        if not self._started:
            self._started = True
            return self._say("utterance_start", utt=utterance.number)
        while self._sent < utterance.frames:
            if self._frame.pending():
                return self._channel.drain()
            utterance.copy(self._sent, self._frame.payload)
            self._sent += 1
            if not self._channel.send_frame(self._frame, FRAME_BYTES):
                return self._channel.drain()
        if utterance.ended and not self._ended:
            self._ended = True
            dropped = min(utterance.dropped, messages.NUMBER_MAX)
            return self._say(
                "utterance_end",
                utt=utterance.number,
                frames=utterance.frames,
                samples=utterance.samples,
                dropped=dropped,
            )
        return None

    async def _receive(self):
        """Takes messages until the connection ends."""
        channel = self._channel
        try:
            while True:
                text = await channel.receive(RECEIVE_MS)
                if text is None:
                    continue
                try:
                    if isinstance(text, str):
                        self._sort(_decode(text))
                    else:
                        self._take_frame(text)
                except WireError as error:
                    log.warning("link", "the relay sent nonsense: %s" % error.text)
                    self.send("error", code=error.code, text=error.text[:ERROR_CHARACTERS])
        except Closed as error:
            log.warning("link", "the link ended: %s" % error)

    def _take_frame(self, frame):
        taker = self.on_binary.get(frame[0] if len(frame) else None)
        if taker is None:
            raise WireError("unknown_type", "binary frame: nobody takes this kind")
        taker(frame)

    def _sort(self, message):
        t = message["t"]
        if t == "ack":
            return  # frames are kept until the answer comes, whatever has arrived
        if t == "time":
            self._set_time(message["unix_ms"] + ticks_diff(ticks_ms(), self._asked_ms) // 2)
            return
        if t in ("challenge", "welcome"):
            raise WireError("out_of_range", "%s: the handshake is over" % t)
        if len(self._inbox) == INBOX:
            self.inbox_lost += 1
            log.warning("link", "%d messages lost: the app takes nothing" % self.inbox_lost)
        self._inbox.append(message)

    def _set_time(self, unix_ms):
        self.unix_ms = unix_ms
        self.unix_at = ticks_ms()


def _queue(most):
    return deque((), most)  # noqa: RUF037 - MicroPython asks for it


def _decode(text):
    if not isinstance(text, str):
        raise WireError("unknown_type", "expected a text message, got %d bytes" % len(text))
    return messages.decode(messages.DOWN, text)
