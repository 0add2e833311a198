"""Small tools as forms that magicgui makes from their parameters: combine class layers, split a layer.

The commands of the menus do the same at once for the selected layer; the forms let one choose.
"""

from enum import Enum

from magicgui import magic_factory
from napari.layers import Image, Labels
from napari.utils import notifications
from napari.viewer import Viewer

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.layers.changes import Run
from napari_cliptrase.plugin.layers.combine_split import combine_class_layers, split_label_layer
from napari_cliptrase.plugin.run.jobs import show_error
from napari_cliptrase.plugin.workbench import workbench_of


class SourceLayers(Enum):
    """What happens to the layers whose labels went elsewhere."""

    SHOWN = "leave as it is"
    HIDDEN = "hide"


def combine_layers(viewer: Viewer, image: Image, class_layers: SourceLayers = SourceLayers.HIDDEN) -> None:
    """Write all class layers of an image into one combined layer."""
    layers = workbench_of(viewer).layers
    try:
        run = combine_class_layers(layers, image)
    except CliptraseError as error:
        show_error(error)
        return
    if class_layers is SourceLayers.HIDDEN:
        _hide(*layers.class_layers(image).values())
    _report(run, "The combined layer is up to date.")


def split_layer(viewer: Viewer, source: Labels, image: Image, source_layer: SourceLayers = SourceLayers.HIDDEN) -> None:
    """Write each class of a label layer over an image into a layer of its own."""
    try:
        run = split_label_layer(workbench_of(viewer).layers, image, source)
    except CliptraseError as error:
        show_error(error)
        return
    if source_layer is SourceLayers.HIDDEN:
        _hide(source)
    _report(run, "The class layers are up to date.")


_CHOICES = [(choice.value, choice) for choice in SourceLayers]

combine_form = magic_factory(
    combine_layers,
    call_button="Combine",
    image={"label": "Image", "tooltip": "The image whose class layers are combined."},
    class_layers={"label": "Class layers", "tooltip": "Their labels stay in any case.", "choices": _CHOICES},
)
split_form = magic_factory(
    split_layer,
    call_button="Split",
    source={"label": "Label layer", "tooltip": "The label layer that holds several classes."},
    image={"label": "Image", "tooltip": "The image that the labels lie on."},
    source_layer={"label": "That layer", "tooltip": "Its labels stay in any case.", "choices": _CHOICES},
)


def _hide(*layers: Labels) -> None:
    for layer in layers:
        layer.visible = False


def _report(run: Run, unchanged: str) -> None:
    for note in run.notes:
        notifications.show_info(note)
    if not run.steps:
        notifications.show_info(unchanged)
