"""`os` with what the page supplies: an environment and random bytes."""

import page
from uos import *  # noqa: F403 - the same module, with two calls more


def getenv(name, default=None):
    value = page.environment(name)
    return default if value is None else value


def urandom(count):
    """`count` random bytes of the browser's own generator."""
    data = page.random(count)
    return bytes([data[i] for i in range(count)])
