"""What a user sees while images are scored: how many are done, and the mean IoU so far."""

from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.text import Text

if TYPE_CHECKING:
    from napari_cliptrase.evaluate.evaluation import EvaluationStep

_LINES: Final = 20
"""Into a file, where no bar can move, progress is this many lines."""


class EvaluationDisplay:
    """A bar on a terminal, else a line now and then on the error stream; failures are said at once."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bars.add_task("images", total=None)
        self._said = 0

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def watch(self, step: "EvaluationStep") -> None:
        """Show how far it is."""
        progress = step.progress
        scores = ", ".join(f"{name} {100 * iou:.1f}" for name, iou in step.mean_ious.items())
        if step.failure is not None:
            self._console.print(Text("FAILED ", style="bold red") + Text(step.failure))
        self._bars.update(
            self._task,
            description=f"mIoU so far: {scores}" if scores else progress.text,
            completed=progress.done,
            total=progress.total or None,
        )
        if not self._console.is_terminal and step.counts_images and progress.total:
            part = _LINES * progress.done // progress.total
            if part > self._said:
                self._said = part
                self._console.print(f"{progress.done:,} of {progress.total:,} images; mIoU so far: {scores}")
