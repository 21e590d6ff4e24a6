"""The calendar against a real CalDAV server."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from lapel.accounts import AccountError
from lapel.accounts.agenda import Agenda, Event
from own_servers import PASSWORD, USER, caldav_server, free_port

ZONE = ZoneInfo("Europe/Lisbon")


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with caldav_server(tmp_path) as url:
        yield url


def at(day: int, hour: int = 0, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


async def test_what_was_added_is_found_soonest_first(url: str) -> None:
    agenda = Agenda(url, USER, PASSWORD)
    dentist = Event("Dentist", at(24, 15), at(24, 16))
    await agenda.add(Event("Holiday", at(24), at(25), whole_day=True))
    await agenda.add(dentist)
    await agenda.add(Event("Lunch 午餐", at(26, 12), at(26, 13)))
    found = await agenda.between(at(24), at(25))
    assert [event.title for event in found] == ["Holiday", "Dentist"]
    assert found[0].whole_day and found[0].start == at(24)
    assert found[1] == dentist
    assert [event.title for event in await agenda.between(at(25), at(28))] == ["Lunch 午餐"]
    assert await agenda.between(at(28), at(29)) == []


async def test_an_event_that_comes_again_is_found_on_its_later_days(url: str) -> None:
    from caldav.davclient import DAVClient

    with DAVClient(url=url, username=USER, password=PASSWORD, enable_rfc6764=False) as client:
        client.principal().calendars()[0].save_event(
            "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//\nBEGIN:VEVENT\nUID:weekly@test\n"
            "DTSTAMP:20261101T000000Z\nDTSTART:20261102T090000Z\nDTEND:20261102T100000Z\n"
            "RRULE:FREQ=WEEKLY\nSUMMARY:Choir\nLOCATION:Old Hall\nEND:VEVENT\nEND:VCALENDAR\n"
        )
    found = await Agenda(url, USER, PASSWORD).between(at(23), at(24))
    assert [(event.title, event.start, event.place) for event in found] == [("Choir", at(23, 9), "Old Hall")]


async def test_faults_have_their_sentences(url: str) -> None:
    with pytest.raises(AccountError) as refused:
        await Agenda(url, USER, "wrong").between(at(1), at(2))
    assert refused.value.sentence("en") == "The calendar server refused the login."
    with pytest.raises(AccountError) as dead:
        await Agenda(f"http://127.0.0.1:{free_port()}/", USER, PASSWORD).between(at(1), at(2))
    assert dead.value.sentence("en") == "The calendar server cannot be reached."
    with pytest.raises(AccountError) as missing:
        await Agenda(url, USER, PASSWORD, "Work").add(Event("x", at(1), at(2)))
    assert missing.value.fault == "failed"
