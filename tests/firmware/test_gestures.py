"""Each gesture's machine, driven by what a tracker would say."""

from pin.gestures import Gestures

ON_MICROPYTHON = True

FRAME_MS = 67
OPEN = {"pose": "open", "size": 0, "fist_odds": -120, "border": 6}
FIST = {"pose": "fist", "size": -90, "fist_odds": 100, "border": 3}


class Hand:
    """What `Gestures` reads of a tracker."""

    def __init__(self):
        self.present = True
        self.pose = "open"
        self.size = 0
        self.fist_odds = -120
        self.border = 6
        self.distance_mm = 250
        self.x_mm = self.y_mm = 0
        self.tilt_x_cdeg = self.tilt_y_cdeg = 0
        self.edges = 0


class Player:
    def __init__(self):
        self.hand = Hand()
        self.gestures = Gestures(self.hand)
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


def test_fist_selects_once_and_in_time():
    player = shown()
    assert player.play(1, **FIST) == []
    assert player.play(2) == ["select"]
    assert player.play(30) == []


def test_short_fist_opened_is_no_back():
    player = shown()
    assert player.play(4, **FIST) == ["select"]
    assert player.play(10, **OPEN) == []


def test_long_fist_opened_is_back():
    player = shown()
    assert player.play(14, **FIST) == ["select"]
    assert player.play(10, **OPEN) == ["back"]


def test_one_frame_of_fist_is_nothing():
    player = shown()
    assert player.play(1, **FIST) == []
    assert player.play(10, **OPEN) == []


def test_fist_from_the_start_selects_nothing():
    player = Player()
    assert player.play(30, **FIST) == ["shown"]


def test_shrinking_while_moving_out_is_no_fist():
    player = shown()
    player.hand.pose = "fist"
    said = []
    for i in range(4):
        said += player.play(x_mm=25 * i, size=-30 * i)
    assert said + player.play(1, present=False) == ["gone"]


def test_another_shape_must_shrink_more():
    player = shown()
    assert player.play(10, pose="other", size=-65) == []


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


def test_tilt_in_the_dead_zone_is_nothing():
    player = shown()
    for tilt in (700, -700, 600, -600):
        assert player.play(6, tilt_x_cdeg=tilt) == []


def test_hysteresis_keeps_a_detent():
    player = shown()
    assert player.play(6, tilt_x_cdeg=1200) == ["up"]
    for tilt in (900, 1200, 800, 1100):
        assert player.play(4, tilt_x_cdeg=tilt) == []


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
    assert player.glide(4, "distance_mm", 390) == []
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
