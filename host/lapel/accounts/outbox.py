"""Sending mail over SMTP (RFC 5321)."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formataddr, formatdate, make_msgid

from . import CALL_S, AccountError, within
from .blocking import Line, blocking
from .mailbox import Letter, Security


class Outbox:
    """One account's way out; `sender` is the owner's own address. An empty user means no login."""

    def __init__(
        self, host: str, port: int, user: str, password: str, sender: str, security: Security = "tls"
    ) -> None:
        self._address = (host, port)
        self._login = (user, password)
        self._security = security
        self._sender = sender

    async def send(self, to: str, name: str, subject: str, text: str, answers: Letter | None = None) -> None:
        """Sends a plain text; `answers` is the letter that it replies to. Raises AccountError."""
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = formataddr((name if name != to else "", to))
        message["Subject"] = " ".join(subject.split())
        message["Date"] = formatdate(localtime=True)
        message["Message-ID"] = make_msgid(domain=self._sender.rpartition("@")[2] or None)
        if answers is not None and answers.message_id:
            message["In-Reply-To"] = answers.message_id
            message["References"] = f"{answers.references} {answers.message_id}".strip()
        message.set_content(text)
        async with within("outbox"):
            await blocking(lambda line: self._sent(line, message))

    def _sent(self, line: Line, message: EmailMessage) -> None:
        try:
            smtp = self._open()
            line.opened(smtp.close)
            try:
                if self._security == "starttls":
                    smtp.starttls(context=ssl.create_default_context())
                if self._login[0]:
                    smtp.login(*self._login)
                smtp.send_message(message)
            finally:
                smtp.close()
        except smtplib.SMTPAuthenticationError as error:
            raise AccountError("outbox", "refused", str(error)) from error
        except smtplib.SMTPServerDisconnected as error:
            raise AccountError("outbox", "unreachable", str(error)) from error
        except (smtplib.SMTPException, ValueError) as error:  # ValueError: an address that is none
            raise AccountError("outbox", "failed", str(error)) from error

    def _open(self) -> smtplib.SMTP:
        host, port = self._address
        if self._security == "tls":
            return smtplib.SMTP_SSL(host, port, timeout=CALL_S, context=ssl.create_default_context())
        return smtplib.SMTP(host, port, timeout=CALL_S)
