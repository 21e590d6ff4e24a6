"""Mail against a real IMAP server and a real SMTP server."""

from __future__ import annotations

import asyncio
import email
import email.policy
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from lapel import accounts
from lapel.accounts import AccountError
from lapel.accounts.mailbox import Letter, Mailbox
from lapel.accounts.outbox import Outbox
from own_servers import PASSWORD, USER, free_port, imap_server, put_letter, silent_server, smtp_server


@pytest.fixture
def imap_port(tmp_path: Path) -> Iterator[int]:
    with imap_server(tmp_path) as port:
        yield port


def mailbox(port: int, password: str = PASSWORD) -> Mailbox:
    return Mailbox("127.0.0.1", port, USER, password, "none")


async def test_unread_letters_are_read_and_then_seen(imap_port: int) -> None:
    box = mailbox(imap_port)
    before, _ = await box.unread(10)
    put_letter(
        imap_port, '"Anna Lund" <anna@mail.example>', "Dinner", "Shall we eat at eight?\n\n> old words"
    )
    put_letter(imap_port, "=?utf-8?b?546L5bCP5piO?= <ming@mail.example>", "=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Hi")
    count, letters = await box.unread(2)
    assert count == before + 2
    assert [(letter.sender, letter.address, letter.subject) for letter in letters] == [
        ("王小明", "ming@mail.example", "Grüße"),
        ("Anna Lund", "anna@mail.example", "Dinner"),
    ]
    read = await box.read(letters[1].uid)
    assert read.text == "Shall we eat at eight?"
    count, letters = await box.unread(10)
    assert count == before + 1
    assert "Dinner" not in [letter.subject for letter in letters]


async def test_html_is_made_plain_and_bad_charsets_are_survived(imap_port: int) -> None:
    page = (
        "<html><head><style>p{}</style></head><body><p>Hello <b>you</b></p><script>x()</script></body></html>"
    )
    put_letter(imap_port, "a@b.example", "page", page, Content_Type="text/html; charset=utf-8")
    put_letter(imap_port, "a@b.example", "odd", "plain words", Content_Type="text/plain; charset=no-such")
    _, letters = await mailbox(imap_port).unread(2)
    texts = {letter.subject: (await mailbox(imap_port).read(letter.uid)).text for letter in letters}
    assert texts == {"page": "Hello you", "odd": "plain words"}


async def test_an_archived_letter_leaves_the_inbox(imap_port: int) -> None:
    put_letter(imap_port, "a@b.example", "keep me", "words")
    box = mailbox(imap_port)
    _, letters = await box.unread(1)
    await box.archive(letters[0].uid, "Archive & more")
    _, left = await box.unread(50)
    assert "keep me" not in [letter.subject for letter in left]
    with pytest.raises(AccountError, match="gone"):
        await box.read(letters[0].uid)


async def test_a_wrong_password_a_dead_and_a_silent_server_have_their_sentences(
    imap_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AccountError) as refused:
        await mailbox(imap_port, "wrong").unread(1)
    assert refused.value.sentence("en") == "The mail server refused the login."
    assert "wrong" not in str(refused.value)
    with pytest.raises(AccountError) as dead:
        await mailbox(free_port()).unread(1)
    assert dead.value.sentence("en") == "The mail server cannot be reached."
    monkeypatch.setattr(accounts, "CALL_S", 0.2)
    async with silent_server() as port:
        with pytest.raises(AccountError) as silent:
            await mailbox(port).unread(1)
    assert silent.value.sentence("zh") == "邮件服务器没有回应。"


async def test_a_call_that_nobody_waits_for_leaves_no_thread_at_work() -> None:
    async with silent_server() as port:
        call = asyncio.create_task(mailbox(port).unread(1))
        while not any(thread.name.startswith("account") for thread in threading.enumerate()):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call


async def test_a_reply_goes_out_as_an_answer() -> None:
    letter = Letter("1", "Anna", "anna@mail.example", "Dinner", message_id="<1@x>", references="<0@x>")
    with smtp_server() as (port, came):
        outbox = Outbox("127.0.0.1", port, "", "", "me@home.example", "none")
        await outbox.send("anna@mail.example", "Anna", "Re: Dinner", "Yes, at eight. 好的", letter)
        sent = email.message_from_bytes(came[0].content, policy=email.policy.default)
    assert came[0].rcpt_tos == ["anna@mail.example"]
    assert (sent["to"], sent["subject"]) == ("Anna <anna@mail.example>", "Re: Dinner")
    assert (sent["in-reply-to"], sent["references"]) == ("<1@x>", "<0@x> <1@x>")
    assert sent.get_content().strip() == "Yes, at eight. 好的"


async def test_what_cannot_be_sent_says_so() -> None:
    outbox = Outbox("127.0.0.1", free_port(), "", "", "me@home.example", "none")
    with pytest.raises(AccountError) as dead:
        await outbox.send("anna@mail.example", "Anna", "Hi", "Hi")
    assert dead.value.sentence("en") == "The server that sends mail cannot be reached."
