"""Training pictures: painted once, kept as arrays on disk, and cut into crops whose captions say what is in view."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.demo.plans import plan_scene
from napari_cliptrase.demo.things import PAINTS
from napari_cliptrase.demo.words import NAMES
from napari_cliptrase.demo.world import paint_window, to_bytes
from napari_cliptrase.lab.portraits import plan_portrait
from napari_cliptrase.progress import Progress

FIRST_CLIP_TRAINING_SEED: Final = 1_000_000  # seeds below are held out: no training ever paints them
SCENE_SIZE: Final = 320
PORTRAIT_SIZE: Final = 160
MOST_ELEMENTS: Final = 32
SPOT: Final = 0.005  # the share of a crop from which an element counts
PAINT_NAMES: Final = tuple(PAINTS)


@dataclass(frozen=True)
class Pictures:
    """Square pictures of one size with the facts that their captions are written from.

    ``images`` (N, S, S, 3) uint8; ``elements`` (N, S, S) uint8, the number of the element seen at each pixel, from 1;
    ``facts`` (N, 32, 2) int16: class id and paint (index + 1 in ``PAINT_NAMES``, 0 for none) of each element.
    """

    images: NDArray[np.uint8]
    elements: NDArray[np.uint8]
    facts: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.images)

    @classmethod
    def open(cls, folder: Path, kind: str) -> "Pictures":
        """Open what ``paint_pictures`` left in a folder; pixels are read when they are used."""
        images, elements, facts = (np.load(folder / f"{kind}-{part}.npy", mmap_mode="r") for part in _PARTS)
        return cls(images, elements, facts)


_PARTS: Final = ("images", "elements", "facts")


def paint_pictures(
    folder: Path, kind: str, count: int, first_seed: int = FIRST_CLIP_TRAINING_SEED
) -> Iterator[Progress]:
    """Paint ``count`` pictures of a kind into a folder, unless they are there already.

    The kinds are "scenes" (crowded landscapes), "calm" (landscapes as the samples are) and "portraits".
    """
    size = PORTRAIT_SIZE if kind == "portraits" else SCENE_SIZE
    done = folder / f"{kind}-{count}-{first_seed}.done"
    if done.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    shapes = {"images": (count, size, size, 3), "elements": (count, size, size), "facts": (count, MOST_ELEMENTS, 2)}
    arrays = {
        part: np.lib.format.open_memmap(
            folder / f"{kind}-{part}.npy", "w+", np.int16 if part == "facts" else np.uint8, shapes[part]
        )
        for part in _PARTS
    }
    for i in range(count):
        seed, square = first_seed + i, (size, size)
        plan = plan_portrait(seed, square) if kind == "portraits" else plan_scene(seed, square, kind == "scenes")
        canvas = paint_window(plan, 0, 0, size, size)
        arrays["images"][i] = to_bytes(canvas, plan)
        arrays["elements"][i] = canvas.instances
        for number, element in enumerate(plan.elements, start=1):
            paint = PAINT_NAMES.index(element.color) + 1 if element.color else 0
            arrays["facts"][i, number] = NAMES.index(element.name) + 1, paint
        if i % 100 == 99 or i + 1 == count:
            yield Progress(i + 1, count, f"painting {kind}")
    for array in arrays.values():
        array.flush()
    done.touch()


@dataclass(frozen=True)
class Crops:
    """A batch cut from pictures, before it is scaled to the size that the model sees.

    ``images`` (n, s, s, 3) uint8; ``frames`` (n, 4) float32: top, left, bottom, right as shares of the picture;
    ``shares`` (n, 1 + classes, 1 + paints) float32: how much of the crop each class in each paint covers;
    ``counts`` (n, 1 + classes) int64: how many elements of each class cover at least ``SPOT`` of it.
    """

    images: NDArray[np.uint8]
    frames: NDArray[np.float32]
    shares: NDArray[np.float32]
    counts: NDArray[np.int64]


def cut(pictures: Pictures, count: int, side: int, rng: np.random.Generator) -> Crops:
    """Cut ``count`` square crops of ``side`` pixels from random pictures, half of them mirrored."""
    size = pictures.images.shape[1]
    images = np.empty((count, side, side, 3), np.uint8)
    frames = np.empty((count, 4), np.float32)
    shares = np.zeros((count, 1 + len(NAMES), 1 + len(PAINT_NAMES)), np.float32)
    counts = np.zeros((count, 1 + len(NAMES)), np.int64)
    for i in range(count):
        chosen = int(rng.integers(len(pictures)))
        top, left = (int(rng.integers(size - side + 1)) for _ in range(2))
        window = (chosen, slice(top, top + side), slice(left, left + side))
        step = -1 if rng.random() < 0.5 else 1
        images[i] = pictures.images[window][:, ::step]
        frames[i] = np.asarray((top, left, top + side, left + side), np.float32) / size
        areas = np.bincount(pictures.elements[window].ravel(), minlength=MOST_ELEMENTS)[:MOST_ELEMENTS] / side**2
        classes, paints = pictures.facts[chosen].T
        np.add.at(shares[i], (classes, paints), areas)
        np.add.at(counts[i], classes, areas >= SPOT)
    return Crops(images, frames, shares, counts)
