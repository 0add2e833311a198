"""Masks to test formats with: the golden vector, hypothesis-made ones, and a new folder for each of them."""

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_cliptrase.classes.table import ClassTable, MaskClass
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.registry import FORMATS

# a machine that is busy with other things shall not fail a test
settings.register_profile("masks", deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("masks")

GOLDEN = [[0, 0, 0, 0, 0, 0], [0, 1, 1, 1, 0, 2], [0, 1, 0, 1, 0, 2], [0, 1, 1, 1, 0, 255], [0, 0, 0, 0, 0, 0]]
NAMES = ('a: b, c/d\\e "f" <g> & h\'s %', "naïve 犬 🐶", "  spaces  ", "..", "CON")


@pytest.fixture(autouse=True)
def _library_of_the_format(request: pytest.FixtureRequest) -> None:
    """Skip the cases of a format whose library is not installed."""
    key = getattr(request.node, "callspec", None) and request.node.callspec.params.get("key")
    if key in FORMATS and not FORMATS[key].available:
        pytest.skip(f"needs the library {FORMATS[key].module}, an extra")


@pytest.fixture(scope="session")
def golden() -> LabelImage:
    """A ring with a hole (cat), a bar (dog) and one void pixel."""
    table = ClassTable((MaskClass(1, "cat", (128, 0, 0)), MaskClass(2, "dog", (0, 128, 0))), void=255)
    return LabelImage(np.array(GOLDEN, np.uint8), table, stem="a")


@pytest.fixture(scope="session")
def new_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """A new empty folder at each call, also within one hypothesis test."""
    root = tmp_path_factory.mktemp("masks")
    numbers = itertools.count()

    def make() -> Path:
        folder = root / str(next(numbers))
        folder.mkdir()
        return folder

    return make


def _values(draw: st.DrawFn, ids: list[int], void: int | None) -> st.SearchStrategy[int]:
    return st.sampled_from([0, 0, *ids, *([] if void is None else [void])])


@st.composite
def label_images(draw: st.DrawFn, *, top: int = 250, void: bool = True, ndim: int = 2) -> LabelImage:
    """Small masks: empty, full, single pixels, corner touches, holes, void, gaps in the ids, awkward names."""
    ids = sorted(draw(st.sets(st.integers(1, top), min_size=1, max_size=4)))
    void_id = draw(st.sampled_from([None, 255 if top < 255 else top + 1])) if void else None
    names = draw(st.permutations([*NAMES, "x", "y"]))
    table = ClassTable(tuple(MaskClass(i, name, (i % 256, 7, 9)) for i, name in zip(ids, names, strict=False)), void_id)
    shape = draw(hnp.array_shapes(min_dims=ndim, max_dims=ndim, min_side=1, max_side=9))
    dtype = np.min_scalar_type(max([*ids, void_id or 0]))
    labels = draw(hnp.arrays(dtype, shape, elements=_values(draw, ids, void_id), fill=st.sampled_from([0, ids[0]])))
    return LabelImage(labels, table, stem="m")


@pytest.fixture(scope="session")
def planes() -> Callable[..., st.SearchStrategy[LabelImage]]:
    """The strategy for masks."""
    return label_images
