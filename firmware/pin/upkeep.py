"""What the relay does to the pin itself: settings, a new key, updates. One of the app's rooms."""

import slots
from pin import log
from pin.clock import Deadline
from pin.link import UP
from pin.settings import SettingsError
from pin.states import ASLEEP, CONNECTING, IDLE, OFFLINE
from pin.update import Updater

TRIAL_MS = 180_000  # for new networks or relays to lead to a connection: four of each, at 8 s, and once again
RESTING = (IDLE, CONNECTING, OFFLINE, ASLEEP)  # nobody uses the pin
FELL_BACK = "They led to no connection in 3 minutes; what was before counts again."
BUSY = "Other settings are being tried right now. Ask again in 3 minutes."
NO_NETWORK = "A pin with Wi-Fi needs a network."
KEPT = ("volume", "brightness", "silent", "standby", "look_minutes", "relays")  # as they come
NO_RELAY = "A pin needs a relay."


class Upkeep:
    takes = ("settings", "rekey", "update")

    def __init__(self, settings, link, wifi, board, restart=None):
        """`wifi` or None, `board` is its name, `restart()` ends in a start (default: machine.reset)."""
        self._settings = settings
        self._link = link
        self._wifi = wifi
        self.updater = Updater(settings, link, board, restart or _restart)
        self._trial = Deadline()
        self._failed = None  # a request that was fallen back from, until the relay knows
        self._app = None

    def enter(self, app):
        self._app = app

    def message(self, message, now):
        t = message["t"]
        if t == "update":
            self.updater.offer(message, now)
        elif t == "settings":
            self._set(message, now)
        else:
            self._rekey(message["key"])

    def poll(self, now):
        # Without an app this is the safe copy: there is nothing else to do.
        app = self._app
        rests = app is None or (app.machine.state in RESTING and not (app.memory_low or app.battery_low))
        self.step(now, rests)

    def step(self, now, idle):
        """Every few ms; `idle`: nobody uses the pin."""
        self.updater.step(now, idle)
        if self._settings.trial is not None:
            self._watch_trial(now)
        elif self._failed is not None and self._link.state == UP:
            self._link.send("settings_done", request=self._failed, error=FELL_BACK)
            self._failed = None

    # settings

    def _set(self, message, now):
        request = message["request"]
        changes = {k: message[k] for k in KEPT if k in message}
        if "networks" in message:
            changes["wifi"] = message["networks"]
        moves = "relays" in changes or "wifi" in changes
        error = None
        if self._settings.trial is not None:
            error = BUSY
        elif changes.get("relays") == []:
            error = NO_RELAY
        elif changes.get("wifi") == [] and self._wifi:
            error = NO_NETWORK
        else:
            if moves:
                changes["trial"] = request
            try:
                self._settings.change(**changes)
                if self._app is not None:
                    self._app.preferences.apply(changes, now)
            except SettingsError as refused:
                error = refused.detail
            except OSError as broken:
                error = "The pin's flash took it not: %s" % broken
        self._link.send("settings_done", request=request, error=error)
        if moves and not error:
            self._link.reconnect()
            self._trial.after(TRIAL_MS, now)

    def _watch_trial(self, now):
        # Also after a restart in the middle of it: then its time begins again.
        link = self._link
        if not self._trial.set:
            self._trial.after(TRIAL_MS, now)
        if link.state == UP and not link.ending():
            try:
                self._settings.change(trial=None)
                log.info("upkeep", "the new networks or relays work")
            except OSError as error:
                log.error("upkeep", "the settings cannot be kept: %s" % error)
            self._trial.clear()
        elif self._trial.passed(now):
            self._trial.clear()
            self._failed = self._settings.trial
            log.warning("upkeep", FELL_BACK)
            try:
                if not self._settings.fall_back():  # the copy before is not there any more
                    self._settings.change(trial=None)
            except OSError as error:  # tried again in as long
                log.error("upkeep", "the settings cannot be kept: %s" % error)
            self._link.reconnect()

    # keys

    def _rekey(self, key):
        """The old one stays until the relay has shown the new one (pin/link.py)."""
        try:
            self._settings.change(next_key=key)
        except (SettingsError, OSError) as error:
            log.error("upkeep", "the new key is not kept: %s" % error)
            return
        self._link.send("rekeyed", mac=self._link.mac(bytes.fromhex(key), "rekey"))


def _restart():
    import machine

    machine.reset()


def identity():
    """What the pin says of its firmware in the hello: the name of the running slot's version."""
    name = slots.describe(slots.running).get("name") if slots.running in slots.SLOTS else None
    return name if isinstance(name, str) and 0 < len(name.encode()) <= 24 else None
