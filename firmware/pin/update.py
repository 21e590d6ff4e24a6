"""Updates over the air: into the slot that does not run, checked whole, switched by one rename (see `slots`).

The relay offers one; the pin asks for its bytes whenever nobody uses it. Nothing of the other slot is touched
before the manifest is known to be the owner's, for this board, and newer. What was written stays over a
reset, and the same offer goes on from there.
"""

import hashlib
import os

import slots
from lapel_wire.update import (
    CHUNK_BYTES,
    KIND_UPDATE,
    MANIFEST_BYTES,
    PATCH_FILE,
    Manifest,
    UpdateError,
    apply_patch,
    unpack_chunk,
)
from pin import disk, log
from pin.clock import Deadline
from pin.link import UP

NEW = "manifest.new"  # in the slot, until all of it is there
WANT_MS = 10_000  # for a chunk; the link's own deadlines end a connection that is dead
WANTS = 6  # without an answer: then the relay has to offer again
TRIES = 2  # for a file whose hash is wrong
GOOD_MS = 60_000  # after the first welcome: what leaks or stalls has shown it by then
AWAKE_MS = 600_000  # for a slot on trial to find the relay; then it may sleep, and waking counts as a start
TOLD_EVERY = 10  # percent
SPARE_BLOCKS = 16  # of the file system, beyond the files: its own tables, settings, crashes
OLDER = "It is version %d; this pin takes only what is newer than %d."


class Updater:
    def __init__(self, settings, link, board, restart):
        """`board` is its name, `restart()` ends in a start."""
        self._settings = settings
        self._link = link
        self._board = board
        self._restart = restart
        self.id = None  # of the update that is under way
        self._offer = None
        self._job = None  # a generator: each `next` is a little work
        self._now = 0
        self._wanted = None  # (file, offset, most bytes) that was asked for
        self._chunk = None  # what came
        self._percent = 0
        state = slots.read()
        self._left = state["left"]
        self._unproven = slots.running in slots.SLOTS and (state["trial"] or state["tries"] > 0)
        self._proof = Deadline()
        self._awake = Deadline()
        link.on_binary[KIND_UPDATE] = self._take

    @property
    def busy(self):
        """Whether the pin should stay awake for this: an update under way, or one that may soon be good."""
        if self._unproven:
            return not self._awake.passed(self._now)
        return self._job is not None and self._link.state == UP

    def offer(self, message, now):
        """The relay says that there is an update."""
        if self._job is not None and self.id == message["update"]:
            return
        if slots.running in slots.SLOTS and slots.identity(slots.running) == message["update"]:
            if not self._unproven:
                self._tell("good", message["update"])
            return
        self.id = message["update"]
        self._offer = message
        self._wanted = self._chunk = None
        self._percent = 0
        self._job = self._work()

    def step(self, now, idle):
        """Every few ms. Allocates nothing unless something happened."""
        self._now = now
        up = self._link.state == UP
        if up and self._left:
            self._tell("reverted", self._left, text="It did not prove itself in %d starts." % slots.STARTS)
            self._left = ""
            self._try(slots.told)
        if self._unproven:
            if not self._awake.set:
                self._awake.after(AWAKE_MS, now)
            self._prove(up, now)
        elif self._job is not None and idle and up:
            self._advance()
        elif not up:
            self._wanted = None  # the question is lost with its connection

    def _prove(self, up, now):
        if up and not self._proof.set:
            self._proof.after(GOOD_MS, now)
        elif up and self._proof.passed(now):
            self._unproven = False
            self._try(slots.good)
            self._tell("good", slots.identity(slots.running))

    def _try(self, keep):
        try:
            keep()
        except OSError as error:
            log.error("update", "the state of the slots is not kept: %s" % error)

    def _advance(self):
        try:
            next(self._job)
        except StopIteration:
            self._job = None
        except UpdateError as error:
            self._refuse(str(error))
        except OSError as error:
            self._refuse("The pin's flash failed: %s" % error)

    def _refuse(self, text):
        log.warning("update", "refused: %s" % text)
        self._job = None
        self._tell("refused", self.id, text=text[:60])  # 240 bytes of any script

    def _tell(self, phase, update, percent=None, text=None):
        if update:
            self._link.send("update_state", update=update, phase=phase, percent=percent, text=text)

    # the work, a little at a time: each `yield` is the end of a turn

    def _work(self):
        if slots.running == "":
            raise UpdateError("This pin runs from a folder without slots.")
        if self._settings.update_key is None:
            raise UpdateError("This pin was given no key for updates. Pair it again.")
        state = slots.read()
        slot = slots.other(slots.running if slots.running in slots.SLOTS else state["slot"])
        log.info("update", "%s into slot %s" % (self.id[:8], slot))
        self._tell("receiving", self.id, 0)
        data = disk.read(slot + "/" + NEW)
        fresh = data is None or hashlib.sha256(data).digest().hex() != self.id
        if fresh:
            data = yield from self._patch_manifest(slots.other(slot))
            if data is None:
                data = yield from self._fetch_manifest()
        yield
        manifest = Manifest(data, self._settings.update_key)
        if manifest.id != self.id:
            raise UpdateError("The manifest is not the one that was offered.")
        self._check(manifest, state, slot)
        yield
        disk.make_folder(slot)
        disk.forget(slot + "/" + slots.MANIFEST)  # from here on the slot is not complete
        if fresh:
            for path in disk.walk(slot):
                if path.endswith(disk.PART):
                    os.remove(path)
            disk.replace(slot + "/" + NEW, data)
        yield from self._clean(slot, manifest)
        yield from self._fill(slot, manifest)
        yield from self._verify(slot, manifest)
        os.rename(slot + "/" + NEW, slot + "/" + slots.MANIFEST)
        self._tell("verified", self.id, 100)
        slots.switch(slot)
        log.info("update", "slot %s is next, on trial" % slot)
        self._tell("switched", self.id, 100)
        while not self._link.settled():
            yield
        yield
        self._restart()

    def _check(self, manifest, state, slot):
        if manifest.board != self._board:
            raise UpdateError("It is for another board: %s, not %s." % (manifest.board, self._board))
        floor = max(state["floor"], slots.version(slots.running))
        # In the safe copy no slot is sound: the version that was there may come once more.
        if manifest.version < floor or (manifest.version == floor and slots.running != slots.SAFE):
            raise UpdateError(OLDER % (manifest.version, floor))
        block, _, _, free, *_ = os.statvfs(".")
        free += sum([disk.blocks_of(os.stat(path)[6], block) for path in disk.walk(slot)])
        needed = sum([disk.blocks_of(size, block) for _, size, _ in manifest.files]) + SPARE_BLOCKS
        if needed > free:
            raise UpdateError(
                "It needs %d kB of flash, %d are free." % (needed * block >> 10, free * block >> 10)
            )

    def _patch_manifest(self, running):
        """The manifest, made from that of the slot that runs; None if the relay knows no way to."""
        old, patch = slots.manifest(running), bytearray()
        while old and len(patch) % CHUNK_BYTES == 0 and len(patch) < MANIFEST_BYTES:
            piece = yield from self._fetch(PATCH_FILE, len(patch), CHUNK_BYTES)
            if not piece:
                break
            patch += piece
        try:
            data = apply_patch(old, patch)
        except UpdateError as error:
            log.warning("update", "the manifest is fetched whole: %s" % error)
            return None
        return data if hashlib.sha256(data).digest().hex() == self.id else None

    def _fetch_manifest(self):
        size = self._offer["manifest_bytes"]
        if size > MANIFEST_BYTES:
            raise UpdateError("Its manifest has %d bytes, more than %d." % (size, MANIFEST_BYTES))
        data = bytearray()
        while len(data) < size:
            data += yield from self._fetch(0, len(data), size - len(data))
        return bytes(data)

    def _clean(self, slot, manifest):
        """Remove what the manifest does not name, and what is not as it says."""
        wanted = {}
        for path, size, digest in manifest.files:
            wanted[slot + "/" + path] = (size, digest)
        for path in disk.walk(slot):
            name = path[: -len(disk.PART)] if path.endswith(disk.PART) else path
            if name == slot + "/" + NEW:
                continue
            if name not in wanted:
                os.remove(path)
            elif name == path:
                size, digest = wanted[name]
                if os.stat(path)[6] != size or (yield from disk.sha256(path)) != digest:
                    os.remove(path)
            yield

    def _fill(self, slot, manifest):
        """Bring every file that is missing: from the other slot if it is there, else from the relay."""
        had = {}
        for path, _, digest in slots.describe(slots.other(slot)).get("files", ()):
            had[digest] = slots.other(slot) + "/" + path
        missing = [
            i for i in range(len(manifest.files)) if not disk.exists(slot + "/" + manifest.files[i][0])
        ]
        yield
        for i in list(missing):
            path, _, digest = manifest.files[i]
            if digest in had and (yield from disk.copy(had[digest], slot + "/" + path, digest)):
                missing.remove(i)
        total = sum([manifest.files[i][1] for i in missing])
        done = 0
        for i in missing:
            path, size, digest = manifest.files[i]
            for _ in range(TRIES):
                yield from self._fetch_file(i + 1, slot + "/" + path, size, done, total)
                if (yield from disk.sha256(slot + "/" + path + disk.PART)) == digest:
                    break
                os.remove(slot + "/" + path + disk.PART)
            else:
                raise UpdateError("%s came wrong %d times." % (path, TRIES))
            os.rename(slot + "/" + path + disk.PART, slot + "/" + path)
            done += size
            yield

    def _fetch_file(self, number, path, size, done, total):
        disk.make_folders(path)
        part = path + disk.PART
        offset = os.stat(part)[6] if disk.exists(part) else 0
        if offset > size:
            os.remove(part)
            offset = 0
        if not size:
            open(part, "wb").close()
        while offset < size:
            data = yield from self._fetch(number, offset, size - offset)
            with open(part, "ab") as file:  # closed each time: what is written stays
                file.write(data)
            offset += len(data)
            percent = (done + offset) * 100 // total
            if percent >= self._percent + TOLD_EVERY:
                self._percent = percent
                self._tell("receiving", self.id, percent)

    def _fetch(self, file, offset, most):
        """The next bytes of a file, at least one; of a patch there may be none."""
        again = Deadline()
        asked = 0
        self._chunk = None
        while self._chunk is None:
            if self._wanted is None or again.passed(self._now):
                if asked == WANTS:
                    raise UpdateError("The relay does not send it.")
                asked += 1
                self._wanted = (file, offset, min(most, CHUNK_BYTES))
                again.after(WANT_MS, self._now)
                self._link.send("update_want", update=self.id, file=file, offset=offset)
            yield
        data, self._chunk, self._wanted = self._chunk, None, None
        if not data and file != PATCH_FILE:
            raise UpdateError("The relay does not have it any more.")
        return data

    def _take(self, frame):
        """A chunk came; one that was not asked for is dropped. Raises WireError."""
        file, offset, data = unpack_chunk(frame)
        wanted = self._wanted
        if wanted and (file, offset) == wanted[:2] and len(data) <= wanted[2] and self._chunk is None:
            self._chunk = bytes(data)

    def _verify(self, slot, manifest):
        """All of it once more, as it lies in the flash: these files and no other."""
        wanted = {}
        for path, size, digest in manifest.files:
            wanted[slot + "/" + path] = (size, digest)
        for path in disk.walk(slot):
            if path == slot + "/" + NEW:
                continue
            size, digest = wanted.pop(path, (None, None))
            if os.stat(path)[6] != size or (yield from disk.sha256(path)) != digest:
                raise UpdateError("%s is not as it should be." % path)
            yield
        if wanted:
            raise UpdateError("%d files are missing." % len(wanted))
