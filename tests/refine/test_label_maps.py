from collections.abc import Generator

import numpy as np

from napari_cliptrase.array_types import Floats, LabelArray
from napari_cliptrase.classes.scores import ClassScores
from napari_cliptrase.progress import Progress, run_to_end
from napari_cliptrase.refine.label_maps import WindowPart, highest_map_steps, refine_windows_steps
from napari_cliptrase.refine.tiles import tiles_of

LABELS = np.array([[0, 0, 7, 7, 7, 9]], np.uint8)
WHOLE = tiles_of(LABELS.shape, 10)[0]


def unchanged(values: Floats, _part: WindowPart) -> Floats:
    return values


def test_maps_that_nothing_smooths_give_the_same_labels() -> None:
    assert np.array_equal(run_to_end(highest_map_steps(LABELS, None, WHOLE, unchanged, reach=0)), LABELS)


def test_only_the_part_that_a_label_can_reach_is_smoothed() -> None:
    parts: list[WindowPart] = []

    def noting(values: Floats, part: WindowPart) -> Floats:
        parts.append(part)
        return values

    run_to_end(highest_map_steps(LABELS, None, WHOLE, noting, reach=1))
    assert [columns for _rows, columns in parts] == [slice(0, 3), slice(1, 6), slice(4, 7)]


def test_a_label_with_scores_is_smoothed_everywhere_as_the_mean_of_both() -> None:
    maps = np.array([[[0, 0.5, 1, 1, 0, 0]]], np.float32)
    seen: list[Floats] = []

    def noting(values: Floats, _part: WindowPart) -> Floats:
        seen.append(values)
        return values

    run_to_end(highest_map_steps(LABELS, ClassScores((7,), maps, (1, 6)), WHOLE, noting, reach=0))
    assert seen[1].tolist() == [[0, 0.25, 1, 1, 0.5, 0]]


def test_progress_is_reported_every_few_labels() -> None:
    steps = [*highest_map_steps(LABELS, None, WHOLE, unchanged, reach=0)]
    assert [(step.done, step.total) for step in steps] == [(0, 3), (1, 3), (2, 3)]
    steps = [*highest_map_steps(LABELS, None, WHOLE, unchanged, reach=0, every=2)]
    assert [(step.done, step.total) for step in steps] == [(0, 3), (2, 3)]


def test_windows_with_one_label_are_left_alone_and_the_others_joined() -> None:
    labels = np.zeros((4, 30), np.uint8)
    labels[:, 25:] = 3
    tiles = tiles_of(labels.shape, 12)
    asked: list[int] = []

    def to_nine(number: int, window: LabelArray) -> Generator[Progress, None, LabelArray]:
        asked.append(number)
        yield Progress(0, 2, "Painting nine")
        yield Progress(1, 2, "Painting nine")
        return np.where(window == 3, 9, window).astype(window.dtype)

    refined = run_to_end(refine_windows_steps(labels, tiles, to_nine))
    assert 0 < len(asked) < len(tiles)
    assert np.array_equal(refined, np.where(labels == 3, 9, labels))
    assert labels.max() == 3
