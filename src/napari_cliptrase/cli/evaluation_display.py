"""What a user sees while images are scored: how many are done, and the mean IoU so far."""

from typing import TYPE_CHECKING, Final

from rich.progress import TimeRemainingColumn
from rich.text import Text

from napari_cliptrase.cli.display import ProgressDisplay
from napari_cliptrase.masks.loss_report import count_text

if TYPE_CHECKING:
    from napari_cliptrase.evaluate.evaluation import EvaluationStep

_LINES: Final = 20
"""Into a file, where no bar can move, progress is this many lines."""


class EvaluationDisplay(ProgressDisplay):
    """A bar on a terminal, else a line now and then on the error stream; failures are said at once."""

    def __init__(self) -> None:
        super().__init__(None, TimeRemainingColumn())
        self._said = 0

    def watch(self, step: "EvaluationStep") -> None:
        """Show how far it is."""
        progress = step.progress
        scores = ", ".join(f"{name} {100 * iou:.1f}" for name, iou in step.mean_ious.items())
        if step.failure is not None:
            self._console.print(Text("FAILED ", style="bold red") + Text(step.failure))
        self._bars.update(
            self._images,
            description=f"mIoU so far: {scores}" if scores else progress.text,
            completed=progress.done,
            total=progress.total or None,
        )
        if not self._console.is_terminal and step.counts_images and progress.total:
            part = _LINES * progress.done // progress.total
            if part > self._said:
                self._said = part
                self._console.print(
                    f"{progress.done:,} of {count_text(progress.total, 'image')}; mIoU so far: {scores}"
                )
