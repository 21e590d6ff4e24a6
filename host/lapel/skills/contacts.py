"""People, from the owner's vCard file: whom a name means, and how to reach them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from ..accounts.address_book import AddressBook
from ..accounts.faults import honest
from . import Contact, Context, Reply, tool


@dataclass(frozen=True)
class Settings:
    file: str = ""  # a vCard file (.vcf), as every phone and mail program exports it


@tool
async def look_up_contact(context: Context, person: Contact) -> Reply:
    """Show how somebody can be reached: telephone number, mail address.

    person: whose
    """
    if not person.addresses:
        return Reply(
            context.say(en=f"No address of {person.name} is known.", zh=f"没有{person.name}的联系方式。")
        )
    shown = {kind: address for kind, address in person.addresses.items() if kind != "apprise"}
    return Reply("; ".join(shown.values()) or person.name, title=person.name)


async def start(context: Context) -> None:
    if not context.settings.file:
        return
    book = AddressBook(Path(context.settings.file))
    language = context.language

    async def find(name: str) -> list[Contact]:
        with honest(language):
            people = await asyncio.to_thread(book.find, name)
        return [Contact(person.name, person.addresses) for person in people]

    context.offer_contacts(find)
