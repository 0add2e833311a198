"""What the demo SAM learns from: painted scenes, regions in them, and prompts as annotators and refiners give them."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import zoom
from skimage.measure import label
from torch import Tensor
from torch.nn import functional

from napari_cliptrase.array_types import Mask
from napari_cliptrase.demo.words import IDS, THINGS
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.refine.sam_decoder import cover, mask_logits

PromptKind = Literal["point", "box", "refine", "clicks"]

FIRST_SAM_TRAINING_SEED: Final = 50_000_000  # scenes below are never trained on
EXAMPLE_SIZES: Final = ((384, 384), (384, 384), (336, 336), (288, 384), (384, 288))
PROMPT_KINDS: Final[tuple[PromptKind, ...]] = ("point", "box", "refine", "clicks")
PROMPT_KIND_SHARES: Final = (0.25, 0.3, 0.32, 0.13)
LEAST_REGION_SHARE: Final = 0.0012  # of a picture; smaller regions are not asked for
_THING_IDS: Final = tuple(IDS[name] for name in THINGS)


@dataclass(frozen=True)
class Example:
    """One picture with prompts of one kind and the regions that they ask for, in the frame of the network.

    ``image`` (3, S, S) float32 0..255, padded with the mean colour by the network's own rule later; ``inside`` the
    (height, width) of the picture in the frame; ``targets`` (P, S/2, S/2) float32, the share of each cell that the
    region covers; ``points`` (P, N, 2) float32 x, y with ``point_labels`` (P, N), ``boxes`` (P, 4) and ``masks``
    (P, 1, S/2, S/2), each None when the kind has none. ``names`` (S/2, S/2) int64 is the class of each cell, 0 beside
    the picture; ``edges`` (S/2, S/2) float32 is 1 where two elements meet.
    """

    image: Tensor
    inside: tuple[int, int]
    targets: Tensor
    points: Tensor | None
    point_labels: Tensor | None
    boxes: Tensor | None
    masks: Tensor | None
    names: Tensor
    edges: Tensor


def paint_example(seed: int, frame: int, cells: int, count: int) -> Example:
    """Return training example number ``seed``: a picture of ``frame`` pixels, ``count`` regions on ``cells`` cells."""
    rng = np.random.default_rng((seed, 21))
    image, labels, instances = _view(seed, rng)
    kind: PromptKind = PROMPT_KINDS[int(rng.choice(len(PROMPT_KINDS), p=PROMPT_KIND_SHARES))]
    regions = _choose_elements(instances, count, rng) if kind == "box" else []
    regions = regions or _choose_regions(labels, instances, count, rng)
    side = max(labels.shape)
    targets = torch.stack([cover(region, side, cells) for region in regions])
    points, point_labels, boxes, masks = _prompts(kind, targets, frame / cells, rng)
    height, width = (round(n * frame / side) for n in labels.shape)
    small = np.array(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR), np.float32)
    small = small * rng.uniform(0.88, 1.12, 3).astype(np.float32)
    return Example(
        torch.from_numpy(small.clip(0, 255)).permute(2, 0, 1),
        (height, width),
        targets,
        points,
        point_labels,
        boxes,
        masks,
        _cell_names(labels, side, cells),
        (cover(_borders(instances), side, cells) > 0).float(),
    )


def _cell_names(labels: NDArray[np.uint8], side: int, cells: int) -> Tensor:
    """Return (cells, cells) int64: the class in the middle of each cell, 0 beside the picture."""
    middles = ((np.arange(cells) + 0.5) * side / cells).astype(np.intp)
    square = np.zeros((side, side), np.int64)
    square[: labels.shape[0], : labels.shape[1]] = labels
    return torch.from_numpy(square[np.ix_(middles, middles)])


def _borders(instances: NDArray[np.int32]) -> Mask:
    """Return (H, W) bool: pixels whose right or lower neighbour belongs to another element."""
    border = np.zeros(instances.shape, bool)
    border[:-1] |= instances[1:] != instances[:-1]
    border[:, :-1] |= instances[:, 1:] != instances[:, :-1]
    return border


def _view(seed: int, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.int32]]:
    """Paint a scene; often show only a part of it, or its mirror image."""
    scene = paint_scene(seed, EXAMPLE_SIZES[int(rng.integers(len(EXAMPLE_SIZES)))])
    image, labels, instances = scene.image, scene.labels, scene.instances
    if rng.random() < 0.35:
        share = float(rng.uniform(0.45, 0.95))
        height, width = (int(n * share) for n in labels.shape)
        top, left = (int(rng.integers(n - m + 1)) for n, m in zip(labels.shape, (height, width), strict=True))
        part = (slice(top, top + height), slice(left, left + width))
        image, labels, instances = image[part], labels[part], instances[part]
    if rng.random() < 0.5:
        image, labels, instances = image[:, ::-1], labels[:, ::-1], instances[:, ::-1]
    return np.ascontiguousarray(image), np.ascontiguousarray(labels), np.ascontiguousarray(instances)


def _choose_elements(instances: NDArray[np.int32], count: int, rng: np.random.Generator) -> list[Mask]:
    """Choose painted elements as far as they are in view, each with the same chance: what people draw boxes around.

    A ridge behind trees is one element in several pieces; its box holds more of others than of itself.
    """
    areas = np.bincount(instances.ravel())
    areas[0] = 0
    numbers = np.flatnonzero(areas >= LEAST_REGION_SHARE * instances.size)
    return [instances == number for number in rng.choice(numbers, count)] if len(numbers) else []


def _choose_regions(
    labels: NDArray[np.uint8], instances: NDArray[np.int32], count: int, rng: np.random.Generator
) -> list[Mask]:
    """Choose connected regions of one class, and single things, each with a chance; things more often than stuff."""
    components = label(labels, connectivity=1)
    least = LEAST_REGION_SHARE * labels.size
    found: list[Mask] = []
    chances: list[float] = []
    for numbers, things_only, chance in ((components, False, 1.0), (instances, True, 0.7)):
        areas = np.bincount(numbers.ravel())
        for number in np.flatnonzero(areas >= least):
            region = numbers == number
            is_thing = int(labels[region][0]) in _THING_IDS
            if number and (is_thing or not things_only):
                found.append(region)
                chances.append(chance * (2.0 if is_thing else 1.0))
    share = np.asarray(chances) / sum(chances)
    return [found[i] for i in rng.choice(len(found), count, p=share)]


def _prompts(
    kind: PromptKind, targets: Tensor, scale: float, rng: np.random.Generator
) -> tuple[Tensor | None, Tensor | None, Tensor | None, Tensor | None]:
    """Return points, point labels, boxes and masks of one kind for targets; ``scale`` frame pixels are one cell."""
    wholes = [target.numpy() > 0.5 for target in targets]
    if kind == "point":
        places = np.stack([_point_in(whole, rng) for whole in wholes])[:, None]
        return _points(places, scale), torch.ones(len(wholes), 1), None, None
    if kind == "box":
        boxes = np.stack([_box_around(whole, rng) for whole in wholes])
        return None, None, torch.from_numpy(boxes * np.float32(scale)), None
    coarse = [_coarsen(target, rng) for target in targets]
    masks = torch.stack([mask_logits(torch.from_numpy(mask).float()) for mask in coarse])[:, None]
    if kind == "refine":
        places = np.stack([_point_in(mask, rng, deep=True) for mask in coarse])[:, None]
        boxes = np.stack([_box_around(mask, rng, jitter=0.0) for mask in coarse])
        return _points(places, scale), torch.ones(len(coarse), 1), torch.from_numpy(boxes * np.float32(scale)), masks
    total = int(rng.integers(2, 5))
    given = [_clicks(whole, mask, total, rng) for whole, mask in zip(wholes, coarse, strict=True)]
    places = np.stack([places for places, _ in given])
    return (
        _points(places, scale),
        torch.tensor([marks for _, marks in given]),
        None,
        masks if rng.random() < 0.5 else None,
    )


def _points(cells: NDArray[np.float32], scale: float) -> Tensor:
    """Turn (…, 2) cells (x, y) into pixels at their centres."""
    return torch.from_numpy((cells + np.float32(0.5)) * np.float32(scale) - np.float32(0.5))


def _point_in(region: Mask, rng: np.random.Generator, deep: bool = False) -> NDArray[np.float32]:
    """Choose a cell (x, y) of a region; ``deep`` ones keep away from its edge where they can."""
    inner = region
    for _ in range(6 if deep else int(rng.integers(0, 4))):
        smaller = inner & np.roll(inner, 1, 0) & np.roll(inner, -1, 0) & np.roll(inner, 1, 1) & np.roll(inner, -1, 1)
        if not smaller.any():
            break
        inner = smaller
    ys, xs = np.nonzero(inner if inner.any() else np.ones_like(inner))
    i = int(rng.integers(len(ys)))
    return np.array([xs[i], ys[i]], np.float32)


def _box_around(region: Mask, rng: np.random.Generator, jitter: float = 0.06) -> NDArray[np.float32]:
    """Return x0, y0, x1, y1 in cells around a region, two times of three moved a little."""
    ys, xs = np.nonzero(region)
    if len(ys) == 0:
        return np.array([0, 0, *region.shape[::-1]], np.float32)
    box = np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1], np.float32)
    if jitter and rng.random() < 0.67:
        sides = np.tile(box[2:] - box[:2], 2)
        box = box + np.clip(rng.normal(0, jitter, 4) * sides, -6, 6).astype(np.float32)
    return box.clip(0, max(region.shape)).astype(np.float32)


def _coarsen(target: Tensor, rng: np.random.Generator) -> Mask:
    """Return a region as a segmentation by patches would draw it: cells of 8 to 20 pixels, noise, pieces missing."""
    cells = target.shape[-1]
    blocks = cells / float(rng.choice([4, 6, 6, 8, 10]))
    coarse = functional.adaptive_avg_pool2d(target[None, None], max(round(blocks), 4))[0, 0].numpy()
    noisy = coarse + rng.normal(0, rng.uniform(0.02, 0.2), coarse.shape)
    smooth = zoom(noisy, cells / coarse.shape[0], order=1, grid_mode=True, mode="nearest")
    mask = np.asarray(smooth > rng.uniform(0.35, 0.65))
    if rng.random() < 0.3:
        high, wide = (int(n) for n in rng.integers(4, cells // 4, 2))
        top, left = int(rng.integers(cells - high)), int(rng.integers(cells - wide))
        mask[top : top + high, left : left + wide] = rng.random() < 0.3
    return mask if (mask & (target.numpy() > 0.5)).any() else np.asarray(target.numpy() > 0.5)


def _clicks(whole: Mask, coarse: Mask, total: int, rng: np.random.Generator) -> tuple[NDArray[np.float32], list[float]]:
    """Return ``total`` clicks: the first inside, the others where a coarse guess is wrong or anywhere."""
    places, marks = [_point_in(whole, rng)], [1.0]
    for _ in range(total - 1):
        wrong = whole ^ coarse
        place = _point_in(wrong if wrong.any() and rng.random() < 0.7 else np.ones_like(whole), rng)
        places.append(place)
        marks.append(float(whole[int(place[1]), int(place[0])]))
    return np.stack(places), marks
