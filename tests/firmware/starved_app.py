"""limited_app.py with a heap that seems to run out once `starve` lies in the flash: a start mends it."""

import gc
import json
import os

from pin import memory

real = gc.mem_free
starved = []


def free():
    if not starved and "starve" in os.listdir():
        os.remove("starve")
        starved.append(True)
    return 50_000 if starved else real()


class Starved(memory.Memory):
    def __init__(self):
        super().__init__(free)


memory.Memory = Starved

import main  # noqa: E402 - sees the other Memory

with open("limits.json") as file:
    for name, value in json.load(file).items():
        module, constant = name.rsplit(".", 1)
        setattr(__import__(module, None, None, [constant]), constant, value)

main.start()
