from qtpy.QtWidgets import QCheckBox, QComboBox, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_cliptrase.plugin.widgets.forms import Form


def labelled(title: str, *fields: QWidget, stretch: int | None = None) -> QWidget:
    holder = QWidget()
    Form(holder).add(title, *fields, stretch=stretch)
    return holder


def shown_below_each_other(qtbot, *parts: QWidget) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    for part in parts:
        layout.addWidget(part)
    window.resize(500, 200)
    window.show()
    qtbot.waitExposed(window)
    return window


def left_of(field: QWidget, window: QWidget) -> int:
    return field.mapTo(window, field.rect().topLeft()).x()


def test_the_fields_of_two_forms_line_up(qtbot):
    short, long = QComboBox(), QComboBox()
    window = shown_below_each_other(qtbot, labelled("As", short), labelled("Minimum", long))
    assert left_of(short, window) == left_of(long, window)


def test_the_label_explains_what_its_field_explains(qtbot):
    field = QComboBox()
    field.setToolTip("Which image.")
    holder = labelled("Image", field)
    qtbot.addWidget(holder)
    assert holder.findChild(QLabel).toolTip() == "Which image."


def test_of_several_fields_one_takes_the_room(qtbot):
    wide, narrow = QComboBox(), QPushButton("Load")
    shown = shown_below_each_other(qtbot, labelled("Model", wide, narrow, stretch=0))
    assert wide.width() > 2 * narrow.width()
    assert wide.mapTo(shown, wide.rect().topRight()).x() < left_of(narrow, shown)


def test_several_fields_share_the_room_where_none_is_named(qtbot):
    one, other = QCheckBox("x"), QCheckBox("x")
    shown = shown_below_each_other(qtbot, labelled("Also", one, other))
    assert shown.width() == 500
    assert abs(one.width() - other.width()) <= 1
    assert one.width() > one.sizeHint().width()
