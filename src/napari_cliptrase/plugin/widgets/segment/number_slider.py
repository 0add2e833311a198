"""A slider beside the field of a number: both show the same value."""

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QDoubleSpinBox, QHBoxLayout, QSizePolicy, QSlider, QWidget

_TICKS = 100


class NumberSlider(QWidget):
    """A slider and the field that it belongs to, side by side; moving either moves the other."""

    def __init__(self, number: QDoubleSpinBox, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.number = number
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, _TICKS)
        self.slider.setPageStep(5)
        self.slider.setToolTip(number.toolTip())
        self.slider.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.slider.setEnabled(number.isEnabled())
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.slider, 2)
        layout.addWidget(number, 1)
        number.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        number.installEventFilter(self)
        number.valueChanged.connect(self.show_number)
        self.slider.valueChanged.connect(self._take)
        self.show_number()

    def show_number(self) -> None:
        """Move the slider to where the number is."""
        least, span = self.number.minimum(), self.number.maximum() - self.number.minimum()
        self.slider.blockSignals(True)
        self.slider.setValue(round(_TICKS * (self.number.value() - least) / span))
        self.slider.blockSignals(False)

    def _take(self, position: int) -> None:
        least, span = self.number.minimum(), self.number.maximum() - self.number.minimum()
        self.number.setValue(least + span * position / _TICKS)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt: the slider is gray when its number is."""
        if event.type() == QEvent.Type.EnabledChange:
            self.slider.setEnabled(self.number.isEnabled())
        return bool(super().eventFilter(watched, event))
