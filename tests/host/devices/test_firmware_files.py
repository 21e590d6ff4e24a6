"""What lies on a board: everything that the app imports, compiled; packages; and how a log is read."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import packed
import pytest
from lapel import viper
from lapel.devices import boards, firmware, package, signing
from lapel.devices.readable import readable
from lapel_wire import update

MOST_BYTES = 120_000
MPY_6_3_XTENSAWIN = 10  # architecture in the third byte's upper six bits (MicroPython, py/persistentcode.h)


@pytest.mark.parametrize("board", boards.names())
def test_each_board_gets_what_its_app_imports(board: str) -> None:
    files = firmware.app(board)
    modules = set(files)
    assert {
        "pin/start.mpy.z",
        "pin/app.mpy.z",
        "lapel_wire/messages.mpy.z",
        f"boards/{board}.mpy.z",
    } <= modules
    matrix = board.endswith("matrix")
    assert ("pin/projector/is31fl3731.mpy.z" in modules) == matrix
    assert ("pin/projector/path.mpy.z" in modules) != matrix
    assert "pin/projector/font.bin.z" in modules
    assert not [path for path in modules if path.startswith("boards/") and "virtual" in path]
    assert all(update.plain_path(path) for path in modules)
    for path, data in files.items():
        if path.endswith(".mpy.z"):
            data = firmware.inflated(data)
            assert data[:2] == b"M\x06" and data[2] >> 2 in (0, MPY_6_3_XTENSAWIN), path


@pytest.mark.parametrize("board", boards.names())
def test_the_firmware_of_each_board_is_small(board: str) -> None:
    assert sum(map(len, firmware.app(board).values())) <= MOST_BYTES
    assert sum(map(len, firmware.safe(board).values())) <= MOST_BYTES / 3


def test_what_pins_in_the_field_can_read_stays_the_same() -> None:
    """Their packed.py is not updated over the air: what comes later must be readable for it, too."""
    digest = hashlib.sha256(packed.PRESET).hexdigest()
    assert digest == "d18ac537678db9eeafc2f77c9ecbb6620d5f66c9e9d028321661359a2e71d77a"
    assert packed.WINDOW_BITS == 12 and packed.END == ".z"


def test_the_safe_copy_is_small_and_can_still_be_updated() -> None:
    safe, app = firmware.safe("xiao_esp32s3"), firmware.app("xiao_esp32s3")
    assert {"pin/safe.mpy.z", "pin/update.mpy.z", "pin/link.mpy.z", "boards/xiao_esp32s3.mpy.z"} <= set(safe)
    assert "pin/start.mpy.z" not in safe and "pin/projector/scanner.mpy.z" not in safe
    assert sum(map(len, safe.values())) < sum(map(len, app.values())) / 2


def test_no_name_leads_out_of_the_firmware() -> None:
    for name in ("../../../etc/passwd", "/etc/passwd", "os"):
        assert firmware.source(name) is None or firmware.source(name).is_relative_to(viper.source_root())  # type: ignore[union-attr]


def test_a_package_is_signed_as_the_pin_checks_it(tmp_path: Path) -> None:
    modulus = int(signing.modulus(tmp_path), 16)
    made = package.build(tmp_path, "xiao_esp32s3")
    read = update.Manifest(made.manifest, modulus)
    assert (read.board, read.name, read.version) == (made.board, made.name, made.version)
    assert read.id == made.id and read.total_bytes == made.total_bytes
    for (path, size, digest), (own_path, data) in zip(read.files, made.files, strict=True):
        assert (path, size, digest) == (own_path, len(data), hashlib.sha256(data).hexdigest())
    with pytest.raises(update.UpdateError):
        update.Manifest(package.unsigned("xiao_esp32s3").manifest, modulus)
    assert len(made.name) <= 24
    assert (tmp_path / "update-key.pem").stat().st_mode & 0o777 == 0o600


def test_the_same_files_are_the_same_package_and_others_a_higher_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = package.build(tmp_path, "xiao_esp32s3")
    assert package.build(tmp_path, "xiao_esp32s3") == first
    files = firmware.app("xiao_esp32s3")
    monkeypatch.setattr(firmware, "app", lambda board: files | {"pin/app.mpy.z": b"other"})
    monkeypatch.setattr(package.time, "time", lambda: 5.0)  # a clock that went back
    second = package.build(tmp_path, "xiao_esp32s3")
    assert second.version == first.version + 1 and second.name != first.name
    monkeypatch.setattr(firmware, "app", lambda board: files)  # a checkout of what was before
    third = package.build(tmp_path, "xiao_esp32s3")
    assert third.version == second.version + 1 and third.name == first.name
    assert package.base(tmp_path, "xiao_esp32s3", second.name) == second.manifest
    assert package.base(tmp_path, "xiao_esp32s3", "never") == b""


def test_a_traceback_of_a_real_pin_shows_our_source(tmp_path: Path) -> None:
    """Compiled files keep their lines: MicroPython's own traceback, read by the monitor."""
    from lapel.virtual.interpreter import find_interpreter

    for path, data in firmware.app(boards.MOCK).items():
        (tmp_path / "a" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "a" / path).write_bytes(data)
    for path, data in firmware.root().items():
        (tmp_path / path).write_bytes(data)
    code = "import sys, packed\nsys.path.insert(0, packed.enter('a'))\nfrom lapel_wire import challenge\n"
    code += "challenge.mac(b'short', 'pin', 1, 'x', '', '')"
    done = subprocess.run(
        [find_interpreter(), "-c", code],
        cwd=tmp_path,
        env={"MICROPYPATH": f".frozen:{tmp_path}"},
        capture_output=True,
        text=True,
        check=False,
    )
    shown = [text.plain for line in (done.stdout + done.stderr).splitlines() for text in readable(line)]
    (place,) = [line for line in shown if "_hmac_sha256" in line and "challenge.py:" in line]
    number = int(place.split("challenge.py:")[1].split()[0])
    source = (viper.source_root() / "lapel_wire" / "challenge.py").read_text().splitlines()
    assert source[number - 1].strip() in shown[shown.index(place) + 1]
    assert "raise ValueError" in source[number - 1]


def test_log_lines_are_kept_and_coloured() -> None:
    (line,) = readable("12.345 warning wifi: home: not joined")
    assert line.plain.split() == ["12.345", "warning", "wifi:", "home:", "not", "joined"]
    assert [text.plain for text in readable("anything else")] == ["anything else"]
    (place, source) = readable('  File "pin/app.py", line 999999, in <module>')
    assert "firmware/pin/app.py:999999" in place.plain and "another version" in source.plain


def test_the_manifest_is_json_that_a_pin_reads() -> None:
    text = package.unsigned("um_tinys3").manifest.split(b"\n")[0]
    values = json.loads(text)
    assert values["v"] == 1 and values["board"] == "um_tinys3" and len(values["files"]) > 30
    assert sys.getsizeof(text) < update.MANIFEST_BYTES
