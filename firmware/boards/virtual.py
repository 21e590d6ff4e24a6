"""The pin without hardware: the XIAO's wiring in front of `stand_ins/`."""

from boards.xiao_esp32s3 import *  # noqa: F403

NAME = "virtual"
PALM = "palm_sensor"  # the stand-in's module
TYPED = "world"  # where questions come from that were typed instead of spoken
