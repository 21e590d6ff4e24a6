"""Tickets: what they hold, that they are good once and for ten minutes, and a relay that redeems them."""

import asyncio
import dataclasses
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from lapel.devices import certificate, tickets
from lapel.devices.pins import Pins
from lapel.devices.tickets import TRIES, Ticket, TicketDoor, TicketError, Tickets, parse
from relay_house import running

Asked = Callable[..., Awaitable[dict[str, object]]]


async def ask(ticket: Ticket, path: str = tickets.PATH) -> dict[str, object]:
    return await asyncio.to_thread(tickets.ask, ticket, path)


def local(home: Path, port: int, name: str = "kitchen") -> Ticket:
    """A ticket for a relay on loopback, which none is made for."""
    return dataclasses.replace(Tickets(home).make("relay.example", port, name), host="127.0.0.1")


def test_its_text_can_be_copied_in_any_way_but_not_altered(tmp_path: Path) -> None:
    ticket = Tickets(tmp_path).make("192.168.1.5", 5273, "kitchen")
    text = ticket.text()
    assert parse(text) == parse(text.lower().replace("-", " ")) == parse(f" {text}\n") == ticket
    for i, letter in enumerate(text):
        if letter == "-":
            continue
        altered = text[:i] + ("A" if letter != "A" else "B") + text[i + 1 :]
        with pytest.raises(TicketError):
            parse(altered)
    for wrong in ("", "AAAA", text[:-6], "ä" * 80):
        with pytest.raises(TicketError):
            parse(wrong)


def test_none_for_an_address_that_no_pin_reaches(tmp_path: Path) -> None:
    for host in ("127.0.0.1", "::1", "localhost", "", "ä.example"):
        with pytest.raises(TicketError, match="cannot reach"):
            Tickets(tmp_path).make(host, 5273, "kitchen")


def test_the_file_is_private_and_holds_no_secret(tmp_path: Path) -> None:
    ticket = Tickets(tmp_path).make("192.168.1.5", 5273, "kitchen")
    path = tmp_path / "tickets.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert ticket.secret.hex() not in path.read_text()


def test_good_once_and_for_ten_minutes(tmp_path: Path) -> None:
    now = [1000.0]
    kept = Tickets(tmp_path, lambda: now[0])
    first, second = kept.make("host", 1, "one"), kept.make("host", 1, "two")
    assert kept.redeem(first.secret, lambda name: f"pin-{name}") == "pin-one"
    assert kept.pin(first.secret) == "pin-one"
    with pytest.raises(TicketError, match="was used"):
        kept.redeem(first.secret, lambda name: "never")
    now[0] += tickets.TICKET_S + 1
    with pytest.raises(TicketError, match="too old"):
        kept.redeem(second.secret, lambda name: "never")
    with pytest.raises(TicketError):
        kept.pin(first.secret)


def test_wrong_ones_close_the_door_for_a_minute(tmp_path: Path) -> None:
    now = [1000.0]
    door = TicketDoor(tmp_path, Pins(tmp_path), lambda: [("host", 1)], list, lambda: now[0])
    right = "Ticket " + Tickets(tmp_path, lambda: now[0]).make("host", 1, "one").secret.hex()
    for _ in range(TRIES):
        assert door.answer("/ticket", "Ticket " + "00" * 16)[0] == 403
    assert door.answer("/ticket", right)[0] == 429
    now[0] += tickets.TRIES_S
    for wrong in ("", "Ticket", "Ticket zz", "Bearer " + right[7:], "ticket " + right[7:]):
        assert door.answer("/ticket", wrong)[0] == 403
    assert door.answer("/ticket/pin", right)[0] == 403  # not redeemed yet
    assert door.answer("/ticket", right)[0] == 200
    assert Pins(tmp_path).all()[0].name == "one"


async def test_a_relay_redeems_one_and_says_when_the_pin_is_there(tmp_path: Path) -> None:
    async with running(tmp_path) as house:
        ticket = local(tmp_path, house.relay.port)
        settings = await ask(ticket)
        assert settings["certificate"] == certificate.certificate(tmp_path)
        assert settings["relays"] == [{"host": "127.0.0.1", "port": house.relay.port}]
        assert (await ask(ticket, tickets.STATE_PATH))["connected"] is False
        pin = house.pins.get(str(settings["pin"]))
        assert pin is not None and pin.name == "kitchen"
        async with house.client(pin):
            assert await ask(ticket, tickets.STATE_PATH) == {"pin": pin.id, "connected": True}
        with pytest.raises(TicketError, match="was used"):
            await ask(ticket)
        assert len(house.pins.all()) == 2


async def test_the_secret_is_not_said_to_an_impostor(tmp_path: Path) -> None:
    (tmp_path / "impostor").mkdir()
    async with running(tmp_path / "impostor") as impostor:
        ticket = local(tmp_path, impostor.relay.port)
        with pytest.raises(TicketError, match="not the relay that made this ticket"):
            await ask(ticket)
        assert len(impostor.pins.all()) == 1
    with pytest.raises(TicketError, match="cannot be reached"):
        await ask(ticket)
