"""Whatever speaks against light lowers LASER_ARM within 5 ms, and no light leaves after that."""

from dma_rig import DmaRig
from pin.projector import guard, scanner

ON_MICROPYTHON = True

LIMIT_US = 5000
OFFSETS_US = (0, 250, 1000, 1750, 2500, 3250, 4000, 4750, 7250, 12250)  # where in refill and tick it happens


def check(change, reason, delay_us=0, app_runs=True, limit_us=LIMIT_US):
    """Light until `change(rig)`; then, `delay_us` later, ARM falls in time and stays low."""
    for offset_us in OFFSETS_US:
        rig = DmaRig().lit_card()
        rig.run(offset_us)
        rig.app_runs = app_runs
        rig.dropped_us = 0
        change(rig)
        at_us = rig.us + delay_us
        queued = rig._core.written - rig._core.position
        rig.run(delay_us + 400_000)
        assert rig.arm == 0 and not rig.projector.lit
        assert rig.dropped_us and rig.dropped_us - at_us <= limit_us, (offset_us, rig.dropped_us - at_us)
        assert rig.dropped_us >= at_us - 1000, "dropped before there was a reason"
        assert rig.last_light_us <= rig.dropped_us
        assert queued > 1800 or delay_us, "the DMA held nothing that could have been light"
        if reason:
            assert list(rig.guard.counts) == [reason], rig.guard.counts


def test_the_palm_goes():
    def gone(rig):
        rig.hand.present = False

    check(gone, guard.NO_PALM)
    check(gone, guard.NO_PALM, app_runs=False)  # the refill alone sees it


def test_the_sensor_freezes():
    def freeze(rig):
        rig.hand.frozen_us = rig.us

    check(freeze, guard.STALE, delay_us=(guard.STALE_MS + 1) * 1000)
    check(freeze, guard.STALE, delay_us=(guard.STALE_MS + 1) * 1000, app_runs=False)


def test_the_sensor_breaks():
    def broken(rig):
        def fails():
            raise OSError(5)

        rig.hand.age_ms = fails

    check(broken, guard.STALE)


def test_the_battery_runs_low():
    check(lambda rig: rig.guard.set_battery_low(True), guard.BATTERY, limit_us=0)


def test_a_fault_is_told():
    check(lambda rig: rig.guard.fault("The photodiode saw light"), "The photodiode saw light", limit_us=0)


def test_the_gauge_falls_silent():
    def expect(rig):
        rig.guard.expect_battery(100)
        rig.guard.set_battery_low(False)
        rig.guard.user_action()
        rig.guard.poll()
        rig.dropped_us = 0

    for offset_us in OFFSETS_US:
        rig = DmaRig().lit_card()
        rig.run(offset_us)
        rig.guard.set_battery_low(False)
        assert rig.arm
        rig.guard.expect_battery(100)
        assert not rig.arm and rig.guard.reason == guard.BATTERY_UNKNOWN  # no reading yet
    check(expect, None, delay_us=101_000)


def inputs(rig):
    """Each thing that can speak against light, by name: what makes it do so."""

    def fails():
        raise OSError(5)

    return {
        "palm": lambda: setattr(rig.hand, "present", False),
        "sensor": lambda: setattr(rig.hand, "age_ms", fails),
        "stale": lambda: setattr(rig.hand, "frozen_us", rig.us - (guard.STALE_MS + 1) * 1000),
        "battery": lambda: setattr(rig.guard, "_battery_low", True),  # as if nobody called `watch`
        "fault": lambda: setattr(rig.guard, "_fault", "A fault"),
        "action": lambda: setattr(rig.guard, "_acted", False),
        "time": lambda: setattr(rig.guard, "_spent_ms", guard.MAX_ON_MS),
    }


def test_while_the_app_stands_still_for_a_second_timer_or_refill_alone_suffice():
    # Alone the refill has 4 ms and the look at what it left: with the timer there are two ways.
    for works, refills in ((True, True), (True, False), (False, True)):
        for name in inputs(None):
            for offset_us in OFFSETS_US:
                rig = DmaRig().lit_card()
                rig.run(offset_us)
                rig.app_runs = False  # in a loop of Python that never comes back
                rig.timer.works = works
                rig.refills = refills
                rig.run(20_000 if refills else 2000)
                assert rig.arm
                rig.dropped_us = 0
                inputs(rig)[name]()
                at_us = rig.us
                rig.run(1_000_000)
                assert rig.arm == 0 and 0 < rig.dropped_us - at_us <= LIMIT_US, (name, works, refills)
                assert rig.last_light_us <= rig.dropped_us


def test_a_lost_tick_is_made_up_for():
    rig = DmaRig().lit_card()
    rig.timer.at_us = None  # the scheduler was full
    rig.run(guard.LOST_TICK_MS * 1000 + 6000)
    assert rig.timer.at_us is not None and rig.arm


def test_the_timer_rests_in_the_dark():
    rig = DmaRig().lit_card()
    rig.projector.dark()
    rig.run(10_000)
    assert rig.timer.at_us is None


def test_the_app_raises():
    def raises(rig):
        rig.app_runs = False  # it left its loop; main's `finally` goes dark

        def bug(*ignored):
            raise RuntimeError("a bug")

        rig.scanner._planner.plan = bug
        try:
            rig.projector.show(["Hello"])
        except RuntimeError:
            return
        raise AssertionError("no exception came out")

    check(raises, None, limit_us=0)


def test_the_app_hangs():
    def hang(rig):
        rig.app_runs = False

    # Its last sign of life was up to a tick ago.
    for offset_us in OFFSETS_US:
        rig = DmaRig().lit_card()
        rig.run(offset_us)
        hang(rig)
        last_us = rig._tick_us
        rig.run(900_000)
        late_us = rig.dropped_us - last_us - (guard.APP_SILENT_MS + 1) * 1000
        assert rig.arm == 0 and -1000 <= late_us <= LIMIT_US
        assert rig.last_light_us <= rig.dropped_us and list(rig.guard.counts) == [guard.APP_SILENT]


def test_thirty_seconds_pass():
    rig = DmaRig().lit_card(["Hi"])
    lit_since_us = rig.us - 200_000
    rig.run(guard.MAX_ON_MS * 1000 - 100_000)
    assert rig.arm == 0
    assert abs(rig.dropped_us - lit_since_us - guard.MAX_ON_MS * 1000) <= LIMIT_US
    assert rig.last_light_us <= rig.dropped_us


def test_the_interpreter_stands_still():
    # Nothing can lower the pin then: the DMA runs dry in 52 ms, zeros are dark, and the pilot has stopped.
    rig = DmaRig().lit_card()
    rig.blocked_until_us = rig.us + 300_000
    began_us = rig.us
    rig.run(299_000)
    assert rig.last_light_us - began_us < 53_000
    rig.dropped_us = 0
    rig.run(5_000)
    assert rig.dropped_us and rig.dropped_us - rig.blocked_until_us <= 1000
    assert guard.STALLED in rig.guard.counts and rig.scanner.underruns == 1


def test_the_port_asks_for_nothing_any_more():
    rig = DmaRig().lit_card()
    rig.irq(lambda port: None)  # its callbacks are lost
    began_us = rig.us
    rig.run(200_000)
    assert rig.dropped_us - began_us <= scanner.LATE_MS * 1000 + LIMIT_US + 1000
    assert rig.last_light_us <= rig.dropped_us and guard.STALLED in rig.guard.counts


def test_dark_is_at_once():
    rig = DmaRig().lit_card()
    rig.projector.dark()
    now_us = rig.us
    rig.run(100_000)
    assert rig.dropped_us == now_us and rig.last_light_us <= now_us and rig.guard.counts == {}
