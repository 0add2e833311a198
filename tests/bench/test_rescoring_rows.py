import numpy as np
import torch
from torch.nn import functional as F

from napari_cliptrase.bench.rescoring_rows import (
    labels_after_vote,
    random_text,
    rescoring_rows,
    score_grid,
    smooth_features,
    some_regions,
)


def test_the_made_up_image_is_like_an_image():
    """Neighbouring patches are alike, several classes win, and regions become one class but for sure pixels."""
    features = smooth_features((21, 21)).view(21, 21, -1)
    next_to, far_apart = ((features[:, by:] * features[:, :-by]).sum(-1).mean() for by in (1, 10))
    assert next_to > 2 * far_apart
    regions = some_regions((60, 80))
    labels = labels_after_vote(score_grid(features.flatten(0, 1), (21, 21), random_text(20)), regions, (60, 80))
    assert len(np.unique(labels)) > 2
    most = [np.bincount(labels[regions == region]).max() for region in range(regions.max() + 1)]
    assert 0.7 * labels.size < sum(most) < labels.size


def test_unit_rows():
    for rows in (smooth_features((3, 4)), random_text(7)):
        torch.testing.assert_close(rows, F.normalize(rows, dim=-1))


def test_rows_say_what_was_measured():
    labels, ranking = rescoring_rows(rounds=1)
    assert labels.figure == labels.ours > 0
    assert labels.unit == "ms"
    assert ranking.figure == ranking.ours / labels.ours
