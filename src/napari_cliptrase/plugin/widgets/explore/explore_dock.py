"""The dock "Explore patches": what one patch of the image correlates with, step by step through the method."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from qtpy.QtWidgets import QCheckBox, QGridLayout, QLabel, QVBoxLayout, QWidget

from napari_cliptrase.plugin.layers.overlay_layer import OverlayLayer
from napari_cliptrase.plugin.layers.placement import place_grid
from napari_cliptrase.plugin.run.jobs import Jobs
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.tools.region_tool import RegionTool
from napari_cliptrase.plugin.widgets.choices import NarrowCombo
from napari_cliptrase.plugin.widgets.dock_visibility import DockVisibility
from napari_cliptrase.plugin.widgets.explore.grid_panel import COLORMAP, GridPanel
from napari_cliptrase.plugin.widgets.explore.patch_maps import (
    MEAN_OF_HEADS,
    PATCH_MAP_MEANINGS,
    PATCH_MAP_TITLES,
    PatchMap,
)
from napari_cliptrase.plugin.widgets.explore.patch_view import PatchView
from napari_cliptrase.plugin.widgets.explore.pointer import Pointer
from napari_cliptrase.plugin.widgets.forms import Form
from napari_cliptrase.plugin.widgets.sections import Note, scrolling
from napari_cliptrase.plugin.widgets.weak_connections import connect_weakly

PATCH_HINT: Final = (
    "Move the mouse over the image, or over a map. A click on the image keeps the patch, another releases it."
)
NOT_YET: Final = "Run “Segment by text” on an image first: the maps come from its encoding."


class ExploreDock(QWidget):
    """Small maps of the patch under the cursor; one of them may lie over the image."""

    def __init__(self, session: Session, jobs: Jobs, region_tool: RegionTool) -> None:
        super().__init__()
        self._session = session
        self._picture = OverlayLayer(self._session.viewer, "Explored patch", opacity=0.6, blending="translucent")
        self._look = PatchView(session, jobs)
        self._pointer = Pointer(session, region_tool)
        self._held = False

        self.follow = QCheckBox("Follow the mouse on the image")
        self.follow.setChecked(True)
        self.follow.setToolTip("While checked, the maps are those of the patch under the cursor.")
        self.layer = NarrowCombo("Layer of the model whose attention is shown; the last one shows most.")
        self.head = NarrowCombo("Attention head; each attends to something else.")
        self.overlay = NarrowCombo("Which map lies over the image. A click on a map chooses it, too.")
        self.overlay.addItem("None", None)
        self.where = Note(PATCH_HINT)
        self.panels: dict[PatchMap, GridPanel] = {}
        maps = QGridLayout()
        maps.setContentsMargins(0, 0, 0, 0)
        for number, kind in enumerate(PatchMap):
            panel = GridPanel()
            panel.setToolTip(PATCH_MAP_MEANINGS[kind])
            panel.pointed.connect(self._look.at_patch)
            panel.picked.connect(lambda kind=kind: self._pick(kind))
            title = QLabel(PATCH_MAP_TITLES[kind])
            title.setToolTip(PATCH_MAP_MEANINGS[kind])
            row, column = divmod(number, 2)
            maps.addWidget(title, 2 * row, column)
            maps.addWidget(panel, 2 * row + 1, column)
            self.panels[kind] = panel
            self.overlay.addItem(PATCH_MAP_TITLES[kind], str(kind))  # Qt hands an enum back as plain text anyway
        maps.setColumnStretch(0, 1)
        maps.setColumnStretch(1, 1)

        chosen = QWidget()
        form = Form(chosen)
        form.add("Attention layer", self.layer)
        form.add("Attention head", self.head)
        form.add("On the image", self.overlay)
        inner = QWidget()
        layout = QVBoxLayout(inner)
        layout.addWidget(self.follow)
        layout.addWidget(self.where)
        layout.addLayout(maps)
        layout.addWidget(chosen)
        layout.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolling(inner))

        self.layer.currentIndexChanged.connect(lambda: self._look.at_layer(self.layer.currentData()))
        self.head.currentIndexChanged.connect(self._draw)
        self.overlay.currentIndexChanged.connect(self._draw_overlay)
        connect_weakly(self._look.changed, self._draw)
        connect_weakly(self._look.no_attention, self._no_attention)
        connect_weakly(self._pointer.moved, self._on_moved)
        connect_weakly(self._pointer.clicked, self._on_clicked)
        connect_weakly(self._session.encoded_changed, self._take_encoding)
        self._seen = DockVisibility(self)
        self._seen.changed.connect(self._on_seen)
        self._take_encoding()

    @property
    def listening(self) -> bool:
        """Whether the maps follow the mouse: only while they can be seen."""
        return self._pointer.listening

    # -- when it listens ----------------------------------------------------------------------------------------------

    def _on_seen(self, seen: bool) -> None:
        """Follow the mouse only while the maps can be seen, and leave nothing behind on the canvas."""
        self._pointer.listen(seen)
        if seen:
            self._take_encoding()
            self._draw()
        else:
            self._picture.remove()

    # -- where it looks -----------------------------------------------------------------------------------------------

    def look_at(self, row: float, column: float) -> None:
        """Show the maps of the patch that holds a pixel of the encoded picture."""
        self._look.at_pixel(row, column)

    def map_of(self, kind: PatchMap) -> NDArray[Any] | None:
        """(h, w) values or (h, w, 3) uint8 colours of a map at the patch; None while there is none."""
        return self._look.map_of(kind, self.head.currentData())

    def _on_moved(self, row: int, column: int) -> None:
        if not self._held and self.follow.isChecked():
            self.look_at(row, column)

    def _on_clicked(self, row: int, column: int) -> None:
        if self.follow.isChecked():
            self._held = not self._held
            self.look_at(row, column)
            self._show_place()

    def _pick(self, kind: PatchMap) -> None:
        chosen = self.overlay.findData(str(kind))
        self.overlay.setCurrentIndex(0 if self.overlay.currentIndex() == chosen else chosen)

    def _take_encoding(self, _encoded: Any = None) -> None:
        """Follow the session's encoding; nothing is computed before the dock is looked at."""
        encoded = self._session.encoded
        if not self._seen.now and encoded is not None:
            return
        if encoded is self._look.encoded and encoded is not None:
            return
        self._held = False
        self._fill_choosers(self._session.model)
        self._look.layer = self.layer.currentData()
        self._look.take(encoded)
        if encoded is None:
            self._picture.remove()
            self.where.show_text(NOT_YET)
            for panel in self.panels.values():
                panel.show_nothing("")

    def _fill_choosers(self, model: Any) -> None:
        blocks = model.vision.blocks if model is not None else ()
        for box in (self.layer, self.head):
            box.blockSignals(True)
            box.clear()
        for number in range(len(blocks)):
            self.layer.addItem(f"{number + 1} of {len(blocks)}", number)
        self.layer.setCurrentIndex(len(blocks) - 1)
        if blocks:
            self.head.addItem("Mean of all", MEAN_OF_HEADS)
            for number in range(blocks[-1].heads):
                self.head.addItem(f"{number + 1} of {blocks[-1].heads}", number)
        for box in (self.layer, self.head):
            box.blockSignals(False)
            box.setEnabled(bool(blocks))

    # -- drawing ------------------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        view = self._look.view
        if view is None:
            return
        for kind, panel in self.panels.items():
            values = self.map_of(kind)
            if values is None:
                continue
            if values.ndim == 3:
                panel.show_colors(values, view.aspect)
            else:
                panel.show_values(values, view.aspect)
            panel.mark(self._look.patch)
        self._show_place()
        self._draw_overlay()

    def _draw_overlay(self) -> None:
        chosen, view, encoded = self.overlay.currentData(), self._look.view, self._look.encoded
        kind = None if chosen is None else PatchMap(chosen)
        for other, panel in self.panels.items():
            panel.set_chosen(other is kind)
        values = None if kind is None else self.map_of(kind)
        if values is None or view is None or encoded is None or not self._seen.now:
            self._picture.hide()
            return
        target = encoded.source.target
        rows = slice(target.rows.start + view.rows.start, target.rows.start + view.rows.stop)
        columns = slice(target.columns.start + view.columns.start, target.columns.start + view.columns.stop)
        place = place_grid(target.geometry, target.plane, rows, columns, view.grid)
        if values.ndim == 3:
            values = np.dstack([values, np.full(values.shape[:2], 255, np.uint8)])
        layer = self._picture.show(target, values, place)
        if not layer.rgb:
            layer.colormap = COLORMAP

    def _no_attention(self, text: str) -> None:
        for kind in (PatchMap.ATTENTION, PatchMap.CLS_ATTENTION):
            self.panels[kind].show_nothing(text)

    def _show_place(self) -> None:
        view, patch = self._look.view, self._look.patch
        if view is None or patch is None:
            self.where.show_text(PATCH_HINT)
            return
        row, column = patch
        regions = np.asarray(view.regions)
        region = int(regions[row * view.grid[1] + column])
        where = f"Patch {row + 1}, {column + 1} of {view.grid[0]} × {view.grid[1]}"
        which = "in no region" if region < 0 else f"region {region + 1}, {np.count_nonzero(regions == region)} patches"
        held = " (kept; click the image to release it)" if self._held else ""
        self.where.show_text(f"{where}; {which}{held}")
