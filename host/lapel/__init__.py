"""Lapel, the home side: relay, speech, assistant, cards, and everything done to a pin."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("lapel")
except PackageNotFoundError:  # run from a checkout that was not installed
    __version__ = "0"
