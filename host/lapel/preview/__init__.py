"""What a text looks like on a palm, without a pin: its own code draws, a model of the optics shows.

`drawing` runs the firmware's projector, `measure` follows the beam and judges it, `ilda` and `plot` write
what other programs and people read.
"""

from .. import viper  # noqa: F401 - makes the firmware importable, before any module here needs it
