"""Reading mail over IMAP (RFC 9051, 3501): what is unread, one letter, and its place in the archive."""

from __future__ import annotations

import binascii
import datetime as dt
import email
import email.policy
import imaplib
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from html.parser import HTMLParser
from typing import Any, Literal, TypeVar

from . import CALL_S, AccountError, within
from .blocking import Line, blocking

Security = Literal["tls", "starttls", "none"]

_LETTER_BYTES = 65_536  # of one letter; a palm holds two thousand characters of it
_HEADERS = "(BODY.PEEK[HEADER.FIELDS (FROM REPLY-TO SUBJECT DATE MESSAGE-ID REFERENCES)])"
_TEXT_CHARACTERS = 3000
_T = TypeVar("_T")


@dataclass(frozen=True)
class Letter:
    """One message; `text` is only there when it was read."""

    uid: str
    sender: str  # the name, or the address where there is none
    address: str  # where a reply goes
    subject: str
    at: dt.datetime | None = None
    message_id: str = ""
    references: str = ""
    text: str = ""


class Mailbox:
    """One account's inbox. Every method raises AccountError."""

    def __init__(self, host: str, port: int, user: str, password: str, security: Security = "tls") -> None:
        self._address = (host, port)
        self._login = (user, password)
        self._security = security

    async def unread(self, most: int) -> tuple[int, list[Letter]]:
        """How many letters are unread, and the newest of them first."""

        def work(imap: imaplib.IMAP4) -> tuple[int, list[Letter]]:
            uids = _ok(imap.uid("SEARCH", "UNSEEN"))[0].split()
            newest = uids[: -most - 1 : -1]
            return len(uids), [_letter(uid.decode(), _fetch(imap, uid, _HEADERS)) for uid in newest]

        return await self._run(work)

    async def read(self, uid: str) -> Letter:
        """The letter with its text; it is marked as seen."""

        def work(imap: imaplib.IMAP4) -> Letter:
            letter = _letter(uid, _fetch(imap, uid.encode(), f"(BODY.PEEK[]<0.{_LETTER_BYTES}>)"), whole=True)
            _ok(imap.uid("STORE", uid, "+FLAGS.SILENT", r"(\Seen)"))
            return letter

        return await self._run(work)

    async def archive(self, uid: str, folder: str) -> None:
        """Moves the letter out of the inbox; the folder is made if there is none."""

        def work(imap: imaplib.IMAP4) -> None:
            if _ok(imap.list('""', _quoted(folder))) == [None]:
                _ok(imap.create(_quoted(folder)))
            able = _ok(imap.capability())[-1].decode().upper().split()  # more of them once logged in
            if "MOVE" in able:
                _ok(imap.uid("MOVE", uid, _quoted(folder)))
                return
            if "UIDPLUS" not in able:
                # A plain EXPUNGE would also remove what another program has marked.
                raise AccountError("mail", "failed", "the server has neither MOVE nor UIDPLUS")
            _ok(imap.uid("COPY", uid, _quoted(folder)))
            _ok(imap.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)"))
            _ok(imap.uid("EXPUNGE", uid))

        await self._run(work)

    async def _run(self, work: Callable[[imaplib.IMAP4], _T]) -> _T:
        async with within("mail"):
            return await blocking(lambda line: self._connected(line, work))

    def _connected(self, line: Line, work: Callable[[imaplib.IMAP4], _T]) -> _T:
        try:
            imap = self._open()
            line.opened(imap.shutdown)
            try:
                imap.login(*self._login)
                _ok(imap.select("INBOX"))
                return work(imap)
            finally:
                imap.shutdown()
        except imaplib.IMAP4.error as error:
            reason = str(error)
            refused = re.search("auth|login|credential", reason, re.IGNORECASE)
            raise AccountError("mail", "refused" if refused else "failed", reason) from error

    def _open(self) -> imaplib.IMAP4:
        host, port = self._address
        if self._security == "tls":
            return imaplib.IMAP4_SSL(host, port, ssl_context=ssl.create_default_context(), timeout=CALL_S)
        imap = imaplib.IMAP4(host, port, timeout=CALL_S)
        if self._security == "starttls":
            imap.starttls(ssl.create_default_context())
        return imap


def _ok(reply: tuple[str, list[Any]]) -> list[Any]:
    if reply[0] != "OK":
        raise imaplib.IMAP4.error(str(reply[1]))
    return reply[1]


def _fetch(imap: imaplib.IMAP4, uid: bytes, what: str) -> bytes:
    for part in _ok(imap.uid("FETCH", uid.decode(), what)):
        if isinstance(part, tuple):
            return bytes(part[1])
    raise AccountError("mail", "failed", "the letter is gone")


def _letter(uid: str, raw: bytes, whole: bool = False) -> Letter:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    name, address = parseaddr(str(message["from"] or ""))
    try:
        at = parsedate_to_datetime(str(message["date"]))
    except ValueError:
        at = None
    return Letter(
        uid,
        name or address,
        parseaddr(str(message["reply-to"] or ""))[1] or address,
        " ".join(str(message["subject"] or "").split()),
        at,
        str(message["message-id"] or "").strip(),
        " ".join(str(message["references"] or "").split()),
        _text(message) if whole else "",
    )


def _text(message: EmailMessage) -> str:
    """What somebody wrote: without the quoted letter below it, HTML made plain."""
    part = message.get_body(("plain", "html"))
    if part is None:
        return ""
    try:
        text = part.get_content()
    except (LookupError, ValueError):  # an unknown charset, or one that lies
        text = bytes(part.get_payload(decode=True) or b"").decode(errors="replace")
    if not isinstance(text, str):
        return ""
    if part.get_content_type() == "text/html":
        stripped = _Words()
        stripped.feed(text)
        text = " ".join(stripped.words)
    lines = []
    for line in text.splitlines():
        if line.startswith(">") or line.rstrip() == "--" or re.match(r"On .{4,80} wrote:$", line):
            break
        lines.append(line)
    return " ".join(" ".join(lines).split())[:_TEXT_CHARACTERS]


class _Words(HTMLParser):
    """The words of a page, without those of its scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style", "head")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style", "head") and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words += data.split()


def _quoted(folder: str) -> str:
    """A mailbox name for imaplib, which quotes nothing itself; other scripts in modified UTF-7 (RFC 3501)."""
    encoded = re.sub(r"[^\x20-\x7e]+|&", lambda found: _utf7(found[0]), folder)
    return '"' + encoded.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _utf7(text: str) -> str:
    if text == "&":
        return "&-"
    return (
        "&"
        + binascii.b2a_base64(text.encode("utf-16be"), newline=False).rstrip(b"=").decode().replace("/", ",")
        + "-"
    )
