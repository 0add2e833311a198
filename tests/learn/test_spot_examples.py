import numpy as np
import pytest

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.learn.spot_examples import SPOTS_OF_A_LESSON, SpotExamples, spots_of_shares
from napari_cliptrase.learn.spots import TEXTURE_SIZE


def examples(count):
    rows = np.arange(count, dtype=np.float32)
    return SpotExamples(np.repeat(rows[:, None], TEXTURE_SIZE, 1), rows[:, None], np.arange(count))


def test_spots_are_thinned_evenly():
    thin = examples(100).thinned(5)
    assert thin.place.tolist() == [0, 25, 50, 74, 99]
    assert examples(3).thinned(5).place.tolist() == [0, 1, 2]


def test_a_spot_counts_for_the_class_that_has_most_of_it():
    textures, features = np.zeros((16, TEXTURE_SIZE), np.float32), np.ones((1, 8), np.float32)
    shares = np.zeros((3, 16), np.float32)
    shares[0, :8] = 0.6
    shares[1, :12] = 0.4
    shares[2, 15] = 0.1  # too little to count
    found = spots_of_shares(textures, features, (1, 1), shares)
    assert [None if spots is None else spots.place.tolist() for spots in found] == [
        list(range(8)),
        [8, 9, 10, 11],
        None,
    ]


def test_a_large_place_gives_few_spots_all_over_it():
    textures, features = np.zeros((1600, TEXTURE_SIZE), np.float32), np.ones((100, 8), np.float32)
    (spots,) = spots_of_shares(textures, features, (10, 10), np.ones((1, 1600), np.float32))
    assert len(spots) == SPOTS_OF_A_LESSON
    assert (spots.place[0], spots.place[-1]) == (0, 1599)


@pytest.mark.parametrize(
    "arrays",
    [
        (np.zeros((2, 3)), np.zeros((2, 8)), np.zeros(2)),
        (np.zeros((2, TEXTURE_SIZE)), np.zeros((2, 8)), np.zeros(3)),
        (np.full((2, TEXTURE_SIZE), np.nan), np.zeros((2, 8)), np.zeros(2)),
    ],
)
def test_spots_that_do_not_fit_together_are_refused(arrays):
    with pytest.raises(CliptraseError, match="Spots"):
        SpotExamples(*arrays)
