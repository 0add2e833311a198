"""What a blocked image tells its annotator."""

import pytest

from napari_cliptrase.errors import ProjectError
from napari_cliptrase.project.image_blocked import ImageBlocked, Remedy


def test_it_says_why_that_nothing_is_lost_and_what_can_be_done() -> None:
    error = ImageBlocked("a.png", "The image has changed.", (Remedy.KEEP_MASK, Remedy.START_OVER))
    assert str(error) == "The image has changed. Nothing was changed. You can: keep the mask, start over."
    assert error.name == "a.png"
    with pytest.raises(ProjectError):  # whoever handles a project's errors handles this one
        raise error


def test_where_nothing_can_be_done_nothing_is_offered() -> None:
    error = ImageBlocked("a.png", "The image is missing.")
    assert str(error) == "The image is missing. Nothing was changed."
    assert error.remedies == ()
