"""A manifest as a patch: what comes out is the new one, and it is short where little changed."""

import contextlib
import json
import secrets

import lapel.viper  # noqa: F401 - makes the firmware's modules importable
from hypothesis import given
from hypothesis import strategies as st
from lapel.devices import manifest_patch
from lapel_wire.update import MANIFEST_BYTES, UpdateError, apply_patch


def manifest(files: dict[str, str], version: int) -> bytes:
    entries = [[path, 100, digest] for path, digest in files.items()]
    values = {"v": 1, "board": "b", "version": version, "name": f"0.{version}", "files": entries}
    return json.dumps(values, separators=(",", ":")).encode() + b"\n" + secrets.token_hex(384).encode()


def files(count: int) -> dict[str, str]:
    return {f"pin/f{i}.mpy": secrets.token_hex(32) for i in range(count)}


def test_one_changed_file_costs_its_hash_and_the_signature() -> None:
    old = files(73)
    for path in ("pin/f0.mpy", "pin/f30.mpy", "pin/f72.mpy"):
        new = old | {path: secrets.token_hex(32)}
        before, after = manifest(old, 1), manifest(new, 2)
        patch = manifest_patch.make(before, after)
        assert apply_patch(before, patch) == after
        assert len(patch) < 384 + 130


def test_files_that_came_and_went() -> None:
    old = files(30)
    new = dict(list(old.items())[5:20]) | files(3) | {"pin/new.mpy": secrets.token_hex(32)}
    before, after = manifest(old, 1), manifest(new, 2)
    assert apply_patch(before, manifest_patch.make(before, after)) == after


def test_where_a_patch_gains_nothing_there_is_none() -> None:
    assert manifest_patch.make(b"", manifest(files(3), 1)) == b""
    assert manifest_patch.make(b"x", b"y") == b""


@given(st.binary(max_size=400), st.binary(max_size=400))
def test_any_two_texts(old: bytes, new: bytes) -> None:
    patch = manifest_patch.make(old, new)
    assert not patch or apply_patch(old, patch) == new


@given(st.binary(max_size=300))
def test_no_patch_does_harm(patch: bytes) -> None:
    with contextlib.suppress(UpdateError):
        assert len(apply_patch(bytes(1000), patch)) <= 2 * MANIFEST_BYTES
