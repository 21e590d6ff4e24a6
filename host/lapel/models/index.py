"""Finding a wheel on a Python package index: the simple API as JSON (PEP 691) or HTML (PEP 503).

`pip download` would honour the user's index too, but it neither resumes nor reports progress in bytes, so
Lapel asks pip only for its settings and fetches by itself.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin

import httpx

_PYPI = "https://pypi.org/simple"
_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
_PIP_DEADLINE_S = 10.0  # pip starts in 0.3 s; a broken one must not hold the download up
_PAGE_LIMIT_BYTES = 8 << 20  # the biggest project pages are about 4 MB


@dataclass(frozen=True)
class Wheel:
    """A wheel to download; what the index does not tell is None."""

    filename: str
    url: str
    size_bytes: int | None
    sha256: str | None


@dataclass(frozen=True)
class IndexSettings:
    """Indexes to ask in turn, and the certificate bundle pip was told to trust."""

    urls: tuple[str, ...] = (_PYPI,)
    ca_file: str | None = None


async def settings() -> IndexSettings:
    """pip's own settings: a home with a mirror has it there. `PIP_INDEX_URL` needs no pip at all."""
    listed = {} if "PIP_INDEX_URL" in os.environ else await _pip_config()
    index = os.environ.get("PIP_INDEX_URL") or listed.get("index-url") or _PYPI
    extra = os.environ.get("PIP_EXTRA_INDEX_URL") or listed.get("extra-index-url") or ""
    # pip also takes directories (file:) as extra indexes; only what speaks HTTP can be resumed.
    urls = [index, *(url for url in extra.split() if url.startswith(("http://", "https://")))]
    ca_file = os.environ.get("PIP_CERT") or listed.get("cert") or None
    return IndexSettings(tuple(url.rstrip("/") for url in urls), ca_file)


async def _pip_config() -> dict[str, str]:
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "pip", "config", "list",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError:
        return {}  # no interpreter to ask (a frozen build): the public index is the default
    try:
        output, _ = await asyncio.wait_for(process.communicate(), _PIP_DEADLINE_S)
    except TimeoutError:
        return {}
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return parse_pip_config(output.decode(errors="replace"))


def parse_pip_config(text: str) -> dict[str, str]:
    """Settings from `pip config list` (`section.key='value'`); a later section overrides, as in pip."""
    rank = {"global": 0, "download": 1, "install": 1, ":env:": 2}
    found: dict[str, tuple[int, str]] = {}
    for match in re.finditer(r"^(global|download|install|:env:)\.([\w-]+)=(['\"])(.*)\3$", text, re.M):
        section, key, value = match[1], match[2], match[4].replace("\\n", " ").strip()
        if key not in found or rank[section] >= found[key][0]:
            found[key] = (rank[section], value)
    return {key: value for key, (_, value) in found.items()}


async def find_wheel(client: httpx.AsyncClient, index_url: str, package: str, version: str) -> Wheel:
    """The wheel of exactly this version. Raises httpx.HTTPError, or LookupError when the index lacks it."""
    page_url = f"{index_url}/{_normal(package)}/"
    reply = await client.get(page_url, headers={"accept": _ACCEPT})
    reply.raise_for_status()
    if len(reply.content) > _PAGE_LIMIT_BYTES:
        raise LookupError(f"the page of {package} is {len(reply.content)} bytes: not a package index")
    is_json = "json" in reply.headers.get("content-type", "")
    for wheel in _from_json(reply) if is_json else _from_html(reply):
        name, _, rest = wheel.filename.partition("-")
        wanted = wheel.filename.endswith(".whl") and rest.startswith(f"{version}-")
        if wanted and _normal(name) == _normal(package):
            return wheel
    raise LookupError(f"{index_url} has no wheel of {package} {version}")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()  # PEP 503


def _from_json(reply: httpx.Response) -> Iterator[Wheel]:
    try:
        for file in reply.json()["files"]:
            url = urljoin(str(reply.url), file["url"])
            yield Wheel(file["filename"], url, file.get("size"), file.get("hashes", {}).get("sha256"))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LookupError(f"{reply.url.host} sent a page that is not PEP 691 JSON ({error})") from error


def _from_html(reply: httpx.Response) -> Iterator[Wheel]:
    page = _Anchors()
    page.feed(reply.text)
    for href, text in page.anchors:
        url, fragment = urldefrag(urljoin(str(reply.url), href))
        digest = fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else None
        yield Wheel(text.strip(), url, None, digest)


class _Anchors(HTMLParser):
    """Collects (href, text) of the links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: list[tuple[str, str]] = []
        self._href: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._href = dict(attrs).get("href")

    def handle_data(self, data: str) -> None:
        if self._href is not None:
            self.anchors.append((self._href, data))
            self._href = None
