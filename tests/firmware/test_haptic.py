"""The DRV2605L's registers, as far as patterns go."""

from pin import haptic
from pin.haptic import ADDRESS, ERM, LRA, STEPS, Haptic, NoHaptic

ON_MICROPYTHON = True

PATTERNS = (haptic.SHOWN, haptic.SELECTED, haptic.MOVED, haptic.ALERT, haptic.URGENT, haptic.ERROR)


class Chip:
    """Registers behind the bus; GO plays what is in the sequence, unless the chip is in standby."""

    def __init__(self, device=7):
        self.registers = bytearray(0x23)
        self.registers[0] = device << 5
        self.registers[1] = 0x40
        self.played = []
        self.gone = False

    def readfrom_mem_into(self, address, register, buffer):
        self._check(address)
        buffer[0] = self.registers[register]

    def writeto_mem(self, address, register, data):
        self._check(address)
        for i in range(len(data)):
            self.registers[register + i] = data[i]
        if register == 0x0C and data[0] == 1 and self.registers[1] == 0:
            sequence = []
            for effect in self.registers[4:12]:
                if not effect:
                    break
                sequence.append(effect)
            self.played.append(tuple(sequence))

    def _check(self, address):
        if self.gone or address != ADDRESS:
            raise OSError(19)


def test_the_motor_decides_library_and_loop():
    chip = Chip()
    Haptic(chip, ERM)
    assert chip.registers[0x03] == 1 and not chip.registers[0x1A] & 0x80 and chip.registers[0x1D] & 0x20
    chip = Chip()
    Haptic(chip, LRA)
    assert chip.registers[0x03] == 6 and chip.registers[0x1A] & 0x80 and not chip.registers[0x1D] & 0x21
    assert chip.registers[0x01] == 0x40  # it rests until there is something to play


def test_patterns_are_effects_of_the_library_or_pauses_and_fit():
    for pattern in PATTERNS:
        assert 1 <= len(pattern) <= STEPS
        for effect in pattern:
            assert 1 <= effect <= 123 or 0x81 <= effect <= 0xFF
    assert len(set(PATTERNS)) == len(PATTERNS)  # the skin can tell them apart


def test_each_pattern_is_played_whole_and_alone():
    chip = Chip()
    motor = Haptic(chip)
    for pattern in (haptic.URGENT, haptic.SELECTED, haptic.ERROR, haptic.MOVED):
        assert motor.play(pattern)
    assert chip.played == [haptic.URGENT, haptic.SELECTED, haptic.ERROR, haptic.MOVED]
    motor.rest()
    assert chip.registers[0x01] == 0x40
    assert motor.play(haptic.ALERT) and chip.played[-1] == haptic.ALERT


def test_another_chip_or_none_is_refused():
    for chip in (Chip(device=3), Chip()):
        chip.gone = chip.registers[0] == 0xE0
        try:
            Haptic(chip)
        except OSError:
            continue
        raise AssertionError("it was taken for a DRV2605L")


def test_a_chip_that_goes_away_costs_a_pattern_and_nothing_else():
    chip = Chip()
    motor = Haptic(chip)
    chip.gone = True
    assert not motor.play(haptic.ALERT)
    motor.rest()
    assert motor.failures == 2
    assert not NoHaptic().play(haptic.ALERT)
