"""A Raspberry Pi, or a computer with a USB-I2C bridge: LEDs for the palm, the computer's own microphone.

Names are those of Blinka's `board`; D17 is a Raspberry Pi's GPIO 17, pin 11 of its header. `firmware/linux/`
stands in for the chip.
"""

import os

NAME = "blinka"

BUTTON = os.getenv("LAPEL_BUTTON") or "D17"  # to ground; on an MCP2221A such as "G0", on an FT232H "C0"
LASER_ARM = None  # this board never has a laser
SDA, SCL = "SDA", "SCL"

MIC_BCLK = MIC_WS = MIC_SD = None  # PortAudio's default input
MIC_SHIFT = 14  # as the other boards: firmware/linux/sound.py sends words like an ICS-43434's

SPEAKER = "SPK"  # PortAudio's default output
SPK_BCLK = SPK_WS = SPK_SD = None
SCANNER = "matrix"
PARTS = "linux_parts"  # its Parts take the place of pin.parts
PALM = None
WIFI = False  # the computer sees to its network
SLEEPS = False
