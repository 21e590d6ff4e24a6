"""Unexpected Maker TinyS3: 17 pins, and a PSRAM beside the chip (hardware/wiring/pins.csv)."""

NAME = "um_tinys3"
IMAGE = "UM_TINYS3"  # MicroPython's build
FLASH_MB, PSRAM_MB = 8, 8
PSRAM_INSIDE = False  # a chip of its own: only MicroPython sees it
USB = ((0x303A, 0x80D0), (0x303A, 0x80D1), (0x303A, 0x80D2))  # as its maker's software and bootloader show up

BUTTON = 1  # to ground
LASER_ARM = 2  # external pull-down

MIC_BCLK, MIC_WS, MIC_SD = 5, 6, 7  # ICS-43434, left slot
MIC_SHIFT = 14  # from its 32-bit word to 16 bits, as on the XIAO

SCAN_BCLK, SCAN_WS, SCAN_SD = 35, 36, 37  # PCM5102A and 74HC595; free because the PSRAM is not octal
SDA, SCL = 8, 9

PALM = "vl53l5cx"  # the driver's package, put on the board by `lapel flash`
DEPTH_INT = 4
DEPTH_LPN = 21
HAPTIC = "erm"  # DRV2605L with an eccentric mass
VBUS = 33  # on the board itself: high while USB has power
WIFI = True
