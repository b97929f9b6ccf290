"""Progress bars of transfers, on stderr."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from lineage_registry.cli.words import plural
from lineage_registry.exports.words import shown
from lineage_registry.registry.transfers import Step


class _OfFiles(ProgressColumn):
    """A column about bytes, which a step of work has none of."""

    def __init__(self, column: ProgressColumn) -> None:
        super().__init__()
        self._column = column

    def render(self, task: Task) -> RenderableType:
        return "" if task.fields.get("is_step") else self._column(task)


@contextmanager
def bars(doing: str) -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar for each file under way while the block runs, and one for all; then they go."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        _OfFiles(DownloadColumn(binary_units=True)),
        _OfFiles(TransferSpeedColumn()),
        _OfFiles(TimeRemainingColumn()),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks: dict[str, TaskID] = {}
        left: dict[str, int] = {}
        done = 0
        everything = progress.add_task(doing, total=None, visible=False)

        def step(path: str, size: int, total: int) -> None:
            nonlocal done
            if isinstance(path, Step):
                if size:
                    progress.remove_task(tasks.pop(path))
                else:
                    tasks[path] = progress.add_task(path, total=None, is_step=True)
                return
            progress.advance(everything, size)
            left[path] = left.get(path, total) - size
            if left[path] <= 0:  # also what comes in one piece, and so needs no bar of its own
                done += 1
                del left[path]
                said = f"{doing}: {plural(done, 'file')} done"
                progress.update(everything, description=said, visible=True)
                if path in tasks:
                    progress.remove_task(tasks.pop(path))
                return
            if path not in tasks:
                tasks[path] = progress.add_task(f"{doing} {shown(path)}", total=total)
            progress.advance(tasks[path], size)

        yield step
