"""The pin without hardware: the XIAO's wiring in front of `stand_ins/`."""

from boards.xiao_esp32s3 import *  # noqa: F403

NAME = "virtual"
ARCH = "x64"  # of this computer's MicroPython
CHIPS = ("haptic", "max17048")  # stand-ins that lie on the bus from the start
TYPED = "world"  # where questions come from that were typed instead of spoken
