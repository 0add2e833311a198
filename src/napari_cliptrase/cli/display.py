"""What a user sees of a run over images: progress and failures while it runs, a summary at its end."""

from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from napari_cliptrase.batch.input_file import Failure
from napari_cliptrase.batch.segment_files import SegmentedFile, SegmentedPlane
from napari_cliptrase.classes.colors import to_hex
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.cli.work_bar import show_step
from napari_cliptrase.engine.result import ClassSummary
from napari_cliptrase.progress import Progress


class ProgressDisplay:
    """Progress bars on a terminal (on nothing else), and lines on the error stream; ``columns`` follow the count."""

    def __init__(self, images: int | None, *columns: ProgressColumn) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            *columns,
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._images = self._bars.add_task("images", total=images)
        self._shown_notes: set[str] = set()

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def failed(self, failure: Failure) -> None:
        """Print what was not done, in one line."""
        self._console.print(Text("FAILED ", style="bold red") + Text(f"{failure.source}: {failure.reason}"))

    def note(self, notes: Iterable[str]) -> None:
        """Print what the user should know, each sentence once."""
        for note in notes:
            if note not in self._shown_notes:
                self._shown_notes.add(note)
                self._console.print(Text("Note: ", style="yellow") + Text(note))


class SegmentDisplay(ProgressDisplay):
    """One bar counts the images, another shows what is being done with one of them."""

    def __init__(self, images: int) -> None:
        super().__init__(images, TimeElapsedColumn())
        self._current = self._bars.add_task("starting", total=None)

    def watch(self, progress: Progress) -> None:
        """Show how far the current work is."""
        self._current = show_step(self._bars, self._current, progress)

    def finished(self, outcome: SegmentedFile | Failure) -> None:
        """Count an image; a failure is printed at once, a note once."""
        self.advance()
        if isinstance(outcome, Failure):
            self.failed(outcome)
        else:
            self.note(outcome.notes)

    def advance(self) -> None:
        """Count an image."""
        self._bars.advance(self._images)


def print_summary(done: Sequence[SegmentedFile], classes: ClassTable, folder: str) -> None:
    """Print to the output stream: a table for one picture, a line for each of several."""
    console = Console(highlight=False)
    planes = [(entry, plane) for entry in done for plane in entry.planes]
    if len(planes) == 1:
        console.print(_table(planes[0][1], classes))
    else:
        for _, plane in planes:
            console.print(_line(plane), soft_wrap=True)
    if planes:
        masks = f"{len(planes)} masks" if len(planes) > 1 else "the mask"
        console.print(f"Wrote {masks} to {folder}", soft_wrap=True, markup=False)


def _table(plane: SegmentedPlane, classes: ClassTable) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("id", justify="right")
    table.add_column("class", overflow="fold")
    for title in ("area", "mean score", "best score"):
        table.add_column(title, justify="right", no_wrap=True)
    for entry in plane.classes:
        known = classes.get(entry.id)
        swatch = Text("■ ", style=to_hex(known.color) if known else "dim")
        scores = (f"{score:.2f}" if score is not None else "" for score in (entry.mean_score, entry.best_score))
        name = Text(entry.name)
        if entry.absence is not None:
            name += Text(f"  {entry.absence.text}", style="dim")
        table.add_row(str(entry.id), swatch + name, _percent(entry), *scores)
    return table


def _line(plane: SegmentedPlane) -> Text:
    found = sorted((entry for entry in plane.classes if entry.pixels), key=lambda entry: -entry.pixels)
    return Text(f"{plane.mask}  ", style="bold") + Text(", ".join(f"{entry.name} {_percent(entry)}" for entry in found))


def _percent(entry: ClassSummary) -> str:
    return f"{100 * entry.area:.1f} %"
