"""Files of a slot: found, hashed, copied a little at a time, replaced in one step."""

import hashlib
import os

from lapel_wire.update import MANIFEST_BYTES

PART = ".part"  # ends the name of a file that is not whole yet
BLOCK_BYTES = 2048
HASHED_AT_ONCE = 16  # blocks, about 20 ms on the chip: a press must not wait for more


def walk(folder):
    """The paths of all files below a folder; [] if there is none."""
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    found = []
    for name in names:
        path = folder + "/" + name
        if os.stat(path)[0] & 0x4000:
            found += walk(path)
        else:
            found.append(path)
    return found


def sha256(path):
    """The SHA-256 of a file, as hex. A generator, like `copy`: each `yield` is the end of a turn."""
    sha = hashlib.sha256()
    block = bytearray(BLOCK_BYTES)
    blocks = 0
    with open(path, "rb") as file:
        count = file.readinto(block)
        while count:
            sha.update(memoryview(block)[:count])
            blocks += 1
            if blocks % HASHED_AT_ONCE == 0:
                yield
            count = file.readinto(block)
    return sha.digest().hex()


def copy(source, path, digest):
    """Copy a file whose SHA-256 is `digest`. False if it is not there, or another one."""
    if not exists(source):
        return False
    make_folders(path)
    sha = hashlib.sha256()
    block = bytearray(BLOCK_BYTES)
    with open(source, "rb") as old, open(path + PART, "wb") as new:
        count = old.readinto(block)
        while count:
            sha.update(memoryview(block)[:count])
            new.write(memoryview(block)[:count])
            yield
            count = old.readinto(block)
    if sha.digest().hex() != digest:
        os.remove(path + PART)
        return False
    os.rename(path + PART, path)
    return True


def make_folders(path):
    """The folders that the file `path` needs."""
    parts = path.split("/")
    for i in range(1, len(parts)):
        make_folder("/".join(parts[:i]))


def make_folder(path):
    if not exists(path):
        os.mkdir(path)


def exists(path):
    try:
        os.stat(path)
    except OSError:
        return False
    return True


def forget(path):
    if exists(path):
        os.remove(path)


def read(path):
    """The bytes of a manifest, None if there is none."""
    try:
        with open(path, "rb") as file:
            return file.read(MANIFEST_BYTES + 1)
    except OSError:
        return None


def replace(path, data):
    """A file with these bytes in place of the old one, by one rename."""
    with open(path + PART, "wb") as file:
        file.write(data)
    os.rename(path + PART, path)


def blocks_of(size, block):
    """How many blocks of so many bytes a file takes."""
    return (size + block - 1) // block
