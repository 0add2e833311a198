"""An image that stays closed until a person decides what happens to its mask."""

from enum import StrEnum

from napari_cliptrase.errors import ProjectError


class Remedy(StrEnum):
    """What can be done with an image that is blocked."""

    RESTORE_BACKUP = "restore the backup"
    """Restore the masks from before the last model run."""
    KEEP_MASK = "keep the mask"
    """Bind the mask to the image as it is now; provenance that cannot be read counts as drawn by hand."""
    START_OVER = "start over"
    """Set mask and provenance aside, in ``.cliptrase/set-aside``, and begin with an empty mask."""


class ImageBlocked(ProjectError):
    """The mask of an image cannot be shown or written; nothing has been changed.

    Attributes
    ----------
    name
        The image.
    remedies
        What `Project.resolve` can do about it.
    """

    def __init__(self, name: str, reason: str, remedies: tuple[Remedy, ...] = ()) -> None:
        advice = f" You can: {', '.join(remedies)}." if remedies else ""
        super().__init__(f"{reason} Nothing was changed.{advice}")
        self.name = name
        self.remedies = remedies
