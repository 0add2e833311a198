"""Options of an export besides the format."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from napari_cliptrase.errors import MaskFormatError


class Palette(StrEnum):
    """Colours of indexed images."""

    CLASSES = "classes"
    """The colours of the class table."""
    VOC = "voc"
    """The colours that PASCAL VOC gives to the numbers."""


class Holes(StrEnum):
    """What polygon formats without holes do with them."""

    SEAM = "seam"
    """Join a hole to the outline with a line of no width; every pixel keeps its value."""
    FILL = "fill"
    """Fill holes and report them."""


class NgffVersion(StrEnum):
    """Version of the OME-Zarr specification."""

    V04 = "0.4"
    V05 = "0.5"


@dataclass(frozen=True)
class ExportOptions:
    """How to export.

    Attributes
    ----------
    strict
        Refuse, before anything is written, an export that would lose something.
    protect
        Refuse to replace files that were changed since they were written, or that were not written here, and to give a
        class number in a folder of masks another meaning.
    instances
        One object per connected part (or per object number, when the mask has them) where the format knows objects.
    corners
        Whether pixels that touch only at a corner belong to one part.
    palette, holes
        See the classes.
    id_map
        Class id of the mask -> id of the format, for Cityscapes-style ids.
    created
        Date for formats with a place for it; None leaves it out, so that equal masks give equal bytes.
    subset
        Name of the split (train, val, …) in formats that have splits.
    ngff
        Version of the OME-Zarr specification for new files; an existing image decides itself.
    label_name
        Name of the labels within an existing OME-Zarr image.
    """

    strict: bool = False
    protect: bool = False
    instances: bool = False
    corners: bool = True
    palette: Palette = Palette.CLASSES
    holes: Holes = Holes.SEAM
    id_map: Mapping[int, int] | None = None
    created: datetime | None = None
    subset: str = "train"
    ngff: NgffVersion = NgffVersion.V04
    label_name: str = "classes"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\w[\w .-]*", self.subset):
            raise MaskFormatError(f"{self.subset!r} cannot name a split; use a name such as train or val.")
