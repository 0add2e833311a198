"""Layers beside the labels: scores, uncertainty, regions. They show the last result and change with the next."""

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.components import LayerList
from napari.layers import Image, Labels, Layer

from napari_cliptrase.plugin.layers.placement import lifted, place_grid, place_over
from napari_cliptrase.plugin.layers.quick_removal import remove_layers
from napari_cliptrase.plugin.state.tags import Role, Tag, plugin_layers, set_tag, tag_of

if TYPE_CHECKING:
    from napari_cliptrase.plugin.state.results import Encoded, Segmented


class Extra(StrEnum):
    """What can be shown beside the labels."""

    SCORES = "scores"
    MARGIN = "margin"
    REGIONS = "regions"


ROLES = {Extra.SCORES: Role.SCORE, Extra.MARGIN: Role.MARGIN, Extra.REGIONS: Role.REGIONS}


def show_extras(
    layers: LayerList, image: Image, segmented: "Segmented", encoded: "Encoded | None", extras: frozenset[Extra]
) -> None:
    """Bring the extra layers of an image in line with a result; those that were not asked for are removed."""
    old: dict[tuple[Role, int | None], Layer] = {}
    for layer in plugin_layers(layers, image.unique_id):
        tag = tag_of(layer)
        if tag is not None and tag.role in ROLES.values():
            old[tag.role, tag.class_id] = layer
    selected = list(layers.selection)
    new_layers = dict(_made(image, segmented, encoded, extras))
    for key, layer in old.items():
        fresh = new_layers.pop(key, None)
        if fresh is not None and fresh.data.shape == layer.data.shape:
            layer.data = fresh.data
            layer.scale, layer.translate = fresh.scale, fresh.translate
            continue
        place = layers.index(layer)
        remove_layers(layers, [layer])
        if fresh is not None:  # of another size: a new layer takes the place of the old one
            fresh.visible = layer.visible
            layers.insert(place, fresh)
    for layer in new_layers.values():
        layers.insert(layers.index(image) + 1, layer)
    layers.selection = [layer for layer in selected if layer in layers]


def _made(
    image: Image,
    segmented: "Segmented",
    encoded: "Encoded | None",
    extras: frozenset[Extra],
) -> Iterator[tuple[tuple[Role, int | None], Layer]]:
    target, segmentation = segmented.source.target, segmented.segmentation
    start = float(target.rows.start), float(target.columns.start)
    over_pixels = place_over(target.geometry, target.plane, start)
    if Extra.REGIONS in extras and encoded is not None:
        regions = lifted(encoded.encoding.region_map() + 1, target.geometry)
        layer = Labels(regions, name=f"regions · {image.name}", opacity=0.4, visible=False, **over_pixels)
        layer.editable = False
        yield _tagged(layer, image, Role.REGIONS)
    if Extra.MARGIN in extras:
        uncertainty = lifted(segmentation.margin, target.geometry)
        picture = _picture(uncertainty, f"doubt · {image.name}", "inferno", over_pixels)
        picture.visible = True  # one picture, asked for by name; the others would lie over each other
        yield _tagged(picture, image, Role.MARGIN)
    if Extra.SCORES in extras:
        scores = segmentation.scores
        grid = scores.maps.shape[1], scores.maps.shape[2]
        place = place_grid(target.geometry, target.plane, target.rows, target.columns, grid)
        for entry in reversed(segmentation.classes.classes):
            if entry.id in scores.ids:
                picture = _picture(
                    lifted(scores.of(entry.id), target.geometry), f"{entry.name} score · {image.name}", "magma", place
                )
                yield _tagged(picture, image, Role.SCORE, entry.id)


def _picture(values: Any, name: str, colormap: str, place: dict[str, Any]) -> Image:
    return Image(
        np.ascontiguousarray(values),
        name=name,
        colormap=colormap,
        contrast_limits=(0, 1),
        opacity=0.6,
        blending="translucent_no_depth",
        interpolation2d="linear",
        visible=False,
        **place,
    )


def _tagged(
    layer: Layer, image: Image, role: Role, class_id: int | None = None
) -> tuple[tuple[Role, int | None], Layer]:
    set_tag(layer, Tag(role, str(image.unique_id), image.name, str(layer.unique_id), class_id, name=layer.name))
    return (role, class_id), layer
