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
    """A viewer with one image, and the book of its label layers."""

    viewer: ViewerModel
    image: Image
    book: LabelLayers
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
        return self.book.write(PlaneResult(target or self.target(), labels, self.table), **how)

    def layer(self, class_id: int):
        return self.book.class_layers(self.image)[class_id]

    def seen(self, target: Target | None = None):
        """What the label layers say together."""
        return self.book.combined(target or self.target())[0]


@pytest.fixture
def make_board():
    def make(shape=(HEIGHT, WIDTH, 3), rgb=True, **place) -> Board:
        viewer = ViewerModel()
        image = viewer.add_image(np.zeros(shape, np.uint8), rgb=rgb, name="scene", **place)
        versions: dict[Any, int] = {}
        book = LabelLayers(viewer.layers, lambda layer: versions.get(layer.unique_id, 0))
        return Board(viewer, image, book, versions, ClassTable.from_names("cat", "dog", "cow"))

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


def brush(layer, rows, columns, value):
    """Paint as a person does: through napari, in one stroke."""
    layer.data_setitem((np.asarray(rows), np.asarray(columns)), value)
