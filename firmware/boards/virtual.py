"""The pin without hardware: the XIAO's wiring in front of `stand_ins/`."""

import os

from boards.xiao_esp32s3 import *  # noqa: F403

NAME = "virtual"
ARCH = "x64"  # of this computer's MicroPython
CHIPS = ("haptic", "max17048")  # stand-ins that lie on the bus from the start
SPEAKER = "SPK"
SPK_BCLK, SPK_WS, SPK_SD = 45, 46, 47
SPEAKER_PORT = int(os.getenv("LAPEL_SPEAKER_PORT") or 2)  # 2: one more than a chip has; 1 is the scanner's
TYPED = "world"  # where questions come from that were typed instead of spoken
