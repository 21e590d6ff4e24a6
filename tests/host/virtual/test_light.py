"""The simulated light: beam, palm and picture."""

import re
from array import array

import lapel.viper  # noqa: F401 - the firmware's own projector draws the text
import numpy as np
import pytest
from lapel.virtual import beam, light
from pin.projector import font, page, path, speed
from rich.console import Console


def drawn(*lines, seconds=0.1, mirror=None):
    sheet = page.Page(font.load())
    sheet.lay_out(lines)
    way = path.Path()
    way.trace(sheet)
    frame = array("i", bytes(8 * speed.MAX_SAMPLES))
    samples = speed.Planner(mirror or speed.Mirror()).plan(way, frame)
    words = np.array(frame[: 2 * samples], dtype="<i4")
    return np.tile(words, int(seconds * beam.RATE_HZ) // samples + 1).tobytes()


def stream(drive_x, bits, samples):
    words = np.zeros((samples, 2), dtype="<i4")
    words[:, 0] = (int(drive_x * (1 << 22)) << 8) | bits
    return words.tobytes()


def test_the_firmware_and_the_host_mean_the_same_bits():
    assert (beam.BLANK, beam.INTENSITY_SHIFT) == (speed.BLANK, speed.INTENSITY_SHIFT)
    assert beam.FULL_INTENSITY == speed.FULL_INTENSITY and beam.RATE_HZ == speed.RATE_HZ
    assert beam.FULL_SCALE_FIELDS == speed.LIMIT / page.FIELD


def test_light_needs_no_blank_some_intensity_and_the_arm():
    assert beam.first_lit(stream(0, 15 << 3, 5)) == 0
    assert beam.first_lit(stream(0, 15 << 3, 5), armed=False) is None
    assert beam.first_lit(stream(0, 15 << 3 | beam.BLANK, 5)) is None
    assert beam.first_lit(stream(0, 0, 5)) is None
    assert beam.first_lit(b"") is None
    assert beam.first_lit(stream(0, 15 << 3, 5)[:3]) is None
    armed = np.array([False, False, True, True, False])
    assert beam.lit_samples(stream(0, 15 << 3, 5), armed).tolist() == armed.tolist()


@pytest.mark.parametrize(("hz", "damping"), [(1000, 0.7), (250, 0.7), (1000, 0.2), (1000, 1.0), (1000, 1.3)])
def test_a_step_is_answered_as_the_differential_equation_says(hz, damping):
    words = np.concatenate([np.zeros((10, 2)), np.full((600, 2), 1 << 29)]).astype("<i4")
    trace = beam.trace(words.tobytes(), True, beam.Mirror(hz, damping))
    w, x, v = 2 * np.pi * hz, 0.0, 0.0
    dt = 1 / beam.RATE_HZ / beam.SUBSTEPS / 20
    expected = []
    for step in range(600 * beam.SUBSTEPS * 20):  # the equation in small steps
        if step % 20 == 10:
            expected.append(x)
        v += (w * w * (0.5 - x) - 2 * damping * w * v) * dt
        x += v * dt
    assert np.abs(trace.x[10 * beam.SUBSTEPS :] - np.array(expected)).max() < 0.004


def test_a_converters_delay_shifts_the_beam():
    data = drawn("Hi")
    plain, late = beam.trace(data), beam.trace(data, True, beam.Mirror(delay_samples=4))
    shift = 4 * beam.SUBSTEPS
    assert np.allclose(plain.x[4000:-shift], late.x[4000 + shift :], atol=1e-4)
    assert (plain.power == late.power).all()


def test_a_calibrated_laser_delay_makes_up_for_the_converter():
    prompt = light.illuminance(drawn("Hi"), (240, 240))
    mirror = beam.Mirror(delay_samples=6)
    calibrated = light.illuminance(drawn("Hi", mirror=speed.Mirror(laser_delay=6)), (240, 240), mirror=mirror)
    not_calibrated = light.illuminance(drawn("Hi"), (240, 240), mirror=mirror)
    assert np.abs(calibrated - prompt).max() < 0.1 * prompt.max()
    assert np.abs(not_calibrated - prompt).max() > 0.4 * prompt.max()


def test_all_of_the_lasers_lumens_arrive():
    size = (480, 480)
    data = drawn("10:42")
    power = beam.trace(data).power[-int(light.PERSISTENCE_S * beam.RATE_HZ) * beam.SUBSTEPS :]
    lit = np.average(power, weights=np.hanning(len(power) + 2)[1:-1])
    pixel_m2 = (light.PICTURE_MM / 1000 / size[0]) ** 2
    lumens = light.illuminance(data, size).sum() * pixel_m2
    assert lumens == pytest.approx(lit * light.LASER_W * light.LUMENS_PER_WATT, rel=0.02)


def test_a_picture_shows_the_text_in_green_and_upright():
    size = (400, 400)
    dark = np.asarray(light.render(b"", size), dtype=int)
    shown = np.asarray(light.render(drawn("L"), size), dtype=int)
    rise = shown[..., 1] - dark[..., 1]
    rows, columns = np.nonzero(rise > 30)
    assert len(rows) > 100
    assert abs(rows.mean() - 200) < 60 and abs(columns.mean() - 200) < 60
    # An L has its bar below and its stem on the left.
    assert (rise[rows.max() - 8 : rows.max() - 1] > 30).sum() > (
        rise[rows.min() + 1 : rows.min() + 8] > 30
    ).sum()
    left = (rise[:, columns.min() + 1 : columns.min() + 8] > 30).sum()
    assert left > (rise[:, columns.max() - 8 : columns.max() - 1] > 30).sum()
    assert (np.asarray(light.render(drawn("L"), size, armed=False), dtype=int) == dark).all()


def test_the_same_stream_gives_the_same_picture():
    data = drawn("Twice")
    assert light.render(data, (300, 300)).tobytes() == light.render(data, (300, 300)).tobytes()


def test_the_picture_fits_a_terminal():
    console = Console(width=60, record=True, force_terminal=True, color_system="truecolor")
    with console.capture() as capture:
        console.print(light.to_terminal(light.render(drawn("Hi"), (240, 240)), columns=60))
    plain = re.sub("\x1b[^m]*m", "", capture.get())
    lines = [line for line in plain.split("\n") if line]
    assert 15 <= len(lines) <= 30
    assert all(len(line) == 60 and set(line) <= set(light.QUADRANTS) for line in lines)


def test_every_stroke_of_a_repeating_frame_is_as_bright():
    """However the eye's memory and the frame's length divide."""
    lux = [
        light.illuminance(drawn("Rain at four", "then sun and", seconds=s), (240, 240))
        for s in (0.25, 0.253, 0.257)
    ]
    assert max(np.abs(other - lux[0]).max() for other in lux) < 0.03 * lux[0].max()
