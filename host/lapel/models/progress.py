"""A download as a bar in the terminal."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.progress import Progress as Bars

from lapel.models.download import Progress


@contextlib.contextmanager
def progress_bar(console: Console | None = None) -> Iterator[Callable[[Progress], None]]:
    """`with progress_bar() as show: await fetch(name, show)`. One bar per model; a plain pipe gets none."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[where]}"),
    )
    with Bars(*columns, console=console or Console(stderr=True)) as bars:
        tasks = {}

        def show(progress: Progress) -> None:
            if progress.model not in tasks:
                tasks[progress.model] = bars.add_task(progress.model, total=progress.total_bytes, where="")
            where = "checking" if progress.stage == "checking" else f"from the {progress.source}"
            bars.update(tasks[progress.model], completed=progress.done_bytes, where=where)

        yield show
