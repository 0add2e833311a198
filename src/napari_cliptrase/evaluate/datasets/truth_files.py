"""Mask files of data sets to arrays of their numbers."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image
from scipy.io import loadmat

from napari_cliptrase.evaluate.labelled_images import DataError

_NUMBERED_MODES = ("1", "L", "P", "I", "I;16", "I;16B", "I;16L")


def read_numbers(path: Path) -> NDArray[np.integer]:
    """(H, W) the numbers of an indexed or grey PNG, a TIFF, or the ``LabelMap`` of a MATLAB file."""
    if not path.is_file():
        raise DataError(f"{path} does not exist.")
    try:
        return _reader(path)(path)
    except DataError:
        raise
    except Exception as error:  # decoders raise nearly anything on damaged bytes
        what = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise DataError(f"{path} cannot be read as a mask ({what}); get the file again.") from error


def read_rgb_code(path: Path) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 a mask whose numbers are spread over colours."""
    try:
        with Image.open(path) as picture:
            if picture.mode != "RGB":
                raise DataError(f"{path} is {picture.mode} and no coloured mask; get the file again.")
            return np.asarray(picture)
    except DataError:
        raise
    except Exception as error:  # decoders raise nearly anything on damaged bytes
        what = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise DataError(f"{path} cannot be read as a mask ({what}); get the file again.") from error


def _reader(path: Path) -> Callable[[Path], NDArray[np.integer]]:
    match path.suffix.lower():
        case ".mat":
            return _read_mat
        case ".tif" | ".tiff":
            return _read_tiff
    return _read_png


def _read_png(path: Path) -> NDArray[np.integer]:
    with Image.open(path) as picture:
        if picture.mode not in _NUMBERED_MODES:
            raise DataError(
                f"{path} is a picture in colours ({picture.mode}), not a mask of numbers; give the indexed masks."
            )
        return np.asarray(picture).astype(np.int64)


def _read_tiff(path: Path) -> NDArray[np.integer]:
    array = tifffile.imread(path)
    if array.ndim != 2 or not np.issubdtype(array.dtype, np.integer):
        raise DataError(f"{path} is {array.dtype} of shape {array.shape}, not a mask of whole numbers.")
    return np.asarray(array, np.int64)


def _read_mat(path: Path) -> NDArray[np.integer]:
    content = loadmat(path)
    if "LabelMap" not in content:
        raise DataError(f"{path} holds no LabelMap; give the masks of PASCAL Context.")
    return np.asarray(content["LabelMap"], np.int64)
