"""Updates: what is the owner's, for this board and newer is applied whole; nothing else is, in any way."""

import hashlib
import json
import os
import random

import slots
import update_rig as rig
from lapel_wire import WireError
from lapel_wire.update import (
    CHUNK_BYTES,
    PATCH_FILE,
    Manifest,
    UpdateError,
    apply_patch,
    pack_chunk,
    pack_piece,
    plain_path,
    unpack_chunk,
)
from pin.update import GOOD_MS, Updater
from test_slots import Flash

ON_MICROPYTHON = True

OLD = {
    "pin/app.py": bytes(range(256)) * 30,
    "pin/projector/font.bin": b"f" * 5000,
    "lapel_wire/x.py": b"same",
}
NEW = dict(OLD)
NEW["pin/app.py"] = bytes(range(255, -1, -1)) * 31
NEW["boards/virtual.py"] = b"NAME = 'virtual'\n"
MODULUS = int(rig.MODULUS, 16)


def ready(version=1):
    """A pin that runs slot a."""
    rig.install("a", OLD, version)
    slots.installed("a")
    assert rig.boot() == "a"


def is_whole(slot, files):
    content = {name: rig.read(slot + "/" + name) for name in rig.walk(slot)}
    content.pop("manifest")
    return content == files


def untouched():
    return slots.read()["slot"] == "a" and is_whole("a", OLD) and rig.boot() == "a"


def test_an_update_is_applied_whole_and_proves_itself():
    with Flash():
        ready()
        link = rig.Link(rig.manifest(NEW, 2), NEW)
        assert rig.run(link)
        assert link.phases()[0] == "receiving" and link.phases()[-2:] == ["verified", "switched"]
        assert is_whole("b", NEW) and is_whole("a", OLD)
        assert rig.boot() == "b" and slots.on_trial()

        link = rig.Link()
        updater = Updater(rig.Keys, link, rig.BOARD, rig.restart)
        assert updater.busy
        link.state = 0
        updater.step(0, True)
        updater.step(GOOD_MS + 5, True)
        assert slots.on_trial(), "good without a connection"
        link.state = rig.UP
        updater.step(GOOD_MS + 10, False)
        updater.step(2 * GOOD_MS, False)
        assert slots.on_trial()
        updater.step(2 * GOOD_MS + 10, False)
        assert not slots.on_trial() and link.phases() == ["good"] and not updater.busy
        assert link.told[-1]["update"] == hashlib.sha256(rig.manifest(NEW, 2)).digest().hex()


def test_one_changed_file_costs_no_more_than_itself_and_the_manifest():
    with Flash():
        ready()
        files = dict(OLD)
        files["pin/app.py"] = b"x" * 9000
        link = rig.Link(rig.manifest(files, 2), files)
        assert rig.run(link)
        assert is_whole("b", files)
        assert link.bytes_sent <= 9000 + len(link.data) + 8 * 8
        assert link.bytes_sent <= 2 * 9000


def test_the_next_update_goes_into_the_first_slot_and_removes_what_is_not_its():
    with Flash():
        ready()
        assert rig.run(rig.Link(rig.manifest(NEW, 2), NEW))
        assert rig.boot() == "b"
        slots.good()
        rig.write("a/pin/app.mpy", b"would be taken for pin/app.py")
        rig.write("a/deep/er/x", b"?")
        last = {"pin/app.py": b"tiny", "pin/empty.py": b""}
        assert rig.run(rig.Link(rig.manifest(last, 3), last))
        assert is_whole("a", last) and rig.boot() == "a"


def test_a_bad_update_is_told_once_the_pin_is_back():
    with Flash():
        ready()
        link = rig.Link(rig.manifest(NEW, 2), NEW)
        assert rig.run(link)
        assert [rig.boot() for _ in range(4)] == ["b", "b", "b", "a"]
        link = rig.Link()
        updater = Updater(rig.Keys, link, rig.BOARD, rig.restart)
        updater.step(0, False)
        updater.step(1, False)
        assert link.phases() == ["reverted"]
        assert link.told[0]["update"] == hashlib.sha256(rig.manifest(NEW, 2)).digest().hex()
        assert rig.boot() == "a" and slots.read()["left"] == ""
        # A better one, later, is taken into the same slot.
        assert rig.run(rig.Link(rig.manifest(NEW, 3), NEW))
        assert rig.boot() == "b"


def test_a_downgrade_and_the_same_version_are_refused():
    with Flash():
        ready(5)
        for version in (1, 4, 5):
            link = rig.Link(rig.manifest(NEW, version), NEW)
            assert not rig.run(link) and "newer" in link.refusal()
        assert untouched() and os.listdir().count("b") == 0


def test_after_a_revert_the_floor_is_what_was_good():
    with Flash():
        ready(5)
        assert rig.run(rig.Link(rig.manifest(NEW, 6), NEW))
        assert rig.boot() == "b"
        slots.good()
        for _ in range(3):
            rig.boot()
            slots.failed()
        assert rig.boot() == "a" and slots.version("a") == 5
        link = rig.Link(rig.manifest(OLD, 6), OLD)
        assert not rig.run(link) and "newer than 6" in link.refusal()


def test_another_board_and_no_key():
    with Flash():
        ready()
        link = rig.Link(rig.manifest(NEW, 2, board="um_tinys3"), NEW)
        assert not rig.run(link) and "another board" in link.refusal()

        class NoKey:
            update_key = None

        link = rig.Link(rig.manifest(NEW, 2), NEW)
        assert not rig.run(link, keys=NoKey) and "no key" in link.refusal()
        assert untouched()


def test_paths_that_lead_elsewhere_are_refused():
    bad = (
        "../main.py", "/main.py", "main.py", "boot.py", "pin/../../main.py", "pin//app.py",
        "pin/./app.py", "pin/", "safe/pin/safe.py", "slots.py", "lib/x.py", "pin/app.sh", "pin/.hidden.py",
        "pin/a b.py", "pin\\app.py", "pin/\u00e4.py", "pin/app.py\n", "a/pin/app.py", "",
        70 * "pin/" + "x.py", "settings.json", "pin/.py",
        "PIN/app.py", "pin/app.py/..", "./pin/app.py", "pin/x\x00.py", "manifest", "pin/manifest",
    )  # fmt: skip
    with Flash():
        ready()
        for path in bad:
            assert not plain_path(path), path
            files = dict(NEW)
            files[path] = b"evil"
            link = rig.Link(rig.manifest(files, 2), files)
            assert not rig.run(link) and link.refusal(), path
        assert untouched()
        assert sorted(os.listdir()) == ["a", "slots.json"]
    for path in (
        "pin/app.mpy",
        "pin/projector/font.bin",
        "boards/um_tinys3.py",
        "pin/projector/FONT-LICENSE.txt",
    ):
        assert plain_path(path)


def test_manifests_that_make_no_sense_are_refused_although_they_are_signed():
    sha = hashlib.sha256(b"").digest().hex()
    good = ["pin/a.py", 0, sha]
    with Flash():
        ready()
        for changes in (
            {"v": 2}, {"v": None}, {"board": 7}, {"version": "9"}, {"version": True}, {"version": 0},
            {"version": 1 << 53}, {"version": -1}, {"name": ""}, {"name": 25 * "x"}, {"files": []},
            {"files": {}}, {"files": None}, {"files": "pin/a.py"}, {"files": [["pin/a.py", 0]]},
            {"files": [["pin/a.py", -1, sha]]}, {"files": [["pin/a.py", 1 << 20, sha]]},
            {"files": [["pin/a.py", 0, sha.upper()]]}, {"files": [["pin/a.py", 0, sha[:-1]]]},
            {"files": [["pin/a.py", 0, sha, 1]]}, {"files": [["pin/a.py", 0.5, sha]]},
            {"files": [[7, 0, sha]]},
            {"files": [good, good]}, {"files": [good, ["pin/A.py", 0, sha]]},
            {"files": [good, ["pin/a.mpy", 0, sha]]},
            {"files": [["pin/%d.py" % i, 0, sha] for i in range(201)]},
            {"files": [["pin/a%d.py" % i, 131072, sha] for i in range(9)]},
        ):  # fmt: skip
            link = rig.Link(rig.manifest(NEW, 2, **changes), NEW)
            assert not rig.run(link) and link.refusal(), changes
        for body in (b"", b"{}", b"[]", b"null", b"{", b"[" * 500, b"\xff\xfe"):
            data = rig.sign(body)
            link = rig.Link(data, NEW)
            try:
                Manifest(data, MODULUS)
                raise AssertionError("taken: %r" % body)
            except UpdateError:
                pass
        assert untouched()


def test_another_ones_signature_is_refused():
    data = rig.manifest(NEW, 2)
    body, signature = data[:-769], data[-768:]
    number = int(signature.decode(), 16)
    other = rig.manifest(NEW, 3)[-768:]
    for digits in (
        other, signature.upper(), b"0" * 768, b"f" * 768, b"%0768x" % 1, b"%0768x" % (MODULUS - number),
        b"%0768x" % MODULUS, signature[1:] + b"0", b"+" + signature[1:], b" " + signature[1:],
    ):  # fmt: skip
        if digits == signature:
            continue
        refused(body + b"\n" + digits)
    for whole in (
        b"", b"\n", signature, data + b"\n", data[:-1], body + b"\r" + signature, body + signature,
        b" " + data, data + signature, body + b"\n" + b"0" + signature, data[:-769] + b"\n\n" + signature,
        bytes(30000),
    ):  # fmt: skip
        refused(whole)
    # A block that only begins like the right one: the forgery of a signature that is not compared whole.
    digest = hashlib.sha256(body).digest()
    short = b"\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\x00" + rig._DIGEST_INFO + digest
    number = pow(int.from_bytes(short + bytes(384 - len(short)), "big"), int(rig._PRIVATE, 16), MODULUS)
    refused(body + b"\n" + b"%0768x" % number)


def refused(data):
    try:
        Manifest(data, MODULUS)
    except UpdateError:
        return
    raise AssertionError("taken: %d bytes" % len(data))


def test_every_byte_of_the_manifest_altered_once():
    # Whatever a relay says the id is: here it is that of the altered manifest.
    data = rig.manifest({"pin/a.py": b"a"}, 2)
    with Flash():
        ready()
        applied = 0
        for at in range(len(data)):
            altered = bytearray(data)
            altered[at] ^= 1 << at % 8
            link = rig.Link(data, {"pin/a.py": b"a"})
            link.data = bytes(altered)
            updater = Updater(rig.Keys, link, rig.BOARD, rig.restart)
            link.send = lambda t, link=link, updater=updater, **fields: answer(link, updater, t, fields)
            offer = {"update": hashlib.sha256(altered).digest().hex(), "manifest_bytes": len(altered)}
            updater.offer(offer, 0)
            for _ in range(50):
                if updater._job is None:
                    break
                updater.step(0, True)
            applied += link.phases()[-1:] != ["refused"]
        assert applied == 0
        assert untouched() and os.listdir().count("b") == 0


def answer(link, updater, t, fields):
    link.told.append(dict(fields, t=t))
    if t == "update_want":
        file, offset = fields["file"], fields["offset"]
        assert file in (0, PATCH_FILE), "a file was asked for"
        data = b"" if file else link.data[offset : offset + CHUNK_BYTES]
        updater._take(pack_chunk(file, offset, data))


def test_a_manifest_cut_anywhere_is_refused():
    data = rig.manifest(NEW, 2)
    for length in range(0, len(data), 11):
        refused(data[:length])
        refused(data[length:] if length else b"")


def test_noise_in_frames_changes_nothing():
    random.seed(3)
    with Flash():
        ready()
        link = rig.Link(rig.manifest(NEW, 2), NEW)
        taken = []

        def spoil(file, offset, data):
            for _ in range(20):
                frame = bytes([3] + [random.getrandbits(8) for _ in range(random.getrandbits(5))])
                try:
                    link.on_binary[3](frame)
                    taken.append(frame)
                except WireError:
                    pass
            return data

        link.spoil = spoil
        assert rig.run(link) and is_whole("b", NEW) and len(taken) < 50


def test_an_offer_whose_id_is_not_that_of_the_manifest():
    with Flash():
        ready()
        link = rig.Link(rig.manifest(NEW, 2), NEW)
        other = rig.manifest(NEW, 3)
        assert not rig.run(link, other + b"")
        assert "not the one" in link.refusal() or "newer" in link.refusal() or link.refusal()
        assert untouched()


def test_altered_and_truncated_files_are_never_applied():
    for spoil in (
        lambda file, offset, data: bytes([data[0] ^ 1]) + data[1:] if file else data,
        lambda file, offset, data: data[:-1] + b"\x00" if file and len(data) < CHUNK_BYTES else data,
        lambda file, offset, data: bytes(len(data)) if file else data,
    ):
        with Flash():
            ready()
            link = rig.Link(rig.manifest(NEW, 2), NEW)
            link.spoil = spoil
            assert not rig.run(link) and "wrong" in link.refusal()
            assert untouched() and not slots.complete("b")


def test_a_file_that_came_wrong_once_is_fetched_again():
    spoilt = []

    def spoil(file, offset, data):
        if file and not spoilt:
            spoilt.append(file)
            return bytes(len(data))
        return data

    with Flash():
        ready()
        link = rig.Link(rig.manifest(NEW, 2), NEW)
        link.spoil = spoil
        assert rig.run(link) and spoilt and is_whole("b", NEW)


def test_short_chunks_do_and_others_are_dropped():
    with Flash():
        ready()
        link = rig.Link(rig.manifest(NEW, 2), NEW)

        def spoil(file, offset, data):
            take = link.on_binary[3]
            take(pack_chunk(file, offset + 1, data))  # another offset
            take(pack_chunk(7, offset, data))  # another file
            return data[:700]

        link.spoil = spoil
        assert rig.run(link) and is_whole("b", NEW)


def test_more_bytes_than_the_file_has_are_dropped():
    with Flash():
        ready()
        link = rig.Link(rig.manifest(NEW, 2), NEW)
        link.spoil = lambda file, offset, data: data + b"more" if file and len(data) < 1900 else data
        updater = Updater(rig.Keys, link, rig.BOARD, rig.restart)
        updater.offer(
            {"update": hashlib.sha256(link.data).digest().hex(), "manifest_bytes": len(link.data)}, 0
        )
        for now in range(0, 100_000, 50):  # it asks again and again, and then no more
            updater.step(now, True)
        assert "does not send" in link.refusal() and untouched()


def test_a_relay_that_does_not_have_it():
    with Flash():
        ready()
        link = rig.Link(rig.manifest(NEW, 2), {})
        assert not rig.run(link) and "not have" in link.refusal() and untouched()


def test_a_reset_in_the_middle_costs_no_byte_twice():
    with Flash():
        ready()
        data = rig.manifest(NEW, 2)
        total = rig.Link(data, NEW)
        files = sum([len(NEW[name]) for name in NEW if NEW[name] not in OLD.values()])
        sent = 0
        for _ in range(20):
            link = rig.Link(data, NEW)
            link.silent_after = 2
            done = rig.run(link)
            sent += link.bytes_sent
            if done:
                break
        assert done and is_whole("b", NEW)
        assert sent <= files + len(total.data) + 8 * 20, "bytes came twice"


def test_another_update_in_the_middle_takes_over():
    with Flash():
        ready()
        link = rig.Link(rig.manifest(NEW, 2), NEW)
        link.silent_after = 3
        assert not rig.run(link)
        last = dict(OLD)
        last["pin/app.py"] = b"z" * 7000
        assert rig.run(rig.Link(rig.manifest(last, 3), last))
        assert is_whole("b", last)


def test_nothing_is_asked_for_while_the_pin_is_used_or_on_trial():
    with Flash():
        ready()
        link = rig.Link(rig.manifest(NEW, 2), NEW)
        updater = Updater(rig.Keys, link, rig.BOARD, rig.restart)
        updater.offer({"update": "0" * 64, "manifest_bytes": len(link.data)}, 0)
        for _ in range(100):
            updater.step(0, False)
        assert not link.told
        assert rig.run(link)
        rig.boot()
        link = rig.Link(rig.manifest(NEW, 3), NEW)
        updater = Updater(rig.Keys, link, rig.BOARD, rig.restart)
        updater.offer({"update": "1" * 64, "manifest_bytes": len(link.data)}, 0)
        for _ in range(100):
            updater.step(0, True)
        assert not [m for m in link.told if m["t"] == "update_want"], (
            "the slot to go back to would be overwritten"
        )


def test_too_little_flash_is_said_before_anything_is_touched():
    import pin.update

    with Flash():
        ready()
        rig.install("b", OLD, 0)
        stat = os.statvfs

        class Os:
            def __getattr__(self, name):
                return getattr(os, name)

            def statvfs(self, path):
                values = list(stat(path))
                values[0], values[3] = 4096, 10
                return tuple(values)

        pin.update.os = Os()
        try:
            link = rig.Link(rig.manifest(NEW, 2), NEW)
            assert not rig.run(link) and "flash" in link.refusal()
        finally:
            pin.update.os = os
        assert untouched() and slots.complete("b")


def test_in_the_safe_copy_the_last_version_may_come_again():
    with Flash():
        ready(3)
        rig.write("safe/pin/safe.py", b"")
        for _ in range(3):
            rig.boot()
            slots.failed()
        assert rig.boot() == "safe"
        link = rig.Link(rig.manifest(OLD, 2), OLD)
        assert not rig.run(link) and "newer" in link.refusal()
        assert rig.run(rig.Link(rig.manifest(NEW, 3), NEW))
        assert rig.boot() == "b" and is_whole("b", NEW)


def test_an_offer_of_what_runs_is_answered_at_once():
    with Flash():
        ready()
        link = rig.Link()
        updater = Updater(rig.Keys, link, rig.BOARD, rig.restart)
        updater.offer({"update": slots.identity("a"), "manifest_bytes": 1}, 0)
        assert link.phases() == ["good"]


def test_a_patched_manifest_is_the_same_and_a_wrong_patch_costs_the_whole_one():
    with Flash():
        ready()
        old, new = slots.manifest("a"), rig.manifest(NEW, 2)
        same = 0
        while old[same] == new[same]:
            same += 1
        for patch, whole in (
            (pack_piece(0, same, new[same:]), False), (pack_piece(0, len(old), b""), True), (b"\x00", True),
            (pack_piece(0, len(old) + 1, b""), True), (pack_piece(0, 0, new)[:-1], True), (b"", True),
            (pack_piece(0, len(old), b"") * 200, True), (pack_piece(0, same, new[same:-1] + b"x"), True),
        ):  # fmt: skip
            link = rig.Link(new, NEW)
            link.patch = patch
            link.silent_after = 2 + len(patch) // CHUNK_BYTES
            rig.run(link)
            wanted = [m["file"] for m in link.told if m["t"] == "update_want"]
            assert wanted[0] == PATCH_FILE and (0 in wanted) is whole, patch[:6]
            if "manifest.new" in os.listdir("b"):
                os.remove("b/manifest.new")
        assert apply_patch(old, pack_piece(0, same, new[same:])) == new
        link = rig.Link(new, NEW)
        link.patch = pack_piece(0, same, new[same:])
        assert rig.run(link) and is_whole("b", NEW)


def test_chunks():
    assert unpack_chunk(pack_chunk(3, 4000, b"abc")) == (3, 4000, b"abc")
    assert len(pack_chunk(200, 131071, bytes(CHUNK_BYTES))) == 2008
    for frame in (
        b"", b"\x03", bytes(8), pack_chunk(201, 0, b""), pack_chunk(254, 0, b""), pack_chunk(1, 131073, b""),
        b"\x03\x01\x01\x00" + bytes(4), pack_chunk(1, 0, bytes(2000)) + b"x",
    ):  # fmt: skip
        try:
            unpack_chunk(frame)
            raise AssertionError("taken: %r" % frame[:8])
        except WireError:
            pass
    try:
        pack_chunk(1, 0, bytes(2001))
        raise AssertionError("packed")
    except ValueError:
        pass


def test_the_manifest_is_that_of_the_document():
    data = rig.manifest({"pin/a.py": b"a"}, 7)
    checked = Manifest(data, MODULUS)
    assert checked.id == hashlib.sha256(data).digest().hex()
    assert (checked.board, checked.version, checked.name) == ("virtual", 7, "0.7.0")
    assert (
        checked.files == [("pin/a.py", 1, hashlib.sha256(b"a").digest().hex())] and checked.total_bytes == 1
    )
    assert json.loads(data[:-769])["files"][0][0] == "pin/a.py"
