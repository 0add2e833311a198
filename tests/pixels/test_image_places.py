"""Images at paths and URLs: the same pixels, and one sentence when a place cannot be reached."""

import sys
from collections.abc import Iterator
from pathlib import Path

import fsspec
import numpy as np
import pytest
from PIL import Image

from napari_cliptrase.errors import ImageReadError
from napari_cliptrase.pixels.image_places import is_url, local_copy, place_below, read_copy
from napari_cliptrase.pixels.read import ImageFile

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    Image.fromarray(PIXELS).save(tmp_path / "a.png")
    store = fsspec.filesystem("memory")
    store.pipe("/bucket/sub/a.png", (tmp_path / "a.png").read_bytes())
    store.pipe("/bucket/broken.png", b"no image")
    yield "memory://bucket"
    store.rm("/bucket", recursive=True)


def read(place: str) -> ImageFile:
    with local_copy(place) as path:
        return read_copy(path, place)


def test_a_url_gives_the_pixels_of_its_file_and_leaves_no_copy(url: str, tmp_path: Path) -> None:
    place = place_below(url, "sub/a.png")
    assert np.array_equal(read(place).array, PIXELS)
    with local_copy(place) as path:
        pass
    assert not path.exists()
    assert np.array_equal(read(str(tmp_path / "a.png")).array, PIXELS)
    with local_copy(str(tmp_path / "a.png")) as path:
        assert path == tmp_path / "a.png"


@pytest.mark.parametrize("place", ["/data/a.png", "a.png", "C:\\data\\a.png", "a b://c"])
def test_a_path_is_no_url(place: str) -> None:
    assert not is_url(place)


def test_names_are_put_below_folders_and_urls() -> None:
    assert place_below("s3://bucket/photos/", "sub/a b.jpg") == "s3://bucket/photos/sub/a b.jpg"
    assert place_below("https://example.org/photos", "a b#1.jpg") == "https://example.org/photos/a%20b%231.jpg"
    assert Path(place_below("/data/photos", "sub/a.jpg")) == Path("/data/photos/sub/a.jpg")


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("memory://bucket/none.png", "memory://bucket/none.png does not exist"),
        ("memory://bucket/broken.png", "memory://bucket/broken.png is not an image"),
        ("nonsense://bucket/a.png", "nonsense://bucket/a.png cannot be fetched"),
        ("http://127.0.0.1:9/a.png", "http://127.0.0.1:9/a.png"),
    ],
)
def test_a_place_that_gives_no_image_is_a_sentence(url: str, place: str, said: str) -> None:
    with pytest.raises(ImageReadError) as error:
        read(place)
    assert str(error.value).startswith(said)


def test_without_fsspec_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(ImageReadError, match="pip install fsspec"):
        read("s3://bucket/a.png")
