"""One map for each label of a window: each is smoothed alone, and at each pixel the highest wins."""

from collections.abc import Callable, Generator, Sequence
from functools import partial

import numpy as np
from scipy.ndimage import find_objects

from napari_cliptrase.array_types import Floats, LabelArray
from napari_cliptrase.classes.scores import ClassScores
from napari_cliptrase.progress import Progress, map_progress
from napari_cliptrase.refine.protocol import progress_in_window
from napari_cliptrase.refine.tiles import Tile, grown

WindowPart = tuple[slice, slice]
"""Rows and columns of a window."""


def highest_map_steps(
    labels: LabelArray,
    scores: ClassScores | None,
    tile: Tile,
    smooth: Callable[[Floats, WindowPart], Floats],
    *,
    reach: int,
    every: int = 1,
) -> Generator[Progress, None, LabelArray]:
    """Smooth the map of each label that occurs in a window, one after the other, and keep the highest.

    Yields how many labels of the window are done.

    Parameters
    ----------
    labels
        (H, W) of the window.
    scores
        Of the whole image; where a label has some, its map is the mean of the two.
    tile
        The window.
    smooth
        Smooths the map (h, w) of a part of the window.
    reach
        Pixels that smoothing carries a map. A label without scores has a map of zeros beyond them, so only the part
        around it is smoothed, or hundreds of small objects would take minutes.
    every
        Labels between two reports, and two chances to stop.
    """
    best = np.full(labels.shape, -np.inf, np.float32)
    winner = labels.copy()
    found, dense = np.unique(labels, return_inverse=True)
    boxes = find_objects(dense.reshape(labels.shape) + 1)
    for done, (label, box) in enumerate(zip(found, boxes, strict=True)):
        if done % every == 0:
            yield Progress(done, len(found), f"Refining label {done + 1} of {len(found)}")
        scored = scores is not None and label in scores.ids
        part = (slice(None), slice(None)) if scored else grown(box, reach)
        values = (labels[part] == label).astype(np.float32)
        if scores is not None and scored:
            values = (values + scores.full(int(label), tile.rows, tile.columns)) / 2
        smoothed = smooth(values, part)
        wins = smoothed > best[part]
        winner[part][wins] = label
        best[part][wins] = smoothed[wins]
    return winner


def refine_windows_steps(
    labels: LabelArray,
    tiles: Sequence[Tile],
    refine: Callable[[int, LabelArray], Generator[Progress, None, LabelArray]],
) -> Generator[Progress, None, LabelArray]:
    """Refine the labels (H, W) of an image window by window; a window with one label stays as it is.

    ``refine`` takes the number of a window and its labels, yields how many labels are done, and returns the refined
    labels.
    """
    refined = labels.copy()
    for number, tile in enumerate(tiles):
        yield Progress(number, len(tiles), "Refining")
        window = labels[tile.rows, tile.columns]
        if len(np.unique(window)) > 1:
            window = yield from map_progress(refine(number, window), partial(progress_in_window, number, len(tiles)))
            refined[tile.owned] = window[tile.owned_within]
    yield Progress(len(tiles), len(tiles), "Refined")
    return refined
