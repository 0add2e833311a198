import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision.ops import nms

from napari_cliptrase.refine.overlap import best_boxes, mask_iou


@given(st.integers(0, 2**32 - 1), st.integers(0, 60), st.sampled_from([0.0, 0.3, 0.5, 0.7, 1.0]))
def test_the_same_boxes_stay_as_with_torchvision(seed: int, count: int, overlap: float) -> None:
    dice = np.random.default_rng(seed)
    corners = dice.integers(0, 12, (count, 2, 2)) * dice.choice([1.0, 0.37])
    boxes = torch.from_numpy(np.concatenate([corners.min(1), corners.max(1)], 1).astype(np.float32))
    ranks = torch.from_numpy(dice.choice(np.linspace(0, 1, 9), count).astype(np.float32))  # many are equal
    assert torch.equal(best_boxes(boxes, ranks, overlap), nms(boxes, ranks, overlap))


@pytest.mark.parametrize(("overlap", "kept"), [(0.49, [1]), (0.5, [1, 0])])
def test_the_limit_itself_is_allowed(overlap: float, kept: list[int]) -> None:
    boxes = torch.tensor([[0.0, 0, 2, 1], [0, 0, 1, 1]])
    assert best_boxes(boxes, torch.tensor([0.1, 0.9]), overlap).tolist() == kept


def test_iou_of_masks() -> None:
    one, other = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    assert mask_iou(one, other) == 0
    one[:2], other[1:3] = True, True
    assert mask_iou(one, other) == pytest.approx(1 / 3)
