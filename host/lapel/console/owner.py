"""Who may see the console: one owner with a passphrase, first set through a link that works once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from itsdangerous import BadSignature, URLSafeTimedSerializer

from ..devices.certificate import write_private

SESSION_S = 30 * 86400  # a page that is used daily asks once a month
INVITATION_S = 3600  # long enough to walk to another room
LEAST_CHARACTERS = 8
_MOST_CHARACTERS = 200  # beyond it only the server's time is wasted
# scrypt as OWASP's password storage sheet asks of interactive logins: 32 MiB and about 0.1 s.
_SCRYPT = {"n": 1 << 15, "r": 8, "p": 1, "maxmem": 64 << 20}


class OwnerError(Exception):
    """The passphrase or its file cannot be used; the text says what to do."""


@dataclass(frozen=True)
class _Kept:
    """What `console.json` in Lapel's home holds, mode 0600."""

    secret: str  # signs the sessions
    generation: int = 0  # grows with each new passphrase: older sessions end
    salt: str = ""
    digest: str = ""  # of the passphrase; empty until it is set


@dataclass(frozen=True)
class Visit:
    """A signed-in browser. `token` goes with each request that changes something."""

    token: str


class Owner:
    """Checks passphrases and sessions. Reads and writes `console.json`; raises OwnerError."""

    def __init__(self, home: Path) -> None:
        self._path = home / "console.json"
        self._invitation: tuple[str, float] | None = None
        self._kept = self._read()

    @property
    def is_set(self) -> bool:
        return bool(self._kept.digest)

    def invite(self) -> str:
        """A secret that sets the passphrase, once and within the hour; a new one replaces it."""
        secret = secrets.token_urlsafe(18)
        self._invitation = (secret, time.monotonic() + INVITATION_S)
        return secret

    def accept(self, invitation: str, passphrase: str) -> None:
        """Sets the passphrase with an invitation, which is then gone."""
        if self._invitation is None or time.monotonic() > self._invitation[1]:
            raise OwnerError("This link is used up or too old. Restart Lapel for a new one.")
        if not hmac.compare_digest(invitation.encode(), self._invitation[0].encode()):
            raise OwnerError("This link is not the one that Lapel printed last.")
        self._set(passphrase)
        self._invitation = None

    def change(self, passphrase: str) -> None:
        """A new passphrase: every session ends."""
        self._set(passphrase)

    def knows(self, passphrase: str) -> bool:
        """Whether it is the owner's. Takes 0.1 s on purpose: not in the event loop."""
        kept = self._kept
        digest = _digest(passphrase[:_MOST_CHARACTERS], base64.b64decode(kept.salt or "AA=="))
        return hmac.compare_digest(digest, kept.digest) and bool(kept.digest)

    def sign_in(self) -> str:
        """The content of a fresh session's cookie."""
        value = {"generation": self._kept.generation, "token": secrets.token_urlsafe(18)}
        return str(self._signer().dumps(value))

    def visit(self, cookie: str) -> Visit | None:
        """Whose session this is; None for one that is old, forged or ended by a new passphrase."""
        try:
            value = self._signer().loads(cookie, max_age=SESSION_S)
            if value["generation"] == self._kept.generation:
                return Visit(str(value["token"]))
        except (BadSignature, KeyError, TypeError):
            pass
        return None

    def _signer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._kept.secret, salt="console session")

    def _set(self, passphrase: str) -> None:
        if not LEAST_CHARACTERS <= len(passphrase) <= _MOST_CHARACTERS:
            raise OwnerError(f"A passphrase has {LEAST_CHARACTERS} to {_MOST_CHARACTERS} characters.")
        salt = secrets.token_bytes(16)
        kept = replace(
            self._kept,
            generation=self._kept.generation + 1,
            salt=base64.b64encode(salt).decode(),
            digest=_digest(passphrase, salt),
        )
        self._write(kept)

    def _read(self) -> _Kept:
        if not self._path.exists():
            kept = _Kept(secrets.token_hex(32))
            self._write(kept)
            return kept
        try:
            return _Kept(**json.loads(self._path.read_text("utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise OwnerError(
                f"{self._path} cannot be read ({error}); delete it and set the passphrase again"
            ) from error

    def _write(self, kept: _Kept) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(self._path, json.dumps(asdict(kept)))
        except OSError as error:
            raise OwnerError(f"{self._path} cannot be written ({error.strerror})") from error
        self._kept = kept


def _digest(passphrase: str, salt: bytes) -> str:
    digest = hashlib.scrypt(passphrase.encode(), salt=salt, dklen=32, **_SCRYPT)
    return base64.b64encode(digest).decode()
