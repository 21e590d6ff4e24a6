"""Announces the relay in the local network, for a pin that finds it at none of the addresses it knows.

DNS-SD over multicast DNS (RFC 6763, RFC 6762), by `zeroconf`. An announcement is no proof of anything: a pin
connects with its pinned certificate and its key as ever.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from lapel_wire import VERSION
from zeroconf import Error, InterfaceChoice, IPVersion, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

log = logging.getLogger(__name__)

SERVICE = "_lapel._tcp.local."
_LABEL_BYTES = 63  # of one part of a name, RFC 1035 section 2.3.4


@asynccontextmanager
async def announced(host: str, port: int) -> AsyncIterator[None]:
    """Announces the relay that listens on this address while the body runs.

    On loopback there is nobody to tell. A network without multicast costs the announcement, not the relay.
    """
    address = await _resolve(host)
    if address is None or address.is_loopback:
        yield
    elif address.version != 4:
        log.warning("the relay is not announced: pins ask for IPv4 addresses, it listens on %s", host)
        yield
    else:
        async with announce(str(address), port):
            yield


@asynccontextmanager
async def announce(address: str, port: int, interfaces: InterfaceChoice | None = None) -> AsyncIterator[None]:
    """As `announced`, any IPv4 address, on these interfaces (default: the one with that address)."""
    try:
        zeroconf = AsyncZeroconf(interfaces=interfaces or [address], ip_version=IPVersion.V4Only)
    except OSError as error:
        log.warning("the relay is not announced: no multicast on %s (%s)", address, error)
        yield
        return
    try:
        try:
            await zeroconf.async_register_service(_service(address, port), allow_name_change=True)
            log.info("the relay is announced as %s on %s", SERVICE.rstrip("."), address)
        except (OSError, Error) as error:
            log.warning("the relay is not announced: %r", error)
        yield
    finally:
        await zeroconf.async_unregister_all_services()
        await zeroconf.async_close()


def _service(address: str, port: int) -> ServiceInfo:
    name = f"Lapel on {socket.gethostname().partition('.')[0] or 'a computer'}".replace(".", "-")
    name = name.encode()[:_LABEL_BYTES].decode(errors="ignore")
    return ServiceInfo(
        SERVICE,
        f"{name}.{SERVICE}",
        addresses=[socket.inet_aton(address)],
        port=port,
        properties={"v": str(VERSION)},
        server=f"lapel-{address.replace('.', '-')}.local.",
    )


async def _resolve(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass  # a name
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, family=socket.AF_INET)
    except OSError:
        return None  # the relay itself says what is wrong with it
    return ipaddress.ip_address(found[0][4][0])
