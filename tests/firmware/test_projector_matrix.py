"""The LED matrix: what its chip is told, byte by byte, and what stands on it then."""

from pin.projector import COLUMNS, Projector, font, guard, is31fl3731, matrix, speed

ON_MICROPYTHON = True

FONT = font.load()


class FakeBus:
    """Stands for an I2C bus with an IS31FL3731: registers as in the datasheet, nothing else."""

    FRAME_END = 0xB4
    FUNCTION_END = 0x0D

    def __init__(self):
        self.pages = {}
        for page in range(8):
            self.pages[page] = bytearray(self.FRAME_END)
        self.pages[0x0B] = bytearray(self.FUNCTION_END)
        self.page = 0
        self.log = []
        self.broken = False

    def writeto(self, address, buffer):
        if self.broken:
            raise OSError(19)
        assert address == 0x74
        data = bytes(buffer)
        self.log.append(data)
        if data[0] == 0xFD:
            assert len(data) == 2 and data[1] in self.pages
            self.page = data[1]
            return len(data)
        registers = self.pages[self.page]
        assert data[0] + len(data) - 1 <= len(registers), "beyond the page"
        registers[data[0] : data[0] + len(data) - 1] = data[1:]
        return len(data)

    def leds(self):
        """Rows of brightness as the eye sees them."""
        functions = self.pages[0x0B]
        assert functions[0] == 0, "picture mode"
        frame = self.pages[functions[1] & 7]
        rows = []
        for y in range(9):
            row = []
            for x in range(16):
                led = 16 * y + x
                exists = frame[led // 8] >> (led % 8) & 1
                row.append(frame[0x24 + led] if exists and functions[0x0A] & 1 else 0)
            rows.append(row)
        return rows

    def dark(self):
        return not any(any(row) for row in self.leds())


class Clock:
    def __init__(self):
        self.ms = 5000

    def __call__(self):
        return self.ms


class Hand:
    """Stands for the palm sensor."""

    present = True

    def age_ms(self):
        return 0


class Rig:
    def __init__(self, brightness=15):
        self.bus = FakeBus()
        self.clock = Clock()
        self.chip = is31fl3731.Is31fl3731(self.bus)
        self.scanner = matrix.MatrixScanner(self.chip, brightness, self.clock)
        self.hand = Hand()
        self.guard = guard.Guard(lambda level: None, self.hand, speed.Mirror(), self.clock)
        self.projector = Projector(self.scanner, self.guard, FONT, self.clock)
        self.guard.user_action()


def columns(rows, left, count):
    return [[row[left + i] for row in rows] for i in range(count)]


def test_the_chip_starts_dark_with_every_led_ready():
    bus = FakeBus()
    is31fl3731.Is31fl3731(bus)
    assert bus.log[:4] == [b"\xfd\x0b", b"\x0a\x00", b"\x00\x00", b"\x06\x00"]  # dark before anything else
    for frame in (0, 1):
        assert bus.pages[frame][:18] == b"\xff" * 18 and not any(bus.pages[frame][18:])
    assert bus.dark()


def test_a_picture_is_written_where_nobody_sees_it():
    bus = FakeBus()
    chip = is31fl3731.Is31fl3731(bus)
    chip.power(True)
    for turn in range(4):
        for led in range(144):
            chip.pixels[led] = (7 * led + turn) & 255
        bus.log = []
        chip.show()
        hidden = turn & 1
        assert bus.log[0] == bytes([0xFD, hidden])
        assert bus.log[1] == bytes([0x24]) + bytes([(7 * led + turn) & 255 for led in range(144)])
        assert bus.log[2:] == [b"\xfd\x0b", bytes([1, hidden])]
        assert bus.leds()[8][15] == (7 * 143 + turn) & 255


def test_a_short_text_stands_in_the_middle():
    rig = Rig()
    assert rig.projector.show(["Hi"]) and rig.projector.lit
    rows = rig.bus.leds()
    lit = [x for x in range(16) if any(row[x] for row in rows)]
    assert abs((15 - lit[-1]) - lit[0]) <= 2
    assert rows[0][lit[0]] and rows[6][lit[0]] and not any(rows[7]) and not any(rows[8])  # the stem of H
    for _ in range(20):
        rig.clock.ms += 400
        rig.projector.poll()
    assert rig.bus.leds() == rows and rig.scanner.frames == 1  # nothing moves, nothing is sent


def test_a_long_text_scrolls_by_whole_pixels_and_begins_again():
    rig = Rig()
    rig.projector.show(["Rain at four"])
    scanner = rig.scanner
    seen = [columns(rig.bus.leds(), 0, 16)]
    first = seen[0]
    width = scanner._width
    for _ in range(scanner.page_ms // 5 - 1):
        rig.clock.ms += 5
        rig.projector.poll()
        now = columns(rig.bus.leds(), 0, 16)
        if now != seen[-1]:
            assert now[:15] == seen[-1][1:]
            seen.append(now)
    assert len(seen) == width - 15
    assert any(seen[-1][-1]) or any(seen[-1][-2]) or any(seen[-1][-3])  # the end of the text came into view
    rig.clock.ms += 5
    rig.projector.poll()
    assert columns(rig.bus.leds(), 0, 16) == first


def test_first_light_is_told_once_a_page():
    rig = Rig()
    lit = []
    rig.projector.on_lit = lit.append
    rig.projector.show(["Hi"])
    rig.clock.ms += 100
    rig.projector.poll()
    assert lit == [5000] and rig.projector.first_lit_ms == 5000
    rig.projector.show(["Ho"])
    assert lit == [5000, 5100]


def test_no_palm_no_light_and_it_comes_back():
    rig = Rig()
    rig.hand.present = False
    rig.projector.show(["Hi"])
    assert not rig.projector.lit and rig.bus.dark()
    rig.hand.present = True
    assert rig.projector.poll() and not rig.bus.dark()
    rig.hand.present = False
    assert not rig.projector.poll() and rig.bus.dark()
    rig.projector.dark()
    rig.hand.present = True
    assert not rig.projector.poll() and rig.bus.dark()


def test_the_choice_in_focus_comes_first():
    rig = Rig()
    pictures = []
    for focus in (0, 1):
        rig.projector.show(["Call Ann?"], choices=("Yes", "No"), focus=focus)
        pictures.append(rig.bus.leds())
    rig.projector.show(["\u25b6Yes  Call Ann?"])
    assert pictures[0] == rig.bus.leds() != pictures[1]


def test_title_and_icon_lead_the_first_page_only():
    rig = Rig()
    rig.projector.show(["one"], title="Mail", kind="notice", rows=1, page=0, pages=2)
    first = rig.scanner._width
    rig.projector.show(["one"], title="Mail", kind="notice", rows=1, page=1, pages=2)
    assert rig.scanner._width < first


def test_brightness_is_limited():
    for brightness in (15, 5, 1):
        rig = Rig(brightness)
        rig.projector.show(["HHH"])
        assert 0 < max(max(row) for row in rig.bus.leds()) <= 255 * brightness // 15


def test_a_bus_that_fails_is_dark_and_told():
    rig = Rig()
    rig.projector.show(["Rain at four"])
    rig.bus.broken = True
    rig.clock.ms += 2000
    assert not rig.projector.poll() or rig.guard.counts == {guard.STALLED: 1}
    assert rig.scanner.underruns >= 1 and not rig.projector.lit
    rig.bus.broken = False
    assert rig.projector.poll() and not rig.bus.dark()


def test_any_text_is_drawn_or_refused():
    rig = Rig()
    for text in ("", " ", "\u00c4\u00ff|_@", "\U0001f600\x00\uffff", "W" * 70):
        assert rig.projector.show([text]), text
    assert not rig.projector.show(["W" * 400]) and rig.bus.dark()


def test_it_says_what_it_is():
    rig = Rig()
    assert (rig.scanner.kind, rig.scanner.lines) == ("matrix", 1)
    assert 4 <= rig.scanner.columns <= 80 and rig.scanner.columns > COLUMNS
