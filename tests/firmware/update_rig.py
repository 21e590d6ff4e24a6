"""Updates without a radio: a signing key for tests only, slots in a folder, and a relay that answers at once.

Runs on CPython and on MicroPython.
"""

import hashlib
import json
import os
import sys

import packed
import slots
from lapel_wire.update import CHUNK_BYTES, KIND_UPDATE, MODULUS_DIGITS, PATCH_FILE, pack_chunk
from pin.link import UP
from pin.update import Updater

MODULUS = (
    "e898b7a6bcfb3b3ea992f09e6dcbf6737ef922f4a3c7f57a2a91be45799acc9f6d285c2793f75a0d380955d91eaa1fb7"
    "697ad83166c2bc60aaa7f2a21701865f55f44c7e60ee896134a3b0182f020f8e20c8a5afea0b672607e68e0a98702b62"
    "d452ed0784421600c9271af4023e3e70262ad611288c12f391e0daeb6a2c8041a55a3ac8451f288f4edfdba995b9421d"
    "c095fdaea2feb34ce6c18f33f6f087f7cfbaf9b9f521270fc6ee40e73a4b70e75db538f64f03ac431db162fde8b3c518"
    "08dde2869a7ee1535c2e3618fe783e92c9feafc4b39cf7f55a6fa768662bd23897b6f637378b536ac2ef67882bc9ec68"
    "0f24d4b7f13901b2d0c7d5f2c6e8d0f6bcc536938b56a023c7a93057638f149a1ab150f4a801667f1de50ebfc6897486"
    "04a514f8ee102eecdeb7114b64400dd8e0afb0c28d104daa29347608e4a39050ff9be5c24fc0b0545b8d555b8da2158a"
    "212ef223ecf0f30bc185d3602aad1fa2be4ee501b07be70d45c20d775de7f0b71a07f16857a70dafa12b8c1ccf95552f"
)
_PRIVATE = (
    "ef3ca5290b181d47c6832c9ac7b41239995007743941626bd57d3287a31c657b557b3dce3793233c957684a65db3fe0b"
    "58a2d1db7e26ae3b7f4c5f73f8d5c8b02668b0850c8e4d1f7e551ebac11f0d80d2978e53f216e871658eee6a5780881f"
    "8ee3fc88ceb06a914454c49455fa4f9e6aa384ab015991e495170215418fa41be1477d4ea049fc1deab2b5ed27e2f4ee"
    "45380145aec0eb0b1e0dd88d4a60fc791760e99b2b567e26ec2602fbd229e667132b62fb752a01f4c685bd9c0bcd5bd9"
    "f67a4336c971eaf174be93b4e2ab47626acd99b4677214631b09ba21ac7e166d9e5e7874b96f9190a31cfe09c19b4f4e"
    "e2e822445182e2ba99da845d4e561217fdc0cc9f08657c2be0d61b5c9b561c595837637eb8a0cc4a95e59a1619b522f9"
    "09bf31584e6d7052cab5ffb7b1dd509480b0d4ca49efc3ac5f51e9dcbd917bc2ba2b7b0c11cf0fb580de527195d0ada6"
    "2722feb491e48e9156b8c084222b1a32f2859b4b00bcd80aff2a8ea17460ea69d5035e8b8b9b7a29531708e5e9e76f1"
)
BOARD = "virtual"
_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
TURNS = 20000  # of the updater: more is one that hangs


if sys.implementation.name == "cpython":
    packed.enter = lambda folder: folder  # it cannot mount a file system

_signed = {}  # it takes 0.4 s on MicroPython


def sign(data):
    """The manifest for these bytes of JSON (RFC 8017 section 8.2.1)."""
    if data in _signed:
        return _signed[data]
    tail = b"\x00" + _DIGEST_INFO + hashlib.sha256(data).digest()
    block = b"\x00\x01" + b"\xff" * (MODULUS_DIGITS // 2 - 2 - len(tail)) + tail
    number = pow(int.from_bytes(block, "big"), int(_PRIVATE, 16), int(MODULUS, 16))
    _signed[data] = data + b"\n" + ("%0768x" % number).encode()
    return _signed[data]


def manifest(content, number, **changes):
    """The signed manifest of {path: bytes}; `changes` to its JSON."""
    entries = [
        [path, len(content[path]), hashlib.sha256(content[path]).digest().hex()] for path in sorted(content)
    ]
    values = {"v": 1, "board": BOARD, "version": number, "name": "0.%d.0" % number, "files": entries}
    values.update(changes)
    return sign(json.dumps(values, separators=(",", ":")).encode())


def install(slot, files, version):
    """A whole slot, as the cable leaves it."""
    for path in files:
        write(slot + "/" + path, files[path])
    write(slot + "/manifest", manifest(files, version))


def write(path, data):
    parts = path.split("/")
    for i in range(1, len(parts)):
        try:  # noqa: SIM105 - MicroPython has no contextlib.suppress
            os.mkdir("/".join(parts[:i]))
        except OSError:
            pass
    with open(path, "wb") as file:
        file.write(data)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def walk(folder):
    """All files below it, without the folder's name."""
    found = []
    for name in os.listdir(folder):
        path = folder + "/" + name
        if os.stat(path)[0] & 0x4000:
            found += [name + "/" + inner for inner in walk(path)]
        else:
            found.append(name)
    return sorted(found)


def boot(rescue=False, crashed=False):
    """The slot that the next start runs."""
    slots.running = ""
    path = list(sys.path)
    slots.begin(rescue, crashed)
    sys.path[:] = path
    return slots.running


class Link:
    """The app's side of a link whose relay has one update."""

    def __init__(self, data=b"", files=None):
        self.state = UP
        self.on_binary = {}
        self.told = []
        self.bytes_sent = 0
        self.data = data
        self.files = files or {}
        self.patch = b""
        self.spoil = lambda file, offset, data: data  # what happens to a chunk on its way
        self.silent_after = None  # chunks
        self.silent = False

    def send(self, t, **fields):
        self.told.append(dict(fields, t=t))
        if t == "update_want":
            if self.silent_after is not None:
                if not self.silent_after:
                    self.silent = True
                    return
                self.silent_after -= 1
            file, offset = fields["file"], fields["offset"]
            names = sorted(self.files)  # as the manifest has them
            if file == PATCH_FILE:
                content = self.patch
            else:
                content = self.data if not file else self.files[names[file - 1]] if names else b""
            data = content[offset : offset + CHUNK_BYTES]
            if file != PATCH_FILE:
                data = self.spoil(file, offset, data)
            frame = pack_chunk(file, offset, data)
            self.bytes_sent += len(frame)
            self.on_binary[KIND_UPDATE](memoryview(frame))

    def settled(self):
        return True

    def phases(self):
        return [m["phase"] for m in self.told if m["t"] == "update_state"]

    def refusal(self):
        """What the pin said when it refused, "" if it did not."""
        return "".join([m["text"] for m in self.told if m.get("phase") == "refused"])


class Keys:
    """As much of the settings as an update needs."""

    update_key = int(MODULUS, 16)


class Restarted(Exception):
    """The pin restarts."""


def restart():
    raise Restarted


def run(link, data=None, board=BOARD, keys=Keys, version="", now=0):
    """Offer the update and go through it. True if it ended in a restart."""
    data = link.data if data is None else data
    updater = Updater(keys, link, board, restart)
    message = {"update": hashlib.sha256(data).digest().hex(), "version": version}
    message.update(manifest_bytes=len(data), total_bytes=0)
    updater.offer(message, now)
    try:
        for _ in range(TURNS):
            updater.step(now, True)
            if updater._job is None or link.silent:
                return False
    except Restarted:
        return True
    raise AssertionError("the update does not end")
