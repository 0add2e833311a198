from pathlib import Path

import pytest

from napari_cliptrase.batch.input_file import Failure
from napari_cliptrase.errors import CliptraseError


@pytest.mark.parametrize("message", ["photos/a.png: it is empty.", "photos/a.png it is empty.", "it is empty."])
def test_the_name_of_a_file_is_not_repeated_in_the_reason(message: str) -> None:
    failure = Failure.of(Path("photos/a.png"), CliptraseError(message))
    assert failure == Failure(str(Path("photos/a.png")), "it is empty.")
