"""What the ESP32's port does after every reset: boot.py, then main.py, of the folder that is the flash.

The program of a virtual pin whose flash holds the firmware as a board's does, in slots; without it a virtual
pin runs main.py from the checkout. Only the flash and these stand-ins are on the path.
"""

import sys

here = __file__.rpartition("/")[0]
sys.path[:] = ["", ".frozen", "lib", here]
scope = {"__name__": "__main__"}
for name in ("boot.py", "main.py"):
    with open(name) as file:
        source = file.read()
    exec(compile(source, name, "exec"), scope)
