"""What the maker is asked. Secrets are asked for, never arguments: those are in every process list and
history.
"""

from __future__ import annotations

import getpass
import sys
from dataclasses import dataclass

_MOST_NETWORKS = 4  # the pin's limit (pin/settings.py)
_SSID_BYTES = 32  # IEEE 802.11
_PASSWORD = (8, 63)  # characters of a WPA passphrase, IEEE 802.11 annex J.4; none for an open network


class PromptError(Exception):
    """What was typed cannot be used, or there is nobody to ask; the text says which."""


@dataclass(frozen=True)
class Network:
    ssid: str
    password: str
    hidden: bool

    def setting(self, priority: int) -> dict[str, object]:
        """As the pin's settings have it; a higher priority is tried first."""
        return {
            "ssid": self.ssid,
            "password": self.password,
            "hidden": self.hidden,
            "priority": priority,
        }


def line(question: str) -> str:
    """One line from the terminal, or from what stands in for it. Raises PromptError at its end."""
    sys.stderr.write(question)
    sys.stderr.flush()
    text = sys.stdin.readline()
    if not text:
        raise PromptError(f"there is nobody to ask: {question.strip()}")
    return text.strip()


def hidden(question: str) -> str:
    """The same without showing it. Raises PromptError at its end."""
    if not sys.stdin.isatty():
        return line(question)
    try:
        return getpass.getpass(question, sys.stderr)
    except EOFError:
        raise PromptError(f"there is nobody to ask: {question.strip()}") from None


def networks() -> list[Network]:
    """The Wi-Fi networks that the pin may join, the first one first. Raises PromptError."""
    found: list[Network] = []
    while len(found) < _MOST_NETWORKS:
        more = "Another Wi-Fi network (empty: no more): " if found else "Wi-Fi network (its name): "
        ssid = line(more)
        if not ssid:
            if found:
                break
            raise PromptError("a pin needs a Wi-Fi network to reach its relay; run lapel flash again")
        if len(ssid.encode()) > _SSID_BYTES:
            raise PromptError(f"a network's name has at most {_SSID_BYTES} bytes, got {len(ssid.encode())}")
        password = hidden(f"Password of {ssid} (empty: it has none): ")
        if password and not _PASSWORD[0] <= len(password) <= _PASSWORD[1]:
            raise PromptError(
                f"a Wi-Fi password has {_PASSWORD[0]} to {_PASSWORD[1]} characters, got {len(password)}"
            )
        found.append(Network(ssid, password, line("Does it hide its name? [y/N] ").lower().startswith("y")))
    return found
