"""Where a person would scribble: a few lines through the largest pieces of each class, instead of a whole mask."""

import numpy as np
from scipy.ndimage import distance_transform_edt

from napari_cliptrase.array_types import Mask
from napari_cliptrase.evaluate.labelled_images import Truth
from napari_cliptrase.evaluate.mistakes import WrongPiece, largest_piece, line_mask


def scribbled(truth: Truth, lines: int) -> Mask:
    """(H, W) pixels of at most so many lines through each class of a truth (H, W), each where most is left.

    A line stands for what lies around it, as wide as its piece is there; the next one goes elsewhere.
    """
    drawn = np.zeros(truth.shape, bool)
    for index in np.unique(truth[truth >= 0]).tolist():
        left = truth == index
        for _ in range(lines):
            found = largest_piece(left)
            if found is None:
                break
            piece = WrongPiece(index, *found)
            line = line_mask(truth == index, *piece.line())
            drawn |= line
            left &= np.asarray(distance_transform_edt(~line)) > piece.thickness() / 2
    return drawn
