"""`lapel pin --board blinka` with fakes below Blinka and PortAudio: python blinka_rig.py WAV FLASH

Fakes, for what this computer lacks: the chips on the I2C bus, the level of one GPIO, PortAudio's input.
A line on stdin moves the button ("press", "release"); "end" prints as JSON what the chips saw and exits.
"""

import json
import os
import sys
import threading
import time
import types
import wave

os.environ["BLINKA_OS_AGNOSTIC"] = "1"
os.environ["LAPEL_BUTTON"] = "Dx_INPUT_TRUE_PULL_UP"

import adafruit_blinka.microcontroller.generic_agnostic_board.i2c as agnostic_i2c
from adafruit_blinka.microcontroller.generic_agnostic_board import pin as agnostic_pin

MATRIX, HAPTIC, GAUGE = 0x74, 0x5A, 0x36
BLOCK_FRAMES = 256


class Matrix:
    """IS31FL3731: pages of registers behind register 0xFD; remembers each picture that becomes visible."""

    def __init__(self):
        self.pages = {page: bytearray(256) for page in [*range(8), 0x0B]}
        self.page = 0
        self.pictures = []
        self.on = False

    def write(self, register, data):
        if register == 0xFD:
            self.page = data[0]
            return
        registers = self.pages[self.page]
        registers[register : register + len(data)] = data
        if self.page == 0x0B:
            self.on = bool(registers[0x0A] & 1)
            if register in (0x01, 0x0A) and self.on:
                picture = bytes(self.pages[registers[0x01]][0x24 : 0x24 + 144])
                if not self.pictures or self.pictures[-1] != picture:
                    self.pictures.append(picture)

    def read(self, register, count):
        return self.pages[self.page][register : register + count]


class Haptic:
    """DRV2605L: plays the sequence when GO is set."""

    def __init__(self):
        self.registers = bytearray(0x23)
        self.registers[0] = 0xE0
        self.played = []

    def write(self, register, data):
        self.registers[register : register + len(data)] = data
        if register == 0x0C and data[0] & 1:
            self.played.append([effect for effect in self.registers[0x04:0x0C] if effect])

    def read(self, register, count):
        return self.registers[register : register + count]


class Gauge:
    """MAX17048 with a half full cell."""

    def __init__(self):
        self.words = {0x02: 0xBE00, 0x04: 0x3280, 0x08: 0x0012, 0x16: 0x0000, 0x1A: 0x0000}

    def write(self, register, data):
        pass

    def read(self, register, count):
        return self.words.get(register, 0).to_bytes(2, "big")[:count]


chips = {MATRIX: Matrix(), HAPTIC: Haptic(), GAUGE: Gauge()}


class Bus:
    """In place of Blinka's driver of a bus."""

    def __init__(self, *, frequency=100_000):
        pass

    def scan(self):
        return sorted(chips)

    def _chip(self, address):
        if address not in chips:
            raise OSError(121, f"no chip at {address:#x}")
        return chips[address]

    def writeto(self, address, buffer, *, start=0, end=None, stop=True):
        data = bytes(buffer)[start:end]
        chip = self._chip(address)
        if data:
            chip.write(data[0], data[1:])

    def readfrom_into(self, address, buffer, *, start=0, end=None, stop=True):
        buffer[start:end] = self._chip(address).read(0, len(buffer[start:end]))

    def writeto_then_readfrom(self, address, buffer_out, buffer_in, *, out_start=0, out_end=None, in_start=0,
                              in_end=None, stop=False):  # fmt: skip
        register = bytes(buffer_out)[out_start]
        end = len(buffer_in) if in_end is None else in_end
        buffer_in[in_start:end] = self._chip(address).read(register, end - in_start)


class Input:
    """PortAudio's input stream: from `start` on the recording in real time, then silence."""

    def __init__(self, *, samplerate, channels, dtype, blocksize, callback):
        assert (samplerate, channels, dtype) == (16000, 1, "int16")
        self._callback = callback
        self._run = None

    def start(self):
        self._run = run = threading.Event()
        threading.Thread(target=self._play, args=(run,), daemon=True).start()

    def abort(self):
        self._run.set()

    def _play(self, run):
        with wave.open(sys.argv[1]) as recording:
            assert (recording.getframerate(), recording.getnchannels()) == (16000, 1)
            pcm = recording.readframes(recording.getnframes())
        began = time.monotonic()
        at = 0
        while not run.is_set():
            block = pcm[2 * at : 2 * (at + BLOCK_FRAMES)].ljust(2 * BLOCK_FRAMES, b"\0")
            at += BLOCK_FRAMES
            time.sleep(max(0.0, began + at / 16000 - time.monotonic()))
            if not run.is_set():
                self._callback(block, BLOCK_FRAMES, None, None)


class PortAudioError(Exception):
    pass


def listen():
    for line in sys.stdin:
        word = line.strip()
        if word in ("press", "release"):
            button["down"] = word == "press"
        elif word == "end":
            break
    matrix = chips[MATRIX]
    seen = {"pictures": [p.hex() for p in matrix.pictures], "on": matrix.on, "haptics": chips[HAPTIC].played}
    print("seen: " + json.dumps(seen), flush=True)
    os._exit(0)


button = {"down": False}
agnostic_pin.Pin.return_true = lambda self: not button["down"]  # the level of a pin that is pulled up
agnostic_i2c.I2C = Bus
sys.modules["sounddevice"] = types.SimpleNamespace(
    check_input_settings=lambda **settings: None, RawInputStream=Input, PortAudioError=PortAudioError
)
threading.Thread(target=listen, daemon=True).start()

from lapel.cli import main  # noqa: E402 - after the fakes

main(["pin", "--board", "blinka", "--flash", sys.argv[2]])
