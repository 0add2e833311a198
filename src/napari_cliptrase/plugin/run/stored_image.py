"""What was stored of an image when it was opened."""

from collections.abc import Mapping
from dataclasses import dataclass

from napari_cliptrase.array_types import PlaneIndex
from napari_cliptrase.project.plane_files import Annotation
from napari_cliptrase.project.tiled_snapshot import TiledSnapshot


@dataclass(frozen=True, eq=False)
class StoredImage:
    """What was stored of an image when it was opened.

    Attributes
    ----------
    name
        Of the image in its project.
    annotations
        Labels and provenance by index of the plane in the file.
    snapshots
        The same, for `Autosave`.
    """

    name: str
    annotations: Mapping[PlaneIndex, Annotation]
    snapshots: Mapping[PlaneIndex, tuple[TiledSnapshot, TiledSnapshot]]

    @classmethod
    def of(cls, name: str, annotations: Mapping[PlaneIndex, Annotation]) -> "StoredImage":
        """Take the snapshots; in a worker."""
        snapshots = {
            plane: (TiledSnapshot.of(found.labels), TiledSnapshot.of(found.sources))
            for plane, found in annotations.items()
        }
        return cls(name, annotations, snapshots)
