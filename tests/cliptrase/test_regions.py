import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import DBSCAN

from napari_cliptrase.cliptrase.regions import dbscan, eps_for, min_samples_for, reject_global


def sklearns(rows, eps, min_samples):
    return DBSCAN(eps=eps, min_samples=min_samples).fit(rows.numpy()).labels_


@pytest.mark.parametrize(("patches", "eps", "least"), [(196, 0.7, 3), (441, 1.1, 7)])
def test_published_values_at_published_sizes(patches, eps, least):
    assert eps_for(patches) == eps
    assert min_samples_for(patches) == least


def test_the_law_is_smooth_and_passes_through_the_published_sizes():
    assert eps_for(195) == pytest.approx(0.7, rel=0.01)
    assert eps_for(442) == pytest.approx(1.1, rel=0.01)
    grid = [eps_for(patches) for patches in range(16, 3000)]
    assert grid == sorted(grid)
    assert min_samples_for(1) == 2
    assert min_samples_for(1600) == 25


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 60), width=st.integers(1, 40), least=st.integers(1, 9))
@settings(max_examples=300, deadline=None)
def test_equals_scikit_learn_on_clouds(seed, count, width, least):
    random = np.random.default_rng(seed)
    centres = random.random((random.integers(1, 6), width))
    cloud = centres[random.integers(0, len(centres), count)] + random.normal(0, 0.05, (count, width))
    rows = torch.from_numpy(cloud.astype(np.float32))
    eps = float(random.uniform(0.02, 0.6))
    assert (dbscan(rows, eps, least) == sklearns(rows, eps, least)).all()


@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(2, 50),
    least=st.integers(1, 6),
    eps=st.sampled_from([1.0, 2.0, 3.0]),
)
@settings(max_examples=200, deadline=None)
def test_equals_scikit_learn_where_distances_equal_eps(seed, count, least, eps):
    rows = torch.from_numpy(np.random.default_rng(seed).integers(0, 4, (count, 3)).astype(np.float32))
    assert (dbscan(rows, eps, least) == sklearns(rows, eps, least)).all()


def test_equals_scikit_learn_on_rows_far_from_zero():
    random = np.random.default_rng(0)
    rows = torch.from_numpy((1000 + random.normal(0, 0.3, (200, 30))).astype(np.float32))
    for eps in np.linspace(1.5, 2.5, 21):
        assert (dbscan(rows, eps, 5) == sklearns(rows, eps, 5)).all()


def test_all_noise_and_one_row():
    assert dbscan(torch.eye(5) * 10, 1.0, 2).tolist() == [-1] * 5
    assert dbscan(torch.zeros(1, 3), 1.0, 1).tolist() == [0]


def maps():
    """Two regions of a row of 6 patches: 0 in the middle, where the class token looks, and 1 at the right."""
    rows = torch.zeros(6, 6)
    rows[1:4, 1:4] = 0.9
    rows[4:, 4:] = 0.8
    return rows, np.array([-1, 0, 0, 0, 1, 1]), torch.tensor([0.0, 0.5, 0.5, 0.4, 0.0, -0.3])


def test_the_region_like_the_class_tokens_map_is_rejected():
    rows, regions, cls_row = maps()
    assert reject_global(rows, regions, cls_row).tolist() == [-1, -1, -1, -1, 0, 0]
    right = torch.tensor([0.0, 0.0, 0.0, 0.1, 0.5, 0.4])
    assert reject_global(rows, regions, right).tolist() == [-1, 0, 0, 0, -1, -1]


def test_a_lone_region_is_kept():
    rows, regions, cls_row = maps()
    lone = np.where(regions == 1, -1, regions)
    assert (reject_global(rows, lone, cls_row) == lone).all()
    nothing = np.full(6, -1)
    assert (reject_global(rows, nothing, cls_row) == nothing).all()
