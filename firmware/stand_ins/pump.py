"""Wakes the interpreter when the virtual hardware has something to say.

A second thread sleeps until the next deadline or a message from the host, then has a callback scheduled in
the main thread, where it runs between two bytecodes as on a board, and waits until it has run. This
interpreter has no global lock, so the thread touches nothing but one list, two descriptors and a lock, and
allocates nothing.

asyncio on the unix port sleeps in poll(2) and would run scheduled callbacks only after that, so an object
that is never ready is kept in its poll set: with one such object the port looks up once a millisecond.
"""

import _thread
import asyncio
import io
import os
import select
import socket
import sys
import time

import micropython

NEVER = 1 << 60  # us
LONGEST_SLEEP_US = 1_000_000

_WAKE = 0  # when the main thread wants to be called
_ASLEEP = 1  # until when the thread sleeps; NEVER while it does not
_DOG = 2  # when the watchdog bites
_shared = [NEVER, NEVER, NEVER]  # never grows; an array("q") would allocate at each look
_ran = _thread.allocate_lock()
_kick = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


_POLL = 3  # MP_STREAM_POLL


class _NeverReady(io.IOBase):
    def ioctl(self, request, argument):
        return 0 if request == _POLL else -1  # -1: it has no file descriptor either


_never_ready = _NeverReady()
_hooked = None


def hook():
    """Lets asyncio run scheduled callbacks while it waits. Again for each new event loop."""
    global _hooked
    queue = asyncio.core._io_queue
    if queue is not _hooked:
        _hooked = queue
        queue.poller.register(_never_ready, select.POLLIN)


def start(callback, link):
    """Has `callback(None)` called when the deadline has come or `link` can be read; it calls `ran`."""
    _ran.acquire()
    # A datagram socket that is connected to itself, because this port has no pipe.
    for port in range(49152, 65536):
        try:
            address = socket.getaddrinfo("127.0.0.1", port)[0][-1]
            _kick.bind(address)
            _kick.connect(address)
            break
        except OSError:
            continue
    _kick.setblocking(False)
    _thread.start_new_thread(_sleep, (callback, link.file if link else None, _kick, _shared, _ran))


def ran():
    """The callback has looked at everything; the thread may sleep again."""
    _ran.release()


def wake_at(us):
    """Sets the deadline of the next call, in time.ticks_us()."""
    _shared[_WAKE] = us
    if us < _shared[_ASLEEP]:
        _kick.write(b"k")


def watch(us):
    """The watchdog bites at `us` unless that is moved."""
    _shared[_DOG] = us


def reset(cause, ms=0):
    """Tells the host to switch this pin off and, after `ms` or a button, on again. Does not return."""
    print("rst:%s %d" % (cause, ms), file=sys.stderr)
    die()


def die():
    """Ends this process from any thread: MicroPython has no os._exit, but a shell knows its parent."""
    os.system("kill -9 $PPID")


def _sleep(callback, link, kick, shared, ran):
    poller = select.poll()
    poller.register(kick, select.POLLIN)
    if link:
        poller.register(link, select.POLLIN)
    drained = bytearray(16)
    while True:
        wake = shared[_WAKE]
        shared[_ASLEEP] = wake
        left = min(wake, shared[_DOG], time.ticks_us() + LONGEST_SLEEP_US) - time.ticks_us()
        ready = False
        if shared[_WAKE] == wake:  # else it was moved just now, without a kick
            for item in poller.ipoll(max(0, (left + 999) // 1000)):
                if item[0] is kick:
                    kick.readinto(drained)
                elif item[1] & select.POLLHUP:
                    die()  # the host is gone, and the main thread may be in a long wait
                else:
                    ready = True
        shared[_ASLEEP] = NEVER
        now = time.ticks_us()
        if now >= shared[_DOG]:
            print("rst:watchdog 0", file=sys.stderr)
            die()
        if not ready and now < shared[_WAKE]:
            continue
        while not schedule(callback):
            time.sleep_ms(1)
        ran.acquire()


def schedule(callback):
    """Whether the scheduler took it."""
    try:
        micropython.schedule(callback, None)
    except RuntimeError:  # the queue is full: the main thread is behind
        return False
    return True
