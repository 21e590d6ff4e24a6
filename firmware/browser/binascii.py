"""`binascii` whose base64 takes texts, as on every other port."""

from ubinascii import *  # noqa: F403
from ubinascii import a2b_base64 as _a2b_base64


def a2b_base64(data):
    return _a2b_base64(data.encode() if isinstance(data, str) else data)
