"""Finding, making and placing label layers in the layer list."""

from collections.abc import Mapping, Set
from dataclasses import replace

import numpy as np
from napari.components import LayerList
from napari.layers import Image, Labels, Layer

from napari_cliptrase.classes.table import ClassTable, MaskClass
from napari_cliptrase.plugin.layers.appearance import apply_classes, label_dtype, name_for, table_of
from napari_cliptrase.plugin.layers.drawing_aids import defer_drawing_aids
from napari_cliptrase.plugin.layers.list_edits import selection_kept
from napari_cliptrase.plugin.state.geometry import LayerGeometry
from napari_cliptrase.plugin.state.tags import TAGS_KEY, Role, Tag, file_of, plugin_layers, set_tag, tag_of

OPACITY = 0.6


class LayerRegistry:
    """The label layers of a viewer, by image and class."""

    def __init__(self, viewer_layers: LayerList) -> None:
        self._list = viewer_layers

    def class_layers(self, image: Image) -> dict[int, Labels]:
        """Layers of an image by class id, from the bottom of the list to its top."""
        found = {}
        for layer in plugin_layers(self._list, image.unique_id, Role.CLASS):
            tag = tag_of(layer)
            if isinstance(layer, Labels) and tag is not None and tag.class_id is not None:
                found[tag.class_id] = layer
        return found

    def combined_layer(self, image: Image) -> Labels | None:
        """Return the layer that holds all classes of an image, if there is one."""
        found = plugin_layers(self._list, image.unique_id, Role.COMBINED)
        return found[-1] if found and isinstance(found[-1], Labels) else None

    def table(self, image: Image) -> ClassTable:
        """Classes of the layers of an image, each once."""
        known: dict[int, MaskClass] = {}
        for layer in plugin_layers(self._list, image.unique_id):
            if isinstance(layer, Labels):
                for entry in table_of(layer) or ():
                    known.setdefault(entry.id, entry)
        return ClassTable(tuple(known.values()))

    def make(self, image: Image, geometry: LayerGeometry, table: ClassTable, entry: MaskClass | None) -> Labels:
        """Return a new, empty label layer of a class (None: combined) that is not in the list yet."""
        label = entry.name if entry else "classes"
        layer = Labels(
            np.zeros(geometry.shape, label_dtype(table)), name=name_for(image, label), opacity=OPACITY, **geometry.place
        )
        role = Role.CLASS if entry else Role.COMBINED
        tag = Tag(role, str(image.unique_id), image.name, str(layer.unique_id), entry.id if entry else None)
        set_tag(layer, replace(tag, name=layer.name, classes=table.to_json(), image_file=file_of(image)))
        layer.selected_label = entry.id if entry else (table.ids[0] if table.ids else 1)
        apply_classes(layer, table)
        defer_drawing_aids(layer)
        return layer

    def put(self, image: Image, layer: Labels, table: ClassTable) -> None:
        """Add a layer above its image, in the order of the table: the first class on top."""
        tag = tag_of(layer)
        rank = {class_id: place for place, class_id in enumerate(table.ids)}
        mine = rank.get(tag.class_id, len(rank)) if tag is not None and tag.class_id is not None else -1
        layers = self._list
        place = layers.index(image) + 1
        for other_id, other in self.class_layers(image).items():
            if rank.get(other_id, len(rank)) > mine:
                place = max(place, layers.index(other) + 1)
        while place < len(layers) and _is_picture(layers[place]):
            place += 1
        with selection_kept(layers):
            layers.insert(place, layer)

    def adopt(self, image: Image, geometry: LayerGeometry) -> tuple[Labels, ...]:
        """Adopt label layers that came back from files: they have our class table but no image of this viewer.

        All their labels count as hand edits, so that nothing in them is overwritten.
        """
        taken = []
        masks: set[object] = set()
        for layer in self._list:
            if not isinstance(layer, Labels) or tag_of(layer) is not None or not geometry.fits(layer):
                continue
            raw = layer.metadata.get(TAGS_KEY)
            table = table_of(layer)
            if not isinstance(raw, dict) or table is None or raw.get("layer") or not self._is_of(raw, image):
                continue
            if raw.get("role") in (Role.VOID, Role.OBJECTS):
                continue
            class_id = raw.get("class_id")
            if class_id is not None and class_id in self.class_layers(image):
                continue
            if class_id is None and self.combined_layer(image) is not None:
                continue
            role = Role.COMBINED if class_id is None else Role.CLASS
            tag = Tag(role, str(image.unique_id), image.name, str(layer.unique_id), class_id)
            file = str(raw.get("image_file") or file_of(image))
            set_tag(layer, replace(tag, name=layer.name, classes=table.to_json(), image_file=file))
            taken.append(layer)
            masks.add(raw.get("mask"))
        self._take_along(image, masks - {None})
        return tuple(taken)

    def _take_along(self, image: Image, masks: Set[object]) -> None:
        """Assign layers of void and of object numbers to the image of the class layers of their masks."""
        for layer in self._list:
            raw = layer.metadata.get(TAGS_KEY)
            if isinstance(raw, dict) and raw.get("mask") in masks and raw.get("role") in (Role.VOID, Role.OBJECTS):
                layer.metadata = {**layer.metadata, TAGS_KEY: {**raw, "image": str(image.unique_id)}}

    def update(self, layer: Labels, table: ClassTable, *, run: int | None = None, **changes: object) -> None:
        """Bring name, colours and tag of a layer of the plugin in line with the table."""
        tag = tag_of(layer)
        if tag is None:
            return
        image = self.image_of(tag)
        entry = table.get(tag.class_id) if tag.class_id is not None else None
        if entry is not None and image is not None and layer.name == tag.name:
            layer.name = name_for(image, entry.name)
            tag = replace(tag, name=layer.name)
        apply_classes(layer, table)
        set_tag(layer, replace(tag, classes=table.to_json(), run=tag.run if run is None else run, **changes))  # type: ignore[arg-type]

    def release(self, layer: Labels) -> None:
        """Give a layer of the plugin to the user: it stays as it is, and no run writes it any more."""
        layer.metadata = {key: value for key, value in layer.metadata.items() if key != TAGS_KEY}

    def restore(self, old: Labels, copy: Labels) -> None:
        """Give a layer back the place that a copy of it had taken."""
        tag, name = tag_of(copy), copy.name
        if tag is not None:
            set_tag(old, replace(tag, layer=str(old.unique_id)))
        copy.name = old.name  # napari would add a number to the name of the second layer
        old.name, old.visible = name, copy.visible

    def image_of(self, tag: Tag) -> Image | None:
        """Return the image of a tag when it is still in the list."""
        return next(
            (layer for layer in self._list if isinstance(layer, Image) and str(layer.unique_id) == tag.image),
            None,
        )

    @staticmethod
    def _is_of(raw: Mapping[str, object], image: Image) -> bool:
        return raw.get("image_name") in (None, "", image.name)


def _is_picture(layer: Layer) -> bool:
    """Whether a layer is one of our pictures, which labels lie above."""
    return tag_of(layer) is not None and not isinstance(layer, Labels)
