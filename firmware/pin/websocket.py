"""RFC 6455 client framing without any I/O: bytes go in, messages and control frames come out.

`Frame` is a buffer for one outgoing frame, `Protocol` one connection's state. All buffers are made once.
Sealing a frame (header, key, masking in place) allocates nothing, so audio is sent from the very buffer it
was encoded into. The opening handshake is in `handshake.py`; `channel.py` puts a socket under both.
"""

import os

from pin.utf8 import utf8_valid

FRAME_BYTES = 2048  # largest payload we send: frames over about 4 KB fail over the ports' 4 KiB TLS buffers
MESSAGE_BYTES = 8192  # largest message we take: the longest card is far below, and the buffer lives for ever
CONTROL_BYTES = 125  # RFC 6455 section 5.5

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA  # section 5.2
NOTHING = -1  # no event yet: more bytes are needed

NORMAL, GOING_AWAY, PROTOCOL_ERROR, NO_STATUS, ABNORMAL = 1000, 1001, 1002, 1005, 1006  # section 7.4.1
INVALID_TEXT, POLICY, TOO_BIG = 1007, 1008, 1009
CODES = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014)  # registered and sendable

# The largest masked header is 14 bytes. With the payload always at byte 16 its key lies at byte 12: both on a
# word boundary, which Xtensa needs for word access.
HEAD_ROOM = 16
KEY_AT = 12


class ProtocolError(Exception):
    """The peer broke the protocol: `code` is the close code that says so; its close frame is sealed."""

    def __init__(self, code, reason):
        super().__init__(reason)
        self.code = code
        self.reason = reason


@micropython.viper
def mask(words, start: int, end: int):
    """XOR the 32-bit words `start` to `end` of `words` in place with the word before `start`, the key."""
    w = ptr32(words)
    key = w[start - 1]
    for i in range(start, end):
        w[i] = w[i] ^ key


class Frame:
    """Room for one outgoing frame of up to `capacity` payload bytes, made once and used again and again.

    The caller packs its payload into `payload` (a memoryview), `Protocol.seal` puts the header before it; the
    frame on the wire is then `buffer[start:end]`. `start` moves up as a socket takes bytes.
    """

    def __init__(self, capacity=FRAME_BYTES):
        self.capacity = capacity
        self.buffer = bytearray(HEAD_ROOM + (capacity + 3) // 4 * 4)  # whole words: masking may pass the end
        self.payload = memoryview(self.buffer)[HEAD_ROOM : HEAD_ROOM + capacity]
        view = memoryview(self.buffer)
        self.words = view.cast("I") if hasattr(view, "cast") else self.buffer  # viper needs no cast
        self.start = self.end = 0

    def pending(self):
        """Whether some of the sealed frame has not been taken yet; the payload must then be left alone."""
        return self.start < self.end


class Protocol:
    """Framing, reassembly and closing of one connection at a time; `reset` makes it ready for the next.

    `feed` stops after each event. `event` is then TEXT or BINARY (see `text()` and `message()`, valid until
    the next feed), PING (its answer waits in the frame `pong`: send it before feeding more), PONG, CLOSE
    (the peer's code and reason are in `close_code` and `close_reason`) or NOTHING. Once `closing` is sealed
    it must be sent, and nothing after it.
    """

    def __init__(self, message_bytes=MESSAGE_BYTES):
        self.message_bytes = message_bytes
        self.pong = Frame(CONTROL_BYTES)
        self.closing = Frame(CONTROL_BYTES)
        self._message = bytearray(message_bytes)
        self._view = memoryview(self._message)
        self._control = bytearray(CONTROL_BYTES)
        self._header = bytearray(10)
        self._utf8 = bytearray(3)
        self.reset()

    def reset(self):
        """Forget the connection and take a new seed for the masking keys."""
        self.event = NOTHING
        self.close_code = None  # of the peer's close frame
        self.close_reason = ""
        self.close_sent = False
        self.failed = False  # we ended it over the peer's error: what still comes is ignored
        self.pong.start = self.pong.end = self.closing.start = self.closing.end = 0
        self._length = 0  # bytes of the message so far
        self._opcode = NOTHING  # of the message being assembled
        self._have = 0  # header bytes so far
        self._left = NOTHING  # payload bytes missing, NOTHING while the header is read
        self._control_length = 0
        seed = os.urandom(4)
        self._x = seed[0] | seed[1] << 8
        self._y = seed[2] | seed[3] << 8 or 1  # all zero would stay zero

    # sending, section 5

    def seal(self, frame, opcode, length, fin=True):
        """Make `frame`'s first `length` payload bytes a masked frame on the wire. Allocates nothing.

        Raises ValueError if it does not fit or is still being sent, ProtocolError after our close frame.
        """
        if self.close_sent:
            raise ProtocolError(PROTOCOL_ERROR, "nothing may be sent after the close frame")
        if length > frame.capacity:
            raise ValueError(f"expected a payload of at most {frame.capacity} bytes, got {length}")
        if frame.start < frame.end:
            raise ValueError("this frame is still being sent")
        buffer = frame.buffer
        if length < 126:
            start = KEY_AT - 2
            buffer[start + 1] = 0x80 | length
        elif length < 0x10000:
            start = KEY_AT - 4
            buffer[start + 1] = 0x80 | 126
        else:
            start = KEY_AT - 10
            buffer[start + 1] = 0x80 | 127
            for i in range(2, 6):
                buffer[start + i] = 0  # our buffers are far below 4 GiB
            buffer[start + 6] = length >> 24
            buffer[start + 7] = length >> 16 & 0xFF
        if length > 125:
            buffer[KEY_AT - 2] = length >> 8 & 0xFF
            buffer[KEY_AT - 1] = length & 0xFF
        buffer[start] = (0x80 if fin else 0) | opcode
        self._new_key(buffer, KEY_AT)
        self._new_key(buffer, KEY_AT + 2)
        mask(frame.words, HEAD_ROOM // 4, (HEAD_ROOM + length + 3) // 4)
        frame.start = start
        frame.end = HEAD_ROOM + length

    def _new_key(self, buffer, at):
        # Marsaglia's xorshift with 32 bits of state in 16-bit words (5, 3, 1; period 2^32 - 1), seeded by the
        # system's random source for each connection: os.urandom would allocate for each frame. Keys need
        # only be unpredictable to a script that picks payloads to confuse an HTTP proxy (section 10.3); no
        # such script runs on a pin, and its frames travel inside TLS. All integers stay small.
        t = self._x ^ self._x << 5 & 0xFFFF
        self._x = y = self._y
        self._y = y = y ^ y >> 1 ^ t ^ t >> 3
        buffer[at] = y & 0xFF
        buffer[at + 1] = y >> 8

    def close(self, code=NORMAL, reason=""):
        """Seal the close frame, once; later calls change nothing.

        Raises ValueError for a code that may not be sent (section 7.4) or a reason over 123 bytes of UTF-8.
        """
        reason = reason.encode()
        if code != NO_STATUS and not code_valid(code):
            raise ValueError(f"{code} is not a close code that may be sent")
        if len(reason) > CONTROL_BYTES - 2 or (reason and code == NO_STATUS):
            raise ValueError("a close reason has a code and at most 123 bytes")
        if self.close_sent:
            return
        length = 0
        if code != NO_STATUS:
            length = 2 + len(reason)
            self.closing.payload[0] = code >> 8
            self.closing.payload[1] = code & 0xFF
            self.closing.payload[2:length] = reason
        self.seal(self.closing, CLOSE, length)
        self.close_sent = True

    # receiving, section 5

    def message(self):
        """The bytes of the last message, as a memoryview into a buffer that the next `feed` overwrites."""
        return self._view[: self._length]

    def text(self):
        """The last message as text; it has been checked while it came in."""
        return str(self.message(), "utf-8")

    def feed(self, data, start, end):
        """Take `data[start:end]` up to the next event; returns where it stopped. Raises ProtocolError."""
        self.event = NOTHING
        if self.failed or self.close_code is not None:
            return end  # section 1.4: nothing counts after the close
        if self._opcode == NOTHING and self._left == NOTHING:
            self._length = 0
        try:
            while start < end and self.event == NOTHING:
                if self._left == NOTHING:
                    self._header[self._have] = data[start]
                    self._have += 1
                    start += 1
                    self._parse_header()
                else:
                    start = self._take(data, start, end)
                if self._left == 0:
                    self._finish()
        except ProtocolError as error:
            self.failed = True
            self.close(error.code, error.reason)
            raise
        return start

    def _parse_header(self):
        header, have = self._header, self._have
        if have == 1:
            self._check_first(header[0])
            return
        length = header[1] & 0x7F
        if have == 2:
            if header[1] & 0x80:
                raise ProtocolError(PROTOCOL_ERROR, "a server must not mask its frames")
            if header[0] & 0x08 and length > CONTROL_BYTES:
                raise ProtocolError(PROTOCOL_ERROR, "a control frame has at most 125 bytes")
        if length >= 126:
            size = 2 if length == 126 else 8
            if have < 2 + size:
                return
            if header[2] & 0x80 and size == 8:
                raise ProtocolError(PROTOCOL_ERROR, "a length has its top bit clear")
            length = 0
            for i in range(2, have):
                length = length << 8 | header[i]
            if length < (126 if size == 2 else 0x10000):
                raise ProtocolError(PROTOCOL_ERROR, "a length is written in its shortest form")
        if not header[0] & 0x08 and self._length + length > self.message_bytes:
            raise ProtocolError(TOO_BIG, f"at most {self.message_bytes} bytes a message")
        self._left = length
        self._have = 0

    def _check_first(self, first):
        opcode = first & 0x0F
        if first & 0x70:
            raise ProtocolError(PROTOCOL_ERROR, "reserved bits are set, but no extension was agreed")
        if opcode in (CLOSE, PING, PONG):
            if not first & 0x80:
                raise ProtocolError(PROTOCOL_ERROR, "a control frame must not be fragmented")
            self._control_length = 0
        elif opcode == CONTINUATION:
            if self._opcode == NOTHING:
                raise ProtocolError(PROTOCOL_ERROR, "a continuation without a message to continue")
        elif opcode in (TEXT, BINARY):
            if self._opcode != NOTHING:
                raise ProtocolError(PROTOCOL_ERROR, "a new message inside a fragmented one")
            self._opcode = opcode
            self._length = 0
            self._utf8[0] = 0
        else:
            raise ProtocolError(PROTOCOL_ERROR, f"opcode {opcode} is reserved")

    def _take(self, data, start, end):
        count = min(end - start, self._left)
        piece = memoryview(data)[start : start + count]
        if self._header[0] & 0x08:
            self._control[self._control_length : self._control_length + count] = piece
            self._control_length += count
        else:
            self._view[self._length : self._length + count] = piece
            self._length += count
            if self._opcode == TEXT and not utf8_valid(self._utf8, data, start, start + count):
                raise ProtocolError(INVALID_TEXT, "a text is not UTF-8")
        self._left -= count
        return start + count

    def _finish(self):
        self._left = NOTHING
        first = self._header[0]
        opcode = first & 0x0F
        if opcode == CLOSE:
            self._closed()
        elif opcode == PING:
            if not self.close_sent:
                self.pong.payload[: self._control_length] = self._control[: self._control_length]
                self.seal(self.pong, PONG, self._control_length)
            self.event = PING
        elif opcode == PONG:
            self.event = PONG
        elif first & 0x80:
            if self._opcode == TEXT and self._utf8[0]:
                raise ProtocolError(INVALID_TEXT, "a text ends inside a character")
            self.event = self._opcode
            self._opcode = NOTHING

    def _closed(self):
        length = self._control_length
        code = NO_STATUS
        if length == 1:
            raise ProtocolError(PROTOCOL_ERROR, "a close frame has no code or two bytes of it")
        if length:
            code = self._control[0] << 8 | self._control[1]
            if not code_valid(code):
                raise ProtocolError(PROTOCOL_ERROR, f"{code} is not a close code that may be sent")
            self._utf8[0] = 0
            if not utf8_valid(self._utf8, self._control, 2, length) or self._utf8[0]:
                raise ProtocolError(INVALID_TEXT, "a close reason is not UTF-8")
            self.close_reason = self._control[2:length].decode()
        self.close_code = code
        self.close(code)  # section 5.5.1: answered with the same code
        self.event = CLOSE


def code_valid(code):
    """Whether a close frame may carry `code` (RFC 6455 section 7.4.2 and the IANA registry)."""
    return code in CODES or 3000 <= code < 5000
