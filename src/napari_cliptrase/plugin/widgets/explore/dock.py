"""The dock "Explore patches": what one patch of the image correlates with, step by step through the method."""

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.jobs import Report
from napari_cliptrase.plugin.overlays import place_grid
from napari_cliptrase.plugin.picture import Picture
from napari_cliptrase.plugin.region_tool import CLICK_SLACK, pixel_at
from napari_cliptrase.plugin.session import Encoded, session_of
from napari_cliptrase.plugin.widgets.choices import NarrowCombo
from napari_cliptrase.plugin.widgets.explore.maps import (
    MEAN_OF_HEADS,
    MEANINGS,
    TITLES,
    Kind,
    WindowView,
    attention_map,
    heat_map,
    region_colors,
)
from napari_cliptrase.plugin.widgets.explore.panel import COLORMAP, GridPanel
from napari_cliptrase.plugin.widgets.explore.window import attention_of, view_of, window_at
from napari_cliptrase.plugin.widgets.forms import Form
from napari_cliptrase.plugin.widgets.sections import Note
from napari_cliptrase.plugin.widgets.seen import Seen
from napari_cliptrase.plugin.widgets.ties import tie
from napari_cliptrase.progress import Progress

if TYPE_CHECKING:
    import napari.viewer

HINT: Final = "Move the mouse over the image, or over a map. A click on the image holds the patch, another lets go."
NOT_YET: Final = "Run “Segment by text” on an image first: the maps come from its encoding."


class ExploreDock(QWidget):
    """Small maps of the patch under the cursor; one of them may lie over the image."""

    def __init__(self, viewer: "napari.viewer.Viewer") -> None:
        super().__init__()
        self._session = session_of(viewer)
        self._picture = Picture(self._session.viewer, "Explored patch", opacity=0.6, blending="translucent")
        self._encoded: Encoded | None = None
        self._window: int | None = None
        self._view: WindowView | None = None
        self._attention: NDArray[Any] | None = None
        self._patch: tuple[int, int] | None = None
        self._held = False
        self._listening = False

        self.follow = QCheckBox("Follow the mouse on the image")
        self.follow.setChecked(True)
        self.follow.setToolTip("While checked, the maps are those of the patch under the cursor.")
        self.layer = NarrowCombo("Layer of the model whose attention is shown; the last one is the most telling.")
        self.head = NarrowCombo("Attention head; each looks for something else.")
        self.overlay = NarrowCombo("Which map lies over the image. A click on a map chooses it, too.")
        self.overlay.addItem("None", None)
        self.where = Note(HINT)
        self.panels: dict[Kind, GridPanel] = {}
        maps = QGridLayout()
        maps.setContentsMargins(0, 0, 0, 0)
        for number, kind in enumerate(Kind):
            panel = GridPanel()
            panel.setToolTip(MEANINGS[kind])
            panel.pointed.connect(self._point)
            panel.picked.connect(lambda kind=kind: self._pick(kind))
            title = QLabel(TITLES[kind])
            title.setToolTip(MEANINGS[kind])
            row, column = divmod(number, 2)
            maps.addWidget(title, 2 * row, column)
            maps.addWidget(panel, 2 * row + 1, column)
            self.panels[kind] = panel
            self.overlay.addItem(TITLES[kind], str(kind))  # Qt hands an enum back as plain text anyway
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
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)

        self.layer.currentIndexChanged.connect(self._find_attention)
        self.head.currentIndexChanged.connect(self._draw)
        self.overlay.currentIndexChanged.connect(self._draw_overlay)
        tie(self._session.encoded_changed, self._take_encoding)
        self._seen = Seen(self)
        self._seen.changed.connect(self._on_seen)
        self._take_encoding()

    # -- when it listens ----------------------------------------------------------------------------------------------

    def _on_seen(self, seen: bool) -> None:
        """Follow the mouse only while the maps can be seen, and leave nothing behind on the canvas."""
        self._listen(seen)
        if seen:
            self._take_encoding()
            self._draw()
        else:
            self._picture.remove()

    def _listen(self, on: bool) -> None:
        if on is self._listening:
            return
        self._listening = on
        viewer = self._session.viewer
        if on:
            viewer.mouse_move_callbacks.append(self._on_move)
            viewer.mouse_drag_callbacks.append(self._on_press)
        else:
            viewer.mouse_move_callbacks.remove(self._on_move)
            viewer.mouse_drag_callbacks.remove(self._on_press)

    # -- where it looks -----------------------------------------------------------------------------------------------

    def look_at(self, row: float, column: float) -> None:
        """Show the maps of the patch that holds a pixel of the encoded picture."""
        if self._encoded is None:
            return
        number = window_at(self._encoded.encoding, row, column)
        if number is None:
            return
        if number != self._window:
            self._open_window(number, (row, column))
        elif self._view is not None:
            patch = self._view.patch_at(row, column)
            if patch is not None:
                self._point(*patch)

    def _on_move(self, _viewer: Any, event: Any) -> None:
        pixel = self._pixel(event)
        if pixel is not None and not self._held and self.follow.isChecked():
            self.look_at(*pixel)

    def _pixel(self, event: Any) -> tuple[int, int] | None:
        return None if self._encoded is None else pixel_at(self._encoded.subject.target, event.position)

    def _on_press(self, _viewer: Any, event: Any) -> Iterator[None]:
        active = self._session.viewer.layers.selection.active
        painting = isinstance(active, Labels) and active.mode not in ("pan_zoom", "pick")
        giving = self._session.region_tool.on
        if event.button != 1 or painting or giving or not self.follow.isChecked() or self._encoded is None:
            return
        pressed, still = np.asarray(event.pos), True
        yield
        while event.type == "mouse_move":
            still = still and bool(np.abs(np.asarray(event.pos) - pressed).max() <= CLICK_SLACK)
            yield
        pixel = self._pixel(event)
        if still and pixel is not None:
            self._held = not self._held
            self.look_at(*pixel)
            self._tell()

    def _point(self, row: int, column: int) -> None:
        if self._view is not None and self._patch != (row, column):
            self._patch = (row, column)
            self._draw()

    def _pick(self, kind: Kind) -> None:
        chosen = self.overlay.findData(str(kind))
        self.overlay.setCurrentIndex(0 if self.overlay.currentIndex() == chosen else chosen)

    # -- what it looks at ---------------------------------------------------------------------------------------------

    def _take_encoding(self, _encoded: Any = None) -> None:
        """Follow the session's encoding; nothing is computed before the dock is looked at."""
        encoded = self._session.encoded
        if not self._seen.now and encoded is not None:
            return
        if encoded is self._encoded and encoded is not None:
            return
        self._encoded, self._window, self._held = encoded, None, False
        self._forget_window()
        model = self._session.model
        self._fill_choosers(model)
        if encoded is None:
            self._picture.remove()
            self.where.say(NOT_YET)
            for panel in self.panels.values():
                panel.show_nothing("")
            return
        height, width = encoded.encoding.shape
        self._open_window(window_at(encoded.encoding, height / 2, width / 2) or 0, (height / 2, width / 2))

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

    def _forget_window(self) -> None:
        self._view = self._attention = self._patch = None

    def _open_window(self, number: int, pixel: tuple[float, float]) -> None:
        """Take a window out of the encoding in a worker, then look at a pixel of it."""
        encoded = self._encoded
        assert encoded is not None
        self._window = number
        self._forget_window()

        def steps(_report: Report) -> Generator[Progress, None, WindowView]:
            yield Progress(0, 1, "Opening the window of the encoding")
            return view_of(encoded.encoding, number)

        def done(view: WindowView) -> None:
            if encoded is self._encoded and number == self._window:
                self._view = view
                self._patch = view.patch_at(*pixel)
                self._draw()
                self._find_attention()

        self._session.jobs.start("Explore", steps, done=done, key="explore window")

    def _find_attention(self) -> None:
        """Compute the attention of the chosen layer in a worker."""
        encoded, number, model = self._encoded, self._window, self._session.model
        layer, settings = self.layer.currentData(), self._session.settings
        self._attention = None
        if encoded is None or number is None or model is None or layer is None:
            return
        if settings.encode_key() != encoded.encoding.encode_settings:
            self._no_attention("The settings have changed since the image was encoded; run again.")
            return
        self._no_attention("…")

        def steps(_report: Report) -> Generator[Progress, None, NDArray[Any]]:
            yield Progress(0, 1, f"Looking into layer {layer + 1}")
            return attention_of(model, encoded.rgb, encoded.encoding, settings, number, layer)

        def done(attention: NDArray[Any]) -> None:
            if encoded is self._encoded and number == self._window and layer == self.layer.currentData():
                self._attention = attention
                self._draw()

        def failed(error: CliptraseError) -> None:
            self._no_attention(str(error))

        self._session.jobs.start("Explore attention", steps, done=done, failed=failed, key="explore attention")

    # -- drawing ------------------------------------------------------------------------------------------------------

    def map_of(self, kind: Kind) -> NDArray[Any] | None:
        """(h, w) values or (h, w, 3) uint8 colours of a map at the patch; None while there is none."""
        view, patch = self._view, self._patch
        if view is None or patch is None:
            return None
        if kind is Kind.REGIONS:
            return region_colors(view, patch)
        if kind not in (Kind.ATTENTION, Kind.CLS_ATTENTION):
            return heat_map(view, kind, patch)
        if self._attention is None:
            return None
        return attention_map(
            self._attention, view.grid, self.head.currentData(), patch if kind is Kind.ATTENTION else None
        )

    def _draw(self) -> None:
        view = self._view
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
            panel.mark(self._patch)
        self._tell()
        self._draw_overlay()

    def _draw_overlay(self) -> None:
        chosen, view, encoded = self.overlay.currentData(), self._view, self._encoded
        kind = None if chosen is None else Kind(chosen)
        for other, panel in self.panels.items():
            panel.set_chosen(other is kind)
        values = None if kind is None else self.map_of(kind)
        if values is None or view is None or encoded is None or not self._seen.now:
            self._picture.hide()
            return
        target = encoded.subject.target
        rows = slice(target.rows.start + view.rows.start, target.rows.start + view.rows.stop)
        columns = slice(target.columns.start + view.columns.start, target.columns.start + view.columns.stop)
        place = place_grid(target.frame, target.plane, rows, columns, view.grid)
        if values.ndim == 3:
            values = np.dstack([values, np.full(values.shape[:2], 255, np.uint8)])
        layer = self._picture.show(target, values, place)
        if not layer.rgb:
            layer.colormap = COLORMAP

    def _no_attention(self, text: str) -> None:
        for kind in (Kind.ATTENTION, Kind.CLS_ATTENTION):
            self.panels[kind].show_nothing(text)

    def _tell(self) -> None:
        if self._view is None or self._patch is None:
            self.where.say(HINT)
            return
        row, column = self._patch
        regions = np.asarray(self._view.regions)
        region = int(regions[row * self._view.grid[1] + column])
        where = f"Patch {row + 1}, {column + 1} of {self._view.grid[0]} × {self._view.grid[1]}"
        which = "in no region" if region < 0 else f"region {region + 1}, {np.count_nonzero(regions == region)} patches"
        held = " (held; click the image to let go)" if self._held else ""
        self.where.say(f"{where}; {which}{held}")
