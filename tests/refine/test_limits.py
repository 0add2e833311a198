import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.refine.limits import Limits, Strength, apply_limits, boundary_band

labels = arrays(np.uint8, (9, 11), elements=st.integers(0, 3))
masks = arrays(bool, (9, 11))


@given(labels, st.integers(1, 6))
def test_band_is_every_pixel_that_near_to_a_boundary(drawn: np.ndarray, pixels: int) -> None:
    rows, columns = np.nonzero(_beside_another(drawn))
    y, x = np.mgrid[: drawn.shape[0], : drawn.shape[1]]
    distance = np.hypot(y[..., None] - rows, x[..., None] - columns).min(-1, initial=np.inf)
    assert np.array_equal(boundary_band(drawn, pixels), distance <= pixels - 1)


def _beside_another(drawn: np.ndarray) -> np.ndarray:
    padded = np.pad(drawn, 1, mode="edge")
    sides = (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:])
    return np.logical_or.reduce([side != drawn for side in sides])


def test_band_of_a_straight_boundary_has_its_width_on_either_side() -> None:
    drawn = np.zeros((5, 20), np.uint8)
    drawn[:, 10:] = 1
    assert boundary_band(drawn, 3).sum(1).tolist() == [6] * 5


def test_image_border_is_no_boundary() -> None:
    assert not boundary_band(np.ones((6, 6), np.uint8), 4).any()


@given(labels, labels)
def test_never_changes_nothing_and_free_changes_everything(before: np.ndarray, refined: np.ndarray) -> None:
    assert np.array_equal(Limits(Strength(0)).apply(before, refined), before)
    assert np.array_equal(Limits().apply(before, refined), refined)


@given(labels, labels, st.integers(1, 4))
def test_nothing_changes_outside_the_band(before: np.ndarray, refined: np.ndarray, pixels: int) -> None:
    result = Limits(Strength(pixels)).apply(before, refined)
    band = boundary_band(before, pixels)
    assert np.array_equal(result[~band], before[~band])
    assert np.array_equal(result[band], refined[band])


@given(labels, labels, st.frozensets(st.integers(0, 3)))
def test_only_boundaries_of_chosen_classes_move(
    before: np.ndarray, refined: np.ndarray, classes: frozenset[int]
) -> None:
    result = Limits(classes=classes).apply(before, refined)
    changed = result != before
    chosen = list(classes)
    assert (np.isin(before, chosen) | np.isin(result, chosen))[changed].all()
    if classes == {0, 1, 2, 3}:
        assert np.array_equal(result, refined)


@given(labels, labels, masks, st.frozensets(st.integers(1, 3)))
def test_edits_and_locked_classes_are_never_touched(
    before: np.ndarray, refined: np.ndarray, edited: np.ndarray, locked: frozenset[int]
) -> None:
    kept_before, kept_refined = before.copy(), refined.copy()
    result = apply_limits(before, refined, edited=edited, locked_ids=locked)
    assert np.array_equal(result[edited], before[edited])
    for class_id in locked:
        assert np.array_equal(result == class_id, before == class_id)
    free = ~edited & ~np.isin(before, list(locked)) & ~np.isin(refined, list(locked))
    assert np.array_equal(result[free], refined[free])
    assert np.array_equal(before, kept_before)
    assert np.array_equal(refined, kept_refined)


@pytest.mark.parametrize(
    ("text", "band"), [("never", 0), ("free", None), ("band:8", 8), ("band 3", 3), ("12", 12), (" Band=5 px ", 5)]
)
def test_strengths_are_read(text: str, band: int | None) -> None:
    assert Strength.parse(text) == Strength(band)
    assert Strength.parse(str(Strength(band))) == Strength(band)


@pytest.mark.parametrize("text", ["", "wide", "band", "band:-3", "3.5"])
def test_other_strengths_say_what_to_write(text: str) -> None:
    with pytest.raises(CliptraseError, match="write never, free, or band:8"):
        Strength.parse(text)


def test_negative_band_is_refused() -> None:
    with pytest.raises(CliptraseError, match="0 or more"):
        Strength(-1)
