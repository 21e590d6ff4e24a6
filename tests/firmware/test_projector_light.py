"""What the projector promises of its light, judged by the host's own model of mirror and beam."""

import random
from array import array
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from interpreter import run_micropython
from lapel.glyphs import scripts
from lapel.virtual import beam
from pin.projector import font, guard, page, path, speed

FONT = font.load()
FIELD = page.FIELD

# Text, least refresh in Hz. Path error and coverage gap: at most 8 % of a capital's height, 95th percentile.
TABLE = [
    (["10:42 AM"], 220),
    (["Quick answer"], 170),
    (["Hello world!"], 170),
    (["The answer", "is 42 today"], 87),
    (["Rain at four", "then sun and", "21 degrees C"], 63),
]

CALIBRATED = (1000, 0.7)
# Mirrors 3 % off: frequency, damping, or both; in the last two both errors lengthen or shorten the response.
OFF = ((970, 0.7), (1030, 0.7), (1000, 0.679), (1000, 0.721), (970, 0.679), (1030, 0.721))
OFF_MOST = ((970, 0.721), (1030, 0.679))

COMMON = (
    "今天天气晴朗明日有雨我们去公园走路吃饭请问几点会议开始谢谢早上好晚安需要帮助音乐播放设置时间提醒电话信息"
)
TALK = """the quick answer is rain at four then sun and twenty one degrees my meeting moved to buses leave ten
past noon turn left after bridge call Ann about dinner milk eggs bread wake me hungry zebra for Quentin"""
WORDS = TALK.split()


def sentence(rng, length):
    text = ""
    while len(text) < length:
        text += (" " if text else "") + rng.choice(WORDS)
    return text[:length].rstrip()


# Kind of text: lines, letters a line (None: hanzi), least refresh in Hz.
KINDS = {
    "words": (1, 12, 170),
    "capitals": (1, 12, 170),
    "two lines": (2, 10, 87),
    "three lines": (3, 12, 63),
    "4 hanzi": (1, 4, 120),
    "6 hanzi": (1, 6, 140),
}


def random_text(rng, kind):
    lines, letters, _ = KINDS[kind]
    if "hanzi" in kind:
        return ["".join(rng.choice(COMMON) for _ in range(letters))]
    if kind == "capitals":
        return ["".join(rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(letters))]
    return [sentence(rng, letters) for _ in range(lines)]


class Drawn:
    def __init__(self, lines, mirror=None, **place):
        for code, glyph in scripts.needed(lines):
            FONT.push(code, glyph)
        self.mirror = mirror or speed.Mirror()
        self.page = page.Page(FONT)
        self.page.lay_out(lines, **place)
        self.path = path.Path()
        self.path.trace(self.page)
        self.frame = array("i", bytes(8 * speed.MAX_SAMPLES))
        self.samples = speed.Planner(self.mirror).plan(self.path, self.frame)

    def words(self):
        return np.array(self.frame[: 2 * self.samples], dtype="<i4")


def settled(words, hz=1000.0, damping=0.7):
    """Beam of one period of a repeating frame, after the mirror has settled into it."""
    samples = len(words) // 2
    laps = 2 + 400 // samples
    light = beam.trace(np.tile(words, laps).tobytes(), True, beam.Mirror(hz, damping))
    one = slice(-samples * beam.SUBSTEPS, None)
    return light.x[one], light.y[one], light.power[one] > 0


def errors(drawn, hz=1000.0, damping=0.7):
    """(path error, coverage gap): 95th percentiles as parts of a capital's height."""
    height = 84 * drawn.page.scale / FIELD
    points = np.array(drawn.page.points).reshape(-1, 2) - page.ORIGIN
    strokes = []
    for k in range(drawn.page.strokes):
        stroke = points[drawn.page.starts[k] : drawn.page.starts[k + 1]] / FIELD
        for a, b in pairwise(stroke):
            steps = max(1, int(np.hypot(*(b - a)) / height * 40))
            strokes.append(a + (b - a) * np.linspace(0, 1, steps, endpoint=False)[:, None])
        strokes.append(stroke[-1:])
    ideal = np.concatenate(strokes)
    x, y, lit = settled(drawn.words(), hz, damping)
    light = np.stack([x[lit], y[lit]], axis=1)
    apart = np.sqrt(((light[:, None] - ideal[None]) ** 2).sum(-1))
    return np.percentile(apart.min(1), 95) / height, np.percentile(apart.min(0), 95) / height


@pytest.mark.parametrize(("lines", "least_hz"), TABLE)
def test_refresh_and_error(lines, least_hz):
    drawn = Drawn(lines)
    assert speed.RATE_HZ / drawn.samples >= least_hz
    for hz, damping in (CALIBRATED, *OFF, *OFF_MOST):
        error, gap = errors(drawn, hz, damping)
        assert error <= 0.08 and gap <= 0.08, (hz, damping, error, gap)


@pytest.mark.parametrize("count", [2, pytest.param(40, marks=pytest.mark.full)])
@pytest.mark.parametrize("kind", KINDS)
def test_refresh_and_error_of_any_text(kind, count):
    rng = random.Random(kind)
    refresh, worst = [], []
    for _ in range(count):
        lines = random_text(rng, kind)
        drawn = Drawn(lines)
        refresh.append(speed.RATE_HZ / drawn.samples)
        for mirror in (CALIBRATED, OFF[4], OFF[5]):
            error, gap = errors(drawn, *mirror)
            assert error <= 0.08 and gap <= 0.08, (lines, mirror, error, gap)
        worst.append(max(max(errors(drawn, *mirror)) for mirror in OFF_MOST))
    assert min(refresh) >= KINDS[kind][2]
    # A few texts err more on the two worst mirrors: measured, not hidden.
    assert np.median(worst) <= 0.08 and max(worst) <= 0.10


def test_text_in_its_place_keeps_the_numbers():
    drawn = Drawn(["Rain at four", "then sun and", "21 degrees C"], steady=True, page=1, pages=3)
    assert speed.RATE_HZ / drawn.samples >= 63
    for mirror in (CALIBRATED, *OFF):
        error, gap = errors(drawn, *mirror)
        assert error <= 0.08 and gap <= 0.08, (mirror, error, gap)
    assert max(max(errors(drawn, *mirror)) for mirror in OFF_MOST) <= 0.08


@pytest.mark.parametrize(("hz", "damping"), [(250, 0.7), (500, 0.5), (2000, 0.9)])
def test_other_mirrors_are_driven_right(hz, damping):
    drawn = Drawn(["Hello world!"], speed.Mirror(hz, damping))
    error, gap = errors(drawn, hz, damping)
    assert error <= 0.08 and gap <= 0.08, (error, gap)


def test_no_part_of_a_letter_glows():
    # Energy that a spot's width of line gets: corners and tips may not stand out from the line between.
    # Light of one power would reach 2.5 times the middle, because letters slow down at their corners.
    for lines, _ in TABLE:
        drawn = Drawn(lines)
        light = beam.trace(np.tile(drawn.words(), 3).tobytes(), True)
        one = slice(-drawn.samples * beam.SUBSTEPS, None)
        points, power = np.stack([light.x[one], light.y[one]], axis=1), light.power[one]
        step = np.hypot(*(points - np.roll(points, 1, axis=0)).T)
        lit = np.flatnonzero(power > 0)[::8]
        near = np.exp(-2 * ((points[None] - points[lit][:, None]) ** 2).sum(-1) / (0.5 * 1.1 / 35) ** 2)
        energy = (near * power).sum(1)
        order = np.argsort(energy)
        share = np.cumsum(step[lit][order]) / step[lit].sum()
        low, middle, high = (energy[order][np.searchsorted(share, part)] for part in (0.05, 0.5, 0.95))
        assert high < 2.2 * middle and low > 0.55 * middle, (lines, low / middle, high / middle)


def test_both_interpreters_write_the_same_samples(tmp_path):
    pages = [lines for lines, _ in TABLE] + [["Ünïcödé ½ €5"], [".", "@"], ["\ue000"]]
    script = tmp_path / "draw.py"
    script.write_text(
        "from array import array\n"
        "from pin.projector import font, page, path, speed\n"
        "sheet, way = page.Page(font.load()), path.Path()\n"
        "planner = speed.Planner(speed.Mirror())\n"
        "frame = array('i', bytes(8 * speed.MAX_SAMPLES))\n"
        f"with open({str(tmp_path / 'out')!r}, 'wb') as out:\n"
        f"    for lines in {pages!r}:\n"
        "        sheet.lay_out(lines)\n"
        "        way.trace(sheet)\n"
        "        samples = planner.plan(way, frame)\n"
        "        out.write(memoryview(frame)[: 2 * samples])\n",
        encoding="utf-8",
    )
    result = run_micropython(script)
    assert result.returncode == 0, result.stdout
    ours = b"".join(Drawn(lines).words().tobytes() for lines in pages)
    assert (tmp_path / "out").read_bytes() == ours


def unsafe(words, samples):
    """Why light of this repeating frame is unsafe, judged without the guard's own model, or ""."""
    laser = words.reshape(-1, 2)[:samples, 0]
    lit = beam.lit_samples(words[: 2 * samples].tobytes())
    if ((laser >> 1 & 1) != np.arange(samples) % 2).any():
        return "pilot"
    x, y, on = settled(words[: 2 * samples])
    if on.any() and max(np.abs(x[on]).max(), np.abs(y[on]).max()) > 1.0:
        return "field"
    ends = slice(beam.SUBSTEPS - 1, None, beam.SUBSTEPS)
    px, py = np.tile(x[ends], 2), np.tile(y[ends], 2)
    lit = np.tile(lit, 2)
    run, start = 0, 0
    for k in range(len(lit)):  # unbroken light on one spot, a quarter of a spot's width across
        if not lit[k] or max(abs(px[k] - px[start]), abs(py[k] - py[start])) > 1 / 128:
            run, start = 0, k
        else:
            run += 1
            if run > 96:
                return "stationary"
    return ""


def gate():
    class Hand:
        present = True

        def age_ms(self):
            return 0

    return guard.Guard(lambda level: None, Hand(), speed.Mirror())


def test_light_that_comes_on_outside_is_refused():
    verdicts = set()
    for lit in range(100, 130):  # one sample, while the beam rushes in from beyond the edge
        frame = array("i", bytes(8 * 400))
        for k in range(400):
            drive = int(1.05 * FIELD) if k < 100 else -int(1.9 * FIELD) if k < 130 else 0
            frame[2 * k] = drive << 12 | (15 << 3 if k == lit else speed.BLANK) | (k & 1) << 1
        verdict = gate().check(frame, 400)
        verdicts.add(verdict)
        if not verdict:
            assert unsafe(np.array(frame, dtype="<i4"), 400) == "", lit
    assert verdicts == {"", guard.OUTSIDE}


printable = st.text(st.characters(max_codepoint=0x17F, exclude_characters="\n"), max_size=14)


@settings(max_examples=60, deadline=None)
@given(st.lists(printable, max_size=3))
def test_any_text_is_drawn_safely(lines):
    drawn = Drawn(lines)
    assert gate().check(drawn.frame, drawn.samples) == ""
    assert unsafe(drawn.words(), drawn.samples) == ""


# Runs on MicroPython, where a card takes a millisecond: draws random cards and writes the frames that the
# guard lets through, each behind its number of samples, then how many it refused.
RANDOM_CARDS = """
import random, sys
from array import array
from pin.projector import font, guard, page, path, speed

class Hand:
    present = True

random.seed(int(sys.argv[1]))
gate = guard.Guard(lambda level: None, Hand(), speed.Mirror())
sheet, way, planner = page.Page(font.load()), path.Path(), speed.Planner(speed.Mirror())
frame = array("i", bytes(8 * speed.MAX_SAMPLES))
refused = 0
with open(sys.argv[2], "wb") as out:
    for _ in range(int(sys.argv[3])):
        lines = []
        for _ in range(random.randrange(1, 4)):
            lines.append("".join(chr(random.randrange(32, 384)) for _ in range(random.randrange(13))))
        sheet.lay_out(lines)
        way.trace(sheet)
        samples = planner.plan(way, frame)
        if gate.check(frame, samples):
            refused += 1
            continue
        out.write(samples.to_bytes(4, "little"))
        out.write(memoryview(frame)[: 2 * samples])
print(refused)
"""


@pytest.mark.parametrize("batches", [1, pytest.param(100, marks=pytest.mark.full)])
def test_random_cards_are_safe(tmp_path, batches):
    script = tmp_path / "cards.py"
    script.write_text(RANDOM_CARDS, encoding="utf-8")
    for batch in range(batches):
        result = run_micropython(script, batch, tmp_path / "frames", 200)
        assert result.returncode == 0 and result.stdout.strip() == "0", result.stdout
        data = (tmp_path / "frames").read_bytes()
        seen = at = 0
        while at < len(data):
            samples = int.from_bytes(data[at : at + 4], "little")
            words = np.frombuffer(data, "<i4", 2 * samples, at + 4)
            assert unsafe(words, samples) == "", (batch, seen)
            at += 4 + 8 * samples
            seen += 1
        assert seen == 200


STILL = 96 + 8  # samples: 2 ms, and the step of the windows


def unsafe_stream(record):
    """Why what left the pin (rows of X word, Y word, LASER_ARM) is unsafe, or ""."""
    words, armed = np.ascontiguousarray(record[:, :2]), record[:, 2] > 0
    laser = words[:, 0]
    sent = words.any(axis=1)  # a dry DMA sends zeros, which are dark and stop the pilot
    both = sent[1:] & sent[:-1]
    if ((laser[1:] ^ laser[:-1])[both] & speed.PILOT == 0).any():
        return "pilot"
    light = beam.trace(words.tobytes(), armed)
    ends = slice(beam.SUBSTEPS - 1, None, beam.SUBSTEPS)
    x, y, on = light.x[ends], light.y[ends], light.power[ends] > 0
    if on.any() and max(np.abs(light.x[light.power > 0]).max(), np.abs(light.y[light.power > 0]).max()) > 1.0:
        return "field"
    if len(on) > STILL:
        view = np.lib.stride_tricks.sliding_window_view
        often = view(on, STILL)[::8].sum(1) > STILL // 2  # so that blinking in one place counts too
        apart = np.maximum(*(np.ptp(view(axis, STILL)[::8][often], axis=1) for axis in (x, y)))
        if (apart < 1 / 128).any():
            return "stationary"
    return ""


def test_the_judge_of_streams_sees_what_is_unsafe():
    drawn = Drawn(["Hi"])
    good = np.column_stack([np.tile(drawn.words().reshape(-1, 2), (3, 1)), np.ones(3 * drawn.samples, int)])
    good = good.astype(np.int32)
    assert unsafe_stream(good) == ""
    bad = good.copy()
    bad[50, 0] ^= speed.PILOT
    assert unsafe_stream(bad) == "pilot"
    bad = good.copy()
    bad[:200, 0] = 15 << 3 | (np.arange(200) & 1) << 1
    bad[:200, 1] = 0
    assert unsafe_stream(bad) == "stationary"
    bad[:, 2] = 0
    assert unsafe_stream(bad) == ""
    bad = good.copy()
    bad[:200, 0] = 600_000 << 11 | 15 << 3 | (np.arange(200) & 1) << 1
    assert unsafe_stream(bad) == "field"


@pytest.mark.parametrize("batches", [1, pytest.param(100, marks=pytest.mark.full)])
def test_nothing_unsafe_leaves_the_pin(tmp_path, batches):
    for batch in range(batches):
        result = run_micropython(
            Path(__file__).with_name("random_light.py"), batch, tmp_path / "out", 200, heap="32m"
        )
        assert result.returncode == 0, result.stdout
        record = np.fromfile(tmp_path / "out", "<i4").reshape(-1, 3)
        assert record[:, 2].mean() > 0.3, "hardly any light"
        for start in range(0, len(record), 100_000):
            settling = min(start, 500)  # the judge's mirror starts at rest: it follows in the dark first
            piece = record[start - settling : start + 100_000].copy()
            piece[:settling, 2] = 0
            assert unsafe_stream(piece) == "", (batch, start)


@pytest.mark.parametrize("seed", range(4))
def test_no_unsafe_frame_passes(seed):
    rng = random.Random(seed)
    good = [Drawn(lines) for lines in (["Hi"], ["."], ["10:42 AM"], ["The answer", "is 42"])]
    passed = refused = 0
    for _ in range(60):
        drawn = rng.choice(good)
        samples = drawn.samples
        frame = array("i", drawn.frame)
        damage(rng, frame, samples)
        if gate().check(frame, samples):
            refused += 1
            continue
        passed += 1
        assert unsafe(np.array(frame[: 2 * samples], dtype="<i4"), samples) == ""
    assert passed and refused


def damage(rng, frame, samples):
    """One of the ways in which a buffer goes wrong."""
    kind = rng.randrange(7)
    start = rng.randrange(samples)
    stop = min(samples, start + rng.randrange(1, samples))
    if kind == 0:  # bits flip
        for _ in range(rng.randrange(1, 6)):
            frame[rng.randrange(2 * samples)] ^= 1 << rng.randrange(31)
    elif kind == 1:  # the drive stops, the laser does not
        for k in range(start, stop):
            frame[2 * k] = frame[2 * start] & ~0xFF | frame[2 * k] & 0xFF
            frame[2 * k + 1] = frame[2 * start + 1]
    elif kind == 2:  # zeros, as of an underrun
        for k in range(2 * start, 2 * stop):
            frame[k] = 0
    elif kind == 3:  # all lit
        for k in range(start, stop):
            frame[2 * k] = frame[2 * k] & ~0x7C | 15 << 3
    elif kind == 4:  # one axis dead, all lit
        for k in range(samples):
            frame[2 * k + 1] = 0
            frame[2 * k] |= 15 << 3
    elif kind == 5:  # swing doubled where it fits
        for k in range(start, stop):
            for axis in range(2):
                word = frame[2 * k + axis]
                if abs(word) < 1 << 30:
                    frame[2 * k + axis] = word // 256 * 512 | word & 0xFF
    else:  # nothing: an intact frame passes
        pass
