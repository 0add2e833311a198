"""The progress bar of a command; it is shown on terminals only."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from napari_cliptrase.progress import Progress, Watch

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID


@contextmanager
def work_bar(text: str) -> Iterator[Watch]:
    """Yield a function that shows each step; the bar shows ``text`` until the first."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task(text, total=None)

        def watch(progress: Progress) -> None:
            nonlocal task
            task = show_step(bars, task, progress)

        yield watch


def show_step(bars: "Bars", task: "TaskID", progress: Progress) -> "TaskID":
    """Show a step in the line of a task; return the task, which is another one where the end is no longer known."""
    said, done, total = in_readable_units(progress)
    if not total and any(known.total for known in bars.tasks if known.id == task):
        bars.remove_task(task)  # a task keeps its total for ever
        task = bars.add_task(said, total=None)
    bars.update(task, description=said, completed=done, total=total or None)
    return task


def in_readable_units(progress: Progress) -> tuple[str, int, int]:
    """Return text, done and total as a display writes them: bytes as megabytes, everything else as it is."""
    if progress.unit != "bytes":
        return progress.text, progress.done, progress.total
    return f"{progress.text}, MB", round(progress.done / 1e6), round(progress.total / 1e6)
