"""Texts to people through Apprise (https://github.com/caronc/apprise): a URL for each of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from string import Template

from . import AccountError, within


async def notify(url: str, text: str, environment: Mapping[str, str] = os.environ) -> None:
    """Sends a text. `$NAME` in the URL is of the environment, so that no token stands in a file.

    Raises AccountError.
    """
    import apprise  # 0.2 s, and few need it

    try:
        whole = Template(url).substitute(environment)
    except (KeyError, ValueError) as error:
        raise AccountError("apprise", "failed", f"the address needs {error} in the environment") from error
    target = apprise.Apprise()
    if not target.add(whole):
        raise AccountError("apprise", "failed", "the address is none that Apprise knows")
    async with within("apprise"):
        if not await target.async_notify(body=text):
            raise AccountError("apprise", "failed", "the service did not take it")
