"""Masks and provenance come back from their files exactly, and equal ones are equal bytes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from napari_cliptrase.errors import ProjectError
from napari_cliptrase.project.plane_files import Annotation, DamagedFile, encode_plane, read_mask, read_sources

SHAPES = arrays.array_shapes(min_dims=2, max_dims=2, max_side=12)


@given(SHAPES, st.sampled_from([1, 3, 255, 256, 65535]), st.data())
def test_every_mask_comes_back(tmp_path_factory: pytest.TempPathFactory, shape, top, data) -> None:
    labels = data.draw(arrays.arrays(np.int64, shape, elements=st.integers(0, top)))
    sources = data.draw(arrays.arrays(np.uint8, shape, elements=st.integers(0, 4)))
    folder = tmp_path_factory.mktemp("plane")
    plane = Annotation.checked(labels, sources, shape, "a.png")
    encoded = encode_plane(plane)
    (folder / "mask.png").write_bytes(encoded.mask)
    (folder / "provenance.png").write_bytes(encoded.provenance)
    assert np.array_equal(read_mask(folder / "mask.png", shape), labels)
    assert np.array_equal(read_sources(folder / "provenance.png", shape), sources)
    assert encoded.record.pixels == {
        int(value): int(count) for value, count in zip(*np.unique(labels, return_counts=True), strict=True) if value
    }
    again = encode_plane(Annotation.checked(labels.astype(np.uint32), sources.copy(), shape, "a.png"))
    assert (again.mask, again.provenance) == (encoded.mask, encoded.provenance)


@given(st.binary(max_size=200), st.integers(0, 400))
def test_damaged_files_are_reported_and_never_read_as_something_else(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, at: int
) -> None:
    labels = np.arange(120, dtype=np.uint8).reshape(10, 12)
    whole = encode_plane(Annotation(labels, np.zeros_like(labels))).mask
    path = tmp_path_factory.mktemp("plane") / "mask.png"
    path.write_bytes(whole[: min(at, len(whole) - 20)] + junk)
    with pytest.raises(DamagedFile):
        read_mask(path, (10, 12))


def test_provenance_is_small() -> None:
    sources = np.zeros((2048, 2048), np.uint8)
    sources[300:1800, 200:1900] = 3
    assert len(encode_plane(Annotation(sources, sources)).provenance) < 20_000


@pytest.mark.parametrize(
    ("labels", "sources", "words"),
    [
        (np.zeros((2, 3)), np.zeros((2, 3), np.uint8), "float"),
        (np.full((2, 3), -1), np.zeros((2, 3), np.uint8), "negative"),
        (np.full((2, 3), 70000), np.zeros((2, 3), np.uint8), "above"),
        (np.zeros((2, 3), np.uint8), np.full((2, 3), 9), "means nothing"),
        (np.zeros((3, 2), np.uint8), np.zeros((2, 3), np.uint8), "shape"),
    ],
)
def test_what_is_no_mask_is_refused(labels: np.ndarray, sources: np.ndarray, words: str) -> None:
    with pytest.raises(ProjectError, match=words):
        Annotation.checked(labels, sources, (2, 3), "a.png")
