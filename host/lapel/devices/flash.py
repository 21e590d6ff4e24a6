"""From a bare board to a pin that answers: the steps of `lapel flash`, each of which can be repeated."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pin.settings import Settings, SettingsError

from .. import config
from . import arrival, boards, chip, control, images, install, package, ports, prompts, signing, tickets
from .boards import Board
from .chip import Chip
from .pins import Pins, PinsError
from .ports import Port
from .problems import BoardError, Code
from .repl import Repl

_START_S = 1.5  # a chip is that long in its own start before MicroPython listens
_LOOK_S = 2.5  # a prompt answers in milliseconds, an app that is interrupted within a second
_DEFAULT_NAME = "my pin"


@dataclass
class Options:
    """What the maker wants; nothing secret is in it."""

    port: str | None = None
    board: str | None = None
    image: Path | None = None
    name: str = ""
    relays: list[tuple[str, int]] = field(default_factory=list)  # in place of the one in config.toml
    erase: bool = False
    pair: bool = False
    wifi: bool = False
    ticket: bool = False
    driver: bool = True


@dataclass
class Job:
    """What the steps have found out so far. `progress(done, total)` moves the bar of the running step."""

    options: Options
    settings: config.Config
    progress: Callable[[float, float], None] = lambda done, total: None
    say: Callable[[str], None] = lambda text: None
    port: Port = field(default_factory=lambda: Port(""))
    board: Board | None = None
    chip: Chip | None = None
    ready: bool = False  # MicroPython of the right version is on the board
    installed: bool = False  # and something of ours
    found: dict[str, Any] | None = None  # settings that are on the board
    wanted: dict[str, Any] | None = None  # settings to write; None: what is there stays
    ticket: tickets.Ticket | None = None
    image: Path | None = None

    @property
    def on(self) -> Board:
        assert self.board is not None
        return self.board

    def started(self) -> None:
        """Gives the chip the time to start; a mock board needs none."""
        time.sleep(0 if self.port.is_terminal else _START_S)

    def repl(self) -> Repl:
        self.port = ports.again(self.port)
        return Repl(self.port)


@dataclass(frozen=True)
class Step:
    """One line of what the maker sees. `run` gives what was found, or "" if there was nothing to do."""

    name: str
    title: str
    run: Callable[[Job], str]


def find(job: Job) -> str:
    job.port = ports.find(job.options.port)
    known = boards.candidates(job.port)
    name = job.options.board or (known[0] if len(known) == 1 else "")
    if not name:
        try:
            name = prompts.line(f"Which board is it? ({', '.join(known)}) [{known[0]}] ") or known[0]
        except prompts.PromptError:
            raise BoardError(
                Code.NO_BOARD,
                f"USB does not say which board this is; name it with --board: {', '.join(known)}",
            ) from None
    job.board = boards.load(name)
    if not job.board.image:
        raise BoardError(
            Code.NO_BOARD, f"{name} is no board to be flashed; known: {', '.join(boards.names())}"
        )
    return f"{job.port.path}, {name}"


def check(job: Job) -> str:
    job.chip = chip.ask(job.port)
    chip.check(job.chip, job.on)
    psram = f", {job.chip.psram_mb} MB PSRAM" if job.chip.psram_mb else ""
    return f"{job.chip.kind}, {job.chip.flash_mb} MB flash{psram}, {job.chip.mac}"


def look(job: Job) -> str:
    """What is on the board already. A board that says nothing is a new one."""
    if job.options.erase:
        return "is erased as you wish"
    try:
        job.started()
        job.port = ports.again(job.port)
        with Repl(job.port, tries=1, enter_s=_LOOK_S) as repl:
            facts = install.facts(repl)
            job.ready = facts.release == boards.MICROPYTHON and facts.heap_bytes > install.HEAP_BYTES
            if job.ready:
                job.installed = install.MAIN in repl.files()
                job.found = install.settings(repl)
    except BoardError as error:
        if error.code in (Code.PORT_BUSY, Code.CABLE):
            raise
        return "no MicroPython on it yet"
    if not job.ready:
        return f"MicroPython {facts.release}, {facts.heap_bytes >> 10} kB of heap: is replaced"
    return f"MicroPython {facts.release}" + (", Lapel" if job.installed else "")


def ask(job: Job) -> str:
    """Everything that the maker is asked, before anything takes long."""
    keep = job.found is not None and not job.options.pair
    if keep:
        assert job.found is not None
        if not job.options.wifi:
            return f"stays {job.found.get('pin')}"
        job.wanted = dict(job.found)
    else:
        job.wanted = _paired(job)
    try:
        networks = prompts.networks()
    except prompts.PromptError as error:
        raise BoardError(Code.BAD_SETTINGS, str(error)) from error
    job.wanted["wifi"] = [network.setting(len(networks) - i) for i, network in enumerate(networks)]
    job.wanted["board"] = job.on.name
    try:
        Settings(job.wanted)  # the firmware's own check
    except SettingsError as error:
        raise BoardError(
            Code.BAD_SETTINGS, f"the pin would not take these settings: {error.detail}"
        ) from error
    return f"{job.wanted['pin']}, {len(networks)} network{'s' * (len(networks) > 1)}"


def _paired(job: Job) -> dict[str, Any]:
    """Settings of a new pin, or of the one that this chip was: from this home, or for a ticket."""
    try:
        here = not job.options.ticket and list(control.ask(job.settings.home, "pins")) is not None
    except control.ControlError:
        here = False
    if not here:
        return _for_ticket(job)
    relay = job.settings.relay
    addresses = job.options.relays or [(relay.host, relay.port), *config.public_address(relay)]
    if tickets.only_here(addresses[0][0]) and not job.port.is_terminal:
        raise BoardError(
            Code.NO_RELAY,
            f"the relay listens at {addresses[0][0]}, which only this computer reaches; set [relay] host in "
            "config.toml "
            "to its address in your network, restart it and run lapel flash again",
        )
    try:
        pins = Pins(job.settings.home)
        device = job.chip.mac if job.chip else ""
        pin = pins.on_device(device) or pins.pair(job.options.name or _DEFAULT_NAME, device)
        signing.modulus(job.settings.home)
        return pins.settings(pin, *addresses[0], addresses[1:])
    except (PinsError, signing.SigningError) as error:
        raise BoardError(Code.NO_RELAY, str(error)) from error


def _for_ticket(job: Job) -> dict[str, Any]:
    try:
        text = prompts.hidden("No relay runs here. Ticket (run lapel ticket on the relay's computer): ")
    except prompts.PromptError:
        text = ""
    if not text:
        raise BoardError(
            Code.NO_RELAY,
            "no relay runs on this computer; start it with lapel relay in another terminal, or run lapel "
            "ticket on the "
            "relay's computer, and run lapel flash again",
        )
    try:
        job.ticket = tickets.parse(text)
        return tickets.ask(job.ticket)
    except tickets.TicketError as error:
        raise BoardError(Code.BAD_TICKET, str(error)) from error


def get_image(job: Job) -> str:
    if job.ready:
        return ""
    if job.options.image is not None:
        found = images.given(job.options.image)
    else:
        found = images.image(job.on.image_url(job.chip.psram_mb if job.chip else 0), job.progress)
    job.image = found.path
    if found.new:
        job.say(f"The maker publishes no hash of this image. From now on it must be SHA-256 {found.sha256}")
    return f"{found.path.name}, SHA-256 {found.sha256[:16]}..."


def write_image(job: Job) -> str:
    if job.ready:
        return ""
    assert job.image is not None
    chip.write(job.port, job.image, lambda part: job.progress(part, 1.0))
    job.started()
    with job.repl() as repl:
        facts = install.facts(repl)
    if facts.heap_bytes <= install.HEAP_BYTES:
        raise BoardError(
            Code.WRONG_IMAGE,
            f"this MicroPython has {facts.heap_bytes >> 10} kB of heap: it finds no PSRAM. Use the image for "
            f"this board ({job.on.image}), not another one",
        )
    return f"MicroPython {facts.release}"


def hold(job: Job) -> str:
    """The watchdog of a pin that runs cannot be stopped: it starts anew with a file that keeps it off."""
    with job.repl() as repl:
        repl.write(install.HOLD, b"")
        if not job.installed:
            return ""
        repl.reset()
    job.port = ports.restarted(job.port)
    job.started()
    return "its watchdog is off"


def put_files(job: Job) -> str:
    with job.repl() as repl:
        update = package_for(job)
        count = install.install(repl, update, job.progress)
    size = sum(map(len, install.files(update).values()))
    return f"{update.name}: {count} files written, all checked, {size >> 10} kB"


def package_for(job: Job) -> package.Package:
    """Signed, if this computer's home has the key that the pin was given."""
    try:
        ours = signing.known_modulus(job.settings.home)
        given = (job.wanted or job.found or {}).get("update_key")
        if ours and given == ours:
            return package.build(job.settings.home, job.on.name)
        return package.unsigned(job.on.name)
    except signing.SigningError as error:
        raise BoardError(Code.NO_RELAY, str(error)) from error


def put_driver(job: Job) -> str:
    if not job.options.driver:
        return ""
    job.port = ports.again(job.port)
    try:
        downloaded = images.driver(job.progress)
    except BoardError as error:
        if job.options.image is None:
            raise
        # Whoever brings the image has no network; the pin runs, but sees no palm.
        job.say(f"Without a network the depth sensor has no driver yet: {error}")
        return "left out; the pin will see no palm and give no light"
    count = install.driver(job.port, job.repl, downloaded)
    return f"vl53l5cx: {count} files written, all checked"


def put_settings(job: Job) -> str:
    if job.wanted is None:
        return ""
    data = json.dumps(job.wanted).encode()
    with job.repl() as repl:
        repl.replace(install.SETTINGS, data)
        install.check(repl, {install.SETTINGS: data})
    return str(job.wanted["pin"])


def start(job: Job) -> str:
    with job.repl() as repl:
        repl.remove([install.HOLD])
        repl.reset()
    job.port = ports.restarted(job.port)
    return job.port.path


def wait(job: Job) -> str:
    pin = str((job.wanted or job.found or {}).get("pin"))
    welcomed = arrival.wait(job.port, lambda: _connected(job, pin), lambda line: None)
    return f"{pin} is connected" + (f" to {welcomed}" if welcomed else "")


def _connected(job: Job, pin: str) -> bool:
    try:
        if job.ticket is not None:
            return bool(tickets.ask(job.ticket, tickets.STATE_PATH)["connected"])
        return any(
            entry["connected"] and entry["pin"] == pin for entry in control.ask(job.settings.home, "pins")
        )
    except (tickets.TicketError, control.ControlError):
        return False


STEPS = (
    Step("find", "Find the board", find),
    Step("check", "Check chip, flash and PSRAM", check),
    Step("look", "See what is on it", look),
    Step("ask", "Pairing and Wi-Fi", ask),
    Step("image", "Get MicroPython", get_image),
    Step("write", "Erase and write MicroPython", write_image),
    Step("hold", "Keep the watchdog off", hold),
    Step("files", "Install the firmware", put_files),
    Step("driver", "Install the sensor's driver", put_driver),
    Step("settings", "Write the settings", put_settings),
    Step("start", "Start the pin", start),
    Step("wait", "Wait for the pin", wait),
)
