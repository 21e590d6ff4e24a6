"""Espressif ESP32-S3-DevKitC-1 with PSRAM, for the bench: nothing on GPIO43 and 44, where its USB bridge is,
and nothing on 35 to 37, which an octal PSRAM takes (hardware/wiring/pins.csv)."""

NAME = "esp32s3_devkitc"
IMAGE = "ESP32_GENERIC_S3"  # MicroPython's build for a quad PSRAM (modules N8R2)
IMAGE_OCTAL = "ESP32_GENERIC_S3-SPIRAM_OCT"  # and for an octal one (modules N8R8, N16R8, N32R16)
FLASH_MB, PSRAM_MB = 8, 2
USB = ((0x10C4, 0xEA60), (0x1A86, 0x55D3))  # its bridge: CP2102N, or CH343 on later ones

BUTTON = 1  # to ground
LASER_ARM = 2  # external pull-down

MIC_BCLK, MIC_WS, MIC_SD = 4, 5, 6  # ICS-43434, left slot
MIC_SHIFT = 14  # from its 32-bit word to 16 bits, as on the XIAO

SCAN_BCLK, SCAN_WS, SCAN_SD = 15, 16, 17  # PCM5102A and 74HC595
SDA, SCL = 8, 9

SPEAKER = "SPK"  # MAX98357A; the chip's second I2S port is the scanner's too, so it plays while that is dark
SPK_BCLK, SPK_WS, SPK_SD = 12, 13, 14

PALM = "vl53l5cx"  # the driver's package, put on the board by `lapel flash`
DEPTH_INT = 10
DEPTH_LPN = 11
HAPTIC = "erm"  # DRV2605L with an eccentric mass
WIFI = True
