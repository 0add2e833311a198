import pytest
from tests.plugin.conftest import paint_images

from napari_cliptrase.plugin.widgets.folder.thumbnails import MOST_WAITING, Thumbnails

A = "image0000.png"


@pytest.fixture
def thumbnails(annotator):
    made = Thumbnails(annotator.state)
    yield made
    made.stop()


def test_a_picture_comes_after_it_was_asked_for(thumbnails, annotator):
    record = annotator.state.record(A)
    assert thumbnails.get(record) is None
    with annotator.qtbot.waitSignal(thumbnails.ready, timeout=10_000):
        pass
    assert thumbnails.get(record).width() == 60


def test_another_mask_is_another_picture_and_the_old_one_stays_until_then(thumbnails, annotator):
    thumbnails.get(annotator.state.record(A))
    annotator.wait(lambda: thumbnails.idle)
    annotator.paint(1)
    annotator.settle()
    assert thumbnails.get(annotator.state.record(A)) is not None
    annotator.wait(lambda: thumbnails.idle)
    assert thumbnails.made == 2


def test_rows_that_were_scrolled_past_are_not_made(annotators, tmp_path):
    names = paint_images(tmp_path, MOST_WAITING + 40)
    person = annotators(tmp_path)
    from napari_cliptrase.plugin.run.folder_work import NewProject

    person.open(NewProject())
    thumbnails = Thumbnails(person.state)
    for name in names:
        thumbnails.get(person.state.record(name))
    person.wait(lambda: thumbnails.idle)
    assert thumbnails.made <= MOST_WAITING + 2
    thumbnails.stop()
