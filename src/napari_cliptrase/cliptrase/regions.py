"""Regions: patches whose affinity rows lie close together, found by DBSCAN."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

NOISE = -1

_PUBLISHED_EPS = {196: 0.7, 441: 1.1}


def eps_for(patches: int) -> float:
    """Distance up to which rows are neighbours: published for 196 and 441 patches, else the power law through both."""
    if patches in _PUBLISHED_EPS:
        return _PUBLISHED_EPS[patches]
    (few, low), (many, high) = _PUBLISHED_EPS.items()
    return low * math.exp(math.log(high / low) / math.log(many / few) * math.log(patches / few))


def min_samples_for(patches: int) -> int:
    """Neighbours, itself included, that make a patch a core: the published 3 at 196 patches and 7 at 441."""
    return max(2, round(patches / 64))


def dbscan(rows: Tensor, eps: float, min_samples: int) -> NDArray[np.int64]:
    """(L,) region of each row of (L, n), numbered by first core row, -1 for noise; equal to scikit-learn's labels.

    With L in the thousands at most, all distances come from one matrix product, and clusters are the connected
    components of the core rows.
    """
    near = _neighbours(rows.detach().float().cpu(), eps)
    core = np.flatnonzero(near.sum(1) >= min_samples)
    labels = np.full(len(rows), NOISE, np.int64)
    if not len(core):
        return labels
    of_core = _components(near[np.ix_(core, core)])
    labels[core] = of_core
    # a border row belongs to the lowest numbered cluster that has a core next to it
    others = np.flatnonzero(labels == NOISE)
    lowest = np.where(near[np.ix_(others, core)], of_core, len(core)).min(1)
    labels[others] = np.where(lowest < len(core), lowest, NOISE)
    return labels


def _components(near: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(n,) connected component of each of n points, numbered by their first, of the symmetric matrix (n, n)."""
    component = np.full(len(near), NOISE, np.int64)
    number = 0
    for start in range(len(near)):
        if component[start] != NOISE:
            continue
        reached = np.array([start])
        while len(reached):
            component[reached] = number
            reached = np.flatnonzero(near[reached].any(0) & (component == NOISE))
        number += 1
    return component


def _neighbours(rows: Tensor, eps: float) -> NDArray[np.bool_]:
    """(L, L) whether the distance of two rows is at most ``eps``, as exact as if computed in float64."""
    centred = rows - rows.mean(0)
    squares = centred.square().sum(1)
    distances = torch.addmm(squares[:, None] + squares, centred, centred.t(), alpha=-2)
    # float32 leaves a few pairs undecided: these are looked at again in float64
    tolerance = 4 * torch.finfo(torch.float32).eps * rows.shape[1] ** 0.5 * float(squares.max()) + 1e-12
    near = (distances <= eps * eps).numpy()
    first, second = ((distances - eps * eps).abs() <= tolerance).triu().nonzero(as_tuple=True)
    for part in torch.split(torch.arange(len(first)), max(1, 2**22 // rows.shape[1])):
        i, j = first[part], second[part]
        exact = ((rows[i].double() - rows[j].double()).square().sum(1) <= eps * eps).numpy()
        near[i, j] = exact
        near[j, i] = exact
    return near


def reject_global(rows: Tensor, regions: NDArray[np.int64], cls_row: Tensor) -> NDArray[np.int64]:
    """Make noise of the region whose mask is most like the class token's map; (L,) regions renumbered from 0.

    ``rows`` (L, L) affinity, ``cls_row`` (L,) correlation of the class token with the patches. Likeness is the soft
    dice 2·sum(a·b) / (sum(a²) + sum(b²)) of the maps, each divided by its maximum. A lone region is kept.
    """
    count = int(regions.max(initial=NOISE)) + 1
    if count < 2:
        return regions
    member = torch.from_numpy(np.eye(count, dtype=np.float32)[:, regions] * (regions >= 0)).to(rows)
    masks = _to_one(member @ rows / member.sum(1, keepdim=True))
    image = _to_one(cls_row.clamp(min=0)[None])
    dice = 2 * (masks * image).sum(1) / (masks.square().sum(1) + image.square().sum(1)).clamp(min=1e-12)
    worst = int(dice.argmax())
    kept = np.where(regions == worst, NOISE, regions)
    return kept - (kept > worst)


def _to_one(maps: Tensor) -> Tensor:
    return maps / maps.amax(1, keepdim=True).clamp(min=1e-12)
