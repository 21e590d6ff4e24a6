"""Updates of a pin's files: the signed manifest, and the chunks in which files travel.

A manifest is one JSON object, a line break, and the signature of the JSON's bytes as lower-case hex digits:

    {"v":1,"board":"xiao_esp32s3","version":7,"name":"0.2.0","files":[["pin/app.mpy.z",3760,"<sha256>"],...]}
    <768 hex digits: RSA-3072, PKCS #1 v1.5, SHA-256 (RFC 8017 section 8.2)>

An update's id is the SHA-256 of all these bytes. A chunk is a websocket binary frame:

    byte 0      kind: 3
    byte 1      file: 0 is the manifest, n the n-th of its files, from 1, 255 the manifest as a patch
    bytes 2-3   0
    bytes 4-7   offset in that file
    bytes 8-    1 to 2000 bytes of it; none: the relay does not have what was asked for

A patch makes the new manifest from the one of the slot that runs, for most of both is the same. It is a row
of these: offset and length of a piece of the old one, a length of text and one of bytes to be written as hex
digits, each in two bytes, then both. The first chunk that is not full is its end. Numbers are little-endian.
"""

import hashlib
import json
import struct

from . import WireError

KIND_UPDATE = 3
CHUNK_BYTES = 2000  # with its header and the websocket's under MAX_MESSAGE_BYTES
HEADER_BYTES = 8
_HEADER = "<BBHI"
PATCH_FILE = 255
_PIECE = "<HHHH"
_PIECE_BYTES = 8

MANIFEST_VERSION = 1
MANIFEST_BYTES = 24576  # 200 files at 110 bytes, and the signature
MAX_FILES = 200  # a number of them is one byte; the app has about 60
MAX_FILE_BYTES = 131072  # each is hashed in one go between two looks at the button; the largest has 40 kB
MAX_TOTAL_BYTES = 1 << 20  # a third of the file system of a board with 8 MB
PATH_BYTES = 64
FOLDERS = ("pin", "lapel_wire", "boards")  # what a slot holds
PACKED = ".z"  # deflated, see firmware/packed.py
SUFFIXES = (".mpy", ".py", ".bin", ".txt", ".mpy.z", ".bin.z", ".txt.z")
VERSION_MAX = (1 << 53) - 1  # exact in every JSON implementation: seconds of a clock fit

MODULUS_DIGITS = 768  # RSA-3072
EXPONENT = 65537
# DER of DigestInfo for SHA-256, RFC 8017 section 9.2, note 1.
_DIGEST_INFO = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"


class UpdateError(Exception):
    """This update must not be applied; the text says what was expected and what came."""


class Manifest:
    """A checked manifest: `id`, `board`, `version` (int), `name`, `files` [(path, bytes, sha256 hex)]."""

    def __init__(self, data, modulus):
        """`data` is the whole manifest, `modulus` the signing key's, an int. Raises UpdateError."""
        signed = verify(data, modulus)
        self.id = hashlib.sha256(data).digest().hex()
        try:
            values = json.loads(signed)
        except (ValueError, RuntimeError):  # RuntimeError: nested too deeply
            raise UpdateError("the manifest is not JSON") from None
        if not isinstance(values, dict) or values.get("v") != MANIFEST_VERSION:
            raise UpdateError("expected a manifest of version %d" % MANIFEST_VERSION)
        self.board = _text(values, "board", 24)
        self.name = _text(values, "name", 24)
        self.version = _number(values.get("version"), "version", 1, VERSION_MAX)
        self.files = _files(values.get("files"))
        self.total_bytes = sum([size for _, size, _ in self.files])


def verify(data, modulus):
    """The signed bytes of a whole manifest. The padded block is compared whole. Raises UpdateError."""
    if not MODULUS_DIGITS + 2 < len(data) <= MANIFEST_BYTES:
        raise UpdateError("expected a manifest of at most %d bytes, got %d" % (MANIFEST_BYTES, len(data)))
    data = bytes(data)
    signed, break_, digits = data[: -MODULUS_DIGITS - 1], data[-MODULUS_DIGITS - 1], data[-MODULUS_DIGITS:]
    if break_ != 10 or not all([c in b"0123456789abcdef" for c in digits]):
        raise UpdateError("expected %d lower-case hex digits of signature in a last line" % MODULUS_DIGITS)
    signature = int(digits.decode(), 16)
    if modulus.to_bytes(MODULUS_DIGITS // 2, "big")[0] < 0x80:
        raise UpdateError("the update key of the settings has not 3072 bits")
    tail = b"\x00" + _DIGEST_INFO + hashlib.sha256(signed).digest()
    block = b"\x00\x01" + b"\xff" * (MODULUS_DIGITS // 2 - 2 - len(tail)) + tail
    if signature >= modulus or pow(signature, EXPONENT, modulus) != int.from_bytes(block, "big"):
        raise UpdateError("the manifest's signature is not that of this pin's owner")
    return signed


def plain_path(path):
    """Whether a slot may hold a file of this name: a folder of FOLDERS, plain names, a suffix of SUFFIXES."""
    if not isinstance(path, str) or not 0 < len(path) <= PATH_BYTES:
        return False
    parts = path.split("/")
    if len(parts) < 2 or parts[0] not in FOLDERS or not path.endswith(SUFFIXES):
        return False
    for part in parts:
        if not part or part[0] == ".":
            return False
        for c in part:
            # ASCII letters, figures and these: nothing that a file system reads in two ways.
            if not ("a" <= c <= "z" or "A" <= c <= "Z" or "0" <= c <= "9" or c in "._-"):
                return False
    return True


def pack_chunk(file, offset, data):
    """The frame with `data` of `file` at `offset`. Raises ValueError."""
    if len(data) > CHUNK_BYTES:
        raise ValueError("a chunk has at most %d bytes, got %d" % (CHUNK_BYTES, len(data)))
    return struct.pack(_HEADER, KIND_UPDATE, file, 0, offset) + bytes(data)


def pack_piece(offset, length, text, binary=b""):
    """A piece of a patch: `length` bytes of the old manifest at `offset`, `text`, `binary` as hex digits."""
    return struct.pack(_PIECE, offset, length, len(text), len(binary)) + text + binary


def apply_patch(old, patch):
    """The new manifest. Raises UpdateError for what is no patch of this old one."""
    new, at = bytearray(), 0
    while at < len(patch):
        if at + _PIECE_BYTES > len(patch):
            raise UpdateError("the patch is cut")
        offset, length, text, binary = struct.unpack_from(_PIECE, patch, at)
        at += _PIECE_BYTES
        end = at + text + binary
        if offset + length > len(old) or end > len(patch) or len(new) + length > MANIFEST_BYTES:
            raise UpdateError("the patch is not one of this manifest")
        new += old[offset : offset + length]
        new += patch[at : at + text]
        new += bytes(patch[at + text : end]).hex().encode()
        at = end
    return bytes(new)


def unpack_chunk(frame):
    """(file, offset, data) of a frame; `data` is a part of it, not a copy. Raises WireError."""
    if not HEADER_BYTES <= len(frame) <= HEADER_BYTES + CHUNK_BYTES:
        raise WireError("bad_length", "update chunk: expected 8 to 2008 bytes, got %d" % len(frame))
    kind, file, reserved, offset = struct.unpack_from(_HEADER, frame, 0)
    if kind != KIND_UPDATE:
        raise WireError("unknown_type", "binary frame: expected kind %d, got %d" % (KIND_UPDATE, kind))
    if reserved or (file > MAX_FILES and file != PATCH_FILE) or offset > MAX_FILE_BYTES:
        raise WireError("out_of_range", "update chunk: no file %d at offset %d" % (file, offset))
    return file, offset, memoryview(frame)[HEADER_BYTES:]


def _files(values):
    if not isinstance(values, list) or not 1 <= len(values) <= MAX_FILES:
        raise UpdateError("expected 1 to %d files in the manifest" % MAX_FILES)
    files, stems, total = [], set(), 0
    for entry in values:
        if not isinstance(entry, list) or len(entry) != 3 or not plain_path(entry[0]):
            raise UpdateError("the manifest names a file that no slot may hold: %r" % (entry,))
        path, size, digest = entry
        # Without case, and a module is one file: which of two an import takes must not be a question.
        stem = path.lower()
        if stem.endswith(PACKED):
            stem = stem[: -len(PACKED)]
        for suffix in (".mpy", ".py"):
            if stem.endswith(suffix):
                stem = stem[: -len(suffix)] + ".py"
                break
        if stem in stems:
            raise UpdateError("the manifest names %s twice" % path)
        stems.add(stem)
        total += _number(size, path, 0, MAX_FILE_BYTES)
        if not isinstance(digest, str) or len(digest) != 64 or not _is_hex(digest):
            raise UpdateError("%s: expected a SHA-256 of 64 lower-case hex digits" % path)
        files.append((path, size, digest))
    if total > MAX_TOTAL_BYTES:
        raise UpdateError("expected at most %d bytes in all, got %d" % (MAX_TOTAL_BYTES, total))
    return files


def _is_hex(text):
    return all([c in "0123456789abcdef" for c in text])


def _text(values, name, longest):
    value = values.get(name)
    if not isinstance(value, str) or not 0 < len(value.encode()) <= longest:
        raise UpdateError("manifest: %s: expected a text of at most %d bytes" % (name, longest))
    return value


def _number(value, name, lowest, highest):
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise UpdateError("manifest: %s: expected %d to %d" % (name, lowest, highest))
    return value
