"""The console's own certificate, for when it listens wider than this computer.

A phone gives a page its microphone only over TLS, and browsers refuse certificates of over 398 days
(CA/Browser Forum ballot SC-31), so this one is not the pins' and is made anew before it ends.
"""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ..devices.certificate import write_private

DAYS = 397
RENEW_DAYS = 30  # before its end


def ensure(home: Path, hosts: list[str]) -> Path:
    """The file with certificate and key for these names and addresses, made or renewed where needed."""
    path = home / "console.pem"
    if not _serves(path, hosts):
        write_private(path, _make(hosts))
    return path


def server_context(home: Path, hosts: list[str]) -> ssl.SSLContext:
    """TLS for the console's server. Raises OSError or ssl.SSLError if its file cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(ensure(home, hosts))
    return context


def _serves(path: Path, hosts: list[str]) -> bool:
    try:
        made = x509.load_pem_x509_certificate(path.read_bytes())
        names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    left = made.not_valid_after_utc - datetime.datetime.now(datetime.UTC)
    return left.days > RENEW_DAYS and set(names) == set(_names(hosts))


def _names(hosts: list[str]) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = []
    for host in hosts:
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            names.append(x509.DNSName(host))
    return names


def _make(hosts: list[str]) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Lapel console")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))  # clocks at home differ
        .not_valid_after(now + datetime.timedelta(days=DAYS - 1))
        .add_extension(x509.SubjectAlternativeName(_names(hosts)), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return (private + made.public_bytes(serialization.Encoding.PEM)).decode("ascii")
