"""Which image, what its axes mean, which part of it, and how its values become a picture."""

import re
from typing import Any

from napari.layers import Image
from qtpy.QtWidgets import QCheckBox, QDoubleSpinBox, QHBoxLayout, QLabel, QSizePolicy, QSpinBox, QWidget

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.pixels.axes import CHANNEL, AxisRoles
from napari_cliptrase.pixels.plane_ranges import PlaneRanges
from napari_cliptrase.plugin.state.plane_source import (
    Area,
    Planes,
    PlaneSource,
    default_level,
    plane_source_of,
    range_along,
    roles_of,
)
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.widgets.choices import ChoiceCombo, NarrowCombo
from napari_cliptrase.plugin.widgets.forms import Form
from napari_cliptrase.plugin.widgets.segment.number_slider import NumberSlider
from napari_cliptrase.plugin.widgets.weak_connections import connect_weakly

AXIS_MEANINGS = {
    "Y": "rows (Y)",
    "X": "columns (X)",
    "C": "channels",
    "Z": "planes (Z)",
    "T": "time (T)",
}
AREAS = {
    Area.WHOLE: "Whole image",
    Area.VISIBLE: "Visible area",
    Area.SHAPE: "Selected shape",
}
PLANES = {
    Planes.SHOWN: ("Shown plane", "The plane on the screen; its labels go to that plane."),
    Planes.RANGE: (
        "A range of planes",
        "From one plane to another along one axis, as one run; the planes before and after it stay as they are.",
    ),
    Planes.ALL: (
        "All planes",
        "Every plane, one after the other, as one run. Afterwards new scores (Live) change the shown plane only.",
    ),
}


class ImagePicker(QWidget):
    """Follows the layer list: images come, go and are renamed."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._followed: set[Any] = set()
        self._roles: dict[Any, AxisRoles] = {}
        self.image = NarrowCombo("The image layer to segment.")
        self.area = NarrowCombo("Which part of the plane, or of each plane, is segmented; the rest stays as it is.")
        for area, title in AREAS.items():
            self.area.addItem(title, str(area))
        self.as_shown = QCheckBox("Contrast as on the screen")
        self.as_shown.setToolTip(
            "On: black and white are the layer's contrast limits. Off: the full range of the values. "
            "Colour images are always taken as they are."
        )
        self.as_shown.setChecked(True)
        self.axes = NarrowCombo("What the axes of the image mean. Channels are mixed to one picture; planes are kept.")
        self.level = NarrowCombo("Which resolution of a multiscale image is segmented; labels get its pixels.")
        self.planes = ChoiceCombo(PLANES, "Which planes of the stack are segmented.")
        self.range_axis = NarrowCombo("The axis along which the range runs; along others, the shown plane is taken.")
        self.range_first, self.range_last = QSpinBox(), QSpinBox()
        self.range_first.setToolTip("The first plane of the range; napari counts from 0.")
        self.range_last.setToolTip("The last plane of the range.")
        for box in (self.range_first, self.range_last):
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        number = QDoubleSpinBox()
        number.setRange(0, 1)
        number.setSingleStep(0.1)
        number.setSpecialValueText("off")
        number.setToolTip(
            "Against labels that flicker: how much the planes before and after count in the scores of each plane. "
            "0.3 is a good start. New scores (Live) of the shown plane are its own."
        )
        self.smoothing = NumberSlider(number)
        self.smoothing.setToolTip(number.toolTip())
        self._range = QWidget()
        self._lay_out_range()
        self._form = Form(self)
        self._form.add("Image", self.image)
        self._form.add("Axes", self.axes)
        self._form.add("Level", self.level)
        self._form.add("Planes", self.planes)
        self._form.add("Range", self._range)
        self._form.add("Smoothing", self.smoothing)
        self._form.add("Where", self.area)
        self._form.add("", self.as_shown)
        self.image.currentIndexChanged.connect(self._on_choice)
        self.axes.activated.connect(self._on_axes)
        self.level.activated.connect(self._show_planes)
        self.planes.currentIndexChanged.connect(self._show_planes)
        self.range_axis.activated.connect(self._limit_range)
        self.range_first.valueChanged.connect(self.range_last.setMinimum)
        connect_weakly(session.images_changed, self.refresh)
        connect_weakly(session.image_changed, self._on_image)
        self._named: list[Image] = []
        self.refresh()

    def source(self) -> PlaneSource:
        """Record what is chosen; raises an error with a sentence when there is nothing to segment."""
        image = self._session.image
        if image is None:
            raise CliptraseError("Open an image first.")
        level = self.level.currentData()
        return plane_source_of(
            self._session.viewer,
            image,
            self._session.version_of(image),
            roles=self._roles.get(image.unique_id),
            area=Area(self.area.currentData()),
            as_shown=self.as_shown.isChecked(),
            level=default_level(image) if level is None else level,
        )

    def chosen_planes(self) -> Planes:
        """Which planes are to be segmented; where there is one, it is the one that is shown."""
        return self.planes.value if self._has_planes() else Planes.SHOWN

    def chosen_range(self, source: PlaneSource) -> PlaneRanges | None:
        """Return the range of planes, where one is to be segmented."""
        if self.chosen_planes() is not Planes.RANGE:
            return None
        return range_along(source, self.range_axis.currentData(), self.range_first.value(), self.range_last.value())

    def chosen_smoothing(self) -> float:
        """Share of the planes beside it in the scores of each plane; 0 where one plane is segmented."""
        return 0.0 if self.chosen_planes() is Planes.SHOWN else self.smoothing.number.value()

    def refresh(self, *_: Any) -> None:
        """Fill the list of images again, keeping the choice."""
        self._named = list(reversed(self._session.images))
        self.image.blockSignals(True)
        self.image.clear()
        for layer in self._named:
            self.image.addItem(layer.name)
            if layer.unique_id not in self._followed:
                self._followed.add(layer.unique_id)
                connect_weakly(layer.events.name, self._on_name)
        self.image.blockSignals(False)
        if self._session.image not in self._named:
            self._session.image = self._named[0] if self._named else None
        self._on_image(self._session.image)

    def _on_name(self, event: Any) -> None:
        if event.source in self._named:
            self.image.setItemText(self._named.index(event.source), event.source.name)

    def _on_choice(self, row: int) -> None:
        self._session.image = self._named[row] if 0 <= row < len(self._named) else None

    def _on_image(self, image: Image | None) -> None:
        self.image.blockSignals(True)
        self.image.setCurrentIndex(self._named.index(image) if image in self._named else -1)
        self.image.blockSignals(False)
        self._form.setRowVisible(self.as_shown, image is not None and not image.rgb)
        self._show_axes(image)
        self._show_levels(image)
        self._show_planes()

    def _show_axes(self, image: Image | None) -> None:
        self.axes.clear()
        choices = () if image is None else role_choices(image)
        for roles in choices:
            self.axes.addItem(axes_text(image, roles) if image is not None else "", roles)
        chosen = None if image is None else self._roles.get(image.unique_id)
        if chosen is not None and chosen in choices:
            self.axes.setCurrentIndex(choices.index(chosen))
        self._form.setRowVisible(self.axes, len(choices) > 1)

    def _show_levels(self, image: Image | None) -> None:
        self.level.clear()
        if image is not None and image.multiscale:
            for level, data in enumerate(image.data):
                shape = data.shape[: image.ndim]
                self.level.addItem(f"{shape[-1]} × {shape[-2]} pixels", level)
            self.level.setCurrentIndex(default_level(image))
        self._form.setRowVisible(self.level, self.level.count() > 1)

    def _lay_out_range(self) -> None:
        row = QHBoxLayout(self._range)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.range_axis, 1)
        row.addWidget(self.range_first, 1)
        row.addWidget(QLabel("to"))
        row.addWidget(self.range_last, 1)

    def _show_planes(self, *_: Any) -> None:
        axes = self._plane_axes()
        self._form.setRowVisible(self.planes, bool(axes))
        self._form.setRowVisible(self._range, bool(axes) and self.planes.value is Planes.RANGE)
        self._form.setRowVisible(self.smoothing, self.chosen_planes() is not Planes.SHOWN)
        before = self.range_axis.currentData()
        if [self.range_axis.itemData(row) for row in range(self.range_axis.count())] != list(axes):
            self.range_axis.clear()
            for letter, (title, _length) in axes.items():
                self.range_axis.addItem(title, letter)
            self.range_axis.setCurrentIndex(max(0, self.range_axis.findData(before)))
        self.range_axis.setVisible(len(axes) > 1)
        self._limit_range()

    def _limit_range(self, *_: Any) -> None:
        """Keep the range within the planes of its axis; of an axis that was not chosen before, take all."""
        axes = self._plane_axes()
        if not axes:
            return
        last = axes[self.range_axis.currentData()][1] - 1
        if self.range_last.maximum() != last:
            self.range_first.setRange(0, last)
            self.range_last.setRange(self.range_first.value(), last)
            self.range_last.setValue(last)

    def _has_planes(self) -> bool:
        """Whether the image has more than one plane, as its axes are understood."""
        return bool(self._plane_axes())

    def _plane_axes(self) -> dict[str, tuple[str, int]]:
        """Return the letter, the title and the length of each axis along which there are several planes."""
        image, level = self._session.image, self.level.currentData()
        if image is None:
            return {}
        roles = self._roles.get(image.unique_id) or roles_of(image, default_level(image))
        data = image.data[default_level(image) if level is None else level] if image.multiscale else image.data
        return {
            roles.letters[axis]: (axis_title(image, axis, roles), data.shape[axis])
            for axis in roles.planes
            if data.shape[axis] > 1
        }

    def _on_axes(self, row: int) -> None:
        image = self._session.image
        if image is not None:
            self._roles[image.unique_id] = self.axes.itemData(row)
            self._show_planes()


def role_choices(image: Image) -> tuple[AxisRoles, ...]:
    """What the axes of an image may mean: the guess first, then no channels, then each leading axis as channels."""
    guess = roles_of(image, default_level(image))
    choices = [guess]
    if not image.rgb:
        spare = [letter for letter in "ZTQRUVW" if letter not in guess.letters]
        without = guess.letters.replace("C", spare[0])
        choices.append(AxisRoles(without))
        for axis, letter in enumerate(without):
            if letter not in "YX":
                choices.append(AxisRoles(without[:axis] + "C" + without[axis + 1 :]))
    return tuple(dict.fromkeys(choices))


def axes_text(image: Image, roles: AxisRoles) -> str:
    """Say what each axis is, with its length: ``3 channels, 20 planes (Z), …``; axes without a name get none."""
    shape = (image.data[0] if image.multiscale else image.data).shape
    words = [
        f"{shape[axis]} {axis_title(image, axis, roles)}"
        for axis, letter in enumerate(roles.letters)
        if letter not in "YXS"
    ]
    return ", ".join(words) if words else "one plane"


def axis_title(image: Image, axis: int, roles: AxisRoles) -> str:
    """Say what an axis holds: ``time (T)``, ``channels``, ``planes (axis 0)``."""
    letter = roles.letters[axis]
    unnamed = re.compile(r"(axis )?-?\d+")  # what napari calls an axis that nobody named
    if letter == CHANNEL or not unnamed.fullmatch(image.axis_labels[axis]):
        return AXIS_MEANINGS.get(letter, f"planes ({image.axis_labels[axis]})")
    return f"planes (axis {axis})" if len(roles.planes) > 1 else "planes"
