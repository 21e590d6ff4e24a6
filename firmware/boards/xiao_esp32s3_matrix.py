"""The cheap build: the XIAO's wiring with an LED matrix on the I2C bus in place of mirrors and laser."""

from boards.xiao_esp32s3 import *  # noqa: F403

NAME = "xiao_esp32s3_matrix"
SCANNER = "matrix"  # IS31FL3731; without this line a board has mirrors
