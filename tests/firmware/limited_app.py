"""main.py with limits of the firmware changed: `limits.json` in the flash, {"pin.power.NAP_MS": 600}."""

import json

import main

with open("limits.json") as file:
    for name, value in json.load(file).items():
        module, constant = name.rsplit(".", 1)
        loaded = __import__(module, None, None, [constant])
        assert hasattr(loaded, constant), name
        setattr(loaded, constant, value)

main.start()
