"""Progress bars of transfers, on stderr."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from lineage_registry.exports.words import shown


@contextmanager
def bars(doing: str) -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar for each file while the block runs; they go when it ends."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def step(path: str, size: int, total: int) -> None:
            if path not in tasks:
                tasks[path] = progress.add_task(f"{doing} {shown(path)}", total=total)
            progress.advance(tasks[path], size)

        yield step
