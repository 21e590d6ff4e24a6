"""Finds the relay's service in the local network when none of the known addresses answers.

One question by multicast DNS, answered to this socket alone (RFC 6762, sections 5.1 and 5.4; DNS-SD, RFC
6763). Whoever answers is nobody yet: the pin connects with its pinned certificate and its key as ever.
"""

import asyncio
import errno
import socket
import struct

from pin.clock import ticks_add, ticks_diff, ticks_ms

SERVICE = ("_lapel", "_tcp", "local")
GROUP, PORT = "224.0.0.251", 5353  # RFC 6762 section 3
ANSWER_MS = 1500  # an answer to a shared question waits for 20 to 120 ms (section 6); sleepy Wi-Fi for more
ASK_AGAIN_MS = 500  # multicast is not repeated by an access point
POLL_MS = 10
PACKET_BYTES = 1500  # one Ethernet frame; a relay's answer has 200
MAX_RECORDS = 32  # of one packet
MAX_RELAYS = 4  # each is tried for seconds
NAME_BYTES = 255  # RFC 1035 section 2.3.4
LABELS = 32
A, PTR, SRV = 1, 12, 33
IN = 1
QU = 0x8000  # section 5.4: answer by unicast; in a record the same bit flushes caches, section 10.2


def question():
    """The packet that asks for the service."""
    name = b"".join([bytes([len(part)]) + part.encode() for part in SERVICE]) + b"\0"
    return struct.pack(">HHHHHH", 0, 0, 1, 0, 0, 0) + name + struct.pack(">HH", PTR, QU | IN)


def parse(packet, sender):
    """[(address, port)] of the relays in an answer; [] if it is none. `sender` is where it came from, which
    serves if it names no address. Raises ValueError for what is no DNS packet."""
    if len(packet) < 12:
        raise ValueError("expected a header of 12 bytes")
    _, flags, questions, *counts = struct.unpack(">HHHHHH", packet[:12])
    if flags & 0x8000 == 0 or flags & 0x780F:
        return []  # a question, or an error
    at = 12
    if questions > MAX_RECORDS or sum(counts) > MAX_RECORDS:
        raise ValueError("too many records")
    for _ in range(questions):
        at = _name(packet, at)[1] + 4
    instances, services, addresses = [], {}, {}
    for _ in range(sum(counts)):
        name, at = _name(packet, at)
        if at + 10 > len(packet):
            raise ValueError("a record is cut")
        kind, klass, _, length = struct.unpack(">HHIH", packet[at : at + 10])
        at += 10
        end = at + length
        if end > len(packet):
            raise ValueError("a record is longer than the packet")
        if klass & ~QU == IN:
            if kind == PTR and name == SERVICE_NAME:
                instances.append(_name(packet, at)[0])
            elif kind == SRV and length > 6:
                port = struct.unpack(">H", packet[at + 4 : at + 6])[0]
                services[name] = (_name(packet, at + 6)[0], port)
            elif kind == A and length == 4:
                addresses[name] = "%d.%d.%d.%d" % tuple(packet[at:end])
        at = end
    found = []
    for instance in instances:
        if instance in services and instance.endswith(b"\0" + SERVICE_NAME):
            host, port = services[instance]
            relay = (addresses.get(host, sender), port)
            if port and relay not in found and len(found) < MAX_RELAYS:
                found.append(relay)
    return found


async def find():
    """[(address, port)] of the relays that answer in time, at most MAX_RELAYS. Raises OSError."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    found = []
    try:
        sock.setblocking(False)
        to = socket.getaddrinfo(GROUP, PORT, 0, socket.SOCK_DGRAM)[0][-1]
        deadline = ticks_add(ticks_ms(), ANSWER_MS)
        ask_at = ticks_ms()
        while not found and ticks_diff(deadline, ticks_ms()) > 0:
            if ticks_diff(ticks_ms(), ask_at) >= 0:
                sock.sendto(question(), to)
                ask_at = ticks_add(ticks_ms(), ASK_AGAIN_MS)
            await asyncio.sleep_ms(POLL_MS)
            _read(sock, found)
        if found:  # and who is a little slower: the first need not be ours
            await asyncio.sleep_ms(2 * ASK_AGAIN_MS // 5)
            _read(sock, found)
    finally:
        sock.close()
    return found[:MAX_RELAYS]


def _read(sock, found):
    for _ in range(MAX_RELAYS):
        try:
            packet, address = sock.recvfrom(PACKET_BYTES)
        except OSError as error:
            if error.errno != errno.EAGAIN:
                raise
            return
        try:
            for relay in parse(packet, _host(address)):
                if relay not in found:
                    found.append(relay)
        except ValueError:
            pass  # anybody may send anything to this socket


def _host(address):
    if isinstance(address, tuple):
        return address[0]
    return "%d.%d.%d.%d" % tuple(address[4:8])  # the unix port's address: struct sockaddr_in


def _name(packet, at):
    """(labels joined by NUL, in lower case; where what follows it begins). Raises ValueError.

    Each pointer must lead further back than the one before (RFC 1035 section 4.1.4 has no other), so that no
    packet can make this loop.
    """
    labels, after, limit, size = [], None, at, 0
    while True:
        if at >= len(packet):
            raise ValueError("a name is cut")
        length = packet[at]
        if length >= 0xC0:
            if at + 2 > len(packet):
                raise ValueError("a pointer is cut")
            target = (length & 0x3F) << 8 | packet[at + 1]
            if after is None:
                after = at + 2
            if target >= limit:
                raise ValueError("a pointer does not lead back")
            at = limit = target
            continue
        if length > 63:
            raise ValueError("a label has an unknown kind")
        at += 1
        if not length:
            return b"\0".join(labels), at if after is None else after
        size += 1 + length
        if at + length > len(packet) or size > NAME_BYTES or len(labels) == LABELS:
            raise ValueError("a name is too long")
        labels.append(bytes(packet[at : at + length]).lower())
        at += length


SERVICE_NAME = b"\0".join([part.encode() for part in SERVICE])
