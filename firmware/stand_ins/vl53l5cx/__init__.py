"""A stand-in for the package mp-extras/vl53l5cx, which a board gets at flash time: the names in use."""

RESOLUTION_8X8 = 64
POWER_MODE_SLEEP = 0
POWER_MODE_WAKEUP = 1
RANGING_MODE_CONTINUOUS = 1
DATA_DISTANCE_MM = 5
DATA_TARGET_STATUS = 7


class Results:
    def __init__(self):
        self.distance_mm = None
        self.target_status = None
