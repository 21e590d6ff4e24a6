"""Each gesture's machine, driven by what a tracker would say."""

from pin.closing import CLOSED
from pin.gestures import CLOSING, Gestures

ON_MICROPYTHON = True

FRAME_MS = 67
OPEN = {"closed": False, "evidence": 0}
MAYBE = {"closed": False, "evidence": CLOSING + 1}
FIST = {"closed": True, "evidence": CLOSED}


class Hand:
    """What `Gestures` reads of a tracker, and of a `Closing`, which has its own test."""

    def __init__(self):
        self.present = True
        self.distance_mm = 250
        self.x_mm = self.y_mm = 0
        self.tilt_x_cdeg = self.tilt_y_cdeg = 0
        self.closed = False
        self.evidence = 0

    def update(self):
        return self.closed

    def reset(self):
        pass


class Player:
    def __init__(self):
        self.hand = Hand()
        self.gestures = Gestures(self.hand, self.hand)
        self.now_ms = 0

    def play(self, frames=1, **change):
        """The gestures of so many frames after a change."""
        for name, value in change.items():
            setattr(self.hand, name, value)
        said = []
        for _ in range(frames):
            self.now_ms += FRAME_MS
            gesture = self.gestures.update(self.now_ms)
            if gesture:
                said.append(gesture)
        return said

    def glide(self, frames, name, end):
        """`name` goes evenly to `end`."""
        start = getattr(self.hand, name)
        said = []
        for i in range(1, frames + 1):
            said += self.play(**{name: start + (end - start) * i // frames})
        return said


def shown():
    player = Player()
    assert player.play(12) == ["shown"]
    return player


def test_shown_needs_a_second_frame():
    player = Player()
    assert player.play(1) == []
    assert player.play(1) == ["shown"]


def test_a_glimpse_is_not_shown():
    player = Player()
    assert player.play(1) == []
    assert player.play(5, present=False) == []


def test_gone_at_once():
    player = shown()
    assert player.play(1, present=False) == ["gone"]
    assert player.play(5) == []


def test_fist_selects_once_and_at_once():
    player = shown()
    assert player.play(1, **FIST) == ["select"]
    assert player.play(30) == []


def test_short_fist_opened_is_no_back():
    player = shown()
    assert player.play(4, **FIST) == ["select"]
    assert player.play(10, **OPEN) == []


def test_long_fist_opened_is_back():
    player = shown()
    assert player.play(14, **FIST) == ["select"]
    assert player.play(10, **OPEN) == ["back"]


def test_a_hand_that_may_be_closing_says_nothing():
    player = shown()
    assert player.play(2, tilt_x_cdeg=1500, **MAYBE) == []
    assert player.play(1, **FIST) == ["select"]
    assert player.play(2, tilt_x_cdeg=1500) == []
    assert player.play(10, tilt_x_cdeg=0, **OPEN) == []


def test_a_hand_that_may_have_closed_and_did_not_tilts_on():
    player = shown()
    assert player.play(5, tilt_x_cdeg=1500, **MAYBE) == []
    assert player.play(5, **OPEN) == ["up"]


def test_a_fist_ends_a_push_and_a_swipe():
    player = shown()
    assert player.glide(4, "x_mm", 60) == []
    assert player.play(1, **FIST) == ["select"]
    assert player.play(10, **OPEN) == []
    player = shown()
    assert player.glide(5, "distance_mm", 340) == []
    assert player.play(1, **FIST) == ["select"]
    assert player.play(12, **OPEN) == []


def test_a_fist_that_leaves_is_gone_and_no_back():
    player = shown()
    assert player.play(14, **FIST) == ["select"]
    assert player.play(3, present=False) == ["gone"]
    assert player.play(12, present=True, **OPEN) == ["shown"]


def test_tilt_steps_and_comes_back():
    player = shown()
    assert player.play(8, tilt_x_cdeg=1300) == ["up"]
    assert player.play(8, tilt_x_cdeg=2500) == ["up"]
    assert player.play(12, tilt_x_cdeg=0) == ["down", "down"]
    assert player.play(8, tilt_y_cdeg=-1300) == ["right"]
    assert player.gestures.step_y == -1


def test_tilt_is_relative_to_the_first_pose():
    player = Player()
    player.hand.tilt_x_cdeg = 1500
    assert player.play(20) == ["shown"]
    assert player.play(8, tilt_x_cdeg=200) == ["down"]


def test_tilt_is_measured_from_rest():
    player = Player()
    assert player.glide(8, "tilt_x_cdeg", 4000) == ["shown"]  # it comes in and turns
    assert player.play(8) == []
    assert player.play(8, tilt_x_cdeg=5300) == ["up"]


def test_the_reference_drifts_but_not_towards_a_tilt():
    player = shown()
    assert player.glide(120, "tilt_y_cdeg", 1600) == []  # 2 degrees a second
    assert player.play(60) == []
    assert player.play(8, tilt_y_cdeg=0) == ["right"]
    player = shown()
    assert player.glide(15, "tilt_y_cdeg", 1350) == []  # 13.5 degrees a second
    assert player.play(6) == ["left"]


def test_tilt_in_the_dead_zone_is_nothing():
    player = shown()
    for tilt in (700, -700, 600, -600):
        assert player.play(6, tilt_x_cdeg=tilt) == []


def test_hysteresis_keeps_a_detent():
    player = shown()
    assert player.play(6, tilt_x_cdeg=1200) == ["up"]
    for tilt in (900, 1200, 800, 1100):
        assert player.play(4, tilt_x_cdeg=tilt) == []


def test_a_tilt_that_comes_and_goes_must_be_held_anew():
    player = shown()
    for tilt in (1300, -1300):
        assert player.play(2, tilt_y_cdeg=tilt) == []
    assert player.play(3, tilt_y_cdeg=1300) == []
    assert player.play(1) == ["left"]
    assert player.play(3, tilt_y_cdeg=0) == []
    assert player.play(1) == ["right"]


def test_a_hand_whose_tilt_is_noisy_has_to_tilt_farther():
    player = shown()
    for i in range(90):
        assert player.play(1, tilt_y_cdeg=700 if i % 2 else -100) == []
    assert player.play(5, tilt_y_cdeg=1600) == []
    assert "left" in player.play(6, tilt_y_cdeg=2600)


def test_one_frame_of_tilt_is_nothing():
    player = shown()
    assert player.play(1, tilt_x_cdeg=2000) == []
    assert player.play(10, tilt_x_cdeg=0) == []


def test_roll_is_volume_in_a_volume_card():
    player = shown()
    player.gestures.volume = True
    assert player.play(8, tilt_y_cdeg=1200) == ["louder"]
    assert player.play(8, tilt_y_cdeg=0) == ["softer"]
    assert player.play(8, tilt_x_cdeg=3000) == []


def test_push_away_is_home():
    player = shown()
    assert player.glide(5, "distance_mm", 340) == []
    assert player.play(6) == ["home"]


def test_leaving_backwards_is_no_push():
    player = shown()
    assert player.glide(4, "distance_mm", 350) == []
    assert player.play(3, present=False) == ["gone"]


def test_a_push_may_end_beyond_a_palms_reach():
    player = shown()
    player.play(12, distance_mm=330)
    assert player.glide(3, "distance_mm", 395) == []
    assert player.play(1, present=False) == ["home"]
    assert player.play(3) == ["gone"]


def test_leaving_aside_far_away_is_no_push():
    player = shown()
    player.play(12, distance_mm=330)
    for i in range(3):
        assert player.play(distance_mm=350 + 20 * i, y_mm=25 * i) == []
    assert player.play(3, present=False) == ["gone"]


def test_the_same_beyond_reach_in_a_fist_or_just_after_coming_is_no_push():
    player = shown()
    player.play(12, distance_mm=330)
    assert player.play(1, **FIST) == ["select"]
    player.glide(3, "distance_mm", 395)
    assert player.play(3, present=False) == ["gone"]
    player = Player()
    player.hand.distance_mm = 330
    assert player.play(2) == ["shown"]
    player.glide(2, "distance_mm", 395)
    assert player.play(3, present=False) == ["gone"]


def test_slow_retreat_is_no_push():
    player = shown()
    assert player.glide(40, "distance_mm", 350) == []


def test_swipes():
    for end, word in ((60, "previous"), (-60, "next")):
        player = shown()
        assert player.glide(4, "x_mm", end) + player.play(3) == [word]
        assert player.glide(5, "x_mm", 0) + player.play(4) == []  # the way back


def test_leaving_sideways_is_no_swipe():
    player = shown()
    assert player.glide(3, "x_mm", 60) == []
    assert player.play(3, present=False) == ["gone"]


def test_a_swipe_out_of_the_field_and_back():
    for end, word in ((40, "previous"), (-40, "next")):
        player = shown()
        assert player.glide(2, "x_mm", end) == []
        assert player.play(3, present=False) == ["gone"]
        assert player.play(3, present=True) == ["shown", word]
        assert player.glide(4, "x_mm", 0) + player.play(4) == []  # the way back


def test_a_hand_that_went_aside_and_comes_later_says_no_swipe():
    player = shown()
    player.glide(2, "x_mm", 40)
    assert player.play(12, present=False) == ["gone"]
    assert player.play(12, present=True) == ["shown"]


def test_slow_drift_is_no_swipe():
    player = shown()
    assert player.glide(30, "x_mm", 80) == []


def test_everything_starts_anew_with_the_next_hand():
    player = shown()
    player.play(8, tilt_x_cdeg=1300)
    assert player.play(2, present=False) == ["gone"]
    assert player.play(12, present=True) == ["shown"]
    assert player.gestures.step_x == 0


def test_no_frame_allocates():
    import gc

    if not hasattr(gc, "mem_alloc"):  # CPython
        return
    player = shown()
    gestures = player.gestures
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for i in range(40):
        gestures.update(2000 + i * FRAME_MS)
    allocated = gc.mem_alloc() - before
    gc.enable()
    assert allocated == 0, allocated
