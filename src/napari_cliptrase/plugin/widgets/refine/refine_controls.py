"""The upper half of the dock: what is refined, with which method, and what may change."""

from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QSpinBox, QWidget

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.plugin.layers import LabelLayers
from napari_cliptrase.plugin.run.refine_target import RefineTarget, refine_targets, table_for
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.widgets.choices import NarrowCombo
from napari_cliptrase.plugin.widgets.forms import Form
from napari_cliptrase.plugin.widgets.refine.class_checks import ClassChecks
from napari_cliptrase.plugin.widgets.refine.method_texts import (
    FREE,
    METHOD_TEXTS,
    NEAR_BOUNDARIES,
    NEVER,
    STRENGTH_TIPS,
    STRENGTHS,
)
from napari_cliptrase.plugin.widgets.refine.sam_picker import SamPicker
from napari_cliptrase.plugin.widgets.sections import Note
from napari_cliptrase.plugin.widgets.weak_connections import connect_weakly
from napari_cliptrase.refine.limits import Limits, Strength
from napari_cliptrase.refine.methods import Method


class RefineControls(QWidget):
    """Follows the layer list; ``changed()`` when anything that matters to the outcome was chosen."""

    changed = Signal()

    def __init__(self, session: Session, label_layers: LabelLayers, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._label_layers = label_layers
        self._choices: tuple[RefineTarget, ...] = ()
        self._build()
        self.what.currentIndexChanged.connect(self._take_choice)
        self.classes.changed.connect(self.changed)
        self.method_combo.currentIndexChanged.connect(self._show_method)
        self.sam.chosen.connect(self.changed)
        self.setting.currentIndexChanged.connect(self.changed)
        self.strength.currentIndexChanged.connect(self._show_strength)
        self.band.valueChanged.connect(self.changed)
        events = session.viewer.layers.events
        for emitter in (events.inserted, events.removed, events.reordered, events.renamed):
            connect_weakly(emitter, self.refresh)
        connect_weakly(session.image_changed, self.refresh)
        connect_weakly(session.locked_changed, self._take_choice)
        connect_weakly(session.prompts_changed, self._take_choice)
        self._show_method()
        self._show_strength()
        self.refresh()

    def _build(self) -> None:
        self.what = NarrowCombo("What is refined: the class layers of an image together, or one other label layer.")
        self.classes = ClassChecks()
        self.method_combo = NarrowCombo("How boundaries are sharpened.")
        for method, words in METHOD_TEXTS.items():
            self.method_combo.addItem(words.title, str(method))
            self.method_combo.setItemData(self.method_combo.count() - 1, words.tip, Qt.ItemDataRole.ToolTipRole)
        self.about_method = Note()
        self.sam = SamPicker()
        self.setting = NarrowCombo("")
        self.strength = NarrowCombo("Which pixels may change at all.")
        for strength in STRENGTHS:
            self.strength.addItem(strength)
            self.strength.setItemData(self.strength.count() - 1, STRENGTH_TIPS[strength], Qt.ItemDataRole.ToolTipRole)
        self.band = QSpinBox()
        self.band.setRange(1, 999)
        self.band.setValue(12)
        self.band.setSuffix(" px")
        self.band.setMaximumWidth(100)
        self.band.setToolTip("Width of the band on either side of each boundary.")
        self.form = Form(self)
        self.form.add("Labels", self.what)
        self.form.add("Classes", self.classes)
        self.form.add("Method", self.method_combo)
        self.form.addRow(self.about_method)
        self.form.add("Setting", self.setting)
        self.form.add("May change", self.strength, self.band, stretch=0)

    # -- what is chosen -----------------------------------------------------------------------------------------------

    @property
    def choice(self) -> RefineTarget | None:
        """What is to be refined."""
        row = self.what.currentIndex()
        return self._choices[row] if 0 <= row < len(self._choices) else None

    @property
    def method(self) -> Method:
        """The method in the combo box."""
        return Method(self.method_combo.currentData())

    @property
    def options(self) -> dict[str, Any]:
        """Options of the method that the user chose."""
        return {METHOD_TEXTS[self.method].setting.option: self.setting.currentData()}

    @property
    def limits(self) -> Limits:
        """What may change."""
        strengths = {NEVER: Strength(0), FREE: Strength(None), NEAR_BOUNDARIES: Strength(self.band.value())}
        return Limits(strengths[self.strength.currentText()], self.classes.chosen())

    # -- following ----------------------------------------------------------------------------------------------------

    def refresh(self, _event: Any = None) -> None:
        """Follow the layer list; the choice stays with its layer."""
        before = self.choice
        self._choices = refine_targets(self._session)
        self.what.blockSignals(True)
        self.what.clear()
        for choice in self._choices:
            self.what.addItem(choice.title)
        same = [row for row, choice in enumerate(self._choices) if choice.same_as(before)]
        self.what.setCurrentIndex(same[0] if same else 0 if self._choices else -1)
        self.what.blockSignals(False)
        if not same:
            self._take_choice()

    def _take_choice(self, _changed: Any = None) -> None:
        choice = self.choice
        table = ClassTable() if choice is None else table_for(self._label_layers, choice)
        locked = self._session.locked if choice is not None and choice.layer is None else frozenset()
        self.classes.show_classes(table, locked)
        self.form.setRowVisible(self.classes, self.classes.count() > 0)
        self.changed.emit()

    def _show_method(self, _row: int = 0) -> None:
        words = METHOD_TEXTS[self.method]
        self.about_method.show_text(words.tip)
        self.form.labelForField(self.setting).setText(words.setting.title)
        self.setting.blockSignals(True)
        self.setting.clear()
        for title, value in words.setting.values:
            self.setting.addItem(title, value)
        self.setting.setToolTip(words.setting.tip)
        self.setting.blockSignals(False)
        self.changed.emit()

    def _show_strength(self, _row: int = 0) -> None:
        self.band.setVisible(self.strength.currentText() == NEAR_BOUNDARIES)
        self.changed.emit()
