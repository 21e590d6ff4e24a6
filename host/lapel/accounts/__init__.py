"""The owner's own accounts and servers, each behind one small client.

Every call has a deadline; what goes wrong is an `AccountError` that knows its sentence.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

Account = Literal["mail", "outbox", "calendar", "contacts", "music", "matrix", "apprise", "weather"]
Fault = Literal["silent", "unreachable", "refused", "failed"]

CALL_S = 7.0  # just under a skill's own deadline, so that the sentence here is the one to be read

_NAMES: dict[Account, tuple[str, str]] = {
    "mail": ("The mail server", "邮件服务器"),
    "outbox": ("The server that sends mail", "发信服务器"),
    "calendar": ("The calendar server", "日历服务器"),
    "contacts": ("The contacts file", "联系人文件"),
    "music": ("The music player", "音乐播放器"),
    "matrix": ("The Matrix server", "Matrix服务器"),
    "apprise": ("The message service", "消息服务"),
    "weather": ("The weather service", "天气服务"),
}
_FAULTS: dict[Fault, tuple[str, str]] = {
    "silent": ("did not answer.", "没有回应。"),
    "unreachable": ("cannot be reached.", "连接不上。"),
    "refused": ("refused the login.", "拒绝了登录。"),
    "failed": ("could not do that.", "没有完成。"),
}


class AccountError(Exception):
    """An account did not do what was asked. Its text is for the log, `sentence` for the palm."""

    def __init__(self, account: Account, fault: Fault, detail: str = "") -> None:
        super().__init__(f"{account}: {fault}{': ' if detail else ''}{detail}")
        self.account = account
        self.fault = fault

    def sentence(self, language: str) -> str:
        """`The mail server did not answer.`"""
        chinese = language == "zh"
        return ("" if chinese else " ").join((_NAMES[self.account][chinese], _FAULTS[self.fault][chinese]))


@asynccontextmanager
async def within(account: Account, seconds: float | None = None) -> AsyncIterator[None]:
    """A deadline around a call; connections that break are the account's fault too. Raises AccountError."""
    try:
        async with asyncio.timeout(CALL_S if seconds is None else seconds):
            yield
    except TimeoutError as error:
        raise AccountError(account, "silent", str(error)) from error
    except OSError as error:
        raise AccountError(account, "unreachable", str(error)) from error
