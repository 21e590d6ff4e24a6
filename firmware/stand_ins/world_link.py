"""The stream between a virtual pin and the host that plays its world.

It is a socket which the host hands down as file descriptor LAPEL_WORLD_FD, non-blocking. A message is four
bytes (its kind, then its length as a 24-bit number) and a body; numbers are little-endian, `us` is
CLOCK_MONOTONIC, which both ends share.

    host to pin                                          pin to host
    a  us:q, 16-bit samples: the sound from then on      m  samples:q, all sound so far has passed
    g  gpio:B level:B, an input                          o  gpio:B level:B us:q, an output changed
    d  frozen:B, 64 times mm:H, 64 times status:B:       l  frame:q us:q, 8-byte frames sent while armed
       what the depth sensor sees from now on
    w  up:B connect_ms:H, the Wi-Fi                      v  us:q, 8 effects: the haptic motor
    s  ms:I, the interpreter stands still that long      c  JSON, counters
    b  millivolts:H, the battery                         p  sample:q us:q, 16-bit samples: the speaker
    t  text, a typed question
    q  nothing, asks for the counters

A reset is not a message but a line on stderr, "rst:CAUSE MS": it must get out of a pin that hangs. The host
is the power supply, it ends this process and starts the next one.

In the audio path nothing here allocates: the heap that a test measures is the firmware's.
"""

import os

MAX_BODY_BYTES = 8192
HEADER_BYTES = 4
OUTBOX_BYTES = 512 * 1024  # 1.3 s of scanner frames: longer than a busy host looks away
DARK_OUTBOX_BYTES = 16 * 1024  # as long as there is no light


@micropython.viper
def move_bytes(out: ptr8, at: int, data: ptr8, start: int, count: int):
    """`count` bytes from `data[start]` on to `out[at]`, front to back, so that a region may slide down."""
    for i in range(count):
        out[at + i] = data[start + i]


class Link:
    def __init__(self, fd):
        self.file = open(fd, "r+b")  # noqa: SIM115 - open as long as the pin runs
        self.body = bytearray(MAX_BODY_BYTES)
        self.length = 0  # of the body, once `read` says that it is whole
        self.lost = 0  # bytes of messages that the host was too slow for
        self._header = bytearray(HEADER_BYTES)
        self._byte = bytearray(1)
        self._part = bytearray(MAX_BODY_BYTES)
        self._have = 0  # bytes of header and body so far
        self._out = bytearray(DARK_OUTBOX_BYTES)
        self._head = 0
        self._tail = 0

    def read(self):
        """The kind of the next whole message, its body then in `body[:length]`; 0 if there is none yet.
        Raises OSError or EOFError when the host is gone."""
        while self._have < HEADER_BYTES:
            if not self._got(self.file.readinto(self._byte, 1)):
                return 0
            self._header[self._have] = self._byte[0]
            self._have += 1
        header = self._header
        self.length = header[1] | header[2] << 8 | header[3] << 16
        if self.length > MAX_BODY_BYTES:
            raise OSError("world link: at most %d bytes, got %d" % (MAX_BODY_BYTES, self.length))
        while True:
            done = self._have - HEADER_BYTES
            if done == self.length:
                self._have = 0
                return header[0]
            count = self.file.readinto(self._part, self.length - done)
            if not self._got(count):
                return 0
            move_bytes(self.body, done, self._part, 0, count)
            self._have += count

    def _got(self, count):
        if count == 0:
            raise EOFError
        return count  # None: nothing there yet

    def send(self, kind, head, data=b"", start=0, count=0):
        """Queues a message of `head` and `count` bytes of `data` from `start` on. False if it has no room."""
        length = len(head) + count
        if self._tail + HEADER_BYTES + length > len(self._out) and not self._made_room(length):
            self.lost += length
            return False
        out = self._out
        at = self._tail
        out[at] = kind
        out[at + 1] = length & 255
        out[at + 2] = length >> 8 & 255
        out[at + 3] = length >> 16
        move_bytes(out, at + HEADER_BYTES, head, 0, len(head))
        move_bytes(out, at + HEADER_BYTES + len(head), data, start, count)
        self._tail = at + HEADER_BYTES + length
        return True

    def flush(self):
        """Hands over what the host takes now. True if nothing is left."""
        while self._head < self._tail:
            count = self.file.write(self._out, self._head, self._tail - self._head)
            if not count:
                return False
            self._head += count
        self._head = self._tail = 0
        return True

    def pending(self):
        """Whether something waits for the host to take it."""
        return self._head < self._tail

    def _made_room(self, length):
        move_bytes(self._out, 0, self._out, self._head, self._tail - self._head)
        self._tail -= self._head
        self._head = 0
        if self._tail + HEADER_BYTES + length > len(self._out) < OUTBOX_BYTES:  # the first light
            self._out.extend(bytes(OUTBOX_BYTES - len(self._out)))
        return self._tail + HEADER_BYTES + length <= len(self._out)


def from_environment():
    """The link that the host handed down, or None."""
    fd = os.getenv("LAPEL_WORLD_FD")
    return Link(int(fd)) if fd else None
