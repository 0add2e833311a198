"""A form made from the types of `Settings`: magicgui chooses the widget, the setting brings its limits and choices."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, get_args, get_type_hints

from magicgui.widgets import create_widget
from magicgui.widgets.bases import ValueWidget
from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QComboBox, QDoubleSpinBox, QSizePolicy, QWidget

from napari_cliptrase.engine.settings import Settings, limits_of
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.widgets.forms import Form
from napari_cliptrase.plugin.widgets.segment.number_slider import NumberSlider
from napari_cliptrase.plugin.widgets.weak_connections import connect_weakly

Titles = Mapping[Any, tuple[str, str]]
"""Value of a choice -> title and sentence."""


@dataclass(frozen=True)
class SettingText:
    """The texts of a setting in the window: its label, a sentence, and the titles of its values.

    ``lowest`` is the text of a number at its lowest value; for a setting that may be None it means None. ``slider``
    puts a slider beside a number that is tried out.
    """

    label: str
    tip: str
    titles: Titles = field(default_factory=dict)
    lowest: str = ""
    slider: bool = False


class SettingsForm(QWidget):
    """Fields for some settings of a session; a change takes effect at once, and the form follows the session."""

    def __init__(self, session: Session, words: Mapping[str, SettingText], parent: QWidget | None = None) -> None:
        """``words``: name of a field of `Settings` -> how it is called, in the order of the form."""
        super().__init__(parent)
        self._session = session
        self._wheel = _WheelGuard(self)
        hints = get_type_hints(Settings)
        self._optional = {name for name in words if type(None) in get_args(hints[name])}
        self._fields: dict[str, ValueWidget] = {}
        self._sliders: list[NumberSlider] = []
        self._form = Form(self)
        for name, about in words.items():
            widget = self._fields[name] = self._made(name, hints[name], about)
            self._form.add(about.label, self._row(widget.native) if about.slider else widget.native)
            widget.changed.connect(lambda value, name=name: self._take(name, value))
        connect_weakly(session.settings_changed, self.show_settings)
        self.show_settings(session.settings)

    def field(self, name: str) -> ValueWidget:
        """Return the widget of a setting."""
        return self._fields[name]

    def add(self, label: str, widget: QWidget) -> None:
        """Add a row that is not a setting."""
        self._form.add(label, widget)

    def show_settings(self, settings: Settings) -> None:
        """Show the values of settings."""
        for name, widget in self._fields.items():
            value = getattr(settings, name)
            with widget.changed.blocked():
                widget.value = widget.min if value is None else value
        for row in self._sliders:
            row.show_number()

    def _made(self, name: str, hint: Any, about: SettingText) -> ValueWidget:
        kind = next(part for part in (get_args(hint) or (hint,)) if part is not type(None))
        options: dict[str, Any] = {"tooltip": about.tip}
        if about.titles:
            options["choices"] = [(title, value) for value, (title, _) in about.titles.items()]
        else:
            lowest, highest = limits_of(name)
            options |= {"min": lowest, "max": highest, "step": 0.05}
        widget = create_widget(annotation=kind, name=name, options=options)
        native: QWidget = widget.native
        native.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        native.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        native.installEventFilter(self._wheel)
        if isinstance(native, QComboBox):
            native.setMinimumContentsLength(4)
            for row, (_, sentence) in enumerate(about.titles.values()):
                native.setItemData(row, sentence, Qt.ItemDataRole.ToolTipRole)
        if isinstance(native, QDoubleSpinBox):
            native.setDecimals(2)
            native.setSpecialValueText(about.lowest)
        return widget

    def _row(self, number: QDoubleSpinBox) -> QWidget:
        """Return a number with its slider; the wheel must not turn that either."""
        row = NumberSlider(number)
        row.slider.installEventFilter(self._wheel)
        self._sliders.append(row)
        return row

    def _take(self, name: str, value: Any) -> None:
        if name in self._optional and value == self._fields[name].min:
            value = None
        self._session.settings = replace(self._session.settings, **{name: value})


class _WheelGuard(QObject):
    """Leaves the mouse wheel to the scroll area around a field unless the field has the focus."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt: ignore the wheel over a field that nobody clicked."""
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return bool(super().eventFilter(watched, event))
