"""Class layers to one combined layer, and back. Only overlaps are lost; they are counted and reported."""

from collections.abc import Iterator

import numpy as np
from napari.layers import Image, Labels

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.layers.appearance import joined_tables, label_dtype, table_of
from napari_cliptrase.plugin.layers.changes import Run
from napari_cliptrase.plugin.layers.label_layers import LabelLayers
from napari_cliptrase.plugin.layers.plane_merge import join_class_layers
from napari_cliptrase.plugin.layers.run_writer import PlaneWrite
from napari_cliptrase.plugin.state.geometry import LayerGeometry, Target


def combine_class_layers(layers: LabelLayers, image: Image) -> Run:
    """Write all class layers of an image into its combined layer; hand edits win, then the higher layer."""
    sources = list(layers.class_layers(image).values())
    if not sources:
        raise CliptraseError(f"Image {image.name!r} has no class layers to combine; run “Segment by text” first.")
    geometry = _geometry_of(layers, sources[0])
    sources = [layer for layer in sources if geometry.fits(layer)]
    table = layers.table(image)
    combined = layers.combined_layer(image)
    if combined is None or not geometry.fits(combined):
        combined = layers.registry.make(image, geometry, table, None)
    overlapped = 0
    writer = layers.writer(image, "Combine")
    if combined not in layers.label_layers(image):
        writer.open(combined, _whole(image, geometry, (0,) * len(geometry.plane_axes)), table)
    for target in _planes(image, geometry, [*sources, combined]):
        contents = layers.contents.of(sources, target)
        labels, twice = join_class_layers(contents, geometry.plane_shape, label_dtype(table))
        overlapped += twice
        edits = np.logical_or.reduce([content.edits for content in contents])
        writer.write(target, PlaneWrite(combined, labels, edits), table)
    if overlapped:
        writer.note(f"{overlapped} pixels were in several class layers; hand edits won, then the higher layer.")
    writer.sweep()
    return layers.keep(writer.run)


def split_label_layer(layers: LabelLayers, image: Image, source: Labels) -> Run:
    """Write each class of a label layer of the image's size into a class layer of its own."""
    geometry = _geometry_of(layers, source)
    if not np.issubdtype(source.data.dtype, np.integer) or source.multiscale:
        raise CliptraseError(f"Layer {source.name!r} cannot be split; make it a plain label layer first.")
    if geometry.plane_shape != _plane_shape(image, geometry):
        raise CliptraseError(f"Layer {source.name!r} has another size than image {image.name!r}; choose its image.")
    present = np.unique(source.data)
    table = (table_of(source) or ClassTable()).with_missing(present.tolist())
    table = joined_tables(table, layers.table(image))
    writer = layers.writer(image, "Split")
    split_to = {class_id: layer for class_id, layer in layers.class_layers(image).items() if geometry.fits(layer)}
    for class_id in reversed([class_id for class_id in table.ids if class_id in present]):
        if class_id not in split_to:
            split_to[class_id] = layers.registry.make(image, geometry, table, table.get(class_id))
            writer.open(split_to[class_id], _whole(image, geometry, (0,) * len(geometry.plane_axes)), table)
    for target in _planes(image, geometry, [source, *split_to.values()]):
        labels = geometry.plane_of(source.data, target.plane).copy()
        edits = layers.history.edits(source, geometry, target.plane)
        for class_id, layer in split_to.items():
            content = (labels == class_id).astype(layer.data.dtype) * layer.data.dtype.type(class_id)
            writer.write(target, PlaneWrite(layer, content, edits), table)
    writer.sweep()
    return layers.keep(writer.run)


def _geometry_of(layers: LabelLayers, layer: Labels) -> LayerGeometry:
    """The geometry that a layer was written with; for others, rows and columns are the last two axes."""
    known = layers.history.geometry(layer)
    if known is not None:
        return known
    place = {
        name: getattr(layer, name)
        for name in ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")
    }
    return LayerGeometry(tuple(layer.data.shape), layer.ndim - 2, layer.ndim - 1, place)


def _plane_shape(image: Image, geometry: LayerGeometry) -> tuple[int, int]:
    shape = image.data[0].shape if image.multiscale else image.data.shape
    offset = image.ndim - len(geometry.shape)
    return shape[geometry.rows + offset], shape[geometry.columns + offset]


def _whole(image: Image, geometry: LayerGeometry, plane: tuple[int, ...]) -> Target:
    height, width = geometry.plane_shape
    return Target(image.unique_id, image.name, 0, geometry, plane, slice(0, height), slice(0, width))


def _planes(image: Image, geometry: LayerGeometry, layers: list[Labels]) -> Iterator[Target]:
    """Planes in which any of the layers holds a label."""
    for plane in np.ndindex(*(geometry.shape[axis] for axis in geometry.plane_axes)):
        if any(geometry.plane_of(layer.data, plane).any() for layer in layers):
            yield _whole(image, geometry, plane)
