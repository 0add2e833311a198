"""What a user sees while a batch runs: how many images are done, how fast, and how long it still takes."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.text import Text

from napari_cliptrase.batch.runner import ImageOutcome
from napari_cliptrase.progress import Progress


class BatchDisplay:
    """A bar on a terminal (on nothing else), and notes on the error stream, each once."""

    def __init__(self, images: int) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TaskProgressColumn(show_speed=True),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bars.add_task("images", total=images)
        self._shown_notes: set[str] = set()

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def watch(self, progress: Progress) -> None:
        """Say what is being done now."""
        self._bars.update(self._task, description=progress.text)

    def finished(self, outcome: ImageOutcome) -> None:
        """Count an image; a failure is said at once, a note once."""
        self._bars.advance(self._task)
        if outcome.failure is not None:
            self._console.print(Text("FAILED ", style="bold red") + Text(f"{outcome.name}: {outcome.failure}"))
        for note in outcome.notes:
            if note not in self._shown_notes:
                self._shown_notes.add(note)
                self._console.print(Text("Note: ", style="yellow") + Text(note))
