"""The depth sensor's adapter over a driver that is none: each move of its table, each failure."""

from pin import depth
from pin.depth import FAILED, FAST, MOVES, OFF, PIECE_BYTES, RETRY_MS, SLOW, START_MS, Bus, Depth

ON_MICROPYTHON = True

UPLOAD = 0x15000


class Clock:
    def __init__(self):
        self.now = 0

    def __call__(self):
        return self.now


class FakeI2C:
    """Notes writes; each takes its time at 400 kHz."""

    def __init__(self, clock):
        self.clock = clock
        self.writes = []
        self.broken = False

    def writeto_mem(self, address, register, data, *, addrsize=8):
        if self.broken:
            raise OSError(5)
        self.clock.now += len(data) * 9 // 400
        self.writes.append((register, len(data)))

    def readfrom_mem(self, address, register, count, *, addrsize=8):
        if self.broken:
            raise OSError(5)
        return bytes(count)

    def readfrom_mem_into(self, address, register, buffer, *, addrsize=8):
        pass


class Results:
    distance_mm = [250] * 64
    target_status = bytes(64)


class FakeDriver:
    """As mp-extras/vl53l5cx: what is called is noted."""

    alive = True
    status = 0
    ready = False

    def __init__(self, bus, lpn):
        self.bus = bus
        self.calls = []
        self.resolution = 16
        self.ranging_freq = 0

    def is_alive(self):
        self.calls.append("is_alive")
        return self.alive

    def init(self):
        self.calls.append("init")
        self.bus.writeto_mem(0x29, 0, bytes(UPLOAD), addrsize=16)
        return self.status

    def start_ranging(self, enables):
        self.calls.append("start %d" % self.ranging_freq)
        self.enables = enables

    def stop_ranging(self):
        self.calls.append("stop")

    @property
    def power_mode(self):
        return 1

    @power_mode.setter
    def power_mode(self, mode):
        self.calls.append("power %d" % mode)

    def check_data_ready(self):
        self.bus.readfrom_mem(0x29, 0, 4, addrsize=16)
        return self.ready

    def get_ranging_data(self):
        self.bus.readfrom_mem(0x29, 0, 300, addrsize=16)
        return Results()


class FakePin:
    level = None

    def irq(self, handler, trigger):
        self.handler = handler

    def value(self, level):
        self.level = level


class Rig:
    def __init__(self, line=True, driver=FakeDriver):
        self.clock = Clock()
        self.i2c = FakeI2C(self.clock)
        self.bus = Bus(self.i2c, self.clock)
        self.line = FakePin() if line else None
        self.lpn = FakePin()
        self.drivers = []
        self.make = driver
        self.depth = Depth(self.open, self.bus, self.line, 2, self.lpn, self.clock)

    def open(self, bus, lpn):
        self.drivers.append(self.make(bus, lpn))
        return self.drivers[-1]

    @property
    def driver(self):
        return self.drivers[-1]

    def frame(self, after_ms=0):
        self.clock.now += after_ms
        return self.depth.frame(self.clock.now)

    def running(self, state=FAST):
        self.depth.want(state)
        self.frame()
        assert self.depth.state == state
        return self


def test_power_up_and_set_up():
    rig = Rig()
    assert rig.frame() is None and not rig.drivers  # nobody wants frames
    rig.running()
    assert rig.lpn.level == 1
    assert rig.driver.calls == ["is_alive", "init", "start 15"]
    assert rig.driver.resolution == 64 and rig.driver.ranging_mode == 1 and rig.driver.enables == {5, 7}
    assert sum([count for _, count in rig.i2c.writes]) == UPLOAD
    assert max([count for _, count in rig.i2c.writes]) == PIECE_BYTES
    assert [register for register, _ in rig.i2c.writes[:3]] == [0, PIECE_BYTES, 2 * PIECE_BYTES]


def test_every_move():
    for (old, new), step in MOVES.items():
        rig = Rig()
        if old != FAILED:
            rig.running(FAST if old == OFF else old)
            rig.depth.want(old)
            rig.frame()
        else:
            assert rig.depth.state == FAILED
        if rig.drivers:
            rig.driver.calls.clear()
        rig.depth.want(new)
        rig.frame(1)
        expected = {
            "wake": ["power 1", "start %d" % (5 if new == SLOW else 15)],
            "retune": ["stop", "start %d" % (5 if new == SLOW else 15)],
            "sleep": ["stop", "power 0"],
            "begin": ["is_alive", "init", "start %d" % (5 if new == SLOW else 15)],
            "leave": [],
        }[step]
        assert (rig.driver.calls if rig.drivers else []) == expected, (old, new)
        assert rig.depth.state == (old if step == "leave" else new)


def test_a_frame_comes_with_the_line():
    rig = Rig().running()
    assert rig.frame(67) is None
    rig.line.handler(rig.line)
    distances, statuses = rig.frame(1)
    assert len(distances) == len(statuses) == 64
    assert rig.frame(1) is None


def test_without_a_line_the_chip_is_asked_when_it_is_time():
    rig = Rig(line=False).running()
    rig.driver.ready = True
    assert rig.frame(50) is None
    assert rig.frame(15) is not None


def test_a_lost_edge_costs_half_a_frame():
    rig = Rig().running()
    rig.driver.ready = True
    assert rig.frame(67) is None
    assert rig.frame(34) is not None


def test_a_pause_of_the_app_is_no_failure():
    """While the wearer speaks nobody reads."""
    rig = Rig().running()
    rig.driver.ready = True
    assert rig.frame(30_000) is not None and not rig.depth.failures


def test_a_sensor_that_stops_is_started_again_after_pauses_that_double():
    rig = Rig().running()
    assert rig.frame(400) is None
    assert rig.depth.state == FAILED and rig.depth.failures == 1 and rig.depth.trouble
    assert rig.lpn.level == 0
    pause_ms = RETRY_MS[0]
    for failures in range(2, 12):
        assert rig.frame(pause_ms - 1) is None and rig.depth.failures == failures - 1
        rig.frame(1)  # set up again ...
        assert rig.depth.state == FAST and rig.depth.failures == failures - 1
        rig.frame(400)  # ... and it gives nothing
        assert rig.depth.failures == failures
        pause_ms = min(RETRY_MS[1], 2 * pause_ms)
    assert pause_ms == RETRY_MS[1]
    rig.frame(pause_ms)
    rig.line.handler(rig.line)
    assert rig.frame(1) is not None and rig.depth.trouble == ""


def test_what_a_driver_can_do_wrong():
    class Dead(FakeDriver):
        alive = False

    class Refusing(FakeDriver):
        status = -3

    class Raising(FakeDriver):
        def init(self):
            raise ValueError("poll_for_answer failed")

    for driver in (Dead, Refusing, Raising):
        rig = Rig(driver=driver)
        rig.depth.want(SLOW)
        assert rig.frame() is None
        assert rig.depth.state == FAILED and rig.depth.failures == 1 and "palm sensor" in rig.depth.trouble


def test_a_package_that_is_not_there_is_a_failure():
    def missing(bus, lpn):
        raise ImportError("no module named 'vl53l5cx'")

    rig = Rig(driver=missing)
    rig.depth.want(FAST)
    assert rig.frame() is None and rig.depth.failures == 1


def test_a_bus_that_breaks_later():
    rig = Rig().running()
    rig.i2c.broken = True
    rig.line.handler(rig.line)
    assert rig.frame(67) is None and rig.depth.state == FAILED
    rig.i2c.broken = False
    rig.frame(RETRY_MS[0])
    assert rig.depth.state == FAST


def test_a_press_puts_the_upload_off_and_it_is_no_failure():
    rig = Rig()
    pressed = []
    rig.bus.is_busy = lambda: rig.clock.now > 500 or pressed.append(1)
    rig.depth.want(FAST)
    assert rig.frame() is None
    assert rig.depth.state == FAILED and not rig.depth.failures
    assert 0 < rig.clock.now - 500 <= PIECE_BYTES * 9 // 400 + 1  # how long the button waited
    rig.bus.is_busy = lambda: False
    rig.frame(5)
    assert rig.depth.state == FAST


def test_once_it_runs_a_press_disturbs_nothing():
    rig = Rig().running()
    rig.bus.is_busy = lambda: True
    rig.line.handler(rig.line)
    assert rig.frame(67) is not None


def test_the_set_up_has_a_deadline():
    rig = Rig()
    slow = rig.i2c.writeto_mem

    def stretched(*args, **options):
        rig.clock.now += 100
        slow(*args, **options)

    rig.i2c.writeto_mem = stretched
    rig.depth.want(FAST)
    rig.frame()
    assert rig.depth.failures == 1 and START_MS <= rig.clock.now <= START_MS + 200


def test_the_numbers_are_the_drivers():
    assert (depth.SLOW_HZ, depth.FAST_HZ) == (5, 15)
