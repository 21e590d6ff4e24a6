"""`os` with what the page supplies: an environment, random bytes, and a flash that outlives the page."""

import page
from uos import *  # noqa: F403 - the same module, with two calls more
from uos import remove as _remove
from uos import rename as _rename


def getenv(name, default=None):
    value = page.environment(name)
    return default if value is None else value


def urandom(count):
    """`count` random bytes of the browser's own generator."""
    data = page.random(count)
    return bytes([data[i] for i in range(count)])


def rename(old, new):
    """Whatever the firmware keeps gets its name so: the page keeps it, too."""
    _rename(old, new)
    page.kept(new)


def remove(path):
    _remove(path)
    page.kept(path)
