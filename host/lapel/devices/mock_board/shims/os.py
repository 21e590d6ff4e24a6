"""`os` of an ESP32-S3 on the unix port: the board says what it is."""

from uos import *  # noqa: F403
from uos import getenv


def uname():
    release = getenv("LAPEL_MOCK_RELEASE")
    return ("esp32", "esp32", release, "v" + release, "mock board with ESP32S3")
