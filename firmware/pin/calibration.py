"""How this pin's light is set to its mirrors: no two pairs are alike (`lapel calibrate`)."""

from pin.projector.speed import FULL_INTENSITY, Mirror
from pin.settings import SettingsError

NOT_CALIBRATED = "The light's calibration is wrong. Run: lapel calibrate"


def mirror(settings):
    """The Mirror of these Settings. Raises SettingsError."""
    try:
        values = settings.values.get("projector", {})
        return Mirror(
            values.get("mirror_hz", 1000),
            values.get("damping", 0.7),
            values.get("laser_delay", 0),
            values.get("field_percent", 100),
            values.get("brightness", FULL_INTENSITY),
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise SettingsError(NOT_CALIBRATED, "settings: projector: %s" % error) from None
