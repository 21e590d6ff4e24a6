"""esptool's and mpremote's real programs against the mock board; ports as USB lists them."""

import asyncio
import json
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from board_prompt import at_its_prompt
from lapel.devices import board_check, boards, chip, install, ports
from lapel.devices.boards import Board
from lapel.devices.mock_board.board import MockBoard
from lapel.devices.ports import Port
from lapel.devices.problems import BoardError, Code
from lapel.devices.repl import Repl


def usb(device: str, vid: int | None, pid: int | None, serial: str = "", location: str = "") -> Any:
    return SimpleNamespace(
        device=device, vid=vid, pid=pid, serial_number=serial, location=location, description="thing"
    )


def test_the_only_board_is_found_among_other_things() -> None:
    listed = [usb("/dev/ttyS0", None, None), usb("/dev/ttyACM3", 0x303A, 0x1001, "24:EC:4A:00:11:22")]
    port = ports.find(None, lambda: listed)
    assert (port.path, port.serial) == ("/dev/ttyACM3", "24ec4a001122")


def test_none_several_and_one_that_is_not_there() -> None:
    two = [usb("/dev/ttyACM0", 0x303A, 0x1001), usb("/dev/ttyUSB0", 0x10C4, 0xEA60)]
    for listed, named, code in (
        ([usb("/dev/ttyACM9", 0x1234, 1)], None, Code.NO_BOARD),
        (two, None, Code.SEVERAL_BOARDS),
        (two, "/dev/ttyNONE", Code.NO_BOARD),
    ):
        with pytest.raises(BoardError) as caught:
            ports.find(named, lambda listed=listed: listed)  # type: ignore[misc]
        assert caught.value.code == code
        assert code != Code.SEVERAL_BOARDS or "/dev/ttyUSB0" in str(caught.value)
    assert ports.find("/dev/ttyUSB0", lambda: two).usb == (0x10C4, 0xEA60)


def test_a_board_is_followed_by_its_serial_number_and_by_its_place() -> None:
    before = Port("/dev/ttyACM0", (0x303A, 0x1001), "24ec4a001122", "1-2")
    looks = [[], [usb("/dev/ttyACM1", 0x303A, 0x4001, "24EC4A001122", "1-2")]]
    assert ports.again(before, 5, lambda: looks.pop(0) if len(looks) > 1 else looks[0]).path == "/dev/ttyACM1"
    moved = [
        usb("/dev/ttyACM2", 0x303A, 0x4001, "other", "1-2:1.0"),
        usb("/dev/ttyACM4", 0x303A, 1, "", "1-2"),
    ]
    assert ports.again(before, 5, lambda: moved).path == "/dev/ttyACM4"
    with pytest.raises(BoardError) as caught:
        ports.again(before, 0, list)
    assert caught.value.code == Code.CABLE


def test_which_board_a_port_may_be() -> None:
    assert boards.candidates(Port("/dev/ttyUSB0", (0x10C4, 0xEA60))) == ["esp32s3_devkitc"]
    assert boards.candidates(Port("/dev/ttyACM0", (0x303A, 0x80D1))) == ["um_tinys3"]
    assert set(boards.candidates(Port("/dev/ttyACM0", (0x303A, 0x1001)))) == set(boards.names())
    xiao = {"xiao_esp32s3", "xiao_esp32s3_matrix", "xiao_esp32s3_voice_matrix"}
    assert xiao | {"um_tinys3", "esp32s3_devkitc"} == set(boards.names())
    with pytest.raises(BoardError):
        boards.load("os")


def test_each_board_has_its_own_image() -> None:
    base = "https://micropython.org/resources/firmware/"
    named = {
        ("xiao_esp32s3", 8): "SEEED_XIAO_ESP32S3-20260824-v1.29.0.bin",
        ("um_tinys3", 0): "UM_TINYS3-20260824-v1.29.0.bin",
        ("esp32s3_devkitc", 2): "ESP32_GENERIC_S3-20260824-v1.29.0.bin",
        ("esp32s3_devkitc", 8): "ESP32_GENERIC_S3-SPIRAM_OCT-20260824-v1.29.0.bin",
    }
    for (name, psram_mb), image in named.items():
        assert boards.load(name).image_url(psram_mb) == base + image


BOARD: Board = boards.load("virtual")
CHIPS = [
    ({}, None),
    ({"chip": "esp32"}, Code.WRONG_CHIP),
    ({"flash_mb": 4}, Code.SMALL_FLASH),
    ({"psram_mb": 2}, Code.NO_PSRAM),
]


@pytest.mark.parametrize(("made", "code"), CHIPS)
async def test_esptool_tells_the_chip(tmp_path: Path, made: dict[str, Any], code: Code | None) -> None:
    board = MockBoard(tmp_path, **made)
    await board.plug()
    try:
        found = await asyncio.to_thread(chip.ask, Port(str(board.link)))
    finally:
        await board.stop()
    assert found.flash_mb == made.get("flash_mb", 8)
    if code is None:
        assert (found.kind, found.psram_mb) == ("ESP32-S3", 8) and found.mac.count(":") == 5
        chip.check(found, BOARD)
    else:
        with pytest.raises(BoardError) as caught:
            chip.check(found, BOARD)
        assert caught.value.code == code


async def test_an_image_is_written_verified_and_started(tmp_path: Path) -> None:
    board = MockBoard(tmp_path)
    await board.plug()
    image = tmp_path / "image.bin"
    image.write_bytes(b"\xe9" + random.Random(1).randbytes(200_000))
    bars: list[float] = []
    try:
        await asyncio.to_thread(chip.write, Port(str(board.link)), image, bars.append)
        async with asyncio.timeout(10):
            while board.phase != "prompt":
                await asyncio.sleep(0.01)
    finally:
        await board.stop()
    assert bars == sorted(bars) and bars[-1] == 1.0 and len(bars) > 3
    assert board.flash.data[: image.stat().st_size] == image.read_bytes()


async def test_files_over_the_raw_repl(tmp_path: Path) -> None:
    def work(port: Port) -> None:
        with Repl(port) as repl:
            assert install.facts(repl).system == "esp32"
            data = bytes(range(256)) * 20
            repl.write("a/pin/x.mpy", data)
            repl.replace("settings.json", b"{}")
            assert repl.read("a/pin/x.mpy") == data and repl.read("none") is None
            assert sorted(repl.files()) == ["a/pin/x.mpy", "settings.json"]
            install.check(repl, {"a/pin/x.mpy": data})
            with pytest.raises(BoardError) as caught:
                install.check(repl, {"a/pin/x.mpy": data, "gone": b""})
            assert caught.value.code == Code.FILE_ALTERED
            with pytest.raises(BoardError, match="the board refuses: ZeroDivisionError"):
                repl.run("1/0")
            repl.remove(["a/pin/x.mpy", "none"])
            assert repl.files("a") == []

    async with at_its_prompt(tmp_path) as (_, port):
        await asyncio.to_thread(work, port)


async def test_the_driver_is_installed_by_mip_and_checked(tmp_path: Path) -> None:
    downloaded = {}
    for name, data in (("vl53l5cx/__init__.py", b"X = 1\n"), ("vl53l5cx/fw.bin", bytes(range(256)) * 9)):
        path = tmp_path / name.replace("/", "-")
        path.write_bytes(data)
        downloaded[name] = path
    async with at_its_prompt(tmp_path / "board") as (board, port):
        assert await asyncio.to_thread(install.driver, port, lambda: Repl(port), downloaded) == 2
        assert (board.files / "lib/vl53l5cx/fw.bin").read_bytes() == bytes(range(256)) * 9
        assert await asyncio.to_thread(install.driver, port, lambda: Repl(port), downloaded) == 0


async def test_a_port_that_is_busy_and_one_that_goes_away(tmp_path: Path) -> None:
    async with at_its_prompt(tmp_path) as (board, port):

        def twice() -> Code:
            with Repl(port), pytest.raises(BoardError) as caught, Repl(port):
                pass
            return caught.value.code

        assert await asyncio.to_thread(twice) in (Code.PORT_BUSY, Code.NO_PROMPT)

        def long() -> Code:
            with pytest.raises(BoardError) as caught, Repl(port) as repl:
                repl.write("big", bytes(200_000))
            return caught.value.code

        writing = asyncio.create_task(asyncio.to_thread(long))
        while not (board.files / "big").exists():
            await asyncio.sleep(0.01)
        await board.unplug()
        assert await writing == Code.CABLE


WRONG: list[tuple[dict[str, Any], dict[str, str], str, str]] = [
    ({}, {}, "firmware", "no Lapel on it"),
    ({"psram_mb": 0}, {}, "PSRAM", "no PSRAM"),
    ({"release": "1.20.0"}, {}, "MicroPython", "expected 1.29.0"),
    ({}, {"main.py": "", "hold": ""}, "watchdog", "hold"),
    ({}, {"main.py": ""}, "settings", "not paired"),
    ({}, {"main.py": "", "settings.1": "damaged"}, "settings", "damaged"),
    (
        {},
        {"main.py": "", "crashes.json": json.dumps([{"text": "x\nValueError: 7"}])},
        "crashes",
        "ValueError: 7",
    ),
    ({}, {"main.py": ""}, "firmware", "no slot is whole"),
    ({}, {"main.py": ""}, "depth sensor", "no palm"),
]


@pytest.mark.parametrize(("made", "files", "part", "detail"), WRONG)
async def test_doctor_names_what_is_wrong(
    tmp_path: Path, made: dict[str, Any], files: dict[str, str], part: str, detail: str
) -> None:
    async with at_its_prompt(tmp_path, **made) as (board, port):
        for name, text in files.items():
            (board.files / name).write_text(text)
        findings = await asyncio.to_thread(board_check.examine, port.path, lambda pin: False)
    found = {one.part: one for one in findings}
    assert detail in found[part].detail, findings
    assert found[part].state != "ok" and found[part].advice


async def test_doctor_says_when_there_is_no_micropython(tmp_path: Path) -> None:
    board = MockBoard(tmp_path)
    await board.plug()
    try:
        findings = await asyncio.to_thread(board_check.examine, str(board.link), lambda pin: False)
    finally:
        await board.stop()
    assert findings[-1].code == Code.NO_PROMPT and "lapel flash" in findings[-1].advice
