from pathlib import Path

import pytest

from napari_cliptrase.batch.input_file import Failure, reason_of
from napari_cliptrase.errors import CliptraseError


@pytest.mark.parametrize("message", ["photos/a.png: it is empty.", "photos/a.png it is empty.", "it is empty."])
def test_the_name_of_a_file_is_not_repeated_in_the_reason(message: str) -> None:
    failure = Failure.of(Path("photos/a.png"), CliptraseError(message))
    assert failure == Failure(str(Path("photos/a.png")), "it is empty.")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (CliptraseError("It holds no image."), "It holds no image."),
        (MemoryError(), "There is not enough memory; choose a coarser detail."),
        (OSError(28, "No space left on device", "masks/a.png"), "masks/a.png: No space left on device."),
        (OSError(28, "No space left on device"), "No space left on device."),
        (OSError("it went away"), "it went away."),
        (ValueError("two\nlines"), "Unexpected ValueError: two lines"),
    ],
)
def test_any_error_is_one_sentence(error: Exception, sentence: str) -> None:
    assert reason_of(error) == sentence
