"""The list of pins: made, read, changed by two at once, broken."""

from __future__ import annotations

import json
import os
import ssl
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from lapel.devices.certificate import certificate, client_context, server_context, write_private
from lapel.devices.pins import Pins, PinsError
from lapel_wire import SERVER_NAME


def test_pair_list_and_revoke(tmp_path: Path) -> None:
    pins = Pins(tmp_path / "home")
    assert pins.all() == [] and pins.get("pin-x") is None
    one, two = pins.pair(" Ada's pin "), pins.pair("二")
    assert (one.name, two.name) == ("Ada's pin", "二")
    assert one.id != two.id and one.key != two.key
    assert len(bytes.fromhex(one.key)) == 32
    other = Pins(tmp_path / "home")
    assert other.get(one.id) == one
    assert other.revoke(one.id) == one
    assert pins.get(one.id) is None and pins.all() == [two], "read again when it changed"
    with pytest.raises(PinsError, match=f"no pin has the id {one.id!r}; paired pins: {two.id}"):
        pins.revoke(one.id)
    pins.revoke(two.id)
    with pytest.raises(PinsError, match="paired pins: none yet"):
        pins.revoke(two.id)


@pytest.mark.parametrize("name", ["", "  ", "x" * 33, "a\nb", "a\x00b", "\u202eevil"])
def test_a_name_that_would_confuse_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PinsError, match="1 to 32 printable"):
        Pins(tmp_path).pair(name)
    assert not (tmp_path / "pins.json").exists()


def test_only_the_owner_may_read_what_is_secret(tmp_path: Path) -> None:
    home = tmp_path / "home"
    pins = Pins(home)
    settings = pins.settings(pins.pair("x"), "192.0.2.7", 5274)
    for name in ("pins.json", "relay.pem"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert settings["relays"] == [{"host": "192.0.2.7", "port": 5274}]
    assert "PRIVATE" not in settings["certificate"]


def test_a_key_is_not_in_a_repr(tmp_path: Path) -> None:
    pin = Pins(tmp_path).pair("x")
    assert pin.key not in repr(pin) + str(pin) + f"{pin}"


GOOD = {"id": "pin-1", "key": "00" * 32, "name": "n", "paired_unix_s": 1}


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b"5", b'{"pins": null}', b'{"pins": {"a": 1}}', b'{"pins": [1]}',
        b'{"other": []}', b"\xff\xfe", b'{"pins": [{}]}',
        *(
            json.dumps({"pins": [GOOD | change]}).encode()
            for change in (
                {"key": "xx" * 32}, {"key": "00" * 31}, {"key": "00" * 33}, {"key": ""}, {"key": None},
                {"key": 5}, {"id": 5}, {"id": None}, {"name": 5}, {"paired_unix_s": "x"}, {"extra": 1},
            )
        ),
    ],
)  # fmt: skip
def test_a_broken_list_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pins.json").write_bytes(content)
    pins = Pins(tmp_path)
    for call in (pins.all, lambda: pins.get("pin-1"), lambda: pins.pair("x"), lambda: pins.revoke("pin-1")):
        with pytest.raises(PinsError, match=r"pins\.json cannot be read .*restore it from a backup"):
            call()
    assert (tmp_path / "pins.json").read_bytes() == content, "not overwritten"
    (tmp_path / "pins.json").write_text(json.dumps({"pins": [GOOD]}))
    assert pins.get("pin-1") is not None


def test_a_list_that_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "pins.json").mkdir()
    with pytest.raises(PinsError, match="cannot be read"):
        Pins(tmp_path).all()
    (tmp_path / "file").write_text("")
    with pytest.raises(PinsError, match="check who owns it"):
        Pins(tmp_path / "file").all()


def test_pairing_at_the_same_time_loses_no_pin(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from lapel.devices.pins import Pins\n"
    code += "for i in range(10): Pins(Path(sys.argv[1])).pair(sys.argv[2])"
    workers = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), f"worker {i}"]) for i in range(4)]
    assert [worker.wait(60) for worker in workers] == [0] * 4
    assert len(Pins(tmp_path).all()) == 40


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pins = Pins(tmp_path)
    kept = pins.pair("kept")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            pins.pair("lost")
    assert Pins(tmp_path).all() == [kept]
    (tmp_path / "pins.json.new").write_text("left over from a power cut")
    pins.pair("second")
    assert len(Pins(tmp_path).all()) == 2


def test_the_certificate_is_made_once_and_needs_no_clock(tmp_path: Path) -> None:
    pem = certificate(tmp_path)
    assert certificate(tmp_path) == pem
    parsed = x509.load_pem_x509_certificate(pem.encode())
    assert parsed.not_valid_before_utc.year == 1999 and parsed.not_valid_after_utc.year == 2049
    names = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [SERVER_NAME]
    assert server_context(tmp_path).minimum_version == ssl.TLSVersion.TLSv1_2
    context = client_context(pem)
    assert context.verify_mode == ssl.CERT_REQUIRED and context.check_hostname
    assert context.cert_store_stats()["x509"] == 1, "this certificate and no other"


def test_write_private_replaces(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    for text in ("one", "zwei €"):
        write_private(path, text)
        assert path.read_text("utf-8") == text
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]
