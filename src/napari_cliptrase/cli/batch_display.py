"""What a user sees while a batch runs: how many images are done, how fast, and how long it still takes."""

from rich.progress import TaskProgressColumn, TimeRemainingColumn

from napari_cliptrase.batch.input_file import Failure
from napari_cliptrase.batch.runner import ImageOutcome
from napari_cliptrase.cli.display import ProgressDisplay
from napari_cliptrase.progress import Progress


class BatchDisplay(ProgressDisplay):
    """One bar counts the images and shows what is being done."""

    def __init__(self, images: int) -> None:
        super().__init__(images, TaskProgressColumn(show_speed=True), TimeRemainingColumn())

    def watch(self, progress: Progress) -> None:
        """Show what is being done now."""
        self._bars.update(self._images, description=progress.text)

    def finished(self, outcome: ImageOutcome) -> None:
        """Count an image; a failure is printed at once, a note once."""
        self._bars.advance(self._images)
        if outcome.failure is not None:
            self.failed(Failure(outcome.name, outcome.failure))
        self.note(outcome.notes)
