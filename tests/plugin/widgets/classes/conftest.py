from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QModelIndex, QPoint, Qt

from napari_cliptrase.plugin.layers import Visibility
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.widgets.classes.class_cell_texts import Column
from napari_cliptrase.plugin.widgets.classes.table_model import ClassTableModel
from napari_cliptrase.plugin.widgets.classes.table_view import ClassTableView


class ShownTable:
    """The class table of a session, on the screen."""

    def __init__(self, qtbot):
        self.qtbot = qtbot
        self.viewer = ViewerModel()
        self.viewer.add_image(np.zeros((10, 10, 3), np.uint8), rgb=True, name="scene")
        self.session = Session(self.viewer)
        self.visibility = Visibility(self.viewer.layers)
        self.model = ClassTableModel(self.session, self.visibility)
        self.view = ClassTableView(self.session, self.model)
        qtbot.addWidget(self.view)
        self.view.resize(380, 400)
        self.view.show()

    def cell(self, row: int, column: Column, role: Any = Qt.ItemDataRole.DisplayRole) -> Any:
        return self.model.data(self.model.index(row, column), role)

    def shown(self, row: int, column: Column = Column.NAME) -> QModelIndex:
        """A cell of the rows that the filter leaves."""
        return self.view.model().index(row, column)

    def place(self, row: int, column: Column) -> QPoint:
        return self.view.visualRect(self.shown(row, column)).center()

    def click(self, row: int, column: Column) -> None:
        self.qtbot.mouseClick(self.view.viewport(), Qt.MouseButton.LeftButton, pos=self.place(row, column))


@pytest.fixture
def table(qtbot) -> ShownTable:
    return ShownTable(qtbot)
