"""What hand and button do with cards: each gesture, each kind of card, each state."""

from fake_pin import Pin
from pin import gestures, haptic
from pin.hand import RAISED
from pin.link import DOWN
from pin.steering import Pointer, Steering
from pin.waiting import MOST, Waiting

ON_MICROPYTHON = True

YES_NO = [{"id": "no", "label": "No"}, {"id": "yes", "label": "Yes"}]
THREE = [{"id": "a", "label": "A"}, {"id": "b", "label": "B"}, {"id": "c", "label": "C"}]
PLAYER = [{"id": "previous", "label": "<"}, {"id": "pause", "label": "||"}, {"id": "next", "label": ">"}]
PAGES = (("one",), ("two",), ("three",))


class Tilted:
    def __init__(self, x=0, y=0):
        self.step_x, self.step_y = x, y


def with_card(**fields):
    pin = Pin()
    pin.card(1, **fields)
    return pin


def chosen(pin):
    return [event["choice"] for event in pin.sent() if event["name"] == "chosen"]


def dismissed(pin):
    return [event["by"] for event in pin.sent() if event["name"] == "dismissed"]


# tilt as a place


def test_a_place_is_where_the_focus_was_and_the_detents_since():
    hand = Tilted()
    pointer = Pointer(hand)
    pointer.begin(1)
    for x, y, place in ((0, 0, 1), (0, -1, 2), (0, -2, 3), (0, 0, 1), (0, 1, 0), (-1, 0, 2), (1, 0, 0)):
        hand.step_x, hand.step_y = x, y
        assert pointer.place() == place, (x, y)


def test_a_hand_that_is_tilted_when_the_card_comes_goes_level_without_moving_the_focus():
    hand = Tilted(0, -2)
    pointer = Pointer(hand)
    pointer.begin(0)
    for y, place in ((-2, 0), (-1, 0), (0, 0), (-1, 1), (0, 0), (1, -1)):
        hand.step_y = y
        assert pointer.place() == place
    hand.step_y = -2
    pointer.begin(0)
    hand.step_y = -3  # further on counts at once
    assert pointer.place() == 1


# each gesture on a card


def test_tilt_moves_the_focus_and_stops_at_the_ends():
    pin = with_card(choices=THREE)
    for _ in range(4):
        pin.gesture(gestures.RIGHT)
    assert pin.page["focus"] == 2
    assert pin.parts.haptic.played == [haptic.MOVED] * 2
    pin.level()
    assert pin.page["focus"] == 0
    pin.gesture(gestures.DOWN)
    assert pin.page["focus"] == 1
    pin.level()
    pin.gesture(gestures.UP)
    assert pin.page["focus"] == 0


def test_a_fist_takes_the_choice_in_focus():
    pin = with_card(choices=THREE, kind="choice")
    pin.choose(1)
    assert chosen(pin) == ["b"] and pin.page is None and pin.state == "thinking"
    pin.card(2)
    assert pin.state == "showing"


def test_a_fist_on_an_answer_is_nothing():
    pin = with_card()
    pin.gesture(gestures.SELECT)
    assert pin.page is not None and not chosen(pin)


def test_confirm_begins_with_no_whatever_its_place():
    for choices in (YES_NO, YES_NO[::-1]):
        pin = with_card(kind="confirm", choices=choices)
        assert pin.page["choices"][pin.page["focus"]] == "No"
        pin.gesture(gestures.SELECT)
        assert chosen(pin) == ["no"]
    pin = with_card(kind="confirm", choices=YES_NO)
    pin.choose(1)  # one move
    assert chosen(pin) == ["yes"]


def test_the_relays_focus_counts():
    pin = with_card(choices=THREE, focus=2)
    assert pin.page["focus"] == 2
    pin.gesture(gestures.LEFT)
    pin.wait(400)
    pin.gesture(gestures.SELECT)
    assert chosen(pin) == ["b"]


def test_back_turns_a_page_back_and_then_puts_away():
    pin = with_card(pages=PAGES)
    pin.gesture(gestures.NEXT)
    pin.back()
    assert pin.page["lines"] == ["one"] and not dismissed(pin)
    pin.back()
    assert pin.page is None and dismissed(pin) == ["wearer"] and pin.state == "idle"


def test_swipes_turn_pages_and_stop_at_the_ends():
    pin = with_card(pages=PAGES)
    seen = []
    for event in (gestures.PREVIOUS, gestures.NEXT, gestures.NEXT, gestures.NEXT, gestures.PREVIOUS):
        pin.gesture(event)
        seen.append(pin.page["lines"][0])
    assert seen == ["one", "two", "three", "three", "two"]
    assert [event["page"] for event in pin.sent() if event["name"] == "page"] == [1, 2, 1]


def test_a_swipe_takes_what_the_card_names_and_a_player_stays():
    pin = with_card(kind="player", choices=PLAYER, focus=1, swipe={"next": "next"}, level=40)
    pin.gesture(gestures.NEXT)
    pin.gesture(gestures.PREVIOUS)  # which it does not name
    pin.gesture(gestures.SELECT)
    assert chosen(pin) == ["next", "pause"] and pin.page is not None and pin.state == "showing"
    pin = with_card(kind="menu", choices=THREE, swipe={"next": "more"})
    pin.gesture(gestures.NEXT)
    assert chosen(pin) == ["more"] and pin.state == "thinking"


def test_the_wrist_turns_the_level_outward_only():
    pin = with_card(kind="player", choices=PLAYER, focus=1, level=95)
    assert pin.parts.hand.volume
    pin.gesture(gestures.LOUDER)
    assert pin.page["lines"] == ["100 %"]
    pin.level()
    pin.gesture(gestures.SOFTER)
    levels = [event["level"] for event in pin.sent() if event["name"] == "level"]
    assert levels == [100, 90]
    pin.wait(2000)
    assert pin.page["lines"] == ["Hello"]


def test_push_is_home_and_a_hand_that_is_gone_leaves_the_answer():
    pin = with_card(pages=PAGES)
    pin.gesture(gestures.GONE)
    assert pin.page is not None
    pin.gesture(gestures.HOME)
    assert pin.view == "home" and dismissed(pin) == ["wearer"]


def test_before_a_dark_pin_only_a_raised_palm_says_something():
    g = gestures
    for event in (g.SELECT, g.BACK, g.HOME, g.NEXT, g.PREVIOUS, g.UP, g.GONE):
        pin = Pin()
        actions = pin.parts.guard.actions
        pin.gesture(event)
        assert pin.page is None and pin.parts.guard.actions == actions
    pin = Pin()
    actions = pin.parts.guard.actions
    pin.gesture(RAISED)
    assert pin.view == "home" and pin.parts.guard.actions == actions + 1
    assert pin.parts.haptic.played == [haptic.SHOWN]


def test_a_raised_palm_lights_what_is_there():
    pin = with_card()
    actions = pin.parts.guard.actions
    pin.gesture(RAISED)
    assert pin.page["lines"] == ["Hello"] and pin.parts.guard.actions == actions + 1


def test_every_gesture_is_an_action_of_the_wearer():
    for event in (gestures.SELECT, gestures.NEXT, gestures.RIGHT, gestures.HOME):
        pin = with_card(choices=THREE)
        actions = pin.parts.guard.actions
        pin.gesture(event)
        assert pin.parts.guard.actions == actions + 1


def test_while_the_wearer_speaks_the_hand_is_not_looked_at():
    pin = Pin()
    pin.press()
    pin.wait(400)
    pin.parts.hand.events.append(RAISED)
    pin.wait(100)
    assert pin.state == "listening" and pin.parts.hand.events == [RAISED]
    pin.release()


def test_while_a_question_is_thought_about_a_raised_palm_only_asks_for_light():
    pin = Pin()
    pin.hold()
    pin.gesture(RAISED)
    assert pin.state == "thinking" and pin.page is None
    pin.card(1, utt=pin.app.asking.question.number)
    assert pin.page["lines"] == ["Hello"]


def test_offline_the_hand_works():
    pin = Pin()
    pin.link.state = DOWN
    pin.link.failures = 1
    pin.wait(20)
    assert pin.state == "offline"
    pin.gesture(RAISED)
    assert pin.view == "home" and pin.state == "showing"
    pin.back()
    pin.wait(10)
    assert pin.state == "offline"


def test_asleep_the_sensor_rests():
    pin = Pin()
    pin.app.sleep()
    pin.wait(10)
    assert pin.state == "asleep" and pin.parts.hand.rested


def test_each_event_of_the_hand_has_an_action():
    named = {getattr(gestures, name) for name in dir(gestures) if name.isupper()}
    told = {value for value in named if isinstance(value, str)} - {gestures.SHOWN}
    assert set(Steering(Pin().app, Pin().parts.hand)._actions) == told | {RAISED}


# the button does it too


def test_a_tap_turns_pages_and_then_puts_away():
    pin = with_card(pages=PAGES)
    for line in ("two", "three"):
        pin.tap()
        assert pin.page["lines"] == [line]
    pin.double()
    assert pin.page["lines"] == ["two"]
    pin.tap()
    pin.tap()
    assert pin.page is None and dismissed(pin) == ["wearer"]


def test_taps_go_through_choices_level_and_back():
    pin = with_card(kind="player", choices=PLAYER, focus=1, level=40)
    seen = []
    for _ in range(6):
        pin.tap()
        page = pin.page
        seen.append(page["choices"][page["focus"]])
    assert seen == [">", "-", "+", "\u2190", "<", "||"]
    pin.double()
    assert chosen(pin) == ["pause"]
    for _ in range(3):
        pin.tap()
    pin.double()
    assert [event["level"] for event in pin.sent() if event["name"] == "level"] == [50]
    pin.tap()
    pin.double()
    assert pin.page is None and dismissed(pin) == ["wearer"] and pin.state == "idle"


def test_a_hold_on_a_card_is_a_question():
    pin = with_card(choices=THREE)
    pin.press()
    assert pin.page is not None  # it may be a tap
    pin.wait(400)
    assert pin.page is None and dismissed(pin) == ["press"] and pin.state == "listening"
    pin.release()
    assert pin.state == "thinking"


def test_a_press_on_a_short_answer_ends_it_at_once():
    pin = with_card()
    pin.press()
    assert pin.page is None and dismissed(pin) == ["press"] and pin.state == "listening"
    pin.release()


def test_a_double_tap_in_the_dark_is_home_and_a_tap_what_waits():
    pin = Pin()
    pin.double()
    assert pin.view == "home" and pin.state == "showing"
    pin = Pin()
    pin.tap()
    assert pin.page is None and pin.state == "idle"
    pin.card(4, alert="quiet")
    pin.tap()
    assert pin.page["lines"] == ["Hello"]


# cards that nobody asked for


def test_alerts_wait_for_the_next_palm_and_are_felt():
    for alert, felt in (("quiet", []), ("normal", [haptic.ALERT]), ("urgent", [haptic.URGENT])):
        pin = with_card(alert=alert)
        assert pin.parts.haptic.played == felt
        assert (pin.page is not None) == (alert == "urgent")  # which is there as soon as a palm is
        pin.gesture(RAISED)
        assert pin.page["lines"] == ["Hello"]


def test_the_urgent_one_comes_first_and_interrupts_no_choice():
    pin = with_card(kind="confirm", choices=YES_NO)
    pin.card(2, (("quiet",),), alert="quiet")
    pin.card(3, (("urgent",),), alert="urgent")
    assert pin.page["choices"] == ["No", "Yes"]
    pin.gesture(gestures.SELECT)
    pin.card(4, (("Not sent",),))
    pin.back()
    assert pin.page["lines"] == ["urgent"]
    pin.back()
    assert pin.page is None
    pin.gesture(RAISED)
    assert pin.page["lines"] == ["quiet"]


def test_a_newer_revision_takes_the_place_of_the_one_that_waits_or_is_up():
    pin = with_card(alert="normal")
    pin.card(1, (("Newer",),), rev=1, alert="normal")
    pin.card(1, (("Older",),), rev=0, alert="normal")
    pin.gesture(RAISED)
    assert pin.page["lines"] == ["Newer"]
    pin.card(1, (("Newest",),), rev=2, alert="normal")
    assert pin.page["lines"] == ["Newest"]


def test_an_alert_while_the_wearer_speaks_does_not_end_the_question():
    pin = Pin()
    pin.press()
    pin.wait(400)
    pin.card(1, alert="urgent")
    assert pin.state == "listening"
    pin.release()
    pin.card(2, (("It is late",),), utt=pin.app.asking.question.number)
    assert pin.page["lines"] == ["It is late"]
    pin.back()
    assert pin.page["lines"] == ["Hello"]


def test_what_waits_is_bounded():
    waiting = Waiting()
    for number in range(MOST + 3):
        alert = "urgent" if number == 0 else "quiet"
        waiting.add({"card": number, "rev": 0, "alert": alert})
    assert waiting.lost == 3 and waiting.is_urgent()
    assert [waiting.take()["card"] for _ in range(MOST)] == [0, 4, 5, 6, 7, 8, 9, 10]
    assert waiting.take() is None


# rooms


class Bell:
    takes = ("ring",)

    def __init__(self):
        self.heard = []
        self.done = []

    def enter(self, app):
        self.app = app

    def message(self, message, now):
        self.heard.append(message)

    def poll(self, now):
        pass

    def act(self, name, value):
        self.done.append((name, value))


def test_a_room_gets_its_messages_and_shows_cards_that_act():
    bell = Bell()
    pin = Pin(rooms=(bell,))
    pin.say("ring", seconds=5)
    assert bell.heard == [{"t": "ring", "seconds": 5}]
    choices = [{"id": "snooze", "label": "Later"}, {"id": "stop", "label": "Stop"}]
    card = {"card": None, "rev": 0, "kind": "notice", "pages": [["Tea"]], "more": False}
    card.update({"choices": choices, "alert": "urgent", "act": bell.act})
    bell.app.show(card, pin.app.now)
    pin.wait(10)
    assert pin.page["lines"] == ["Tea"]
    pin.choose(1)
    pin.wait(10)
    assert bell.done == [("chosen", "stop")] and pin.state == "idle" and not pin.sent()
