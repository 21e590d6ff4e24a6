"""The waits between tries."""

from pin.backoff import FIRST_MS, LAST_MS, STEADY_MS, Backoff

ON_MICROPYTHON = True


def test_each_failure_doubles_it_up_to_the_last():
    longest = Backoff(lambda bits: (1 << bits) - 1)
    shortest = Backoff(lambda bits: 0)
    ms = FIRST_MS
    for _ in range(12):
        assert shortest.after(0) == ms // 2
        assert ms // 2 <= longest.after(0) <= ms
        ms = min(2 * ms, LAST_MS)
    assert ms == LAST_MS


def test_chance_spreads_it_over_the_upper_half():
    waits = []
    for chance in range(0, 1 << 15, 7):
        backoff = Backoff(lambda bits: chance)  # noqa: B023 - used at once
        waits.append(backoff.after(0))
    assert min(waits) == FIRST_MS // 2 and max(waits) == FIRST_MS


def test_only_a_link_that_lasted_makes_it_short_again():
    backoff = Backoff(lambda bits: 0)
    for _ in range(5):
        last = backoff.after(0)
    assert backoff.after(STEADY_MS - 1) > last  # welcomed and thrown out, again and again
    assert backoff.after(STEADY_MS) == FIRST_MS // 2


def test_a_press_makes_it_short_again():
    backoff = Backoff(lambda bits: 0)
    for _ in range(5):
        backoff.after(0)
    backoff.reset()
    assert backoff.after(0) == FIRST_MS // 2
