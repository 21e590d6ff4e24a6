"""The ROM bootloader of an ESP32 for `esptool`, spoken over a socket, with a chip, a flash and a PSRAM to
choose.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

from esp32_mock_bootloader import protocol, registers, server

SYNC = b"\xc0\x00\x08"  # how a packet of the bootloader's protocol begins that asks "are you there?"
IMAGE_MAGIC = 0xE9  # first byte of an image that an ESP32 starts
_JEDEC_SIZE_SHIFT = 16  # the third byte of a flash chip's id is the power of two of its size
_JEDEC_MAKER = 0x4020
_S3_FUSES = (
    0x60007000 + 0x44 + 4 * 4
)  # word 4 of block 1 of the ESP32-S3 (its reference manual, eFuse Controller)
_PSRAM_CODES = {0: 0, 8: 1, 2: 2}  # MB to the chip's fuses (esptool, ESP32S3ROM.get_psram_cap)


class Flash(server.FlashImage):  # type: ignore[misc]
    """Flash of another size than the package's; `faulty` keeps one bit that cannot be written."""

    def __init__(self, megabytes: int, faulty: bool = False) -> None:
        super().__init__()
        self.data = bytearray(b"\xff" * (megabytes << 20))
        self._faulty = faulty
        self._whole = False  # what was written last was written to its end
        self.on_erase: Callable[[], None] = lambda: None

    @property
    def bootable(self) -> bool:
        """Whether the chip would find a program in it."""
        return self._whole and self.data[0] == IMAGE_MAGIC

    def put(self, image: bytes) -> None:
        """As if it had been written."""
        self.data[: len(image)] = image
        self._whole = True

    def erase_all(self) -> None:
        super().erase_all()
        self.on_erase()

    def begin_defl(self, payload: bytes) -> None:
        self._whole = False
        super().begin_defl(payload)

    def begin_plain(self, payload: bytes) -> None:
        self._whole = False
        super().begin_plain(payload)

    def md5_stub_response(self, payload: bytes, *, stub: bool = False) -> bytes:
        self._whole = True  # esptool asks after its last block
        return bytes(super().md5_stub_response(payload, stub=stub))

    def write_plain_block(self, payload: bytes) -> None:
        super().write_plain_block(payload)
        if self._faulty:
            self.data[100] = 0

    def write_defl_block(self, payload: bytes) -> None:
        super().write_defl_block(payload)
        if self._faulty:
            self.data[100] = 0


class Bootloader:
    """Serves one conversation at a time on `socket`, in a thread; `stop` ends it."""

    def __init__(self, chip: str, flash: Flash, psram_mb: int) -> None:
        self.socket, self._inner = socket.socketpair()
        self.socket.setblocking(False)
        self._stopped = threading.Event()
        size = (len(flash.data) - 1).bit_length()
        # The package knows one flash chip and no PSRAM; both are module-wide there, and a mock board is a
        # process.
        protocol.MOCK_FLASH_ID = size << _JEDEC_SIZE_SHIFT | _JEDEC_MAKER
        if chip == "esp32s3":
            registers.rom_profile(chip)[_S3_FUSES] = _PSRAM_CODES[psram_mb] << 3
        self._thread = threading.Thread(
            target=server.handle_client,
            args=(server.BootloaderConnection(sock=self._inner), self._stopped, chip),
            kwargs={"flash": flash, "exit_on_disconnect": True},
            name="bootloader",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """The board is reset: whatever the bootloader was told is forgotten, but not what it wrote."""
        self._stopped.set()
        self.socket.close()
        self._thread.join()
