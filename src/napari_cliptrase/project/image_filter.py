"""Which images of a project are shown, and in which order."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from napari_cliptrase.project.image_record import ImageRecord, State

DISAGREEMENT: Final = 0.05
"""Share of people's pixels with another label in the last model run, from which on an image counts as disagreeing."""


class ImageFilter(StrEnum):
    """What images have in common."""

    ALL = "all"
    UNFINISHED = "unfinished"
    NEW = "never opened"
    PRE_ANNOTATED = "pre-annotated"
    EMPTY = "empty"
    """Masks without any labelled pixel, truly empty or not."""
    FLAGGED = "flagged"
    DISAGREEING = "disagreeing"
    """The last model run proposed other labels for a good part of what people drew."""
    DONE = "done"
    """Done or truly empty, and not reviewed yet."""
    REVIEWED = "reviewed"

    def fits(self, record: ImageRecord) -> bool:
        """Whether an image belongs to what is looked for."""
        state = record.state
        match self:
            case ImageFilter.ALL:
                return True
            case ImageFilter.UNFINISHED:
                return not state.finished
            case ImageFilter.EMPTY:
                return record.saved_empty
            case ImageFilter.FLAGGED:
                return record.flag is not None
            case ImageFilter.DISAGREEING:
                return record.disagreement is not None and record.disagreement >= DISAGREEMENT
            case ImageFilter.DONE:
                return state in (State.DONE, State.EMPTY)
            case _:
                return str(state) == str(self)


def select(
    records: Iterable[ImageRecord],
    which: ImageFilter = ImageFilter.ALL,
    *,
    text: str = "",
    most_uncertain_first: bool = False,
) -> list[ImageRecord]:
    """Return the records that fit, in the order they come or the most uncertain first; ``text`` is part of the name."""
    folded = text.casefold()
    found = [record for record in records if which.fits(record) and folded in record.name.casefold()]
    if most_uncertain_first:
        found.sort(key=lambda record: -1.0 if record.uncertainty is None else record.uncertainty, reverse=True)
    return found
