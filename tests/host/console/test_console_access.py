"""Who gets into the console: the owner, through one link and then a passphrase, from its own page only."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from lapel.cli import main
from lapel.config import ConfigError, ConsoleConfig, check_listen_address
from lapel.console import certificate, scrape
from lapel.console.owner import Owner, OwnerError
from lapel.console.server import Console
from lapel.console.tries import FREE_TRIES, LONGEST_WAIT_S, Tries
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

PASSPHRASE = "a quiet green light"


async def _secret(request: Request) -> JSONResponse:
    return JSONResponse({"secret": 42})


@asynccontextmanager
async def console(home: Path, **settings: object) -> AsyncIterator[tuple[Console, httpx.AsyncClient]]:
    rooms = [Route("/api/secret", _secret, methods=["GET", "POST"])]
    config = ConsoleConfig(port=0, **settings)  # type: ignore[arg-type]
    async with Console(config, home, rooms) as running:
        base = f"http://127.0.0.1:{running.port}"
        async with httpx.AsyncClient(base_url=base, headers={"origin": base}, trust_env=False) as client:
            yield running, client


async def owned(running: Console, client: httpx.AsyncClient) -> None:
    """The first visit, through the printed link."""
    invitation = running.link.split("#welcome=")[1]
    answer = await client.post("/api/welcome", json={"invitation": invitation, "passphrase": PASSPHRASE})
    assert answer.status_code == 200, answer.text
    client.headers["x-lapel-token"] = (await client.get("/api/session")).json()["token"]


async def test_the_first_visit_sets_the_passphrase_and_the_link_works_once(tmp_path: Path) -> None:
    async with console(tmp_path) as (running, client):
        assert (await client.get("/api/secret")).status_code == 401
        link = running.link
        await owned(running, client)
        assert (await client.get("/api/secret")).json() == {"secret": 42}
        assert "#" not in running.link
        again = {"invitation": link.split("=")[1], "passphrase": "another passphrase"}
        client.cookies.clear()
        assert (await client.post("/api/welcome", json=again)).status_code == 403
        assert (
            await client.post("/api/sign-in", json={"passphrase": "another passphrase"})
        ).status_code == 403
        assert (await client.post("/api/sign-in", json={"passphrase": PASSPHRASE})).status_code == 200
        assert (await client.get("/api/secret")).status_code == 200
    assert (tmp_path / "console.json").stat().st_mode & 0o777 == 0o600
    assert PASSPHRASE not in (tmp_path / "console.json").read_text()


async def test_a_session_outlasts_a_restart_and_ends_with_a_new_passphrase(tmp_path: Path) -> None:
    async with console(tmp_path) as (running, client):
        await owned(running, client)
        cookies = dict(client.cookies)
    async with console(tmp_path) as (_, client):
        client.cookies.update(cookies)
        token = (await client.get("/api/session")).json()["token"]
        change = {"old": PASSPHRASE, "new": "something else entirely"}
        assert (await client.post("/api/passphrase", json=change)).status_code == 403  # no token
        client.headers["x-lapel-token"] = token
        assert (await client.post("/api/passphrase", json=change | {"old": "wrong"})).status_code == 403
        assert (await client.post("/api/passphrase", json=change)).status_code == 200
        client.cookies.clear()
        client.cookies.update(cookies)
        assert (await client.get("/api/secret")).status_code == 401


async def test_what_changes_something_comes_from_the_own_page_with_its_token(tmp_path: Path) -> None:
    async with console(tmp_path) as (running, client):
        await owned(running, client)
        assert (await client.post("/api/secret")).status_code == 200
        for bad in (
            {"origin": "http://evil.example"},
            {"origin": "null"},
            {"origin": ""},
            {"x-lapel-token": ""},
            {"x-lapel-token": "guessed"},
        ):
            assert (await client.post("/api/secret", headers=bad)).status_code == 403, bad
        rebound = {"host": "evil.example", "origin": "http://evil.example"}
        assert (await client.post("/api/secret", headers=rebound)).status_code == 421
        assert (await client.get("/api/secret", headers={"host": "evil.example"})).status_code == 421
        forged = httpx.Cookies({"lapel": str(client.cookies["lapel"])[:-3] + "abc"})
        client.cookies = forged
        assert (await client.get("/api/secret")).status_code == 401


async def test_every_answer_has_the_strict_headers(tmp_path: Path) -> None:
    async with console(tmp_path) as (_, client):
        for path in ("/", "/api/session", "/api/secret", "/nothing", "/static/none.js"):
            headers = (await client.get(path)).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy and "unsafe-inline" not in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert "frame-ancestors 'none'" in policy
            assert "server" not in headers


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"passphrase": 1}', b'{"passphrase": "x", "more": 1}'])
async def test_a_body_of_another_shape_is_refused(tmp_path: Path, body: bytes) -> None:
    async with console(tmp_path) as (_, client):
        assert (await client.post("/api/sign-in", content=body)).status_code == 400


async def test_too_large_a_body_is_refused(tmp_path: Path) -> None:
    async with console(tmp_path) as (_, client):
        assert (await client.post("/api/sign-in", content=b"x" * (1 << 21))).status_code == 413


async def test_guessing_has_to_wait(tmp_path: Path) -> None:
    async with console(tmp_path) as (running, client):
        await owned(running, client)
        answers = [
            (await client.post("/api/sign-in", json={"passphrase": f"guess {i}"})).status_code
            for i in range(FREE_TRIES + 2)
        ]
        assert answers[:FREE_TRIES] == [403] * FREE_TRIES
        assert answers[-1] == 429
        # Also with the right one: whoever guesses must not learn which it was.
        late = await client.post("/api/sign-in", json={"passphrase": PASSPHRASE})
        assert late.status_code == 429 and int(late.headers["retry-after"]) > 0


def test_waits_double_and_end() -> None:
    now = [0.0]
    tries = Tries(lambda: now[0])
    waits = []
    for _ in range(20):
        now[0] += tries.wait_s("a")
        tries.failed("a")
        waits.append(tries.wait_s("a"))
    assert waits[: FREE_TRIES - 1] == [0] * (FREE_TRIES - 1)
    assert waits[FREE_TRIES - 1] == 2 and waits[FREE_TRIES] == 4
    assert waits[-1] == LONGEST_WAIT_S
    assert tries.wait_s("b") == 0
    tries.passed("a")
    assert tries.wait_s("a") == 0


def test_many_addresses_guess_together_and_take_bounded_memory() -> None:
    tries = Tries(lambda: 0.0)
    for i in range(3000):
        tries.failed(f"10.0.{i >> 8}.{i & 255}")
    assert tries.wait_s("somebody new") > 0
    assert len(tries._failed) <= 1001


def test_an_invitation_ends_and_a_passphrase_has_a_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = Owner(tmp_path)
    assert not owner.knows("")
    secret = owner.invite()
    with pytest.raises(OwnerError, match="8 to"):
        owner.accept(secret, "short")
    monkeypatch.setattr("lapel.console.owner.INVITATION_S", -1)
    with pytest.raises(OwnerError, match="too old"):
        owner.accept(owner.invite(), PASSPHRASE)


def test_a_broken_file_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "console.json").write_text("{")
    with pytest.raises(OwnerError, match="delete it"):
        Owner(tmp_path)


def test_the_certificate_is_short_lived_and_made_anew_for_other_names(tmp_path: Path) -> None:
    path = certificate.ensure(tmp_path, ["192.168.1.5", "house"])
    first = path.read_bytes()
    assert certificate.ensure(tmp_path, ["192.168.1.5", "house"]).read_bytes() == first
    decoded = ssl._ssl._test_decode_cert(str(path))  # type: ignore[attr-defined]
    begins, ends = (ssl.cert_time_to_seconds(decoded[name]) for name in ("notBefore", "notAfter"))
    assert ends - begins <= 397 * 86400
    assert ("IP Address", "192.168.1.5") in decoded["subjectAltName"]
    assert certificate.ensure(tmp_path, ["192.168.1.6"]).read_bytes() != first
    assert path.stat().st_mode & 0o777 == 0o600


async def test_wider_than_this_computer_it_speaks_tls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 127.0.0.2 is this computer, too, but the console cannot know: it stands for the house's network.
    config = ConsoleConfig(host="127.0.0.2", port=0)
    async with Console(config, tmp_path, []) as running:
        assert running.link.startswith("https://127.0.0.2:")
        trust = ssl.create_default_context(cafile=str(tmp_path / "console.pem"))
        base = f"https://127.0.0.2:{running.port}"
        async with httpx.AsyncClient(base_url=base, verify=trust, trust_env=False) as client:
            client.headers["origin"] = base
            await owned(running, client)
            cookie = next(iter(client.cookies.jar))
            assert cookie.secure


def test_it_does_not_listen_everywhere() -> None:
    with pytest.raises(ConfigError):
        check_listen_address("0.0.0.0")


async def test_a_scraper_reads_the_figures_and_nothing_else(tmp_path: Path) -> None:
    rooms = [
        Route("/api/secret", _secret),
        Route(scrape.PATH, _secret, methods=["GET", "POST"]),
    ]
    async with Console(ConsoleConfig(port=0), tmp_path, rooms) as running:
        base = f"http://127.0.0.1:{running.port}"
        async with httpx.AsyncClient(base_url=base, trust_env=False) as client:

            async def status(path: str, token: str | None, **headers: str) -> int:
                if token is not None:
                    headers["authorization"] = f"Bearer {token}"
                return (await client.get(path, headers=headers)).status_code

            assert await status("/metrics", None) == 401
            assert await status("/metrics", "none") == 401
            token = scrape.make(tmp_path)
            assert await status("/metrics", token) == 200
            assert await status("/metrics", token[:-1]) == 401
            assert await status("/metrics", token, host="evil.example") == 421
            assert await status("/api/secret", token) == 401
            basic = await client.get("/metrics", headers={"authorization": f"Basic {token}"})
            assert basic.status_code == 401
            bearer = {"authorization": f"Bearer {token}", "origin": base}
            assert (await client.post("/metrics", headers=bearer)).status_code == 401
            newer = scrape.make(tmp_path)
            assert await status("/metrics", token) == 401
            assert await status("/metrics", newer) == 200
            assert scrape.forget(tmp_path) and not scrape.forget(tmp_path)
            assert await status("/metrics", newer) == 401


def test_the_token_of_scrapers_is_shown_once_and_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LAPEL_HOME", str(tmp_path))
    with pytest.raises(SystemExit):
        main(["metrics"])
    token = capsys.readouterr().out.strip()
    assert scrape.opens(tmp_path, f"Bearer {token}")
    kept = tmp_path / "metrics.token"
    assert token not in kept.read_text() and kept.stat().st_mode & 0o777 == 0o600
    with pytest.raises(SystemExit):
        main(["metrics", "--forget"])
    assert not scrape.opens(tmp_path, f"Bearer {token}")
