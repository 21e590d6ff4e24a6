"""What MicroPython does by itself on a board: `boot.py`, then `main.py`, from the board's own files and no
others.
"""

import sys

# In front of what a virtual pin finds: the flash. Behind it the hardware that is not there, not the checkout.
sys.path[:] = [""] + [path for path in sys.path[1:] if path == ".frozen" or path.endswith("stand_ins")]

import boot  # noqa: E402, F401
import main  # noqa: E402

main.start()
