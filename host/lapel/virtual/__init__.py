"""The virtual pin: the firmware in a process, and the world around it."""
