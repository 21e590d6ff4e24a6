"""The projector's parts: letters, page, path, samples, guard, scanner, and the app's view of them."""

import gc
from array import array

from lapel_wire import WireError, glyphs
from pin.projector import LINES, REST_MS, TOO_MUCH, Projector, font, guard, page, path, scanner, speed

ON_MICROPYTHON = True

FONT = font.load()
PAGES = (
    ["10:42 AM"],
    ["Hello world!"],
    ["The answer", "is forty-two"],
    ["Rain at four", "then sun and", "21 degrees C"],
    ["."],
    ["WWWWWWWWWWWWWWWWWWWW"],
    ["\u00c4\u00e9\u00f1\u00fc\u00df\u00a3\u20ac\u00b0"],
    ["\u4f60\u597d"],
)


class Clock:
    def __init__(self):
        self.ms = 1000

    def __call__(self):
        return self.ms


class Pin:
    def __init__(self):
        self.level = 1

    def __call__(self, level):
        self.level = level


class Sensor:
    """Stands for the palm sensor."""

    def __init__(self):
        self.present = True
        self.age = 0
        self.broken = False

    def age_ms(self):
        if self.broken:
            raise OSError(5)
        return self.age


class Port:
    """Stands for a transmitting I2S whose DMA takes a buffer when told to."""

    def __init__(self):
        self.handler = None
        self.written = []

    def irq(self, handler):
        self.handler = handler

    def write(self, buffer):
        self.written.append(array("i", list(buffer)))
        return len(buffer) * 4

    def take(self, count=1):
        for _ in range(count):
            self.handler(self)

    def words(self):
        everything = array("i")
        for chunk in self.written:
            everything.extend(chunk)
        self.written = []
        return everything


class Rig:
    def __init__(self, delay=0):
        self.clock = Clock()
        self.arm = Pin()
        self.sensor = Sensor()
        self.port = Port()
        mirror = speed.Mirror(laser_delay=delay)
        self.scanner = scanner.VectorScanner(self.port, mirror, self.clock)
        self.guard = guard.Guard(self.arm, self.sensor, mirror, clock_ms=self.clock)
        self.projector = Projector(self.scanner, self.guard, FONT, self.clock)


def samples_of(lines, mirror=None, choices=(), focus=0):
    sheet = page.Page(FONT)
    sheet.lay_out(lines, choices, focus)
    way = path.Path()
    way.trace(sheet)
    frame = array("i", bytes(8 * speed.MAX_SAMPLES))
    return frame, speed.Planner(mirror or speed.Mirror()).plan(way, frame)


def signed(word):
    return word - (1 << 32) if word >= 1 << 31 else word


def refused(error, call, *args):
    try:
        call(*args)
    except error as caught:
        return str(caught)
    raise AssertionError("expected a refusal")


# Letters


def test_every_printable_character_has_strokes_and_digits_are_even():
    for code in list(range(0x21, 0x7F)) + list(range(0xA1, 0x100)):
        assert FONT.has(code), code
        FONT.find(code)
        assert FONT.glyph[FONT.at + 1] > 0, code
    assert len({FONT.find(ord(digit)) for digit in "0123456789"}) == 1


def test_unknown_characters_are_boxes():
    FONT.find(0xFFFD)
    box = FONT.at
    for code in (0, 7, 0x4F60, 0x1F600, 0x10FFFF):
        FONT.find(code)
        assert FONT.at == box and not FONT.has(code)
    empty = font.Font(glyphs.pack_font({}))
    assert empty.find(65) > 0
    assert empty.glyph[empty.at + 1] == 1  # even a font without a box draws one


def test_pushed_glyphs_are_checked_and_bounded():
    letters = font.load()
    glyph = glyphs.pack(90, [[(0, 0), (80, 84)], [(40, -20)]])
    for code in range(0x4E00, 0x4E00 + font.MAX_PUSHED + 5):
        letters.push(code, glyph)
        letters.push(code, glyph)
    assert not letters.has(0x4E04) and letters.has(0x4E05)
    assert letters.find(0x4E05) == 90 and letters.glyph == glyph
    assert glyphs.unpack(glyph) == (90, [[(0, 0), (80, 84)], [(40, -20)]])
    for bad in (b"", b"\x01", glyph[:-1], glyph + b"\x00", b"\x10\x01\x00", bytes([10, 65])):
        refused(WireError, letters.push, 0x5000, bad)


def test_a_damaged_font_file_is_refused():
    data = FONT.data
    for bad in (b"", b"LSF", b"XXXX" + data[4:], data[:100], data[:-1], data + b"\x00"):
        refused(WireError, font.Font, bad)


# Page


def test_lines_are_centred_and_stay_in_the_field():
    for lines in PAGES:
        sheet = page.Page(FONT)
        sheet.lay_out(lines)
        xs = [sheet.points[2 * i] - page.ORIGIN for i in range(sheet.starts[sheet.strokes])]
        ys = [sheet.points[2 * i + 1] - page.ORIGIN for i in range(sheet.starts[sheet.strokes])]
        assert max(max(xs), -min(xs), max(ys), -min(ys)) < page.FIELD * 97 // 100, lines
        assert abs(max(xs) + min(xs)) < page.FIELD // 4, lines


def test_up_is_up_and_lines_go_down():
    sheet = page.Page(FONT)
    sheet.lay_out(["'", "."])
    first = sheet.points[1]
    last = sheet.points[2 * sheet.starts[sheet.strokes] - 1]
    assert first > last


def test_the_choice_in_focus_is_underlined():
    strokes = []
    for focus in (0, 1, 2):
        sheet = page.Page(FONT)
        sheet.lay_out(["Call Ann?"], ("Yes", "No"), focus)
        strokes.append(sheet.strokes)
        if focus < 2:
            flat = [
                sheet.points[2 * sheet.starts[k]]
                for k in range(sheet.strokes)
                if sheet.points[2 * sheet.starts[k] + 1] < page.ORIGIN - page.FIELD // 4
                and sheet.starts[k + 1] - sheet.starts[k] == 2
                and sheet.points[2 * sheet.starts[k] + 1] == sheet.points[2 * sheet.starts[k] + 3]
            ]
            assert (min(flat) < page.ORIGIN) == (focus == 0)
    assert strokes[0] == strokes[1] == strokes[2] + 1


def test_too_much_text_is_refused():
    sheet = page.Page(FONT)
    assert "characters" in refused(ValueError, sheet.lay_out, ["x" * (page.MAX_CHARACTERS + 1)])


# Path


def test_the_path_is_an_even_ring_along_every_stroke():
    for lines in PAGES:
        sheet = page.Page(FONT)
        sheet.lay_out(lines)
        way = path.Path()
        way.trace(sheet)
        assert sorted(tip >> 1 for tip in way.order[: sheet.strokes]) == list(range(sheet.strokes))
        lit = [
            (way.points[2 * i], way.points[2 * i + 1])
            for i in range(way.count)
            if way.lit[i] or way.lit[i - 1]
        ]
        for i in range(way.count):
            before = (i - 1) % way.count
            for axis in range(2):
                step = abs(way.points[2 * i + axis] - way.points[2 * before + axis])
                assert step < 4 * way.spacing, (lines, i, step)
        for i in range(0, sheet.starts[sheet.strokes], 7):
            x, y = sheet.points[2 * i], sheet.points[2 * i + 1]
            nearest = min(max(abs(x - px), abs(y - py)) for px, py in lit)
            assert nearest < 3 * way.spacing, (lines, i, nearest)


def test_order_saves_blank_travel():
    sheet = page.Page(FONT)
    sheet.lay_out(["Hello world!"])
    way = path.Path()
    way.trace(sheet)

    def blank(tips):
        total = 0
        for i in range(len(tips)):
            a, b = tips[i - 1] ^ 1, tips[i]
            total += max(abs(way._tips[4 * a + axis] - way._tips[4 * b + axis]) for axis in range(2))
        return total

    assert blank(list(way.order[: sheet.strokes])) < blank([2 * k for k in range(sheet.strokes)]) * 8 // 10


# Samples


def test_samples_keep_to_the_wire():
    for lines in PAGES:
        frame, samples = samples_of(lines)
        assert samples % 2 == 0 and speed.MIN_SAMPLES <= samples <= speed.MAX_SAMPLES
        lit = 0
        for k in range(samples):
            x, y = signed(frame[2 * k]), signed(frame[2 * k + 1])
            assert (x >> 1) & 1 == k & 1  # pilot
            assert x & 0xF81 == 0 and y & 0xFFF == 0  # nothing between drive and laser
            lit += not x & speed.BLANK
            assert ((x >> 3) & 15 == 0) == (x & speed.BLANK != 0)
        assert lit > samples // 10


def test_a_blank_page_is_dark():
    for lines in ([], [""], ["   "]):
        frame, samples = samples_of(lines)
        assert samples == speed.MIN_SAMPLES
        assert all(frame[2 * k] & speed.BLANK for k in range(samples))


def test_the_laser_lags_by_its_calibrated_delay():
    plain, samples = samples_of(["Hi"])
    delayed, same = samples_of(["Hi"], speed.Mirror(laser_delay=5))
    assert same == samples
    for k in range(samples):
        assert plain[2 * k] >> 12 == delayed[2 * k] >> 12
        assert plain[2 * k] & 0x7C == delayed[2 * ((k + 5) % samples)] & 0x7C


def test_a_mirror_out_of_bounds_is_refused():
    good = (1000, 0.7, 0, 100, 15)
    for place, value in (
        (0, 50),
        (0, 9000),
        (0, True),
        (1, 0),
        (2, -1),
        (2, 65),
        (2, 1.5),
        (3, 39),
        (4, 0),
        (4, 16),
    ):
        values = list(good)
        values[place] = value
        assert "mirror" in refused(ValueError, speed.Mirror, *values)


def test_a_smaller_field_draws_smaller():
    small = page.Page(FONT, 50)
    whole = page.Page(FONT)
    for steady in (False, True):
        small.lay_out(["Hello world!"], steady=steady)
        whole.lay_out(["Hello world!"], steady=steady)
        assert abs(2 * small.scale - whole.scale) <= 1


# Guard


def test_light_needs_an_action_and_a_fresh_palm():
    rig = Rig()
    assert rig.arm.level == 0  # lowered before anything else
    assert not rig.guard.poll() and rig.guard.reason == guard.NO_ACTION
    rig.sensor.present = False
    rig.guard.user_action()
    assert not rig.guard.poll() and rig.guard.reason == guard.NO_PALM
    rig.sensor.present = True
    rig.sensor.age = guard.STALE_MS + 1
    assert not rig.guard.poll() and rig.guard.reason == guard.STALE
    rig.sensor.age = guard.STALE_MS
    assert rig.guard.poll() and rig.arm.level == 1 and rig.guard.reason == ""


def lit_rig():
    rig = Rig()
    rig.guard.user_action()
    assert rig.guard.poll()
    return rig


def test_each_thing_that_speaks_against_drops_the_arm_pin():
    def palm(rig):
        rig.sensor.present = False

    def stale(rig):
        rig.sensor.age = 500

    def broken(rig):
        rig.sensor.broken = True

    def battery(rig):
        rig.guard.set_battery_low(True)

    def fault(rig):
        rig.guard.fault("The photodiode saw light")

    def silent(rig):
        rig.clock.ms += guard.APP_SILENT_MS + 1

    def stalled(rig):
        rig.guard.watch(True)

    for cause, reason in (
        (palm, guard.NO_PALM),
        (stale, guard.STALE),
        (broken, guard.STALE),
        (battery, guard.BATTERY),
        (fault, "The photodiode saw light"),
        (silent, guard.APP_SILENT),
        (stalled, guard.STALLED),
    ):
        rig = lit_rig()
        cause(rig)
        assert not rig.guard.watch()
        assert rig.arm.level == 0 and not rig.guard.armed
        assert rig.guard.reason == reason
        assert rig.guard.counts == {reason: 1}


def test_thirty_seconds_are_the_limit_and_pauses_do_not_extend_it():
    rig = lit_rig()
    for second in range(29):
        rig.clock.ms += 1000
        assert rig.guard.poll()
        if second == 10:
            rig.sensor.present = False
            assert not rig.guard.poll()
            rig.clock.ms += 3000
            rig.sensor.present = True
            assert rig.guard.poll()
    rig.clock.ms += 1000
    assert not rig.guard.poll() and rig.guard.reason == guard.TOO_LONG
    rig.clock.ms += 1000
    assert not rig.guard.poll() and rig.guard.reason == guard.TOO_LONG
    rig.guard.user_action()
    assert rig.guard.poll()


def test_an_action_does_not_last():
    rig = Rig()
    rig.guard.user_action()
    rig.clock.ms += guard.USER_ACTION_MS + 1
    assert not rig.guard.poll() and rig.guard.reason == guard.NO_ACTION


def test_pages_pass_the_guard():
    rig = Rig()
    for lines in PAGES:
        frame, samples = samples_of(lines)
        assert rig.guard.check(frame, samples) == "", lines
    assert rig.guard.counts == {}


def still_frame(samples, x, y, lit):
    frame = array("i", bytes(8 * samples))
    for k in range(samples):
        bits = 15 << 3 if lit(k) else speed.BLANK
        frame[2 * k] = (x << 12) | bits | ((k & 1) << 1)
        frame[2 * k + 1] = y << 12
    return frame


def test_unsafe_frames_are_refused():
    rig = Rig()
    check = rig.guard.check
    assert check(still_frame(200, 0, 0, lambda k: True), 200) == guard.STATIONARY
    assert check(still_frame(200, 0, 0, lambda k: k % 2 == 0), 200) == guard.STATIONARY
    assert check(still_frame(200, 0, 0, lambda k: k < 90), 200) == guard.STATIONARY  # 90 twice
    assert check(still_frame(200, 0, 0, lambda k: False), 200) == ""
    assert check(still_frame(20, page.FIELD * 101 // 100, 0, lambda k: k < 3), 20) == guard.OUTSIDE
    assert check(still_frame(20, 0, -page.FIELD * 101 // 100, lambda k: k < 3), 20) == guard.OUTSIDE
    # A drive that shakes faster than any mirror follows leaves the beam where it is.
    frame, samples = samples_of(["Hi"])
    for k in range(samples):
        frame[2 * k] = ((k & 1) * 200000 - 100000 << 12) | 15 << 3 | (k & 1) << 1
        frame[2 * k + 1] = 0
    assert check(frame, samples) == guard.STATIONARY
    frame, samples = samples_of(["Hi"])
    frame[20] ^= speed.PILOT
    assert check(frame, samples) == guard.PILOT
    assert check(frame, samples - 1) == guard.EMPTY
    assert check(frame, 0) == guard.EMPTY
    assert check(frame, len(frame)) == guard.EMPTY
    dim = guard.Guard(Pin(), Sensor(), speed.Mirror(brightness=14), Clock())
    frame, samples = samples_of(["Hi"])
    assert dim.check(frame, samples) == guard.POWER
    assert sum(rig.guard.counts.values()) == 10


# Scanner and projector


def test_a_page_lights_up_and_repeats():
    rig = Rig()
    lit_at = []
    rig.projector.on_lit = lit_at.append
    assert rig.projector.show(["Hello"])
    assert not rig.projector.lit and rig.projector.reason == guard.NO_ACTION and not rig.port.written
    rig.guard.user_action()
    rig.clock.ms += 7
    assert rig.projector.poll() and rig.projector.lit
    assert rig.projector.first_lit_ms == 1007 and lit_at == [1007]
    words = rig.port.words()
    assert all(words[2 * k] & 0x7C == speed.BLANK for k in range(scanner.LEAD_IN_SAMPLES))
    rig.port.take(scanner.RAMP_REFILLS)
    rig.port.words()
    rig.port.take(20)
    words = rig.port.words()
    samples = rig.scanner.samples
    for k in range(len(words) // 2 - samples):
        assert words[2 * k] == words[2 * (k + samples)]
        assert words[2 * k + 1] == words[2 * (k + samples) + 1]
    assert rig.scanner.frames > 10 and rig.scanner.underruns == 0


def test_light_starts_softly():
    rig = Rig()
    rig.guard.user_action()
    rig.projector.show(["Hello"])
    rig.port.take(scanner.RAMP_REFILLS)
    brightest = []
    for chunk in rig.port.written:
        brightest.append(max((chunk[2 * k] >> 3) & 15 for k in range(len(chunk) // 2)))
    assert 1 <= brightest[0] <= 2 and brightest[-1] == 15
    assert sorted(brightest[:8])[-1] <= 9


def test_slow_parts_are_dimmer():
    frame, samples = samples_of(["mm"])
    shares = [(frame[2 * k] >> 3) & 15 for k in range(samples) if not frame[2 * k] & speed.BLANK]
    assert min(shares) < 10 and max(shares) == 15 and sum(shares) > len(shares) * 10
    dim, same = samples_of(["mm"], speed.Mirror(brightness=3))
    assert same == samples
    shares = [(dim[2 * k] >> 3) & 15 for k in range(samples) if not dim[2 * k] & speed.BLANK]
    assert min(shares) == 2 and max(shares) == 3


def test_a_stream_that_stands_still_is_noticed_by_the_app():
    rig = Rig()
    rig.guard.user_action()
    rig.projector.show(["Hello"])
    rig.clock.ms += scanner.LATE_MS + 1  # and no refill
    assert not rig.projector.poll() or rig.guard.counts == {guard.STALLED: 1}
    assert rig.guard.counts == {guard.STALLED: 1} and rig.scanner.underruns == 1


def test_the_same_page_twice_is_the_same_twice():
    one, samples = samples_of(["Same again"])
    rig = Rig()
    for _ in range(3):
        rig.projector.show(["Same again"])
        assert rig.scanner.samples == samples
        assert list(rig.scanner._front[: 2 * samples]) == list(one[: 2 * samples])


def test_a_new_page_waits_for_the_end_of_the_frame():
    rig = Rig()
    rig.guard.user_action()
    rig.projector.show(["Before it"])
    old = rig.scanner._front
    samples = rig.scanner.samples
    rig.port.take(scanner.RAMP_REFILLS)
    rig.projector.show(["After it"])
    rig.projector.show(["After that"])  # replaces the one that waits
    assert rig.scanner._front is old and rig.scanner.samples == samples
    new, new_samples = samples_of(["After that"])
    rig.port.words()
    position = rig.scanner._position
    rig.port.take(12)
    words = rig.port.words()
    rest = samples - position
    for k in range(rest):
        assert words[2 * k] == old[2 * (position + k)]
    start = rest + scanner.LEAD_IN_SAMPLES
    assert all(words[2 * k] & 0x7C == speed.BLANK for k in range(rest, start))
    for k in range(new_samples):
        assert words[2 * (start + k)] == new[2 * k]
    pilots = [(words[2 * k] >> 1) & 1 for k in range(len(words) // 2)]
    assert all(pilots[k] != pilots[k + 1] for k in range(len(pilots) - 1))


THREE = ["Rain at four", "then sun and", "21 degrees C"]


def test_the_first_line_is_lit_while_the_others_are_drawn():
    rig = Rig()
    lit_at = []
    rig.projector.on_lit = lit_at.append
    rig.guard.user_action()
    assert rig.projector.show(THREE) and rig.projector.lit and lit_at == [1000]
    sheet = page.Page(FONT)
    sheet.lay_out(THREE)
    part = rig.scanner.samples
    assert 0 < sheet.first < sheet.strokes and not rig.scanner.whole
    tips = rig.scanner._path.order[: sheet.first]
    assert sorted(tip >> 1 for tip in tips) == list(range(sheet.first))
    rig.clock.ms += REST_MS - 1
    rig.port.take(5)
    rig.projector.poll()
    assert not rig.scanner.whole
    rig.clock.ms += 1
    rig.projector.poll()
    assert rig.scanner.whole and rig.projector.lit
    assert rig.scanner.samples == part  # until the frame ends
    rig.port.take(part // scanner.CHUNK_SAMPLES + 2)
    whole, samples = samples_of(THREE)
    assert rig.scanner.samples == samples > part
    assert list(rig.scanner._front[: 2 * samples]) == list(whole[: 2 * samples])
    assert lit_at == [1000] and rig.arm.level == 1
    rig.projector.show(["Another page", "of two lines"])
    assert rig.scanner.whole  # light is there already


def test_on_a_dark_palm_nobody_waits_for_the_first_line():
    rig = Rig()
    assert rig.projector.show(THREE) and not rig.projector.lit
    assert rig.scanner.whole and rig.scanner.samples == samples_of(THREE)[1]
    for lines in (["", "Two"], ["One", ""], [""], []):
        rig.projector.show(lines)
        assert rig.scanner.whole and rig.scanner.samples == samples_of(lines)[1]


def test_a_page_whose_rest_is_refused_goes_dark():
    rig = Rig()
    rig.guard.user_action()
    assert rig.projector.show(THREE) and rig.projector.lit
    rig.guard._intensity_limit = 3
    rig.clock.ms += REST_MS
    assert not rig.projector.poll()
    assert rig.projector.reason == guard.POWER and rig.arm.level == 0 and not rig.scanner.running
    assert not rig.projector.poll()


def test_losing_the_palm_stops_light_and_stream_and_its_return_brings_them_back():
    rig = Rig()
    rig.guard.user_action()
    rig.projector.show(["Hello"])
    rig.port.take(3)
    rig.sensor.present = False
    rig.port.take(1)  # the refill alone notices
    assert rig.arm.level == 0 and not rig.projector.lit
    rig.port.words()
    rig.port.take(1)
    assert not rig.port.written
    assert not rig.projector.poll() and rig.projector.reason == guard.NO_PALM
    rig.sensor.present = True
    assert rig.projector.poll() and rig.port.written


def test_dark_stays_dark():
    rig = Rig()
    rig.guard.user_action()
    rig.projector.show(["Hello"])
    rig.projector.dark()
    assert rig.arm.level == 0 and not rig.projector.lit
    assert not rig.projector.poll() and rig.arm.level == 0


def test_a_late_refill_counts_and_drops_the_light():
    rig = Rig()
    rig.guard.user_action()
    rig.projector.show(["Hello"])
    rig.clock.ms += scanner.LATE_MS + 1
    rig.port.take(1)
    assert rig.scanner.underruns == 1 and rig.arm.level == 0
    assert rig.guard.counts == {guard.STALLED: 1}


def test_what_cannot_be_drawn_is_refused_with_its_reason():
    rig = Rig()
    rig.guard.user_action()
    assert rig.projector.show(["Hello"]) and rig.projector.lit
    assert not rig.projector.show(["x" * 500])
    assert rig.projector.reason == TOO_MUCH and rig.arm.level == 0

    def raises(*ignored):
        raise RuntimeError("a bug")

    assert rig.projector.show(["Hello"]) and rig.projector.lit
    rig.scanner.show = raises
    assert "bug" in refused(RuntimeError, rig.projector.show, ["Hello"])
    assert rig.arm.level == 0


def test_a_title_is_drawn_while_there_is_room():
    rig = Rig()
    drawn = []
    rig.scanner.show = lambda *args: drawn.append(args[5]) or ""
    rig.projector.show(["one"], title="Weather")
    rig.projector.show(["one", "two", "three"], title="Weather")
    rig.projector.show(["one", "two"], title="Weather", choices=("Yes", "No"))
    rig.projector.show(["one"], title="Weather", rows=LINES)  # later pages need the room
    rig.projector.show(["one"], title="Weather", rows=2)
    assert drawn == ["Weather", None, None, None, "Weather"]
    rig.projector.show(["one"], kind="error")
    rig.projector.show(["one"], title="Mail", kind="notice")
    assert drawn[5:] == ["\u2717", "\u2022 Mail"]


def positions(lines, **place):
    """Where the strokes of a page begin, and its scale."""
    sheet = page.Page(FONT)
    sheet.lay_out(lines, **place)
    starts = [sheet.starts[k] for k in range(sheet.strokes)]
    return [(sheet.points[2 * i], sheet.points[2 * i + 1]) for i in starts], sheet.scale


def test_a_growing_card_keeps_every_letter_where_it_is():
    text = ["The weather", "is mild with", "rain at four"]
    whole, size = positions(text, steady=True)
    for line in range(3):
        for end in range(len(text[line]) + 1):
            so_far = text[:line]
            so_far.append(text[line][:end])
            part, scale = positions(so_far, steady=True)
            assert scale == size and part == whole[: len(part)], (line, end)


def test_pages_of_a_set_keep_rows_and_size_and_mark_the_page():
    full, size = positions(["WWWWWWWWWWWW", "x", "x"], steady=True, page=0, pages=3)
    last, scale = positions(["W"], steady=True, title="Title", page=2, pages=3)
    assert scale == size
    title, _ = positions(["", "", ""], steady=True, title="Title")
    assert last[len(title) :][0][1] == full[0][1]  # the first row
    assert last[-3:] != full[-3:] and [y for _, y in last[-3:]] == [y for _, y in full[-3:]]
    assert len(positions([""], steady=True, page=0, pages=32)[0]) == page.MARKS
    for shown_page in range(32):
        positions([""], steady=True, page=shown_page, pages=32)
    everything = full + last
    assert max(abs(v - page.ORIGIN) for point in everything for v in point) < page.FIELD
    lines = ["x"] * 8  # a relay that ignores what the pin said it can show
    assert positions(lines, steady=True)[0] == positions(lines)[0]


def test_nothing_is_allocated_after_the_first_page_of_a_size():
    if not hasattr(gc, "mem_alloc"):
        return  # only MicroPython counts
    rig = Rig()
    rig.guard.user_action()
    lines = [["Rain at four", "then sun and", "21 degrees C"], ["Buses leave", "at ten past", "and at noon."]]
    for turn in range(4):
        rig.projector.show(lines[turn & 1])
    rig.port.words()
    rig.port.write = lambda buffer: None
    rig.port.take(40)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for turn in range(10):
        rig.projector.show(lines[turn & 1])
    drawn = gc.mem_alloc() - before
    before = gc.mem_alloc()
    rig.port.take(100)
    refilled = gc.mem_alloc() - before
    gc.enable()
    assert drawn == 0, drawn
    assert refilled == 0, refilled
