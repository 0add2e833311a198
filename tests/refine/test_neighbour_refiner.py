"""What both methods promise that spread labels over the pixels around."""

import tracemalloc
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.refine.neighbour_refiner import NeighbourRefiner
from napari_cliptrase.refine.pamr import Pamr, PamrOptions
from napari_cliptrase.refine.propagation import Propagation, PropagationOptions

NEAR = {
    Pamr: lambda: Pamr(PamrOptions(rounds=4, dilations=(2, 4))),
    Propagation: lambda: Propagation(PropagationOptions(steps=5, distances=(1, 4))),
}
SIDES = {
    Pamr: "napari_cliptrase.refine.pamr.LARGEST",
    Propagation: "napari_cliptrase.refine.propagation.WINDOW_SIDE",
}
Method = type[Pamr] | type[Propagation]
each_method = pytest.mark.parametrize("method", NEAR)


def near(method: Method) -> NeighbourRefiner:
    """A refiner that carries labels not far."""
    make: Callable[[], NeighbourRefiner] = NEAR[method]
    return make()


@each_method
def test_boundaries_move_to_the_edges_of_the_image(method: Method, picture: SimpleNamespace) -> None:
    refiner = near(method)
    refiner.prepare(picture.image)
    before = picture.coarse.copy()
    result = refiner.refine(picture.coarse).labels
    assert (result != picture.truth).sum() < 0.4 * (picture.coarse != picture.truth).sum()
    assert result.dtype == picture.coarse.dtype
    assert np.array_equal(picture.coarse, before)


@each_method
def test_one_class_everywhere_stays(method: Method, picture: SimpleNamespace) -> None:
    refiner = method()
    refiner.prepare(picture.image)
    whole = np.full((64, 64), 9, np.int32)
    assert np.array_equal(refiner.refine(whole).labels, whole)


@each_method
def test_memory_does_not_grow_with_the_number_of_windows(method: Method, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SIDES[method], 64)
    peaks = []
    for side in (128, 384):
        image = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
        labels = (np.arange(side) // 16 % 3).astype(np.uint8)[:, None].repeat(side, 1)
        refiner = near(method)
        tracemalloc.start()
        refiner.prepare(image)
        refiner.refine(labels)
        peaks.append(tracemalloc.get_traced_memory()[1] - 2 * labels.nbytes)
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


@each_method
def test_stopping_in_the_middle_keeps_the_image_before(method: Method, picture: SimpleNamespace) -> None:
    refiner = near(method)
    refiner.prepare(picture.image)
    expected = refiner.refine(picture.coarse).labels
    steps = refiner.prepare_steps(picture.image[:32])
    next(steps)
    steps.close()
    assert np.array_equal(refiner.refine(picture.coarse).labels, expected)
    with pytest.raises(CliptraseError, match="Prepare an image"):
        method().refine(picture.coarse)
