"""How an image was looked at and painted on, for the next one that is opened after its layers are gone."""

from dataclasses import dataclass
from typing import Any, Self

from napari.components import ViewerModel

from napari_cliptrase.plugin.layers.brush import Brush
from napari_cliptrase.plugin.layers.placement import camera_of


@dataclass(frozen=True)
class LastView:
    """What the user chose: the tool, and zoom and place, which fit images of the same size.

    Attributes
    ----------
    brush
        The tool of the label layer that was selected.
    shape
        Of the image layer, without colours.
    center, zoom
        Of the camera.
    """

    brush: Brush
    shape: tuple[int, ...]
    center: tuple[Any, ...]
    zoom: float

    @classmethod
    def of(cls, viewer: ViewerModel, shape: tuple[int, ...]) -> Self:
        """Return how an image layer of a shape is seen now."""
        camera = camera_of(viewer)
        return cls(Brush.in_use(viewer.layers), shape, tuple(camera.center), float(camera.zoom))

    def restore_camera(self, viewer: ViewerModel, shape: tuple[int, ...]) -> None:
        """Show the same place at the same zoom where the new image has the same shape."""
        if shape == self.shape:
            camera = camera_of(viewer)
            camera.center, camera.zoom = self.center, self.zoom
