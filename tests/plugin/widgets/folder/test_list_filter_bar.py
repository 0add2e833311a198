import pytest

from napari_cliptrase.plugin.widgets.folder.list_filter_bar import FILTERS, ListFilterBar
from napari_cliptrase.project.image_filter import ImageFilter


@pytest.fixture
def bar(qtbot):
    bar = ListFilterBar()
    qtbot.addWidget(bar)
    bar.told = []
    bar.changed.connect(lambda *what: bar.told.append(what))
    return bar


def test_each_choice_is_announced_with_all_three(bar, qtbot):
    qtbot.keyClicks(bar.search, "a")
    row = list(FILTERS).index(ImageFilter.FLAGGED)
    bar.which.setCurrentIndex(row)
    bar.which.activated.emit(row)
    bar.uncertain.click()
    assert bar.told == [
        (ImageFilter.ALL, "a", False),
        (ImageFilter.FLAGGED, "a", False),
        (ImageFilter.FLAGGED, "a", True),
    ]


def test_a_filter_that_is_shown_is_announced_and_the_search_stays(bar):
    bar.search.setText("night")
    bar.told.clear()
    bar.show_filter(ImageFilter.DONE)
    assert bar.told == [(ImageFilter.DONE, "night", False)]
    assert bar.which.currentText() == "To review"


def test_every_filter_can_be_chosen(bar):
    assert set(FILTERS) == set(ImageFilter)
    assert bar.which.count() == len(ImageFilter)
