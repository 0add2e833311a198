"""What can be compared: the class layers of an image together, or any one label layer, in the plane on screen."""

from dataclasses import dataclass

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image, Labels

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.evaluate.label_comparison import NamedLabels
from napari_cliptrase.plugin.layers import LabelLayers, Role, plugin_layers, table_of, tag_of
from napari_cliptrase.plugin.run.refine_target import whole_plane
from napari_cliptrase.plugin.state.geometry import LayerGeometry, Target
from napari_cliptrase.plugin.state.session import Session


@dataclass(frozen=True, eq=False)
class CompareChoice:
    """An entry of a list: the class layers of an image together, or one label layer."""

    title: str
    layer: Image | Labels

    def same_as(self, other: "CompareChoice | None") -> bool:
        """Whether both mean the same layers, whatever they are called now."""
        return other is not None and self.layer is other.layer


@dataclass(frozen=True, eq=False)
class ComparedPlane:
    """The labels of a choice as they are now, and where they lie."""

    named: NamedLabels
    target: Target


def compare_choices(session: Session) -> tuple[CompareChoice, ...]:
    """Return what can be compared: first images with class layers, then label layers that are of no class alone."""
    layers = session.viewer.layers
    joined = [
        CompareChoice(f"Classes of {image.name}", image)
        for image in session.images
        if any(isinstance(layer, Labels) for layer in plugin_layers(layers, image.unique_id))
    ]
    others = [
        CompareChoice(layer.name, layer) for layer in layers if isinstance(layer, Labels) and not _of_class(layer)
    ]
    return (*joined, *others)


def compared_plane(session: Session, label_layers: LabelLayers, choice: CompareChoice) -> ComparedPlane:
    """Read a choice in the plane on screen; raises CliptraseError where it cannot be compared."""
    if isinstance(choice.layer, Image):
        target = whole_plane(session, choice.layer).target
        labels, _twice = label_layers.combined(target)
        table = label_layers.table(choice.layer)
        return ComparedPlane(NamedLabels(labels, {entry.id: entry.name for entry in table}), target)
    layer = choice.layer
    if layer.multiscale:
        raise CliptraseError(f"Layer {layer.name!r} has several resolutions; compare a layer with one.")
    target = _shown_target(session.viewer, layer)
    labels = np.array(target.geometry.plane_of(layer.data, target.plane))
    found = table_of(layer)
    names = {} if found is None else {entry.id: entry.name for entry in found}
    return ComparedPlane(NamedLabels(labels, names), target)


def check_same_size(truth: ComparedPlane, found: ComparedPlane) -> None:
    """Raise a sentence when two planes cannot be compared pixel by pixel."""
    shapes = [plane.named.labels.shape for plane in (truth, found)]
    if shapes[0] != shapes[1]:
        sizes = " and ".join(f"{shape[1]} × {shape[0]}" for shape in shapes)
        raise CliptraseError(f"The labels are {sizes} pixels; choose two layers of the same image.")


def _of_class(layer: Labels) -> bool:
    tag = tag_of(layer)
    return tag is not None and tag.role is not Role.COMBINED


def _shown_target(viewer: ViewerModel, layer: Labels) -> Target:
    """Return the plane of a label layer that is on screen."""
    first = viewer.dims.ndim - layer.ndim
    shown = [axis - first for axis in viewer.dims.displayed[-2:]]
    if min(shown) < 0:
        raise CliptraseError(
            f"Layer {layer.name!r} does not lie in the plane on screen; show its own rows and columns."
        )
    place = {
        name: getattr(layer, name)
        for name in ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")
    }
    geometry = LayerGeometry(tuple(layer.data.shape), shown[0], shown[1], place)
    position = layer.world_to_data(viewer.dims.point)
    plane = tuple(
        int(np.clip(round(float(position[axis])), 0, layer.data.shape[axis] - 1)) for axis in geometry.plane_axes
    )
    height, width = geometry.plane_shape
    return Target(layer.unique_id, layer.name, 0, geometry, plane, slice(0, height), slice(0, width))
