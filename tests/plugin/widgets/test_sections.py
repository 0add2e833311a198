import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from napari_cliptrase.plugin.widgets.sections import LongNote, Note, Section, heading, in_row

SENTENCE = "A sentence of some length that goes on for a while. "


@pytest.fixture
def dock(qtbot):
    dock = QWidget()
    qtbot.addWidget(dock)
    QVBoxLayout(dock)
    dock.resize(280, 600)
    dock.show()
    return dock


def put(dock: QWidget, *widgets: QWidget) -> None:
    for widget in widgets:
        dock.layout().addWidget(widget)
    dock.layout().addStretch(1)
    QApplication.processEvents()


def test_a_note_wraps_and_never_widens_its_dock(dock):
    note = Note()
    put(dock, note)
    note.show_text("a_word_that_is_far_too_long_for_any_dock" * 4)
    assert dock.minimumSizeHint().width() < 100
    note.show_text(SENTENCE * 4)
    QApplication.processEvents()
    assert note.height() >= 4 * note.fontMetrics().lineSpacing()
    assert note.minimumSizeHint().height() >= 4 * note.fontMetrics().lineSpacing()  # none is cut in a low dock


def test_an_empty_note_leaves_no_gap(dock):
    note, below = Note(SENTENCE), QLabel("below")
    put(dock, note, below)
    before = below.y()
    note.show_text("")
    QApplication.processEvents()
    assert below.y() < before
    assert not note.isVisibleTo(dock)


def test_a_note_shows_text_as_it_is(dock):
    note = Note("a < b <i>c</i>")
    put(dock, note)
    assert note.textFormat() is Qt.TextFormat.PlainText
    assert note.sizeHint().height() > 0


def test_a_long_note_scrolls_beyond_its_lines_and_is_no_higher_than_it_needs(dock):
    note = LongNote(3)
    put(dock, note)
    line = note.fontMetrics().lineSpacing()
    note.show_text(SENTENCE * 20)
    QApplication.processEvents()
    assert note.height() == 3 * line
    assert note.verticalScrollBar().isVisible()
    assert note.text() == SENTENCE * 20
    note.show_text("Short.")
    QApplication.processEvents()
    assert note.height() < 2 * line
    assert not note.verticalScrollBar().isVisible()
    note.show_text("")
    assert not note.isVisibleTo(dock)


def test_a_long_note_grows_when_its_dock_gets_narrower(dock):
    note = LongNote(9)
    put(dock, note)
    dock.resize(900, 600)
    note.show_text(SENTENCE * 3)
    QApplication.processEvents()
    wide = note.height()
    dock.resize(280, 600)
    QApplication.processEvents()
    assert note.height() > wide


def test_a_section_opens_and_closes_with_its_heading(dock):
    content = QLabel("inside")
    section = Section("Advanced", content)
    put(dock, section)
    button = section.findChild(QToolButton)
    assert (button.text(), section.is_open, content.isVisible()) == ("Advanced", False, False)
    assert button.arrowType() is Qt.ArrowType.RightArrow
    button.click()
    assert (section.is_open, content.isVisible()) == (True, True)
    assert button.arrowType() is Qt.ArrowType.DownArrow
    section.is_open = False
    assert not content.isVisible()


def test_a_section_may_start_open(dock):
    content = QLabel("inside")
    put(dock, Section("Layers", content, open_=True))
    assert content.isVisible()


def test_a_heading_is_bold(qtbot):
    label = heading("Classes")
    qtbot.addWidget(label)
    assert (label.text(), label.font().bold()) == ("Classes", True)


@pytest.mark.parametrize("wide", [0, 1])
def test_one_of_a_row_takes_the_room(dock, wide):
    buttons = QPushButton("a"), QPushButton("b")
    dock.layout().addLayout(in_row(*buttons, stretch=wide))
    QApplication.processEvents()
    assert buttons[wide].width() > buttons[1 - wide].width()
