"""One small picture of a patch grid: a heat map or the regions, with the patch that is looked at marked."""

from typing import Final

import numpy as np
from napari.utils.colormaps import ensure_colormap
from numpy.typing import NDArray
from qtpy.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QWidget

COLORMAP: Final = "magma"
_MARGIN: Final = 1


class GridPanel(QWidget):
    """Draws (h, w) values or colours as large cells, edge to edge, with the aspect of the window they cover.

    Signals
    -------
    pointed (row, column)
        The mouse is over a patch, or a mouse button was pressed on it (`picked`).
    picked ()
        The panel was clicked.
    """

    pointed = Signal(int, int)
    picked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._grid = (1, 1)
        self._aspect = 1.0
        self._marked: tuple[int, int] | None = None
        self._chosen = False
        self._empty_text = ""
        self.setMouseTracking(True)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_values(self, values: NDArray[np.floating], aspect: float) -> None:
        """Draw (h, w) values from their least to their greatest; ``aspect`` is height over width of the window."""
        self._show(heat_colors(values), values.shape, aspect)

    def show_colors(self, colors: NDArray[np.uint8], aspect: float) -> None:
        """Draw (h, w, 3) uint8 colours."""
        self._show(colors, colors.shape[:2], aspect)

    def show_nothing(self, text: str) -> None:
        """Draw no picture but the reason."""
        self._image = None
        self._empty_text = text
        self.update()

    def mark(self, patch: tuple[int, int] | None) -> None:
        """Draw a frame around the patch in (row, column)."""
        if patch != self._marked:
            self._marked = patch
            self.update()

    def set_chosen(self, chosen: bool) -> None:
        """Draw the panel as the one that is shown on the image."""
        if chosen != self._chosen:
            self._chosen = chosen
            self.update()

    def image(self) -> QImage | None:
        """Return the picture, one pixel for each patch."""
        return self._image

    def hasHeightForWidth(self) -> bool:
        """Qt: the height follows from the width."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Qt: the height that keeps the aspect of the window."""
        return round(min(self._aspect, 2.0) * width)

    def sizeHint(self) -> QSize:
        """Qt: a size at which 30 patches can be told apart."""
        return QSize(150, self.heightForWidth(150))

    def minimumSizeHint(self) -> QSize:
        """Qt: the least useful size."""
        return QSize(90, self.heightForWidth(90))

    def patch_at(self, point: QPoint | QPointF) -> tuple[int, int] | None:
        """(row, column) of the patch under a point of the widget, or None."""
        area = self._area()
        column = int((point.x() - area.left()) / max(area.width(), 1e-6) * self._grid[1] // 1)
        row = int((point.y() - area.top()) / max(area.height(), 1e-6) * self._grid[0] // 1)
        inside = 0 <= row < self._grid[0] and 0 <= column < self._grid[1]
        return (row, column) if inside and self._image is not None else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Qt: report the patch under the mouse."""
        patch = self.patch_at(event.position())
        if patch is not None:
            self.pointed.emit(*patch)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Qt: report the click."""
        self.picked.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt: draw."""
        painter = QPainter(self)
        text = self.palette().color(self.foregroundRole())
        if self._image is None:
            painter.setPen(QPen(text, 0, Qt.PenStyle.DotLine))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(6, 6, -6, -6), int(flags), self._empty_text)
            return
        area = self._area()
        painter.drawImage(area, self._image)
        if self._marked is not None:
            row, column = self._marked
            height, width = area.height() / self._grid[0], area.width() / self._grid[1]
            frame = QRectF(area.left() + column * width, area.top() + row * height, width, height)
            frame = frame.adjusted(-1, -1, 1, 1)
            painter.setPen(QPen(QColor("black"), 3))
            painter.drawRect(frame)
            painter.setPen(QPen(QColor("white"), 1.4))
            painter.drawRect(frame)
        if self._chosen:
            painter.setPen(QPen(QColor("#3d9be9"), 3))
            painter.drawRect(area.adjusted(1, 1, -1, -1))

    def _show(self, colors: NDArray[np.uint8], grid: tuple[int, ...], aspect: float) -> None:
        pixels = np.ascontiguousarray(colors)
        height, width = pixels.shape[:2]
        # a copy, since QImage does not keep the array alive
        self._image = QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()
        self._grid = (int(grid[0]), int(grid[1]))
        if aspect != self._aspect:
            self._aspect = aspect
            self.updateGeometry()
        self.update()

    def _area(self) -> QRectF:
        """Return the part of the widget that the picture fills, with its aspect kept."""
        width, height = self.width() - 2 * _MARGIN, self.height() - 2 * _MARGIN
        if height > self._aspect * width:
            height = self._aspect * width
        else:
            width = height / self._aspect
        return QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)


def heat_colors(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """(h, w, 3) uint8 colours for (h, w) values, spread from the least to the greatest finite value."""
    finite = np.isfinite(values)
    low, high = (values[finite].min(), values[finite].max()) if finite.any() else (0.0, 1.0)
    scaled = np.where(finite, (values - low) / (high - low) if high > low else 0.0, 0.0)
    colors = ensure_colormap(COLORMAP).map(scaled.ravel().astype(np.float32))
    return np.asarray(colors[:, :3] * 255 + 0.5, np.uint8).reshape(*values.shape, 3)
