"""The virtual pin: the firmware in a process, and the world around it."""

from .. import viper  # noqa: F401 - makes the firmware importable, before any module here needs it
