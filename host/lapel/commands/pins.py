"""`lapel pins`: which pins this relay knows and how they are; settings, a new key, or forgetting one."""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from .. import config
from ..cli import CommandError
from ..devices import control, prompts
from ..devices.pins import Pins

_ACTIONS = ("list", "set", "rotate", "revoke")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        nargs="?",
        choices=_ACTIONS,
        default="list",
        help="list (default), set settings over the air, rotate the key, revoke",
    )
    parser.add_argument("pin", nargs="?", help="id or name of a pin (default: the only one)")
    parser.add_argument("--revoke", metavar="ID", help="forget this pin: its key opens nothing any more")
    parser.add_argument("--volume", type=int, metavar="PERCENT", help="set: how loud it is")
    parser.add_argument("--brightness", type=int, metavar="PERCENT", help="set: how bright its light is")
    parser.add_argument("--silent", choices=("on", "off"), help="set: whether it keeps quiet")
    parser.add_argument(
        "--networks",
        action="store_true",
        help="set: ask for the Wi-Fi networks that take the place of its own",
    )
    parser.add_argument(
        "--relay", action="append", metavar="HOST:PORT", help="set: where it finds the relay; again for more"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    home = config.load().home
    pins = Pins(home)
    if options.revoke or options.action == "revoke":
        pin = pins.revoke(options.revoke or pins.named(options.pin, only=False).id)
        sys.stderr.write(f"{pin.name} ({pin.id}) is revoked; a running relay refuses it from now on.\n")
        return 0
    if options.action == "list":
        return _list(options, pins, _heard(home))
    pin = pins.named(options.pin)
    try:
        if options.action == "rotate":
            list(control.ask(home, "rotate", pin=pin.id))
            sys.stderr.write(f"{pin.name} keeps its new key; the old one ends when it connects next.\n")
        else:
            list(control.ask(home, "set", pin=pin.id, changes=_changes(options)))
            sys.stderr.write(f"{pin.name} has taken it.\n")
            if options.networks or options.relay:
                sys.stderr.write(
                    "If it cannot connect with it, it goes back to what it had within minutes.\n"
                )
    except control.ControlError as error:
        raise CommandError(str(error)) from error
    return 0


def _changes(options: argparse.Namespace) -> dict[str, Any]:
    """The wire's `settings` fields that were asked for."""
    changes: dict[str, Any] = {}
    for name in ("volume", "brightness"):
        value = getattr(options, name)
        if value is not None:
            if not 0 <= value <= 100:
                raise CommandError(f"--{name}: expected 0 to 100 percent, got {value}")
            changes[name] = value
    if options.silent:
        changes["silent"] = options.silent == "on"
    if options.relay:
        changes["relays"] = [_relay(text) for text in options.relay]
    if options.networks:
        try:
            changes["networks"] = [
                {"ssid": network.ssid, "password": network.password, "hidden": network.hidden}
                for network in prompts.networks()
            ]
        except prompts.PromptError as error:
            raise CommandError(str(error)) from error
    if not changes:
        raise CommandError("say what to set: --volume, --brightness, --silent, --networks or --relay")
    return changes


def _relay(text: str) -> dict[str, Any]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise CommandError(f"--relay: expected an address like 192.168.1.5:5273, got {text!r}")
    return {"host": host, "port": int(port)}


def _heard(home: Any) -> dict[str, dict[str, Any]]:
    """What the running relay has heard of each pin; nothing if none runs."""
    try:
        return {entry["pin"]: entry for entry in control.ask(home, "pins")}
    except control.ControlError:
        return {}


def _list(options: argparse.Namespace, pins: Pins, heard: dict[str, dict[str, Any]]) -> int:
    known = pins.all()
    if options.json:
        entries = []
        for pin in known:
            more = {name: value for name, value in heard.get(pin.id, {}).items() if name != "pin"}
            entries.append({"id": pin.id, "name": pin.name, "paired_unix_s": pin.paired_unix_s} | more)
        sys.stdout.write(json.dumps(entries) + "\n")
        return 0
    if not known:
        sys.stdout.write("No pin is paired yet. Pair one with: lapel pair\n")
        return 0
    table = Table("id", "name", "paired", "now", "battery", "signal", "resets", "firmware")
    for pin in known:
        paired = datetime.datetime.fromtimestamp(pin.paired_unix_s)
        table.add_row(pin.id, pin.name, f"{paired:%Y-%m-%d %H:%M}", *_state(heard.get(pin.id)))
    Console().print(table)
    return 0


def _state(entry: dict[str, Any] | None) -> tuple[str, ...]:
    """How it is: connected or last heard, battery, signal, resets, firmware."""
    if entry is None:
        return ("",) * 5
    status = entry["status"]
    last = datetime.datetime.fromtimestamp(entry["heard_unix_s"])
    now = status.get("state") or "connected" if entry["connected"] else f"last {last:%H:%M}"
    battery = f"{status['battery_percent']} %" if "battery_percent" in status else ""
    signal = f"{status['rssi_dbm']} dBm" if "rssi_dbm" in status else ""
    charging = ", charging" if status.get("charging") else ""
    return now, battery + charging, signal, str(status.get("resets", "")), entry["firmware"]
