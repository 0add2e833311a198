"""What an export wrote and what it lost."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.progress import Progress

_NO_OBJECTS: Final = {
    "objects": ", since the format has none",
    "objects asked": "; choose one object per part (--instances) to keep them",
}
_COUNTED: Final = ("void", "dropped", "holes", "filled", *_NO_OBJECTS)


@dataclass(frozen=True)
class ExportReport:
    """The outcome of one export; also of one that was only planned.

    ``overlaps`` counts pixels that several classes claimed and layer order decided. ``losses`` and ``notes`` are
    sentences: a loss means that reading the files back cannot give the same labels.
    """

    format: str
    files: tuple[Path, ...]
    images: int
    classes: int
    pixels_written: int
    pixels_dropped: int
    holes_lost: int
    parts_split: int
    overlaps: int
    losses: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def lossy(self) -> bool:
        """Whether anything was lost."""
        return bool(self.losses)

    def text(self) -> str:
        """The report in lines for people."""
        lines = [
            f"{count_text(self.images, 'image')}, {count_text(self.classes, 'class', 'classes')}, "
            f"{count_text(self.pixels_written, 'labelled pixel')} in {count_text(len(self.files), 'file')}"
        ]
        lines += [f"Lost: {loss}" for loss in self.losses]
        lines += [f"Note: {note}" for note in self.notes]
        return "\n".join(lines)


@dataclass
class Tally:
    """Collects the report while an encoder runs; ``expected`` is the number of images, 0 while it is not known."""

    images: int = 0
    pixels_written: int = 0
    overlaps: int = 0
    parts_split: int = 0
    class_ids: set[int] = field(default_factory=set)
    lost: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    expected: int = 0

    def progress(self, text: str) -> Progress:
        """Return how many of the expected images are done."""
        return Progress(self.images, max(self.images, self.expected), text)

    def image(self, mask: LabelImage) -> None:
        """Count an image whose class pixels are all written."""
        self.images += 1
        self.overlaps += mask.overlapped
        self.pixels_written += mask.class_pixels
        self.class_ids.update(i for i in mask.counts if i not in (0, mask.classes.void))

    def no_objects(self, *, on_demand: bool) -> None:
        """Count a mask whose object numbers are not written; ``on_demand``: the format would write them if asked."""
        self.lost["objects asked" if on_demand else "objects"] += 1

    def no_void(self, mask: LabelImage) -> None:
        """Count void pixels for a format that has no place for them."""
        self.lost["void"] += mask.void_pixels

    def drop(self, pixels: int) -> None:
        """Count class pixels that were not written after all."""
        self.lost["dropped"] += pixels
        self.pixels_written -= pixels

    def fill_holes(self, holes: int, pixels: int) -> None:
        """Count holes that a format cannot keep."""
        self.lost["holes"] += holes
        self.lost["filled"] += pixels

    def lose(self, sentence: str) -> None:
        """Add a loss as a sentence."""
        self.lost[sentence] += 1

    def note(self, sentence: str) -> None:
        """Add a note, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def losses(self) -> tuple[str, ...]:
        """The losses as sentences."""
        lines = []
        if count := self.lost["void"]:
            lines.append(f"{count_text(count, 'void pixel')} turned into background, since the format has no void.")
        if count := self.lost["dropped"]:
            lines.append(f"{count_text(count, 'pixel')} left out, whose class has no id in the export.")
        if count := self.lost["holes"]:
            lines.append(f"{count_text(count, 'hole')} filled ({count_text(self.lost['filled'], 'pixel')}).")
        for key, why in _NO_OBJECTS.items():
            if count := self.lost[key]:
                lines.append(f"The object numbers of {count_text(count, 'mask')} are left out{why}.")
        lines += [sentence for sentence in self.lost if sentence not in _COUNTED]
        return tuple(lines)

    def report(self, format_key: str, files: tuple[Path, ...]) -> ExportReport:
        """Freeze the tally."""
        notes = list(self.notes)
        if self.overlaps:
            notes.insert(0, f"{count_text(self.overlaps, 'overlapped pixel')} went to the upper layer.")
        return ExportReport(
            format=format_key,
            files=files,
            images=self.images,
            classes=len(self.class_ids),
            pixels_written=self.pixels_written,
            pixels_dropped=self.lost["dropped"] + self.lost["void"],
            holes_lost=self.lost["holes"],
            parts_split=self.parts_split,
            overlaps=self.overlaps,
            losses=self.losses(),
            notes=tuple(notes),
        )


def refuse_losses(report: ExportReport, title: str) -> None:
    """Raise one sentence when a strict export would lose something."""
    if report.lossy:
        losses = " ".join(report.losses)
        raise MaskFormatError(
            f"{title} would lose data, so nothing was written: {losses} Choose a lossless format or allow losses."
        )


def count_text(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun: ``1 pixel``, ``1,000 pixels``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
