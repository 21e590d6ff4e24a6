"""The key that signs updates: RSA-3072, made at first use, and known to nobody but this home.

RSA because a pin checks it with the interpreter's own `pow` in a fraction of a second (docs/protocol.md,
"Updates").
"""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from filelock import FileLock
from lapel_wire.update import EXPONENT, MODULUS_DIGITS

from .certificate import write_private

_BITS = MODULUS_DIGITS * 4
_LOCK_S = 30.0


class SigningError(Exception):
    """The key cannot be used; the text says what to do."""


def modulus(home: Path) -> str:
    """The public half, as pins keep it in `update_key`: lower-case hex digits. Raises SigningError."""
    return f"{_key(home).public_key().public_numbers().n:0{MODULUS_DIGITS}x}"


def known_modulus(home: Path) -> str | None:
    """The same if there is a key already; making one takes a second."""
    return modulus(home) if _path(home).exists() else None


def sign(home: Path, data: bytes) -> str:
    """PKCS #1 v1.5 over SHA-256 (RFC 8017 section 8.2) as lower-case hex digits. Raises SigningError."""
    return _key(home).sign(data, padding.PKCS1v15(), hashes.SHA256()).hex()


def _key(home: Path) -> rsa.RSAPrivateKey:
    path = _path(home)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with FileLock(f"{path}.lock", timeout=_LOCK_S):
        if not path.exists():
            made = rsa.generate_private_key(EXPONENT, _BITS)
            pem = made.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            write_private(path, pem.decode("ascii"))
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
        if not isinstance(key, rsa.RSAPrivateKey) or key.key_size != _BITS:
            raise ValueError(f"expected an RSA key of {_BITS} bits")
    except (OSError, ValueError, TypeError) as error:
        raise SigningError(
            f"{path} cannot be used ({error}); restore it from a backup: a new one means that every pin has "
            "to be flashed again before it takes an update"
        ) from error
    return key


def _path(home: Path) -> Path:
    return home / "update-key.pem"
