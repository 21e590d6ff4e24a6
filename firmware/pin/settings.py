"""What pairing wrote onto this pin: who it is, its key, and where its relay lives."""

import json
import os
from binascii import a2b_base64

from lapel_wire.challenge import KEY_BYTES
from pin.projector.speed import FULL_INTENSITY, Mirror

PATH = "settings.json"  # in the root of the pin's flash
MAX_BYTES = 16384  # a certificate has under 1 KB; more than this is not ours
MAX_RELAYS = 4  # each is tried in turn, so each costs the wearer seconds
NOT_CALIBRATED = "The light's calibration is wrong. Run: lapel calibrate"
NOT_PAIRED = "This pin is not paired yet. Run: lapel pair"


class SettingsError(Exception):
    """`args[0]` is the sentence for the wearer, `detail` the line for the log."""

    def __init__(self, sentence, detail):
        super().__init__(sentence)
        self.detail = detail


class Settings:
    """Checked settings: `pin`, `key` (bytes), `relays` [(host, port)], `certificate` (DER),
    `wifi` [(ssid, password)], `board` (name or None), `mirror` (calibration of the projector)."""

    def __init__(self, values):
        try:
            self.pin = _text(values, "pin", 32)
            self.key = bytes.fromhex(_text(values, "key", 2 * KEY_BYTES))
            if len(self.key) != KEY_BYTES:
                raise ValueError("key: expected %d hex digits" % (2 * KEY_BYTES))
            self.certificate = _der(_text(values, "certificate", MAX_BYTES))
            self.relays = [(_text(r, "host", 253), _port(r)) for r in _list(values["relays"], "relays")]
            if not 1 <= len(self.relays) <= MAX_RELAYS:
                raise ValueError("relays: expected 1 to %d, got %d" % (MAX_RELAYS, len(self.relays)))
            networks = _list(values.get("wifi", []), "wifi")
            self.wifi = [(_text(n, "ssid", 32), _text(n, "password", 64)) for n in networks]
            self.board = values.get("board")
            if self.board is not None and not _is_name(self.board):
                raise ValueError("board: expected the name of a board file")
        except KeyError as error:
            raise SettingsError(NOT_PAIRED, "%s: %s is missing" % (PATH, error)) from None
        except (TypeError, ValueError, AttributeError) as error:
            raise SettingsError(NOT_PAIRED, "%s: %s" % (PATH, error)) from None
        try:
            self.mirror = _mirror(values.get("projector", {}))
        except (TypeError, ValueError, AttributeError) as error:
            raise SettingsError(NOT_CALIBRATED, "%s: projector: %s" % (PATH, error)) from None


def load(path=PATH):
    """The checked settings. Raises SettingsError."""
    try:
        with open(path) as file:
            text = file.read(MAX_BYTES + 1)
        if len(text) > MAX_BYTES:
            raise ValueError("more than %d bytes" % MAX_BYTES)
        values = json.loads(text)
    except OSError as error:
        raise SettingsError(NOT_PAIRED, "%s: cannot be read (%s)" % (path, error)) from None
    except ValueError as error:  # also what is not UTF-8
        raise SettingsError(NOT_PAIRED, "%s: not JSON (%s)" % (path, error)) from None
    return Settings(values)


def save(values, path=PATH):
    """Write `values`; a cut of power leaves the old file or the new one. Raises SettingsError, OSError."""
    Settings(values)  # a pin that cannot read it again would have to go back to a computer
    temporary = path + ".new"
    with open(temporary, "w") as file:
        file.write(json.dumps(values))
    if hasattr(os, "sync"):
        os.sync()  # the text before the name; LittleFS has done so at close
    os.rename(temporary, path)


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


def _mirror(values):
    return Mirror(
        values.get("mirror_hz", 1000),
        values.get("damping", 0.7),
        values.get("laser_delay", 0),
        values.get("field_percent", 100),
        values.get("brightness", FULL_INTENSITY),
    )


def _list(value, name):
    if not isinstance(value, list):
        raise ValueError("%s: expected a list" % name)
    return value
