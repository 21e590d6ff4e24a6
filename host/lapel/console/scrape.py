"""The token with which a Prometheus reads `/metrics` without the owner's session. Only its hash is kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

from ..devices.certificate import write_private

PATH = "/metrics"
_SCHEME = "bearer "


def make(home: Path) -> str:
    """A new token; the one before opens nothing any more. Raises OSError."""
    token = secrets.token_urlsafe(32)
    write_private(_file(home), _digest(token))
    return token


def forget(home: Path) -> bool:
    """No token opens `/metrics` any more. False if there was none."""
    try:
        _file(home).unlink()
    except FileNotFoundError:
        return False
    return True


def opens(home: Path, authorization: str) -> bool:
    """Whether this header names the token. Reads the file: a new one counts at once."""
    if authorization[: len(_SCHEME)].lower() != _SCHEME:
        return False
    try:
        kept = _file(home).read_text("ascii").strip()
    except (OSError, ValueError):
        return False
    return hmac.compare_digest(_digest(authorization[len(_SCHEME) :].strip()), kept)


def _file(home: Path) -> Path:
    return home / "metrics.token"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()  # 256 random bits need no slow hash
