"""A board that is not there: a pseudo-terminal that is a bootloader, then a MicroPython prompt, then a pin.

The bootloader is `esp32-mock-bootloader`, the prompt is the real MicroPython of this computer, and the pin
is the unmodified firmware as a virtual pin. What a cable carries besides bytes (RTS and DTR, which reset a
board) does not exist on a pseudo-terminal: a packet of the bootloader's protocol stands for the reset into
it, and a program that closes the port after talking to the bootloader for the reset out of it.
"""
