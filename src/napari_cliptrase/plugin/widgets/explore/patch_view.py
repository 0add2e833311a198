"""What the dock "Explore patches" looks at: a patch of a window of an encoding, and the maps of that patch."""

from collections.abc import Generator
from typing import Any

from numpy.typing import NDArray
from psygnal import Signal

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.run.jobs import Jobs
from napari_cliptrase.plugin.state.results import Encoded
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.widgets.explore.patch_maps import (
    PatchMap,
    WindowView,
    attention_map,
    heat_map,
    region_colors,
)
from napari_cliptrase.plugin.widgets.explore.window_view import attention_of, view_of, window_at
from napari_cliptrase.progress import Progress


class PatchView:
    """Follows the mouse from patch to patch and from window to window; what takes time happens in a worker.

    Signals: ``changed()`` when there are other maps, ``no_attention(why)`` while there is none to show.
    """

    changed = Signal()
    no_attention = Signal(str)

    def __init__(self, session: Session, jobs: Jobs) -> None:
        self._session = session
        self._jobs = jobs
        self.encoded: Encoded | None = None
        self.view: WindowView | None = None
        self.patch: tuple[int, int] | None = None
        self.layer: int | None = None
        """Layer of the model whose attention is shown."""
        self._window: int | None = None
        self._attention: NDArray[Any] | None = None

    def take(self, encoded: Encoded | None) -> None:
        """Look at another encoding, at first at its middle."""
        self.encoded, self._window = encoded, None
        self._forget_window()
        if encoded is not None:
            height, width = encoded.encoding.shape
            self._open_window(window_at(encoded.encoding, height / 2, width / 2) or 0, (height / 2, width / 2))

    def at_pixel(self, row: float, column: float) -> None:
        """Look at the patch that holds a pixel of the encoded picture."""
        if self.encoded is None:
            return
        number = window_at(self.encoded.encoding, row, column)
        if number is None:
            return
        if number != self._window:
            self._open_window(number, (row, column))
        elif self.view is not None:
            patch = self.view.patch_at(row, column)
            if patch is not None:
                self.at_patch(*patch)

    def at_patch(self, row: int, column: int) -> None:
        """Look at a patch of the window."""
        if self.view is not None and self.patch != (row, column):
            self.patch = (row, column)
            self.changed.emit()

    def at_layer(self, layer: int | None) -> None:
        """Show the attention of another layer of the model."""
        self.layer = layer
        self._find_attention()

    def map_of(self, kind: PatchMap, head: int) -> NDArray[Any] | None:
        """(h, w) values or (h, w, 3) uint8 colours of a map at the patch; None while there is none."""
        view, patch = self.view, self.patch
        if view is None or patch is None:
            return None
        if kind is PatchMap.REGIONS:
            return region_colors(view, patch)
        if kind not in (PatchMap.ATTENTION, PatchMap.CLS_ATTENTION):
            return heat_map(view, kind, patch)
        if self._attention is None:
            return None
        return attention_map(self._attention, view.grid, head, patch if kind is PatchMap.ATTENTION else None)

    # -- work ---------------------------------------------------------------------------------------------------------

    def _forget_window(self) -> None:
        self.view = self._attention = self.patch = None

    def _open_window(self, number: int, pixel: tuple[float, float]) -> None:
        """Take a window out of the encoding in a worker, then look at a pixel of it."""
        encoded = self.encoded
        assert encoded is not None
        self._window = number
        self._forget_window()

        def steps() -> Generator[Progress, None, WindowView]:
            yield Progress(0, 1, "Opening the window of the encoding")
            return view_of(encoded.encoding, number)

        def done(view: WindowView) -> None:
            if encoded is self.encoded and number == self._window:
                self.view = view
                self.patch = view.patch_at(*pixel)
                self.changed.emit()
                self._find_attention()

        self._jobs.start("Explore", steps, done=done, key="explore window")

    def _find_attention(self) -> None:
        """Compute the attention of the chosen layer in a worker."""
        encoded, number, model = self.encoded, self._window, self._session.model
        layer, settings = self.layer, self._session.settings
        self._attention = None
        if encoded is None or number is None or model is None or layer is None:
            return
        if settings.encode_key() != encoded.encoding.encode_settings:
            self.no_attention.emit("The settings have changed since the image was encoded; run again.")
            return
        self.no_attention.emit("…")

        def steps() -> Generator[Progress, None, NDArray[Any]]:
            yield Progress(0, 1, f"Looking into layer {layer + 1}")
            return attention_of(model, encoded.rgb, encoded.encoding, settings, number, layer)

        def done(attention: NDArray[Any]) -> None:
            if encoded is self.encoded and number == self._window and layer == self.layer:
                self._attention = attention
                self.changed.emit()

        def failed(error: CliptraseError) -> None:
            self.no_attention.emit(str(error))

        self._jobs.start("Explore attention", steps, done=done, failed=failed, key="explore attention")
