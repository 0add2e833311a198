"""An image that stays closed until somebody decides what becomes of its mask."""

from enum import StrEnum

from napari_cliptrase.errors import ProjectError


class WayOut(StrEnum):
    """What can be done with an image that is blocked."""

    RESTORE_BACKUP = "restore the backup"
    """Take back the masks from before the last model run."""
    KEEP_MASK = "keep the mask"
    """Bind the mask to the image as it is now; provenance that cannot be read counts as drawn by hand."""
    START_ANEW = "start anew"
    """Set mask and provenance aside, in ``.cliptrase/set-aside``, and begin with an empty mask."""


class ImageBlocked(ProjectError):
    """The mask of an image cannot be shown or written; nothing has been changed.

    Attributes
    ----------
    name
        The image.
    ways
        What `Project.resolve` can do about it.
    """

    def __init__(self, name: str, reason: str, ways: tuple[WayOut, ...] = ()) -> None:
        advice = f" Ways out: {', '.join(ways)}." if ways else ""
        super().__init__(f"{reason} Nothing was changed.{advice}")
        self.name = name
        self.ways = ways
