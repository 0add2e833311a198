import pytest
from qtpy.QtCore import Qt

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.plugin.widgets.refine.class_checks import ClassChecks

TABLE = ClassTable.from_names("cat", "dog", "cow")


@pytest.fixture
def checks(qtbot):
    checks = ClassChecks()
    qtbot.addWidget(checks)
    return checks


def rows(checks):
    return [(checks.item(row).text(), checks.item(row).checkState() is Qt.CheckState.Checked) for row in range(3)]


def test_all_classes_may_change_at_first_but_locked_ones(checks):
    checks.show_classes(TABLE, {2})
    assert rows(checks) == [("cat", True), ("dog (locked)", False), ("cow", True)]
    assert checks.chosen() == {1, 3}
    assert not checks.item(1).flags() & Qt.ItemFlag.ItemIsEnabled


def test_what_was_unchecked_stays_so_and_each_change_is_reported(checks):
    checks.show_classes(TABLE, ())
    told = []
    checks.changed.connect(lambda: told.append(checks.chosen()))
    checks.item(0).setCheckState(Qt.CheckState.Unchecked)
    assert told == [{2, 3}]
    checks.show_classes(TABLE, ())
    assert checks.chosen() == {2, 3}
    assert told == [{2, 3}]  # to show a list is no choice
    checks.set_chosen(1, True)
    assert told[-1] == {1, 2, 3}


def test_a_class_that_is_unlocked_is_checked_again(checks):
    checks.show_classes(TABLE, {2})
    checks.show_classes(TABLE, ())
    assert checks.chosen() == {1, 2, 3}


def test_without_classes_there_is_nothing_to_choose_and_everything_may_change(checks):
    checks.show_classes(ClassTable(), ())
    assert checks.chosen() is None
    assert checks.isHidden()
    checks.show_classes(TABLE, ())
    for class_id in (1, 2, 3):
        checks.set_chosen(class_id, False)
    assert checks.chosen() == frozenset()  # none, which is not the same


def test_each_class_has_the_swatch_of_its_colour(checks):
    checks.show_classes(TABLE, ())
    for row, entry in enumerate(TABLE):
        color = checks.item(row).icon().pixmap(12, 12).toImage().pixelColor(6, 6)
        assert color.getRgb()[:3] == tuple(entry.color)
