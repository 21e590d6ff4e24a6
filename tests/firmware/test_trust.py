"""Whom the pin believes: real TLS handshakes of MicroPython with the right relay and every wrong one, also in
the year 2000, where a board without a clock begins."""

from __future__ import annotations

import asyncio
import datetime
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from interpreter import FIRMWARE, MICROPYTHON
from lapel.devices.certificate import certificate, server_context
from lapel_wire import SERVER_NAME

RUN_S = 30
FAKETIME = shutil.which("faketime")
needs_faketime = pytest.mark.skipif(FAKETIME is None, reason="needs faketime (apt-get install faketime)")

# What channel.py and tcp.py do, with a context of `pinned`, or of somebody who knew less.
PROGRAM = """
import binascii, socket, sys, time, tls
from pin.trust import pinned

port, mode, name, year = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
assert not year or time.gmtime()[0] == year, time.gmtime()
with open("pinned.der", "rb") as file:
    context = pinned(file.read())
if mode == "optional":
    context.verify_mode = tls.CERT_OPTIONAL
sock = socket.socket()
sock.connect(socket.getaddrinfo("127.0.0.1", port)[0][-1])
try:
    secure = context.wrap_socket(sock, server_hostname=name)
    secure.write(b"hello")
    print("believed", secure.read(5).decode())
except (OSError, ValueError) as error:
    print("refused", error)
"""


class Identity:
    """A self-signed certificate, as the relay's unless told otherwise."""

    def __init__(self, folder: Path, name: str = SERVER_NAME, begin: int = 1999, end: int = 2049) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime.datetime(begin, 1, 1, tzinfo=datetime.UTC))
            .not_valid_after(datetime.datetime(end, 12, 31, tzinfo=datetime.UTC))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .sign(key, hashes.SHA256())
        )
        self.der = made.public_bytes(serialization.Encoding.DER)
        pem = folder / f"{made.serial_number}.pem"
        pem.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + made.public_bytes(serialization.Encoding.PEM)
        )
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(pem)


@asynccontextmanager
async def server(context: ssl.SSLContext) -> AsyncIterator[int]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(await reader.readexactly(5))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the pin went away
        finally:
            writer.close()

    listening = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=context)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()


async def connect(
    folder: Path,
    port: int,
    pinned: bytes,
    *,
    mode: str = "required",
    name: str = SERVER_NAME,
    at: datetime.datetime | None = None,
) -> str:
    """What MicroPython says of the server at `port`, with this certificate pinned."""
    (folder / "pinned.der").write_bytes(pinned)
    (folder / "program.py").write_text(PROGRAM, "ascii")
    command = [str(MICROPYTHON), "program.py", str(port), mode, name, str(at.year if at else 0)]
    if at:
        assert FAKETIME
        command = [FAKETIME, "-f", at.strftime("@%Y-%m-%d %H:%M:%S"), *command]
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={"MICROPYPATH": f".frozen:{FIRMWARE}", "PATH": "/usr/bin:/bin", "TZ": "UTC"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), RUN_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, out.decode()
    return out.decode().strip()


def der(home: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert(certificate(home))


async def test_the_relays_own_certificate_is_believed(tmp_path: Path) -> None:
    async with server(server_context(tmp_path / "home")) as port:
        assert await connect(tmp_path, port, der(tmp_path / "home")) == "believed hello"


@needs_faketime
@pytest.mark.parametrize("year", [2000, 2026, 2048])
async def test_it_is_believed_whatever_the_clock_says(tmp_path: Path, year: int) -> None:
    at = datetime.datetime(year, 1, 1, 0, 0, 10)
    async with server(server_context(tmp_path / "home")) as port:
        assert await connect(tmp_path, port, der(tmp_path / "home"), at=at) == "believed hello"


async def test_an_impostor_with_the_same_name_is_refused(tmp_path: Path) -> None:
    relay, impostor = Identity(tmp_path), Identity(tmp_path)
    async with server(impostor.context) as port:
        assert (await connect(tmp_path, port, relay.der)).startswith("refused")


@needs_faketime
async def test_an_impostor_is_refused_in_2000_too(tmp_path: Path) -> None:
    relay, impostor = Identity(tmp_path), Identity(tmp_path)
    async with server(impostor.context) as port:
        at = datetime.datetime(2000, 1, 1, 0, 0, 10)
        assert (await connect(tmp_path, port, relay.der, at=at)).startswith("refused")


async def test_the_pinned_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    relay = Identity(tmp_path, name="somewhere.else")
    async with server(relay.context) as port:
        assert (await connect(tmp_path, port, relay.der)).startswith("refused")
        assert await connect(tmp_path, port, relay.der, name="somewhere.else") == "believed hello"


async def test_the_pinned_certificate_signs_nobody_else(tmp_path: Path) -> None:
    # A chain: the impostor's certificate, issued by a name that is the relay's, with a key that is not.
    relay, impostor = Identity(tmp_path), Identity(tmp_path, name="relay.lapel.internal.evil")
    async with server(impostor.context) as port:
        for name in (SERVER_NAME, "relay.lapel.internal.evil"):
            assert (await connect(tmp_path, port, relay.der, name=name)).startswith("refused")


async def test_with_optional_verification_an_impostor_would_be_believed(tmp_path: Path) -> None:
    # Why `pinned` demands CERT_REQUIRED, and what this file would look like if the trap were not there.
    relay, impostor = Identity(tmp_path), Identity(tmp_path)
    async with server(impostor.context) as port:
        assert await connect(tmp_path, port, relay.der, mode="optional") == "believed hello"
        assert (await connect(tmp_path, port, relay.der)).startswith("refused")


async def test_an_expired_certificate_is_refused(tmp_path: Path) -> None:
    old = Identity(tmp_path, begin=1999, end=2001)
    async with server(old.context) as port:
        assert "expired" in await connect(tmp_path, port, old.der)


@needs_faketime
async def test_a_usual_certificate_would_be_refused_in_2000(tmp_path: Path) -> None:
    # Why the relay's begins in 1999.
    usual = Identity(tmp_path, begin=2020)
    async with server(usual.context) as port:
        at = datetime.datetime(2000, 1, 1, 0, 0, 10)
        assert (await connect(tmp_path, port, usual.der, at=at)).startswith("refused")
        assert await connect(tmp_path, port, usual.der) == "believed hello"
