"""vCards are read, and names are matched as they are heard."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from lapel.accounts import AccountError
from lapel.accounts.address_book import AddressBook, Person, matching

CARDS = """BEGIN:VCARD
VERSION:3.0
FN:Anna Lund
N:Lund;Anna;;;
EMAIL;TYPE=WORK:anna@work.example
EMAIL;TYPE=HOME,PREF:anna@home.example
TEL:+351 900 000 000
IMPP:matrix:u/anna:home.example
NICKNAME:Annie
END:VCARD
BEGIN:VCARD
VERSION:3.0
FN:Anna Berg
EMAIL:berg@mail.example
END:VCARD
BEGIN:VCARD
VERSION:4.0
FN:José García
NICKNAME:Pepe
END:VCARD
BEGIN:VCARD
VERSION:3.0
FN:王小明
EMAIL:ming@mail.example
END:VCARD
BEGIN:VCARD
VERSION:3.0
EMAIL:nameless@mail.example
END:VCARD
BEGIN:VCARD
VERSION:3.0
FN:Maria Rossi
END:VCARD
"""


@pytest.fixture
def book(tmp_path: Path) -> AddressBook:
    (tmp_path / "people.vcf").write_text(CARDS, "utf-8")
    return AddressBook(tmp_path / "people.vcf")


def test_cards_are_read_with_the_preferred_address(book: AddressBook) -> None:
    anna = book.people()[0]
    assert anna == Person(
        "Anna Lund",
        ("Annie",),
        {"email": "anna@home.example", "phone": "+351 900 000 000", "matrix": "@anna:home.example"},
    )
    assert len(book.people()) == 5


@pytest.mark.parametrize(
    ("heard", "names"),
    [
        ("anna", ["Anna Lund", "Anna Berg"]),
        ("Anna Lund", ["Anna Lund"]),
        ("lund", ["Anna Lund"]),
        ("annie", ["Anna Lund"]),
        ("jose garcia", ["José García"]),
        ("pepe", ["José García"]),
        ("王小明", ["王小明"]),
        ("小明", ["王小明"]),
        ("Mariah", ["Maria Rossi"]),
        ("Anna Lundt", ["Anna Lund"]),
        ("Bob", []),
        ("Mark", []),
        ("", []),
        ("!?", []),
    ],
)
def test_names_as_they_are_heard(book: AddressBook, heard: str, names: list[str]) -> None:
    assert [person.name for person in book.find(heard)] == names


def test_a_changed_file_is_read_again(book: AddressBook, tmp_path: Path) -> None:
    assert book.find("Zoe") == []
    path = tmp_path / "people.vcf"
    path.write_text(CARDS + "BEGIN:VCARD\nVERSION:3.0\nFN:Zoe\nEND:VCARD\n", "utf-8")
    os.utime(path, (1, 1))
    assert [person.name for person in book.find("Zoe")] == ["Zoe"]


def test_a_file_that_is_missing_or_no_vcard_says_so(tmp_path: Path) -> None:
    with pytest.raises(AccountError) as missing:
        AddressBook(tmp_path / "none.vcf").people()
    assert missing.value.sentence("en") == "The contacts file could not do that."
    (tmp_path / "odd.vcf").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(AccountError):
        AddressBook(tmp_path / "odd.vcf").people()


def test_nobody_is_found_among_nobody() -> None:
    assert matching("anna", []) == []
