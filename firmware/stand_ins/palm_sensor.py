"""The depth sensor of a virtual pin: a hand that the host puts there."""

import world


class PalmSensor:
    @property
    def present(self):
        """Whether a flat palm is in reach."""
        return world.hand_present

    @property
    def distance_mm(self):
        return world.hand_mm

    def age_ms(self):
        """How old that is. Grows without end when the host freezes the sensor."""
        return world.hand_age_ms()
