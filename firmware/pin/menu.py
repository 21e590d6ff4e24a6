"""The pin's own views: home, what leads on from it, and the settings. All but RELAY need no relay.

Three things to choose at most, and none farther than three choices: home, one of these, and one of those.
"""

from pin.clock import Deadline, ticks_diff
from pin.link import UP
from pin.reading import WEARER

# What can be chosen in each view. A choice is another view, one of RELAY, or one of ACTIONS.
VIEWS = {
    "home": ("music", "day", "pin"),
    "day": ("messages", "timers", "history"),
    "pin": ("sound", "light", "more"),
    "more": ("wifi", "lock", "off"),
    "sound": ("silent",),
    "light": (),
    "wifi": (),
    "lock": ("lock now", "new code", "no code"),
    "off": ("no", "off now"),
}
RELAY = ("music", "messages", "timers", "history")  # the relay answers `open` with a card
ACTIONS = {
    "silent": "_toggle_silent",
    "lock now": "_lock_now",
    "new code": "_new_code",
    "no code": "_no_code",
    "no": "_no",
    "off now": "_power_off",
}
LABELS = {
    "music": "Music",
    "day": "Day",
    "pin": "Pin",
    "messages": "Mail",
    "timers": "Timers",
    "history": "Past",
    "sound": "Sound",
    "light": "Light",
    "more": "More",
    "wifi": "Wi-Fi",
    "lock": "Lock",
    "off": "Off",
    "silent": "Silent",
    "lock now": "Now",
    "new code": "New",
    "no code": "None",
    "no": "No",
    "off now": "Off",
}
LEVELS = {"sound": "volume", "light": "brightness"}  # views whose level is a preference
NO_LINK = "No connection to the relay."
CLOCK_MS = 5000  # home's clock is at most that late
DECLINED_MS = 3000  # the relay answers a choice in less, or says why not
PLAY = "\u25b6"


class Menu:
    """`trail`: the views from home to the open one. A room of the app: it takes the relay's `home`."""

    takes = ("home",)

    def __init__(self):
        self.trail = ()
        self._house = {"unread": 0}  # what the relay said of the house, also when it is away
        self._swiped = 0  # a swipe that waits for the player's card
        self._drawn_ms = 0
        self._declined = Deadline()
        self._app = None

    def enter(self, app):
        self._app = app

    def message(self, message, now):
        """The relay's `home`."""
        if message != self._house:
            self._house = message
            if self.is_up() and self.trail[-1] == "home":
                self._show(now)

    def poll(self, now):
        """Home's clock goes on."""
        if self.is_up() and self.trail[-1:] == ("home",) and ticks_diff(now, self._drawn_ms) >= CLOCK_MS:
            self._show(now)

    def is_up(self):
        """Whether a view is on the palm."""
        card = self._app.reader.card
        return card is not None and "view" in card

    def time_text(self):
        """The time of the day where the relay is, or None while it is unknown."""
        unix_ms = self._app.unix_ms()
        offset_min = self._house.get("utc_offset_min")
        if unix_ms is None or offset_min is None:
            return None
        minutes = (unix_ms // 60_000 + offset_min) % 1440
        return "%d:%02d" % divmod(minutes, 60)

    def home(self, now):
        self.trail = ()
        self.open("home", now)

    def open(self, view, now):
        """A view of the pin on the palm, or one of the relay's after a moment."""
        if view in RELAY:
            self._ask(view, now)
            return
        self.trail = self.trail + (view,)
        self._show(now)

    def previous(self, now):
        """The view before; the pin rests after the first."""
        self.trail = self.trail[:-1]
        self.again(now)

    def again(self, now):
        """The last view, if it is not forgotten; else the pin rests."""
        if self.trail:
            self._show(now)
        else:
            self._app.reader.close(WEARER)
            self._app.rest(now)

    def forget(self):
        """Whatever comes next does not lead back here."""
        self.trail = ()
        self._swiped = 0

    def swipe(self, step, now):
        """Home plays the next or previous piece, if something plays: the player's card knows how."""
        if self.trail[-1:] == ("home",) and self._house.get("playing"):
            self._swiped = step
            self._ask("music", now)

    def arrived(self, card):
        """A card of the relay is up: the swipe that asked for it, or 0."""
        step, self._swiped = self._swiped, 0
        return step if card["kind"] == "player" else 0

    def decline(self, now):
        """The wearer went on before the relay's card came: nobody wants it."""
        self._declined.after(DECLINED_MS, now)

    def is_declined(self, now):
        """Whether a card that comes now is that one."""
        declined = self._declined.set and not self._declined.passed(now)
        self._declined.clear()
        return declined

    def _ask(self, view, now):
        app = self._app
        app.reader.drop()
        if app.link.state != UP:
            self._swiped = 0
            app.say(NO_LINK, now)
            return
        app.tell("open", view=view)
        app.asking.chosen(now)

    # the views' cards

    def _show(self, now):
        if self._app.lock.closed:
            self._app.lock_screen.show(now)
            return
        view = self.trail[-1]
        title, lines = getattr(self, "_" + view)()
        self._drawn_ms = now
        choices = VIEWS[view]
        if view == "lock" and not self._app.lock.has_code:
            choices = ("new code",)
        card = {
            "t": "card",
            "card": None,
            "rev": 0,
            "kind": "confirm" if view == "off" else "menu",
            "pages": [lines],
            "more": False,
            "title": title,
            "choices": [{"id": choice, "label": self._label(choice)} for choice in choices],
            "view": view,
            "brief": True,
            "act": self._act,
        }
        if view == "home" and self._house["unread"]:
            card["focus"] = VIEWS["home"].index("day")
        if view in LEVELS:
            level = card["level"] = self._app.preferences.levels[LEVELS[view]]
            card["big"] = "%d %%" % level
        self._app.put(card, now)

    def _label(self, choice):
        if choice == "silent" and self._app.preferences.silent:
            return "Loud"
        return LABELS[choice]

    def _home(self):
        house = self._house
        time = self.time_text() or "Lapel"
        battery = self._app.battery_percent
        lines = [time if battery is None else "%s  %d%%" % (time, battery)]
        if house.get("next"):
            lines.append(house["next"])
        if house["unread"]:
            lines.append("%d new" % house["unread"])
        elif house.get("playing"):
            lines.append(PLAY + " " + house["playing"])
        return None, lines

    def _day(self):
        return None, ["Day"]

    def _pin(self):
        return None, ["Pin"]

    def _more(self):
        return None, ["Pin"]

    def _sound(self):
        return "Silent" if self._app.preferences.silent else "Volume", []

    def _light(self):
        return "Light", []

    def _wifi(self):
        wifi = self._app.parts.wifi
        if self._app.link.state == UP:
            return "Wi-Fi", ["Relay is here"]
        if wifi is None or wifi.connected():
            return "Wi-Fi", ["No relay"]
        return "Wi-Fi", ["No network"]

    def _lock(self):
        return None, ["Lock" if self._app.lock.has_code else "No code yet"]

    def _off(self):
        return None, ["Power off?"]

    # what is done with them

    def _act(self, name, value):
        now = self._app.now
        if name == "chosen":
            if value in ACTIONS:
                getattr(self, ACTIONS[value])(now)
            else:
                self.open(value, now)
        elif name == "level":
            view = self.trail[-1]
            card = self._app.reader.card
            card["level"] = self._app.preferences.set_level(LEVELS[view], value, now)
            card["big"] = "%d %%" % card["level"]
        elif value == WEARER:
            self.previous(now)
        else:
            self.forget()

    def _toggle_silent(self, now):
        preferences = self._app.preferences
        preferences.set_silent(not preferences.silent, now)
        self._show(now)

    def _lock_now(self, now):
        self._app.lock_screen.lock_now(now)

    def _new_code(self, now):
        self._app.lock_screen.new_code(now)

    def _no_code(self, now):
        self._app.lock_screen.clear()
        self.previous(now)

    def _no(self, now):
        self.previous(now)

    def _power_off(self, now):
        self._app.power_off(now)
