import pytest

from napari_cliptrase.plugin.state.folder_progress import FolderProgress, in_words
from napari_cliptrase.project.image_record import ImageRecord, State


def records(*states, seconds=60.0):
    return [ImageRecord(f"{number}.png", str(number), state, seconds=seconds) for number, state in enumerate(states)]


def test_pace_and_rest_come_from_finished_images():
    progress = FolderProgress.of(records(State.DONE, State.REVIEWED, State.EMPTY, State.IN_PROGRESS, State.NEW))
    assert (progress.images, progress.finished, progress.reviewed) == (5, 3, 1)
    assert progress.seconds_left == 120
    assert str(progress) == "3 of 5 images done, 1 reviewed, 60 s an image, about 2 min left"


def test_without_a_finished_image_nobody_can_tell_how_long_it_takes():
    progress = FolderProgress.of(records(State.NEW, State.IN_PROGRESS))
    assert progress.seconds_left is None
    assert str(progress) == "0 of 2 images done"


def test_images_that_a_program_finished_do_not_make_people_faster():
    progress = FolderProgress.of([*records(State.DONE), *records(State.DONE, State.DONE, seconds=0)])
    assert progress.seconds_per_image == 60


@pytest.mark.parametrize(("seconds", "words"), [(12, "12 s"), (600, "10 min"), (9000, "2.5 h")])
def test_times_in_words(seconds, words):
    assert in_words(seconds) == words
