"""Fetching a model: whichever source answers first, resumed, checked, and only then given its name."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from lapel.models import index
from lapel.models.catalogue import (
    Model,
    ModelError,
    ModelFile,
    find,
    missing_files,
    models_dir,
    path,
    sha256_of,
    size_of,
)
from lapel.models.sources import Hub, PackageParts, Source, part_path
from lapel.models.transfer import SourceError, disk_error, reason

try:
    import fcntl
except ImportError:  # Windows: without a lock two downloads at once fail the checksum, nothing worse
    fcntl = None  # type: ignore[assignment]

log = logging.getLogger(__name__)

PROBE_DEADLINE_S = 5.0  # a hub that cannot be reached costs this at most, and only if nothing else answers
_STALL_DEADLINE_S = 20.0  # silence in the middle of a download, before it is tried again from where it was
_DISK_RESERVE_BYTES = 128 << 20  # one unpacked part beside the model, and a little air
_LOCK_POLL_S = 0.5


@dataclass(frozen=True)
class Progress:
    """How far a fetch is. `source` says where from, `stage` is "fetching" or "checking"."""

    model: str
    done_bytes: int
    total_bytes: int
    source: str
    stage: str


class _Altered(Exception):
    """A complete file has the wrong sha256. `resumed`: part of it may be from an earlier, bad source."""

    def __init__(self, file: str, resumed: bool) -> None:
        super().__init__(f"{file} came with the wrong sha256 and was thrown away")
        self.resumed = resumed


async def fetch(
    name: str | Model,
    progress: Callable[[Progress], None] = lambda _: None,
    root: Path | None = None,
) -> Path:
    """Have the model `name` in the cache and return what to load. Returns at once if it is there.

    Raises ModelError when no source has it, the disk is full or cannot be written. What has come so far is
    kept: calling again continues. Cancelling is safe at any moment.
    """
    model = name if isinstance(name, Model) else find(name)
    directory = (root or models_dir()) / model.name
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(error, directory / "model") from error
    async with _only_one(directory):
        if missing_files(model, root):
            _check_disk(model, directory, root)
            await _from_any(model, directory, root, progress)
    return path(model, root)


async def _from_any(
    model: Model, directory: Path, root: Path | None, progress: Callable[[Progress], None]
) -> None:
    settings = await index.settings()
    verify = ssl.create_default_context(cafile=settings.ca_file) if settings.ca_file else True
    timeout = httpx.Timeout(_STALL_DEADLINE_S, connect=PROBE_DEADLINE_S)
    reasons: list[str] = []
    async with httpx.AsyncClient(timeout=timeout, follow_redirects=True, verify=verify) as client:
        answers = _by_answer(_sources(model, client, settings), missing_files(model, root), reasons)
        async with contextlib.aclosing(answers):
            async for source in answers:
                for _ in range(2):  # a second time only if the first began with old bytes that may be bad
                    try:
                        await _from_one(source, model, directory, root, progress)
                        return
                    except _Altered as error:
                        reasons.append(f"{source.name}: {error}")
                        if not error.resumed:
                            break
                    except (SourceError, httpx.HTTPError) as error:
                        reasons.append(f"{source.name}: {reason(error)}")
                        break
                log.warning("model %s: %s", model.name, reasons[-1])
    raise ModelError(
        f"{model.name} could not be downloaded: {'; '.join(reasons)}. "
        "Check the network, then fetch again: it continues where it stopped"
    )


async def _from_one(
    source: Source,
    model: Model,
    directory: Path,
    root: Path | None,
    progress: Callable[[Progress], None],
) -> None:
    files = missing_files(model, root)
    have = {file.name: size_of(part_path(directory, file)) or 0 for file in files}
    resumed = {file for file, size in have.items() if size}
    ready = model.size_bytes - sum(file.size_bytes for file in files)

    def report(file: ModelFile, size: int) -> None:
        have[file.name] = size
        progress(Progress(model.name, ready + sum(have.values()), model.size_bytes, source.name, "fetching"))

    log.info("model %s: fetching from the %s", model.name, source.name)
    await source.fetch(files, directory, report)
    progress(Progress(model.name, model.size_bytes, model.size_bytes, source.name, "checking"))
    for file in files:
        await asyncio.to_thread(_finish, file, directory, file.name in resumed)


def _finish(file: ModelFile, directory: Path, resumed: bool) -> None:
    part = part_path(directory, file)
    if size_of(part) != file.size_bytes or sha256_of(part) != file.sha256:
        part.unlink(missing_ok=True)
        raise _Altered(file.name, resumed)
    try:
        with part.open("rb+") as whole:
            os.fsync(whole.fileno())  # the name must not outlive the bytes in a power cut
        part.replace(directory / file.name)
    except OSError as error:
        raise disk_error(error, part) from error


def _sources(model: Model, client: httpx.AsyncClient, settings: index.IndexSettings) -> list[Source]:
    sources: list[Source] = []
    if all(file.url for file in model.files):
        sources.append(Hub(client))
    if model.package is not None:
        sources.append(PackageParts(client, model.package, settings.urls))
    return sources


async def _by_answer(
    sources: Sequence[Source], files: list[ModelFile], reasons: list[str]
) -> AsyncGenerator[Source]:
    """Sources in the order in which they answer; why the others did not is added to `reasons`."""

    async def asked(source: Source) -> Source | None:
        try:
            await asyncio.wait_for(source.probe(files), PROBE_DEADLINE_S)
        except TimeoutError:
            reasons.append(f"{source.name}: no answer in {PROBE_DEADLINE_S:g} s")
        except (SourceError, httpx.HTTPError) as error:
            reasons.append(f"{source.name}: {reason(error)}")
        else:
            return source
        return None

    probes = [asyncio.create_task(asked(source)) for source in sources]
    try:
        for probe in asyncio.as_completed(probes):
            source = await probe
            if source is not None:
                yield source
    finally:
        for task in probes:
            task.cancel()
        await asyncio.gather(*probes, return_exceptions=True)


def _check_disk(model: Model, directory: Path, root: Path | None) -> None:
    files = missing_files(model, root)
    need = sum(file.size_bytes - (size_of(part_path(directory, file)) or 0) for file in files)
    free = shutil.disk_usage(directory).free
    if free < need + _DISK_RESERVE_BYTES:
        raise ModelError(
            f"{model.name} needs {(need + _DISK_RESERVE_BYTES) / 1e6:.0f} MB in {directory}, "
            f"{free / 1e6:.0f} MB are free; free some space or set LAPEL_MODELS to another disk"
        )


@contextlib.asynccontextmanager
async def _only_one(directory: Path) -> AsyncIterator[None]:
    """Hold the model's lock; the relay and `lapel models` may both want it. The system frees it if we die."""
    with (directory / ".lock").open("w") as handle:
        while fcntl is not None:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(_LOCK_POLL_S)
        yield
