"""People, from a vCard file (RFC 6350), found by a name as it was heard."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path

import vobject
from vobject.base import ParseError

from . import AccountError

_ALIKE = 0.8  # "Ana" for Anna is 0.86, "Jon" for John 0.86; "Mark" for Maria is 0.67
_MOST_BYTES = 16 << 20  # ten thousand cards with small pictures


@dataclass(frozen=True)
class Person:
    """One card; `addresses` by kind: email, phone, matrix."""

    name: str
    nicknames: tuple[str, ...] = ()
    addresses: dict[str, str] = field(default_factory=dict)


class AddressBook:
    """The cards of a file, read again when it changes. Raises AccountError."""

    def __init__(self, path: Path) -> None:
        self._path = path.expanduser()
        self._read_at = (0.0, 0)
        self._people: list[Person] = []

    def people(self) -> list[Person]:
        """Everybody. It reads a file: call it on a thread."""
        try:
            stat = self._path.stat()
            stamp = (stat.st_mtime, stat.st_size)
            if stamp != self._read_at:
                if stat.st_size > _MOST_BYTES:
                    raise AccountError("contacts", "failed", f"{self._path} has {stat.st_size} bytes")
                self._people = _read(self._path.read_text("utf-8"))
                self._read_at = stamp
        except (OSError, UnicodeDecodeError, ParseError) as error:
            raise AccountError("contacts", "failed", f"{self._path}: {error}") from error
        return self._people

    def find(self, heard: str) -> list[Person]:
        """Those whom this name fits: the whole name, else a part of it, else one that sounds alike."""
        return matching(heard, self.people())


def matching(heard: str, people: list[Person]) -> list[Person]:
    """The people of the first of these that fits anybody: whole name, parts of it, alike."""
    wanted = _plain(heard)
    if not wanted:
        return []
    names = [(person, [_plain(name) for name in (person.name, *person.nicknames)]) for person in people]
    exact = [person for person, forms in names if wanted in forms]
    if exact:
        return exact
    parts = [
        person for person, forms in names if any(set(wanted.split()) <= set(form.split()) for form in forms)
    ]
    if parts:
        return parts
    # Chinese names are not spaced: 小明 is in 王小明.
    if any(ord(c) > 0x3000 for c in wanted):
        return [
            person for person, forms in names if len(wanted) > 1 and any(wanted in form for form in forms)
        ]
    scored = sorted(
        ((max(_alike(wanted, form) for form in forms), person) for person, forms in names),
        key=lambda pair: -pair[0],
    )
    best = scored[0][0] if scored else 0.0
    return [person for score, person in scored if score >= _ALIKE and score >= best - 0.05]


def _alike(wanted: str, name: str) -> float:
    """How alike the name, or its part that is most alike, is: 0 to 1."""
    forms = [name, *name.split()] if " " not in wanted else [name]
    return max(SequenceMatcher(None, wanted, form).ratio() for form in forms)


def _plain(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    kept = "".join(c if c.isalnum() else " " for c in decomposed if not unicodedata.combining(c))
    return " ".join(kept.split())


def _read(text: str) -> list[Person]:
    people = []
    for card in vobject.readComponents(text, ignoreUnreadable=True, allowQP=True):
        if not hasattr(card, "fn"):
            continue
        addresses: dict[str, str] = {}
        for kind, key in (("email", "email"), ("tel", "phone")):
            values = card.contents.get(kind, [])
            if preferred := sorted(values, key=lambda value: "PREF" not in str(value.params).upper()):
                addresses[key] = str(preferred[0].value).strip()
        for impp in card.contents.get("impp", []):
            scheme, _, address = str(impp.value).partition(":")
            # matrix:u/name:server is its URI scheme; matrix:@name:server is also written.
            if scheme.lower() == "matrix" and address:
                addresses["matrix"] = "@" + address.removeprefix("u/").removeprefix("@")
        nicknames = tuple(
            nickname.strip()
            for line in card.contents.get("nickname", [])
            for nickname in str(line.value).split(",")
            if nickname.strip()
        )
        people.append(Person(" ".join(str(card.fn.value).split()), nicknames, addresses))
    return people
