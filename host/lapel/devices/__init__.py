"""Everything done to a pin: pair, list, revoke."""

from .. import viper  # noqa: F401 - makes the firmware importable, before any module here needs it
