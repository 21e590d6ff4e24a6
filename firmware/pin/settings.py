"""What pairing wrote onto this pin: who it is, its key, its networks, and where its relay lives.

Two copies lie in the flash, `settings.1` and `settings.2`: a first line with a number that grows and a
SHA-256, then JSON. The newest whole one counts, and the other one is written next. What a computer leaves as
`settings.json`, plain JSON, is taken over at the next start, once.
"""

import hashlib
import json
import os
import time
from binascii import a2b_base64

from lapel_wire.challenge import KEY_BYTES
from lapel_wire.update import MODULUS_DIGITS
from pin import log

PATH = "settings.json"  # in the root of the pin's flash
COPIES = ("settings.1", "settings.2")
REPAIR = "repair.json"  # boot.py writes it while the button is held: another relay may pair this pin
MAX_BYTES = 16384  # a certificate has under 1 KB; more than this is not ours
MAX_RELAYS = 4  # each is tried in turn, so each costs the wearer seconds
MAX_NETWORKS = 4  # the same
NOT_PAIRED = "This pin is not paired yet. Run: lapel pair"
TAKEN = "This pin belongs to another relay. Hold its button for 2 s while it starts, and pair it then."


class SettingsError(Exception):
    """`args[0]` is the sentence for the wearer, `detail` the line for the log."""

    def __init__(self, sentence, detail):
        super().__init__(sentence)
        self.detail = detail


class Settings:
    """Checked settings: `pin`, `keys` (bytes; the one that is expected first), `relays` [(host, port)],
    `certificate` (DER), `wifi` [(ssid, password, hidden)], `board` (name or None), `update_key` (int or
    None), `volume`, `brightness` (percent or None), `silent`, `trial` (a request whose networks or relays
    have yet to lead to a connection, or None), and all `values` as they lie in the flash."""

    def __init__(self, values):
        """Raises SettingsError."""
        self._take(values)

    def _take(self, values):
        try:
            key = _key(values, "key")
            next_key = _key(values, "next_key") if values.get("next_key") else None
            relays = [(_text(r, "host", 253), _port(r)) for r in _list(values, "relays", 1, MAX_RELAYS)]
            networks = _list(values, "wifi", 0, MAX_NETWORKS) if "wifi" in values else []
            # A higher priority first, then the order in which they stand: MicroPython's sort is not stable.
            order = [(-_whole(networks[i], "priority", 0, 100, 0), i) for i in range(len(networks))]
            networks = [networks[i] for _, i in sorted(order)]
            board = values.get("board")
            if board is not None and not _is_name(board):
                raise ValueError("board: expected the name of a board file")
            self.pin = _text(values, "pin", 32)
            self.keys = [next_key, key] if next_key else [key]
            self.certificate = _der(_text(values, "certificate", MAX_BYTES))
            self.relays = relays
            self.wifi = [
                (_text(n, "ssid", 32), _text(n, "password", 64), bool(n.get("hidden"))) for n in networks
            ]
            self.board = board
            self.update_key = _modulus(values)
            self.volume = _whole(values, "volume", 0, 100, None)
            self.brightness = _whole(values, "brightness", 0, 100, None)
            self.silent = bool(values.get("silent"))
            self.trial = _whole(values, "trial", 0, 1 << 30, None)
            self.values = values
        except KeyError as error:
            raise SettingsError(NOT_PAIRED, "settings: %s is missing" % error) from None
        except (TypeError, ValueError, AttributeError) as error:
            raise SettingsError(NOT_PAIRED, "settings: %s" % error) from None

    def change(self, **changes):
        """Keep these beside the others; None takes a value away. Changes nothing if it raises SettingsError,
        OSError."""
        values = dict(self.values)
        for name in changes:
            if changes[name] is None:
                values.pop(name, None)
            else:
                values[name] = changes[name]
        save(values)
        self._take(values)

    def fall_back(self):
        """Forget the newest copy: what was before `trial` counts again. False if there is nothing else."""
        kept = _copies()
        if len(kept) < 2 or self.trial is None:
            return False
        os.remove(kept[0][1])
        self._take(kept[1][2])
        return True


def load():
    """The checked settings. Raises SettingsError."""
    last = SettingsError(NOT_PAIRED, "settings: there are none")
    try:
        values = _read(PATH)
        if values is not None:
            write(values)
    except SettingsError as error:
        log.error("settings", "%s is not taken: %s" % (PATH, error.detail))
        last = error
    except OSError as error:
        log.error("settings", "%s cannot be taken over: %s" % (PATH, error))
    for _, _, values in _copies():
        try:
            return Settings(values)
        except SettingsError as error:  # written by a version that knew more: the older copy may do
            log.error("settings", error.detail)
            last = error
    raise last


def save(values):
    """Write `values` over the older copy; a cut of power leaves old or new. Raises SettingsError, OSError."""
    Settings(values)  # a pin that cannot read it again would have to go back to a computer
    kept = _copies()
    count = kept[0][0] + 1 if kept else 1
    path = COPIES[0] if kept and kept[0][1] == COPIES[1] else COPIES[1]
    _replace(path, pack(values, count))


def write(values):
    """What a computer calls over the cable to pair this pin, or to change what it was told.

    A pin that has a key takes another one only in the two minutes after it was started with its button held,
    in which it may be told five times. Raises SettingsError, OSError.
    """
    kept = _copies()
    try:
        keys = Settings(values).keys
    except SettingsError:
        _window()  # a try like any other
        raise
    own = kept and [key for key in keys if key in Settings(kept[0][2]).keys]
    if kept and not own and not _window():
        _forget(PATH)
        raise SettingsError(TAKEN, "settings: another relay's key was refused")
    save(values)
    _forget(PATH)
    if not own:
        _forget(REPAIR)


def pack(values, count):
    """The text of one copy."""
    body = json.dumps(values)
    return "%d %s\n%s" % (count, _checksum(count, body), body)


def unpack(text):
    """(count, values) of a copy. Raises ValueError if it is not whole."""
    head, _, body = text.partition("\n")
    count, _, checksum = head.partition(" ")
    if len(text) > MAX_BYTES or checksum != _checksum(int(count), body):
        raise ValueError("the checksum is wrong")
    values = json.loads(body)
    if not isinstance(values, dict):
        raise ValueError("expected an object")
    return int(count), values


def _checksum(count, body):
    return hashlib.sha256(b"%d\n" % count + body.encode()).digest().hex()


def _copies():
    """[(count, path, values)] of the whole copies, the newest first."""
    found = []
    for path in COPIES:
        try:
            with open(path) as file:
                count, values = unpack(file.read(MAX_BYTES + 1))
            found.append((count, path, values))
        except OSError:
            pass
        except ValueError as error:
            log.error("settings", "%s: %s" % (path, error))
    found.sort(key=lambda copy: -copy[0])
    return found


def _read(path):
    """The object in a file of plain JSON, or None without one. Raises SettingsError."""
    try:
        with open(path) as file:
            text = file.read(MAX_BYTES + 1)
    except OSError:
        return None
    except ValueError as error:  # it is not UTF-8
        raise SettingsError(NOT_PAIRED, "%s: %s" % (path, error)) from None
    try:
        values = json.loads(text) if len(text) <= MAX_BYTES else None
    except (ValueError, RuntimeError) as error:  # RuntimeError: nested too deeply
        raise SettingsError(NOT_PAIRED, "%s: not JSON (%s)" % (path, error)) from None
    if not isinstance(values, dict):
        raise SettingsError(NOT_PAIRED, "%s: expected one object of at most %d bytes" % (path, MAX_BYTES))
    return values


def _window():
    """Whether another relay may pair this pin now; costs one of its tries."""
    try:
        window = _read(REPAIR)
        if window is None or not window["tries"] > 0 or not 0 <= window["until"] - time.time() <= 120:
            return False
        _replace(REPAIR, json.dumps({"until": window["until"], "tries": window["tries"] - 1}))
        return True
    except (SettingsError, KeyError, TypeError):
        return False


def _replace(path, text):
    with open(path + ".new", "w") as file:
        file.write(text)
    if hasattr(os, "sync"):
        os.sync()  # the text before the name; LittleFS has done so at close
    os.rename(path + ".new", path)


def _forget(path):
    try:
        os.remove(path)
    except OSError:
        pass  # it was not there


def _key(values, name):
    key = bytes.fromhex(_text(values, name, 2 * KEY_BYTES))
    if len(key) != KEY_BYTES:
        raise ValueError("%s: expected %d hex digits" % (name, 2 * KEY_BYTES))
    return key


def _modulus(values):
    if values.get("update_key") is None:
        return None
    text = _text(values, "update_key", MODULUS_DIGITS)
    if len(text) != MODULUS_DIGITS or text[0] not in "89abcdef":
        raise ValueError(
            "update_key: expected the 3072 bits of an RSA modulus as %d hex digits" % MODULUS_DIGITS
        )
    return int(text, 16)


def _der(pem):
    lines = pem.strip().split("\n")
    if lines[0].strip() != "-----BEGIN CERTIFICATE-----" or lines[-1].strip() != "-----END CERTIFICATE-----":
        raise ValueError("certificate: expected one certificate as PEM text")
    return a2b_base64("".join(lines[1:-1]))  # not every port's TLS reads PEM


def _is_name(value):
    # It is imported: nothing but a name may pass.
    letters = "abcdefghijklmnopqrstuvwxyz0123456789_"
    return isinstance(value, str) and value and all([c in letters for c in value])


def _text(values, name, longest):
    value = values[name]
    if not isinstance(value, str) or not len(value) <= longest:
        raise ValueError("%s: expected a text of at most %d characters" % (name, longest))
    return value


def _port(values):
    port = values["port"]
    if not isinstance(port, int) or not 0 < port < 65536:
        raise ValueError("port: expected 1 to 65535")
    return port


def _whole(values, name, lowest, highest, default):
    value = values.get(name, default)
    if value is not default and (not isinstance(value, int) or not lowest <= value <= highest):
        raise ValueError("%s: expected %d to %d" % (name, lowest, highest))
    return value


def _list(values, name, fewest, most):
    value = values[name]
    if not isinstance(value, list) or not fewest <= len(value) <= most:
        raise ValueError("%s: expected a list of %d to %d" % (name, fewest, most))
    return value
