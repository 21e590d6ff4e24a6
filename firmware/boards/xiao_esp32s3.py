"""Seeed XIAO ESP32S3: all of its eleven pins (hardware/wiring/pins.csv)."""

NAME = "xiao_esp32s3"
IMAGE = "SEEED_XIAO_ESP32S3"  # MicroPython's build; the generic one keeps a UART on GPIO43 and 44
FLASH_MB, PSRAM_MB = 8, 8
USB = ((0x2886, 0x0056), (0x2886, 0x8056))  # as Seeed's own software shows up; MicroPython's does not say

BUTTON = 1  # to ground
LASER_ARM = 2  # external pull-down

MIC_BCLK, MIC_WS, MIC_SD = 7, 8, 9  # ICS-43434, left slot
MIC_SHIFT = (
    14  # from its 32-bit word to 16 bits: 12 dB louder than its upper half, speech is far below full scale
)

SCAN_BCLK, SCAN_WS, SCAN_SD = 4, 43, 44  # PCM5102A and 74HC595
SDA, SCL = 5, 6

PALM = (
    "vl53l5cx"  # the driver's package, put on the board by `lapel flash`; None for a board without the sensor
)
DEPTH_INT = 3  # strap pin: input only
DEPTH_LPN = None  # all eleven pins are taken: LPn is tied high, the driver resets the sensor by software
HAPTIC = "erm"  # DRV2605L with an eccentric mass; "lra" for a linear motor, None without
WIFI = True
