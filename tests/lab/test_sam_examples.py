import numpy as np
import pytest
import torch

from napari_cliptrase.lab.sam_examples import FIRST_SAM_TRAINING_SEED, Example, paint_example
from napari_cliptrase.refine.sam_decoder import cover

FRAME, CELLS = 256, 128


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    return [paint_example(FIRST_SAM_TRAINING_SEED + i, FRAME, CELLS, 4) for i in range(24)]


def test_equal_seeds_give_equal_examples() -> None:
    one, other = (paint_example(FIRST_SAM_TRAINING_SEED + 5, FRAME, CELLS, 4) for _ in range(2))
    assert torch.equal(one.image, other.image)
    assert torch.equal(one.targets, other.targets)


def test_every_kind_of_prompt_occurs(examples: list[Example]) -> None:
    kinds = {(e.points is not None, e.boxes is not None, e.masks is not None) for e in examples}
    assert {(True, False, False), (False, True, False), (True, True, True)} <= kinds


def test_pictures_fill_the_longer_side_of_the_frame(examples: list[Example]) -> None:
    for example in examples:
        assert max(example.inside) == FRAME
        assert example.image.shape == (3, *example.inside)
        rows, columns = (-(-n * CELLS // FRAME) for n in example.inside)
        assert not example.targets[:, rows + 1 :].any()
        assert not example.targets[:, :, columns + 1 :].any()
        assert not example.names[rows + 1 :].any()
        assert (example.names[: rows - 1, : columns - 1] > 0).all()


def test_the_first_point_lies_in_its_region(examples: list[Example]) -> None:
    points_only = [e for e in examples if e.points is not None and e.masks is None]
    assert points_only
    for example in points_only:
        assert example.points is not None
        assert example.point_labels is not None
        for region, points, marks in zip(example.targets, example.points, example.point_labels, strict=True):
            for (x, y), mark in zip(points.tolist(), marks.tolist(), strict=True):
                cell = region[int(y * CELLS / FRAME), int(x * CELLS / FRAME)]
                assert (cell > 0.5) == bool(mark)


def test_boxes_hold_most_of_their_region(examples: list[Example]) -> None:
    boxed = [e for e in examples if e.boxes is not None and e.points is None]
    assert boxed
    for example in boxed:
        assert example.boxes is not None
        for region, box in zip(example.targets, example.boxes, strict=True):
            x0, y0, x1, y1 = (round(float(v) * CELLS / FRAME) for v in box)
            assert region[y0:y1, x0:x1].sum() > 0.6 * region.sum()


def test_coarse_masks_are_near_their_region_and_not_equal(examples: list[Example]) -> None:
    masked = [e for e in examples if e.masks is not None]
    overlaps = []
    for example in masked:
        assert example.masks is not None
        inside, region = example.masks[:, 0] > 0, example.targets > 0.5
        overlaps += ((inside & region).sum((1, 2)) / (inside | region).sum((1, 2))).tolist()
    assert 0.3 < float(np.mean(overlaps)) < 0.95


def test_edges_lie_between_classes(examples: list[Example]) -> None:
    for example in examples:
        names = example.names
        apart = (names[1:] != names[:-1]) & (names[1:] > 0) & (names[:-1] > 0)
        near = example.edges[1:].bool() | example.edges[:-1].bool()
        assert near[apart].float().mean() > 0.95 if apart.any() else True


def test_cover_is_the_share_of_each_cell() -> None:
    region = np.zeros((6, 8), bool)
    region[:3, :2] = True
    assert cover(region, 8, 4).tolist() == [[1, 0, 0, 0], [0.5, 0, 0, 0], [0] * 4, [0] * 4]
