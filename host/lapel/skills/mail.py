"""Mail: what is unread, one letter after the other, answered or archived."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from dataclasses import dataclass, field
from typing import cast

from ..accounts import AccountError
from ..accounts.faults import honest
from ..accounts.mailbox import Letter, Mailbox, Security
from ..accounts.outbox import Outbox
from ..spoken import say_day
from ..spoken.number_words import number, ordinal
from . import Choice, Contact, Context, Reply, Secret, SkillError, tool

log = logging.getLogger(__name__)

_LISTED = 10  # of the unread; more than ten are not read on a palm


@dataclass(frozen=True)
class Settings:
    host: str = ""  # of IMAP
    port: int = 993
    security: str = "tls"  # tls, starttls, or none on one's own machine
    user: str = ""
    password: Secret = field(default_factory=Secret)
    address: str = ""  # the owner's own, for letters that are sent
    smtp_host: str = ""  # the same as host if it is left out
    smtp_port: int = 465
    smtp_security: str = "tls"
    archive: str = "Archive"  # folder
    check_minutes: int = 5  # how often the pin's home view hears of new letters; 0: never

    def __post_init__(self) -> None:
        for name in (self.security, self.smtp_security):
            if name not in ("tls", "starttls", "none"):
                raise ValueError(f"security: expected tls, starttls or none, got {name!r}")


@dataclass(frozen=True)
class Rank:
    """Which one of a list, from 1."""

    number: int

    expected = "which one, such as 2, or third"

    @classmethod
    def from_words(cls, text: str, now: dt.datetime) -> Rank | None:
        rank = ordinal(text) or number(text)
        return cls(int(rank)) if rank and rank == int(rank) and rank > 0 else None


@tool(untrusted=True, view="messages")  # the menu has one entry for all that is written
async def new_mail(context: Context) -> Reply:
    """Show the mail that was not read yet."""
    reply = await unread_mail(context)
    if not context.state.letters:
        raise SkillError(reply.text)
    return reply


@tool(untrusted=True)
async def unread_mail(context: Context) -> Reply:
    """Tell how many letters are unread, from whom and about what, the newest first."""
    with honest(context.language):
        count, letters = await _mailbox(context).unread(_LISTED)
    context.state.letters, context.state.read = letters, None
    context.home(unread=count)
    if not letters:
        return Reply(context.say(en="No unread mail.", zh="没有未读邮件。"))
    first = context.say(en=f"{count} unread.", zh=f"{count}封未读。")
    lines = [f"{at}. {letter.sender}: {letter.subject}" for at, letter in enumerate(letters, 1)]
    read = Choice(context.say(en="Read", zh="阅读"), read_mail, {"rank": "1"})
    return Reply(f"{first} {lines[0]}", "; ".join(lines[1:]), choices=[read])


@tool(untrusted=True)
async def read_mail(context: Context, rank: Rank | None = None, sender: str = "") -> Reply:
    """Read a letter of the unread ones.

    rank: which of those that were told; the next one if it is left out
    sender: from whom, instead of a number
    """
    letters = await _letters(context)
    if sender:
        found = [letter for letter in letters if sender.casefold() in letter.sender.casefold()]
        if not found:
            raise SkillError(context.say(en=f"No unread mail from {sender}.", zh=f"没有{sender}的未读邮件。"))
        chosen = found[0]
    else:
        at = rank.number - 1 if rank else _after(context, letters)
        if not 0 <= at < len(letters):
            raise SkillError(context.say(en="There is no such letter.", zh="没有这封邮件。"))
        chosen = letters[at]
    with honest(context.language):
        letter = await _mailbox(context).read(chosen.uid)
    context.state.read = letter
    when = (
        say_day(letter.at.astimezone(context.now.tzinfo).date(), context.now.date(), context.language)
        if letter.at
        else ""
    )
    archive = Choice(context.say(en="Archive", zh="存档"), archive_mail)
    following = Choice(context.say(en="Next", zh="下一封"), read_mail)
    body = letter.text or context.say(en="(no text)", zh="（没有文字）")
    return Reply(
        f"{letter.subject}: {body}",
        title=f"{letter.sender} {when}".strip(),
        choices=[archive, following],
        swipe_next=following,
    )


@tool(effect="changes")
async def archive_mail(context: Context) -> str:
    """Move the letter that was read last into the archive."""
    letter = _last(context)
    with honest(context.language):
        await _mailbox(context).archive(letter.uid, context.settings.archive)
    context.state.letters = [kept for kept in context.state.letters if kept.uid != letter.uid]
    context.state.read = None
    return context.say(en=f"Archived: {letter.subject}", zh=f"已存档：{letter.subject}")


async def _whom_to_answer(context: Context, text: str) -> str:
    letter = context.state.answering = _last(context)
    _outbox(context)
    return context.say(
        en=f"Answer {letter.sender} <{letter.address}>: {text}",
        zh=f"回复{letter.sender} <{letter.address}>：{text}",
    )


@tool(effect="reaches", confirm=_whom_to_answer)
async def reply_to_mail(context: Context, text: str) -> str:
    """Answer the letter that was read last.

    text: what to write, word for word
    """
    letter: Letter = context.state.answering  # whom the palm named
    subject = letter.subject if letter.subject.lower().startswith("re:") else f"Re: {letter.subject}"
    with honest(context.language):
        await _outbox(context).send(letter.address, letter.sender, subject, text, letter)
    return context.say(en=f"Sent to {letter.sender}.", zh=f"已发给{letter.sender}。")


async def _can_send(context: Context) -> None:
    _outbox(context)


async def _what_is_sent(context: Context, to: Contact, text: str, subject: str = "") -> str:
    address = _address(context, to)
    _outbox(context)
    return context.say(
        en=f"Mail to {to.name} <{address}>: {text}", zh=f"发邮件给{to.name} <{address}>：{text}"
    )


@tool(effect="reaches", ready=_can_send, confirm=_what_is_sent)
async def send_mail(context: Context, to: Contact, text: str, subject: str = "") -> str:
    """Write a new letter (an e-mail) to a person.

    to: who gets it
    text: what to write, word for word
    subject: what it is about
    """
    subject = subject or " ".join(text.split()[:6])
    with honest(context.language):
        await _outbox(context).send(_address(context, to), to.name, subject, text)
    return context.say(en=f"Sent to {to.name}.", zh=f"已发给{to.name}。")


async def start(context: Context) -> None:
    context.state.letters, context.state.read, context.state.answering = [], None, None
    settings: Settings = context.settings
    if settings.host and settings.check_minutes > 0:
        context.spawn(_count_unread(context))


async def _count_unread(context: Context) -> None:
    while True:
        try:
            count, _ = await _mailbox(context).unread(0)
            context.home(unread=count)
        except AccountError as error:
            log.warning("%s", error)
            if error.fault == "refused":
                return  # asked again and again, servers lock an account
        await asyncio.sleep(context.settings.check_minutes * 60)


def _mailbox(context: Context) -> Mailbox:
    settings: Settings = context.settings
    if not settings.host:
        raise SkillError(
            context.say(
                en="Mail is not set up. See [skills.mail] in the guide.",
                zh="还没有设置邮件。请看指南里的[skills.mail]。",
            )
        )
    security = cast(Security, settings.security)
    return Mailbox(settings.host, settings.port, settings.user, settings.password, security)


def _outbox(context: Context) -> Outbox:
    settings: Settings = context.settings
    host = settings.smtp_host or settings.host
    if not host or not settings.address:
        raise SkillError(
            context.say(
                en="Sending mail is not set up. See [skills.mail] in the guide.",
                zh="还没有设置发信。请看指南里的[skills.mail]。",
            )
        )
    security = cast(Security, settings.smtp_security)
    user = settings.user if security != "none" else ""  # no password travels unsealed
    return Outbox(host, settings.smtp_port, user, settings.password, settings.address, security)


async def _letters(context: Context) -> list[Letter]:
    """Those that were told last, else those that are unread now."""
    if not context.state.letters:
        with honest(context.language):
            _, context.state.letters = await _mailbox(context).unread(_LISTED)
    letters: list[Letter] = context.state.letters
    if not letters:
        raise SkillError(context.say(en="No unread mail.", zh="没有未读邮件。"))
    return letters


def _after(context: Context, letters: list[Letter]) -> int:
    """The place after the letter that was read last."""
    read: Letter | None = context.state.read
    uids = [letter.uid for letter in letters]
    return uids.index(read.uid) + 1 if read is not None and read.uid in uids else 0


def _last(context: Context) -> Letter:
    """The letter that was read last. Raises SkillError."""
    letter: Letter | None = context.state.read
    if letter is None:
        raise SkillError(context.say(en="Read a letter first.", zh="请先读一封邮件。"))
    return letter


def _address(context: Context, to: Contact) -> str:
    address = to.addresses.get("email")
    if not address:
        raise SkillError(context.say(en=f"{to.name} has no mail address.", zh=f"{to.name}没有邮件地址。"))
    return address
