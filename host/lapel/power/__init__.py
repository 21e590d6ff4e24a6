"""How long a pin lasts: currents of its parts, what it does with them, and a described day."""
