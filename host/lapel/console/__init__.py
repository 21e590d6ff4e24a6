"""The relay's own page: a pin in the browser, and everything the owner may see and set."""

from .. import viper  # noqa: F401 - makes the firmware importable, before any module here needs it
