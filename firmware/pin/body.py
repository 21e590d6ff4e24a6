"""The room that keeps the pin going: power, charge, memory, watchdog, and what it reports of them."""

import machine
from pin import crash, link, log, power, signals, sleep, states
from pin.battery import SILENT_MS, Battery
from pin.clock import Deadline, ticks_add, ticks_diff, ticks_ms
from pin.memory import Memory
from pin.resets import Resets
from pin.ringing import Ringing
from pin.status import Status, number
from pin.wall import Wall, margin_ms
from pin.watchdog import APP_MS, LINK_MS, MIC_MS, Watchdog

PARTING_MS = 3000  # for the link to close before the radio goes
WATCH_TIMER = 1  # the laser's guard has 0
WATCH_MS = 1000
ALARMS_MS = 1000  # how often the distance of the next alarm is looked at: that allocates
CRASH_MS = 5000  # between two crash reports
LOW_MEMORY = "memory: restarted with %d bytes free"


def rooms(parts, settings, slot, updater):
    """The rooms of what the pin is as a thing: what rings, and what keeps it going."""
    wall = Wall(machine.RTC())
    ringing = Ringing(wall, parts.haptic)
    return [ringing, Body(parts, settings, wall, ringing, slot, updater)]


class Body:
    """A room of the app.

    `wall` and `ringing` are the clock and the room of alarms; `slot` names the running copy of the app, for
    the owner; `updater.busy` says that an update is under way.
    """

    takes = ()

    def __init__(self, parts, settings, wall, ringing, slot, updater):
        self.resets = Resets()
        self.battery = Battery(parts.gauge, parts.vbus)
        self.memory = Memory()
        self.watchdog = Watchdog(_open_wdt, self._stale)
        self.status = Status()
        self.facts = power.Facts()
        self.power = None
        self._settings = settings
        self._sleeps = getattr(parts.board, "SLEEPS", True)  # a computer does not
        self._wall = wall
        self._ringing = ringing
        self._haptic = parts.haptic
        self._slot = slot
        self._updater = updater
        self._app = None
        self._sleeper = None
        self._counted_ms = 0
        self._parting, self._hand, self._alarms = Deadline(), Deadline(), Deadline()
        self._asked_at = None  # ticks of the relay's time that the clock was set by
        self._crash = Deadline()
        self._crashes = crash.next_text() is not None
        self._crash_told = False
        self._uptime_s = 0
        self._laser = False
        self._parted = False
        self._state = None
        self._power = None

    def enter(self, app):
        self._app = app
        self._sleeper = sleep.Sleeper(app.parts.button, app.parts.wifi)
        self._laser = app.parts.display["kind"] == "vector"
        if self._laser and app.parts.gauge is not None:
            app.guard.expect_battery(SILENT_MS)
        app.power_off = self._power_off

    def message(self, message, now_ms):
        """Nothing is meant for this room."""

    def poll(self, now_ms):
        app = self._app
        if self.power is None:
            self._begin(now_ms)
        state = app.machine.state
        if state is not self._state:
            self._state = state
            self.resets.note(state)
        self._count_uptime(now_ms)
        self._watch(now_ms)
        self.memory.poll(now_ms)
        app.memory_low = self.memory.low
        self._look_at_charge(now_ms)
        if app.link is not None:
            self._report(now_ms)
            self._follow_power(now_ms)
        if self.memory.exhausted and not self.facts.busy:
            crash.keep_text(LOW_MEMORY % self.memory.free)
            self._app.parts.projector.dark()
            machine.reset()

    # power

    def _begin(self, now_ms):
        self._counted_ms = now_ms
        woken = sleep.woken_by()
        self.power = power.Power(now_ms, woken_by_timer=woken == sleep.TIMER)
        if woken == sleep.BUTTON:
            self._feel("ready")
        self.watchdog.expect("app", APP_MS, now_ms)
        machine.Timer(WATCH_TIMER).init(period=WATCH_MS, callback=self._on_timer)

    def _follow_power(self, now_ms):
        app, facts = self._app, self.facts
        facts.busy = (
            (app.machine.state not in states.RESTING and app.machine.state != states.ASLEEP)
            or app.button.timing.down
            or app.asking.mic.running
            or app.asking.question.number is not None
            or self._ringing.busy
            or app.speaking
            or self._updater.busy
        )
        facts.linked = app.link.state == link.UP
        facts.charging = self.battery.charging
        facts.low = self.battery.low
        facts.empty = self.battery.empty
        if not self._sleeps or self.watchdog.held:
            facts.charging = True
        if facts.linked and app.link.unix_ms is not None and app.link.unix_at != self._asked_at:
            self._asked_at = app.link.unix_at
            self._wall.set(app.link.unix_ms + ticks_diff(now_ms, app.link.unix_at))
        kept = self._settings.values
        self.power.choose(kept.get("standby"), kept.get("look_minutes"))
        if not self._alarms.set or self._alarms.passed(now_ms):
            self._alarms.after(ALARMS_MS, now_ms)
            self._look_at_alarms()
        state = self.power.decide(now_ms, facts)
        if state != self._power:
            self._power = state
            self._enter_power(state, now_ms)
        app.hand_rests = state == power.IDLE and not facts.charging and self._hand.passed(now_ms)
        if state == power.NAP or state == power.DEEP:
            self._sleep(state, now_ms)
        elif state != power.AWAKE:
            app.wake()  # the link is wanted

    def _enter_power(self, state, now_ms):
        if state in (power.AWAKE, power.LOOK):
            self._sleeper.fast()
            if self._app.machine.state == states.ASLEEP:
                self._app.machine.move(states.CONNECTING)
        elif state == power.IDLE:
            self._hand.after(power.HAND_MS, now_ms)
            self._sleeper.slow()
        else:
            self._parted = False
            self._parting.after(PARTING_MS, now_ms)

    def _sleep(self, state, now_ms):
        app = self._app
        if not self._parted:
            if app.link.state == link.UP and not app.link.settled() and not self._parting.passed(now_ms):
                return  # what was said last goes out first
            self._parted = True
            app.sleep()
            self._parting.after(PARTING_MS, now_ms)
        if app.link.state != link.DOWN and not self._parting.passed(now_ms):
            return
        app.parts.projector.dark()
        self._look_at_alarms()
        ms = self.power.sleep_ms(now_ms, self.facts)
        if state == power.DEEP:
            log.info("power", "deep sleep for %d s" % (ms // 1000))
            self._sleeper.deep(ms)
        log.info("power", "nap for %d s" % (ms // 1000))
        pressed = self._sleeper.nap(ms) == sleep.BUTTON
        woke_ms = ticks_ms()
        self.watchdog.woke(woke_ms)
        self.power.woke(pressed, woke_ms)

    def _look_at_alarms(self):
        alarms = self._ringing.alarms
        self.facts.alarm_ms = alarms.next_ms()
        self.facts.time_wanted = alarms.waiting_for_time

    def _power_off(self, now_ms):
        """The wearer switched it off: until the button, or an alarm. Does not return."""
        self._app.preferences.save()
        self._app.parts.projector.dark()
        self._app.parts.haptic.rest()
        left_ms = self._ringing.alarms.next_ms()
        self._sleeper.deep(0 if left_ms is None else max(1, left_ms - margin_ms(left_ms)))

    # health

    def _watch(self, now_ms):
        app, dog = self._app, self.watchdog
        dog.beat("app", now_ms)
        if app.link is not None:
            dog.expect("link", LINK_MS, app.link.alive_ms)
        if app.asking.mic.running:
            dog.expect("microphone", MIC_MS, app.asking.mic.looked_ms)
        else:
            dog.forget("microphone")
        dog.poll(now_ms)

    def _on_timer(self, _):
        self.watchdog.check(ticks_ms())

    def _stale(self, name):
        crash.keep_text("watchdog: %s fell silent while %s" % (name, self._state))

    def _look_at_charge(self, now_ms):
        battery = self.battery
        sentence = battery.poll(now_ms)
        self._app.battery_percent = battery.percent
        self._app.battery_low = battery.low and not battery.charging
        if battery.looked and (battery.percent is not None or not self._laser):
            self._app.guard.set_battery_low(battery.dark)
        if sentence is not None:
            self._feel("battery empty" if self.battery.empty else "battery low")
            self._app.say(sentence, now_ms)

    def _feel(self, event):
        self._haptic.play(signals.pattern(event))

    # reports

    def _report(self, now_ms):
        app = self._app
        linked = app.link.state == link.UP
        if self.status.due(now_ms, linked, self.battery.percent, self.battery.charging, app.machine.state):
            app.tell("status", **self._status())
        if not linked:
            self._crash_told = False
            self._crash.clear()
        elif self._crashes and (not self._crash.set or self._crash.passed(now_ms)):
            self._crash.after(CRASH_MS, now_ms)
            if self._crash_told:  # the link lived on: it is there
                crash.sent()
            text = crash.next_text()
            self._crashes = self._crash_told = text is not None
            if self._crashes:
                app.tell("crash", text=text)

    def _status(self):
        app = self._app
        return {
            "battery_percent": self.battery.percent,
            "battery_mv": self.battery.millivolts,
            "charging": self.battery.charging,
            "rssi_dbm": self._sleeper.rssi_dbm(),
            "heap_free": number(self.memory.free),
            "uptime_s": number(self._uptime_s),
            "resets": number(self.resets.count),
            "cause": self.resets.cause,
            "dropped": number(app.link.inbox_lost + app.link.outbox_lost),
            "slot": self._slot,
            "state": app.machine.state,
        }

    def _count_uptime(self, now_ms):
        seconds = ticks_diff(now_ms, self._counted_ms) // 1000
        if seconds > 0:
            self._uptime_s += seconds
            self._counted_ms = ticks_add(self._counted_ms, 1000 * seconds)


def _open_wdt(timeout_ms):
    return machine.WDT(timeout=timeout_ms)
