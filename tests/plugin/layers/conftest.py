from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.plugin.layers import LabelLayers, PlaneResult
from napari_cliptrase.plugin.state.geometry import Target, geometry_of

HEIGHT, WIDTH = 12, 16


@dataclass
class Board:
    """A viewer with one image, and its label layers."""

    viewer: ViewerModel
    image: Image
    label_layers: LabelLayers
    versions: dict[Any, int]
    table: ClassTable

    def target(self, plane: tuple[int, ...] = (), rows: slice | None = None, columns: slice | None = None) -> Target:
        axes = self.image.ndim
        geometry = geometry_of(self.image, rows=axes - 2, columns=axes - 1)
        height, width = geometry.plane_shape
        return Target(
            self.image.unique_id,
            self.image.name,
            self.versions.get(self.image.unique_id, 0),
            geometry,
            plane,
            rows or slice(0, height),
            columns or slice(0, width),
        )

    def write(self, labels, target: Target | None = None, **how):
        return self.label_layers.write(PlaneResult(target or self.target(), labels, self.table), **how)

    def layer(self, class_id: int):
        return self.label_layers.class_layers(self.image)[class_id]

    def paint(self, class_id: int, rows, columns, value: int):
        """Paint as a person does: through napari, in one stroke."""
        self.layer(class_id).data_setitem((np.asarray(rows), np.asarray(columns)), value)

    def seen(self, target: Target | None = None):
        """What the label layers say together."""
        return self.label_layers.combined(target or self.target())[0]


@pytest.fixture
def make_board():
    def make(shape=(HEIGHT, WIDTH, 3), rgb=True, **place) -> Board:
        viewer = ViewerModel()
        image = viewer.add_image(np.zeros(shape, np.uint8), rgb=rgb, name="scene", **place)
        versions: dict[Any, int] = {}
        label_layers = LabelLayers(viewer.layers, lambda layer: versions.get(layer.unique_id, 0))
        return Board(viewer, image, label_layers, versions, ClassTable.from_names("cat", "dog", "cow"))

    return make


@pytest.fixture
def board(make_board) -> Board:
    return make_board()


@pytest.fixture
def halves():
    """Left half cat, right half dog."""
    labels = np.ones((HEIGHT, WIDTH), np.uint8)
    labels[:, WIDTH // 2 :] = 2
    return labels
