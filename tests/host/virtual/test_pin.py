"""The stand-ins and the world around them, with small programs in place of the firmware."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from lapel.virtual import beam
from lapel.virtual.interpreter import InterpreterMissing, find_interpreter
from lapel.virtual.pin import PinError, VirtualPin

WAIT_S = 20  # for a sign of life; a busy machine needs more than a quick one
LIT = 0x78  # full intensity in the low bits of an X word
MIC_SHIFT = 14

BUTTON = """
import asyncio, machine, time, world
from array import array
from machine import I2S, Pin

changed = asyncio.ThreadSafeFlag()
button = Pin(1, Pin.IN, Pin.PULL_UP)
button.irq(lambda pin: changed.set())


def open_mic(ibuf):
    mic = I2S(
        0, sck=Pin(7), ws=Pin(8), sd=Pin(9), mode=I2S.RX, bits=32, format=I2S.MONO, rate=16000, ibuf=ibuf
    )
    mic.irq(lambda port: full.set())
    return mic


def open_scan(ibuf=20000):
    scan = I2S(
        1, sck=Pin(4), ws=Pin(43), sd=Pin(44), mode=I2S.TX, bits=32, format=I2S.STEREO, rate=48000, ibuf=ibuf
    )
    scan.irq(lambda port: full.set())
    return scan


full = asyncio.ThreadSafeFlag()
"""

RECORD = (
    BUTTON
    + """
async def main():
    print("ready")
    await changed.wait()
    mic = open_mic(16384)
    words = [array("i", bytes(4 * WORDS)) for _ in range(2)]
    mic.readinto(words[0])
    mic.readinto(words[1])
    with open("words.bin", "wb") as out:
        turn = 0
        while button.value() == 0 or turn % 2:
            await full.wait()
            out.write(words[turn % 2])
            mic.readinto(words[turn % 2])
            turn += 1
    print("dropped", world.counters()["mic_dropped"])
    mic.deinit()
    print("done")

asyncio.run(main())
"""
)


@pytest.fixture
async def make_pin(tmp_path: Path):
    pins = []

    async def make(program: str) -> VirtualPin:
        path = tmp_path / "program.py"
        path.write_text(dedent(program), encoding="utf-8")
        flash = tmp_path / "flash"
        flash.mkdir(exist_ok=True)
        pin = VirtualPin(flash, program=path)
        pins.append(pin)
        await pin.start()
        return pin

    yield make
    for pin in pins:
        await pin.stop()
        assert pin.pid is None or not _is_alive(pin.pid)


def noise(samples: int) -> np.ndarray:
    values = np.random.default_rng(7).integers(-32768, 32768, samples).astype(np.int16)
    values[0] = values[-1] = 12345  # so that both ends can be found
    return values


def recorded(pin: VirtualPin) -> np.ndarray:
    """What the program took from its microphone, from the first sound to the last."""
    words = np.fromfile(pin.flash / "words.bin", "<i4")
    assert (words & (1 << MIC_SHIFT) - 1 == 0).all()
    samples = words >> MIC_SHIFT
    sound = np.flatnonzero(samples)
    return samples[sound[0] : sound[-1] + 1]


async def test_what_is_said_arrives_bit_for_bit(make_pin):
    pin = await make_pin(RECORD.replace("WORDS", "512"))
    await pin.wait_for_line("ready", WAIT_S)
    said = noise(12000)
    await pin.press()
    await pin.play(said.tobytes(), lead_s=0.1)
    await asyncio.sleep(0.1)  # a descriptor and a buffer are still on their way
    await pin.release()
    await pin.wait_for_line("done", WAIT_S)
    assert "dropped 0" in pin.lines
    assert (recorded(pin) == said).all()


async def test_a_long_buffer_survives_a_stall_of_one_second(make_pin):
    pin = await make_pin(RECORD.replace("WORDS", "40 * 512"))
    await pin.wait_for_line("ready", WAIT_S)
    said = noise(24000)
    await pin.press()
    playing = asyncio.create_task(pin.play(said.tobytes(), lead_s=0.1))
    await asyncio.sleep(0.2)
    pin.stall(1000)
    await playing
    await pin.release()
    await pin.wait_for_line("done", WAIT_S)
    assert "dropped 0" in pin.lines
    assert (recorded(pin) == said).all()


async def test_short_buffers_lose_in_a_stall_what_does_not_fit(make_pin):
    pin = await make_pin(RECORD.replace("WORDS", "512"))
    await pin.wait_for_line("ready", WAIT_S)
    said = noise(32000)
    await pin.press()
    playing = asyncio.create_task(pin.play(said.tobytes(), lead_s=0.1))
    await asyncio.sleep(0.2)
    pin.stall(1000)
    await playing
    await asyncio.sleep(0.1)
    await pin.release()
    await pin.wait_for_line("done", WAIT_S)
    heard = recorded(pin)
    dropped = int((await pin.wait_for_line("dropped", 1)).split()[1])
    # At least what neither two buffers nor the ring hold; one hole, and around it every sample.
    assert dropped >= 16000 - 2 * 512 - 8 * 256
    assert len(heard) == len(said) - dropped
    before = int(np.argmin(heard == said[: len(heard)]))
    assert (heard[before:] == said[before + dropped :]).all()


SCAN = (
    BUTTON
    + """
arm = Pin(2, Pin.OUT, value=0)

async def main():
    scan = open_scan()
    for block in range(6):
        arm(1 if block in (2, 3) else 0)
        words = array("i", bytes(8 * 4800))
        for i in range(4800):
            words[2 * i] = (block * 4800 + i) << 12 | 0x78
            words[2 * i + 1] = -i << 12
        while True:
            scan.write(words)
            await full.wait()
            break
    await asyncio.sleep_ms(100)
    values = world.counters()
    print("counted", values["scan_underruns"], values["scan_zeros"] > 0, values["link_lost"])
    await asyncio.sleep(60)

asyncio.run(main())
"""
)


async def test_light_comes_only_while_armed_and_bit_for_bit(make_pin):
    blocks = []
    begin = time.monotonic()
    pin = await make_pin(SCAN)
    pin.on_light.append(lambda samples, at: blocks.append((at, samples)))
    line = await pin.wait_for_line("counted", WAIT_S)
    assert line == "counted 1 True 0"
    words = beam.words(b"".join(samples for _, samples in blocks))
    numbers = words[:, 0] >> 12
    # Armed by the program while its third block went in, dropped when the fifth did: what goes out
    # meanwhile is what the ring still held, 2304 frames, without a gap.
    assert (np.diff(numbers) == 1).all()
    assert 4800 <= len(numbers) <= 3 * 4800
    assert (words[:, 1] == -(numbers % 4800) << 12).all()
    assert pin.lit_at is not None and begin < pin.lit_at < time.monotonic()
    assert len(pin.light(10)[0]) == 480 * 8
    at = [moment for moment, _ in blocks]
    assert at == sorted(at)
    assert pin.outputs == {2: 0}


async def test_a_blanked_stream_is_not_lit(make_pin):
    pin = await make_pin(SCAN.replace("| 0x78", "| 0x04 | 0x78"))
    await pin.wait_for_line("counted", WAIT_S)
    assert pin.light()[0]
    assert pin.lit_at is None and not pin.lit


async def test_every_edge_of_the_button_reaches_its_handler(make_pin):
    pin = await make_pin("""
        import asyncio
        from machine import Pin
        edges = []
        button = Pin(1, Pin.IN, Pin.PULL_UP)
        irq = button.irq(
            lambda pin: edges.append((pin is button, pin.value(), irq.flags())),
            Pin.IRQ_FALLING | Pin.IRQ_RISING,
        )
        async def main():
            print("ready", button.value())
            while len(edges) < 6 or button.value() == 0:
                await asyncio.sleep_ms(5)
            print("edges", edges)
        asyncio.run(main())
        """)
    await pin.wait_for_line("ready 1", WAIT_S)
    for _ in range(3):
        await pin.press()
        await asyncio.sleep(0.05)
        await pin.release()
        await asyncio.sleep(0.05)
    assert await pin.wait_for_line("edges", WAIT_S) == f"edges {[(True, 0, 2), (True, 1, 1)] * 3}"


async def test_a_handler_runs_while_asyncio_waits_for_a_socket_only(make_pin):
    pin = await make_pin("""
        import asyncio
        from machine import Pin
        button = Pin(1, Pin.IN, Pin.PULL_UP)
        button.irq(lambda pin: print("edge", pin.value()))
        async def main():
            await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
            print("ready")
            await asyncio.sleep(60)
        asyncio.run(main())
        """)
    await pin.wait_for_line("ready", WAIT_S)
    await pin.press()
    await pin.wait_for_line("edge 0", WAIT_S)  # long before the sleep is over


async def test_a_reset_starts_the_program_again_and_names_its_cause(make_pin):
    pin = await make_pin("""
        import machine, time
        print("cause", machine.reset_cause(), machine.Pin(1, machine.Pin.IN, machine.Pin.PULL_UP).value())
        if machine.reset_cause() == machine.PWRON_RESET:
            machine.reset()
        elif machine.reset_cause() == machine.HARD_RESET:
            machine.deepsleep()
        time.sleep(60)
        """)
    await pin.wait_for_line("cause 1 1", WAIT_S)
    await pin.wait_for_line("rst:deepsleep", WAIT_S)
    assert "cause 2 1" in pin.lines
    await pin.press()  # wakes it, and it boots with the button down
    await pin.wait_for_line("cause 4 0", WAIT_S)
    assert pin.resets == 2


async def test_the_watchdog_bites_a_program_that_hangs(make_pin):
    pin = await make_pin("""
        import machine, time
        print("cause", machine.reset_cause())
        if machine.reset_cause() == machine.WDT_RESET:
            time.sleep(60)
        dog = machine.WDT(timeout=300)
        while True:
            pass
        """)
    await pin.wait_for_line("cause 3", WAIT_S)


async def test_wifi_connects_after_a_while_and_can_be_lost(make_pin):
    pin = await make_pin("""
        import asyncio, network
        async def main():
            wlan = network.WLAN(network.STA_IF)
            wlan.active(True)
            wlan.connect("home", "secret")
            print("at once", wlan.isconnected())
            while not wlan.isconnected():
                await asyncio.sleep_ms(5)
            print("connected", wlan.status() == network.STAT_GOT_IP)
            while wlan.isconnected():
                await asyncio.sleep_ms(5)
            print("lost", wlan.status() == network.STAT_NO_AP_FOUND)
        from machine import Pin
        Pin(1, Pin.IN, Pin.PULL_UP).irq(lambda pin: None)
        asyncio.run(main())
        """)
    await pin.wait_for_line("connected True", WAIT_S)
    assert "at once False" in pin.lines
    pin.wifi(False)
    await pin.wait_for_line("lost True", WAIT_S)


async def test_the_depth_sensor_and_a_typed_question(make_pin):
    pin = await make_pin("""
        import time, world
        from machine import I2C, Pin
        from vl53l5cx.mp import VL53L5CXMP
        fallen = []
        Pin(3, Pin.IN).irq(lambda pin: fallen.append(time.ticks_ms()), Pin.IRQ_FALLING)
        sensor = VL53L5CXMP(I2C(0))
        print("alive", sensor.is_alive(), sensor.init())
        sensor.resolution = 64
        sensor.ranging_freq = 15
        sensor.start_ranging({5, 7})
        def see(test, text):
            while True:
                while not sensor.check_data_ready():
                    time.sleep_ms(2)
                data = sensor.get_ranging_data()
                near = [data.distance_mm[i] for i in range(64) if data.target_status[i] in (5, 9)]
                if test(near):
                    print(text, len(data.distance_mm), len(data.target_status))
                    return
        see(lambda near: not near, "nothing")
        see(lambda near: len([mm for mm in near if 280 < mm < 340]) > 15, "hand")
        begin = len(fallen)
        time.sleep_ms(50)
        see(lambda near: near, "again")
        print("line", len(fallen) > begin)
        while sensor.check_data_ready():
            sensor.get_ranging_data()
            time.sleep_ms(100)
        print("silent")
        while not world.typed:
            time.sleep_ms(2)
        print("typed", world.typed.pop(0))
        """)
    await pin.wait_for_line("alive True 0", WAIT_S)
    await pin.wait_for_line("nothing 64 64", WAIT_S)
    pin.palm(True, 310)
    await pin.wait_for_line("hand 64 64", WAIT_S)
    await pin.wait_for_line("line True", WAIT_S)
    pin.palm(True, 310, frozen=True)
    await pin.wait_for_line("silent", WAIT_S)
    await pin.type("现在几点?")
    await pin.wait_for_line("typed 现在几点?", WAIT_S)


async def test_the_motor_is_heard_of(make_pin):
    pin = await make_pin("""
        import haptic
        from machine import I2C
        from pin.haptic import ALERT, Haptic
        print("plays", Haptic(I2C(0)).play(ALERT))
        """)
    await pin.wait_for_line("plays True", WAIT_S)
    await pin.until(lambda: pin.haptics, WAIT_S, "the motor")
    assert pin.haptics == [bytes([10, 0x80 | 20, 10])]


async def test_a_live_hand_is_seen_frame_by_frame(make_pin):
    pin = await make_pin("""
        import time
        from machine import I2C
        from vl53l5cx.mp import VL53L5CXMP
        sensor = VL53L5CXMP(I2C(0))
        sensor.init()
        sensor.resolution = 64
        sensor.ranging_freq = 15
        sensor.start_ranging({5, 7})
        print("looking")
        frames, begin, last = 0, None, None
        while begin is None or time.ticks_diff(time.ticks_ms(), begin) < 2000:
            if sensor.check_data_ready():
                data = sensor.get_ranging_data()
                if data.distance_mm != last and begin is None and last is not None:
                    begin = time.ticks_ms()
                if begin is not None:
                    frames += data.distance_mm != last
                last = data.distance_mm
            time.sleep_ms(1)
        print("frames", frames)
        """)
    await pin.wait_for_line("looking", WAIT_S)
    await asyncio.sleep(0.2)
    for _ in range(3):
        await pin.hand.show()
        await pin.hand.away()
    await pin.wait_for_line("frames", WAIT_S)
    assert int((await pin.wait_for_line("frames", WAIT_S)).split()[1]) > 20  # 30 on an idle computer


async def test_a_program_that_ends_is_told_and_nobody_waits_for_it(make_pin):
    pin = await make_pin("raise ValueError('broken firmware')")
    with pytest.raises(PinError, match="ended before"):
        await pin.wait_for_line("never", WAIT_S)
    assert any("broken firmware" in line for line in pin.lines)
    assert not pin.running


async def test_killed_at_any_moment_it_starts_again(make_pin):
    pin = await make_pin("import time\nprint('alive')\ntime.sleep(60)")
    await pin.wait_for_line("alive", WAIT_S)
    os.kill(pin.pid, signal.SIGKILL)
    with pytest.raises(PinError):
        await pin.wait_for_line("never", WAIT_S)
    await pin.stop()
    pin.lines.clear()
    await pin.start()
    await pin.wait_for_line("alive", WAIT_S)


async def test_stop_ends_a_process_that_hangs(make_pin):
    pin = await make_pin("print('busy')\nwhile True:\n    pass")
    await pin.wait_for_line("busy", WAIT_S)
    pid = pin.pid
    await pin.stop()
    assert not _is_alive(pid)
    await pin.stop()


async def test_a_pin_does_not_outlive_its_host(tmp_path: Path):
    (tmp_path / "program.py").write_text(
        "import world, time\nprint('alive')\ntime.sleep(600)", encoding="utf-8"
    )
    host = f"""
import asyncio
from pathlib import Path
from lapel.virtual.pin import VirtualPin

async def main():
    pin = VirtualPin(Path({str(tmp_path)!r}), program=Path({str(tmp_path)!r}) / "program.py")
    await pin.start()
    await pin.wait_for_line("alive", {WAIT_S})
    print(pin.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", host, stdout=subprocess.PIPE)
    assert process.stdout is not None
    pid = int(await asyncio.wait_for(process.stdout.readline(), WAIT_S))
    process.kill()
    await process.wait()
    async with asyncio.timeout(WAIT_S):
        while _is_alive(pid):
            await asyncio.sleep(0.02)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_two_starts_are_refused(make_pin):
    pin = await make_pin("import time\ntime.sleep(60)")
    with pytest.raises(PinError, match="already running"):
        await pin.start()


async def test_no_flash_and_no_interpreter_are_named(tmp_path: Path):
    with pytest.raises(PinError, match="expected a folder"):
        await VirtualPin(tmp_path / "nothing").start()
    nothing = tmp_path / "micropython"
    with pytest.raises(PinError, match="cannot start"):
        await VirtualPin(tmp_path, interpreter=nothing, program=Path(__file__)).start()


def test_a_wrong_interpreter_in_the_environment_is_not_skipped(monkeypatch, tmp_path: Path):
    monkeypatch.setenv("LAPEL_MICROPYTHON", str(tmp_path / "nothing"))
    with pytest.raises(InterpreterMissing, match="LAPEL_MICROPYTHON"):
        find_interpreter()


def test_without_an_interpreter_it_says_what_to_do(monkeypatch, tmp_path: Path):
    monkeypatch.delenv("LAPEL_MICROPYTHON", raising=False)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InterpreterMissing, match=r"make setup.*aarch64"):
        find_interpreter()
