"""The progress of the work on a folder, in numbers and as a sentence."""

from collections.abc import Iterable
from dataclasses import dataclass

from napari_cliptrase.project.image_record import ImageRecord, State


@dataclass(frozen=True)
class FolderProgress:
    """What the records say.

    Attributes
    ----------
    images, finished, reviewed
        How many there are, are done, truly empty or reviewed, and are reviewed.
    seconds_per_image
        Mean time of a person on a finished image; None before there is one on which time was spent.
    """

    images: int
    finished: int
    reviewed: int
    seconds_per_image: float | None

    @classmethod
    def of(cls, records: Iterable[ImageRecord]) -> "FolderProgress":
        """Count."""
        images = finished = reviewed = timed = 0
        seconds = 0.0
        for record in records:
            images += 1
            if record.state.finished:
                finished += 1
                reviewed += record.state is State.REVIEWED
                if record.seconds > 0:
                    timed += 1
                    seconds += record.seconds
        return cls(images, finished, reviewed, seconds / timed if timed else None)

    @property
    def seconds_left(self) -> float | None:
        """About how long the rest takes at this pace; None when it is unknown."""
        if self.seconds_per_image is None:
            return None
        return self.seconds_per_image * (self.images - self.finished)

    def __str__(self) -> str:
        parts = [f"{self.finished:,} of {self.images:,} images done"]
        if self.reviewed:
            parts.append(f"{self.reviewed:,} reviewed")
        left = self.seconds_left
        if self.seconds_per_image is not None:
            parts.append(f"{in_words(self.seconds_per_image)} an image")
        if left:
            parts.append(f"about {in_words(left)} left")
        return ", ".join(parts)


def in_words(seconds: float) -> str:
    """Return a time as ``40 s``, ``12 min`` or ``3.5 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
