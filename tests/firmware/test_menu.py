"""The pin's own views, walked by hand and by button, with and without a relay."""

from fake_pin import Pin, files
from pin import gestures, haptic
from pin.hand import RAISED
from pin.link import DOWN
from pin.menu import ACTIONS, LABELS, LEVELS, RELAY, VIEWS

ON_MICROPYTHON = True

PLAYER = [{"id": "previous", "label": "<"}, {"id": "pause", "label": "||"}, {"id": "next", "label": ">"}]


def at(*places):
    """A pin whose hand went from home to the view behind these choices."""
    pin = Pin()
    pin.gesture(RAISED)
    for place in places:
        pin.choose(place)
    return pin


def test_every_choice_leads_somewhere_and_no_screen_has_more_than_three():
    for view, choices in VIEWS.items():
        assert len(choices) <= 3
        for choice in choices:
            assert choice in VIEWS or choice in RELAY or choice in ACTIONS, (view, choice)
            assert choice in LABELS
    assert set(LEVELS) <= set(VIEWS)


def test_anything_is_within_three_choices_of_home():
    far, found = {"home": 0}, ["home"]
    while found:
        view = found.pop(0)
        for choice in VIEWS.get(view, ()):
            if choice not in far:
                far[choice] = far[view] + 1
                found.append(choice)
    assert set(far) == set(LABELS) | {"home"}
    # What is on the palm after three: the lock's own choices, and the answer to "power off?", are one more.
    assert max([far[c] for c in far if c in VIEWS or c in RELAY]) == 3
    assert [c for c in far if far[c] > 3] and all(c in ACTIONS for c in far if far[c] > 3)


def test_every_view_is_reached_by_hand_and_left_by_a_long_fist():
    paths = {"home": ()}
    queue = ["home"]
    while queue:
        view = queue.pop(0)
        for place in range(len(VIEWS[view])):
            choice = VIEWS[view][place]
            if choice in VIEWS:
                paths[choice] = paths[view] + (place,)
                queue.append(choice)
    assert set(paths) == set(VIEWS)
    for view, path in paths.items():
        pin = at(*path)
        assert pin.view == view, (pin.view, view)
        for _ in path:
            pin.back()
        assert pin.view == "home"
        pin.back()
        assert pin.page is None and pin.state == "idle"


def test_the_fist_of_a_step_back_chooses_nothing():
    pin = at(1)
    assert pin.view == "day"
    pin.gesture(gestures.SELECT)  # it is held on, and opens what is in focus ...
    assert pin.sent("open") == [{"view": "messages"}]
    pin.gesture(gestures.BACK)  # ... until it turns out to be a long one
    assert pin.view == "home" and pin.state == "showing"
    pin.card(5)  # which nobody waits for now
    assert pin.view == "home" and pin.sent()[-1] == {"name": "dismissed", "card": 5, "by": "wearer"}
    pin.card(6)
    assert pin.page["lines"] == ["Hello"]
    pin = at()
    pin.gesture(gestures.RIGHT)
    pin.wait(400)
    pin.gesture(gestures.SELECT)
    assert pin.view == "day"
    pin.gesture(gestures.BACK)
    assert pin.page is None and pin.state == "idle"


def test_push_is_home_from_anywhere():
    pin = at(2, 2)
    pin.gesture(gestures.HOME)
    assert pin.view == "home"
    pin.back()
    assert pin.page is None
    pin.wait(4000)  # what the fist of that step back asked for is not waited for any more
    pin.card(1, choices=[{"id": "yes", "label": "Yes"}])
    pin.gesture(gestures.HOME)
    assert pin.view == "home"
    assert pin.sent()[-1] == {"name": "dismissed", "card": 1, "by": "wearer"}


def test_home_shows_what_the_relay_told_also_without_it():
    pin = Pin()
    pin.say("home", unread=2, next="09:30 Dentist", utc_offset_min=60)
    pin.link.state = DOWN
    pin.wait(20)
    pin.app.battery_percent = 78
    pin.gesture(RAISED)
    assert pin.page["lines"][1:] == ["09:30 Dentist", "2 new"]
    time, battery = pin.page["lines"][0].split("  ")
    # 1 700 000 000 s are 22:13:20 UTC on 14 November 2023.
    assert (time, battery) == ("23:13", "78%")
    assert pin.page["choices"] == ["Music", "Day", "Pin"]
    assert pin.page["focus"] == 1  # there is something unread
    pin.wait(120_000)
    pin.app.reader.stay()


def test_home_says_no_time_that_it_does_not_know():
    pin = at()
    assert pin.page["lines"] == ["Lapel"]


def test_homes_clock_goes_on():
    pin = Pin()
    pin.say("home", unread=0, utc_offset_min=0)
    pin.gesture(RAISED)
    before = pin.page["lines"]
    pin.link.unix_ms += 60_000
    pin.wait(6000)
    assert pin.page["lines"] != before


def test_a_view_of_the_relay_is_asked_for_and_its_card_leads_back():
    for place in range(3):
        pin = at(1)
        pin.choose(place)
        assert pin.sent("open") == [{"view": VIEWS["day"][place]}]
        assert pin.state == "thinking" and pin.page is None
        pin.card(7)
        assert pin.state == "showing" and pin.page["lines"] == ["Hello"]
        pin.back()
        assert pin.view == "day"
        assert pin.sent()[-1] == {"name": "dismissed", "card": 7, "by": "wearer"}


def test_without_a_relay_its_views_say_so_and_the_others_work():
    pin = at(1)
    pin.link.state = DOWN
    pin.wait(10)
    pin.choose(0)
    assert pin.page["lines"] == ["No", "connection", "to the"] and not pin.sent("open")
    pin = Pin()
    pin.link.state = DOWN
    pin.wait(10)
    pin.gesture(RAISED)
    pin.choose(2)
    pin.choose(1)
    assert pin.view == "light"
    pin.gesture(gestures.SOFTER)
    assert pin.parts.dimmed == 90


def test_the_wrist_turns_volume_and_brightness():
    for place, name, start in ((0, "volume", 60), (1, "brightness", 100)):
        pin = at(2, place)
        assert pin.parts.hand.volume and pin.page["lines"] == ["%d %%" % start]
        pin.gesture(gestures.SOFTER)
        pin.gesture(gestures.SOFTER)
        assert pin.app.preferences.levels[name] == start - 20 and pin.page["lines"] == [
            "%d %%" % (start - 20)
        ]
        pin.level()  # the way back turns nothing
        assert pin.app.preferences.levels[name] == start - 20
        pin.gesture(gestures.LOUDER)
        assert pin.app.preferences.levels[name] == start - 10
        pin.wait(2000)
        assert pin.page["lines"] == ["%d %%" % (start - 10)]


def test_the_button_turns_them_too():
    pin = Pin()
    pin.double()
    pin.tap()
    pin.tap()
    assert pin.page["focus"] == 2
    pin.double()
    pin.double()
    assert pin.view == "sound" and pin.page["choices"] == ["Silent"]
    pin.tap()
    assert pin.page["choices"] == ["-"]
    pin.tap()
    assert pin.page["choices"] == ["+"]
    pin.double()
    assert pin.app.preferences.levels["volume"] == 70
    pin.tap()
    assert pin.page["choices"] == ["\u2190"]
    pin.double()
    assert pin.view == "pin"


def test_silent_is_switched_and_kept():
    pin = at(2, 0)
    pin.choose(0)
    assert pin.app.preferences.silent and pin.page["choices"] == ["Loud"] and pin.page["title"] == "Silent"
    pin.wait(4000)

    assert files["preferences.json"] == {"volume": 60, "brightness": 100, "silent": True}
    pin.choose(0)
    assert not pin.app.preferences.silent


def test_wifi_says_how_it_is():
    pin = at(2, 2, 0)
    assert pin.page["title"] == "Wi-Fi" and pin.page["lines"] == ["Relay is here"]
    pin = at(2, 2)
    pin.link.state = DOWN
    pin.choose(0)
    assert pin.page["lines"] == ["No relay"]


def test_power_off_asks_first_and_begins_with_no():
    pin = at(2, 2, 2)
    assert pin.page["kind"] == "confirm" and pin.page["choices"] == ["No", "Off"] and pin.page["focus"] == 0
    pin.gesture(gestures.SELECT)
    assert pin.view == "more" and not pin.parts.off
    pin = at(2, 2, 2)
    pin.choose(1)
    assert pin.parts.off


def test_a_menu_goes_when_the_hand_is_away_and_an_answer_waits():
    pin = at()
    pin.parts.projector.lit = False
    pin.gesture(gestures.GONE)
    pin.wait(1000)
    assert pin.view == "home"
    pin.wait(1000)
    assert pin.page is None and pin.state == "idle"
    pin.parts.projector.lit = True
    pin.card(1)
    pin.wait(10)
    pin.parts.projector.lit = False
    pin.wait(5000)
    assert pin.page is not None


def test_a_swipe_on_home_changes_the_song_in_one_move():
    for gesture, choice in ((gestures.NEXT, "next"), (gestures.PREVIOUS, "previous")):
        pin = Pin()
        pin.say("home", unread=0, playing="Blue in Green")
        pin.gesture(RAISED)
        assert pin.page["lines"][-1] == "\u25b6 Blue in Green"
        pin.gesture(gesture)
        assert pin.sent("open") == [{"view": "music"}]
        swipe = {"next": "next", "previous": "previous"}
        pin.card(4, (("Blue in Green",),), kind="player", choices=PLAYER, focus=1, swipe=swipe, level=40)
        assert {"name": "chosen", "card": 4, "choice": choice} in pin.sent()
        assert pin.page is not None and pin.state == "showing"  # the player stays
        pin.card(4, (("So What",),), rev=1, kind="player", choices=PLAYER, focus=1, swipe=swipe, level=40)
        assert pin.page["lines"] == ["So What"]
        assert len([e for e in pin.sent() if e["name"] == "chosen"]) == 1


def test_a_swipe_on_a_silent_home_does_nothing():
    pin = at()
    pin.gesture(gestures.NEXT)
    assert pin.view == "home" and not pin.sent("open")


def test_by_button_alone():
    """Tap, double tap: home, day, history and back."""
    pin = Pin()
    pin.double()
    assert pin.view == "home"
    pin.tap()
    pin.double()
    assert pin.view == "day"
    pin.tap()
    pin.tap()
    pin.double()
    assert pin.sent("open") == [{"view": "history"}]
    pin.card(3, choices=[{"id": "again", "label": "Again"}])
    pin.tap()
    assert pin.page["choices"] == ["\u2190"]
    pin.double()
    assert pin.view == "day"
    pin.hold()
    assert pin.state == "thinking" and pin.link.delivering is not None


def test_each_choice_is_felt():
    pin = at(1)
    assert pin.parts.haptic.played == [haptic.SHOWN, haptic.MOVED, haptic.SELECTED]


def test_a_question_forgets_the_menu():
    pin = at(1)
    pin.choose(0)
    pin.card(3)
    pin.hold()
    pin.card(4, utt=pin.app.asking.question.number)
    pin.back()
    assert pin.page is None and pin.view is None
