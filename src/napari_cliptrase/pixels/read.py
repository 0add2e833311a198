"""Image files to arrays with axis roles."""

import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any, Final

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from napari_cliptrase.array_types import Rgb
from napari_cliptrase.errors import CliptraseError, ImageReadError
from napari_cliptrase.pixels.axes import distinct_letters
from napari_cliptrase.pixels.declared_size import DEFLATE, check_declared
from napari_cliptrase.pixels.plane_ranges import PlaneRanges
from napari_cliptrase.pixels.planes import AxisRoles, ContrastLimits, auto_limits, to_rgb
from napari_cliptrase.pixels.tiff_file import open_tiff, read_series, upright

IMAGE_SUFFIXES: Final = (
    ".png", ".jpg", ".jpeg", ".jpe", ".mpo", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".avif", ".jp2", ".ppm", ".pgm",
)  # fmt: skip
"""Endings that a folder is searched for; a file that is named may have any."""

_FORMATS = ("PNG", "JPEG", "MPO", "TIFF", "BMP", "GIF", "WEBP", "AVIF", "JPEG2000", "PPM")
_ANY_RATIO = 1_000_000  # JPEG and the like store a large area of one colour in a few bits
_MOST_SAMPLES = 4  # red, green, blue and alpha
_PLAIN_TIFFS = ("MINISBLACK", "MINISWHITE", "RGB", "PALETTE")
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PLAIN_MODES = {"1", "L", "LA", "RGB", "RGBA", "I", "F", "I;16", "I;16B", "I;16L"}
_ALPHA_MODES = {"PA", "La", "RGBa"}


@dataclass(frozen=True, eq=False)
class ImageFile:
    """The pixels of a file and what its axes mean; with ``ranges`` only some of its planes are asked for."""

    path: Path
    array: NDArray[Any]
    roles: AxisRoles
    ranges: PlaneRanges | None = None

    @property
    def plane_shape(self) -> tuple[int, ...]:
        """How many planes there are along each plane axis; empty for a single picture."""
        return self.roles.plane_shape(self.array.shape)

    def indices(self) -> Iterator[tuple[int, ...]]:
        """Yield the index of every plane that is asked for; the empty one for a single picture."""
        if self.ranges is not None:
            return iter(self.ranges.indices(self.roles, self.array.shape))
        return product(*map(range, self.plane_shape))

    def only(self, planes: str) -> "ImageFile":
        """Return the image with some of its planes, such as ``T=3-10``; see `PlaneRanges.parse`."""
        try:
            return replace(self, ranges=PlaneRanges.parse(planes, self.roles, self.array.shape))
        except CliptraseError as error:
            raise ImageReadError(f"{self.path}: {error}") from error

    def rgb(self, index: tuple[int, ...] = ()) -> Rgb:
        """Return a plane as uint8 (H, W, 3); all planes are stretched alike."""
        try:
            return to_rgb(self.array, self.roles, index, self._contrast)
        except ImageReadError as error:
            raise ImageReadError(f"{self.path}: {error}") from error

    @cached_property
    def _contrast(self) -> tuple[ContrastLimits, ...] | None:
        """Limits of each channel over all planes; None where a plane stands alone or needs no stretching."""
        if not self.plane_shape or self.roles.rgb:
            return None
        channel = self.roles.color
        if channel is None:
            return (auto_limits(self.array),)
        return tuple(auto_limits(self.array.take(i, channel)) for i in range(self.array.shape[channel]))


def read_image(path: str | os.PathLike[str]) -> ImageFile:
    """Read a picture; JPEG is turned as its EXIF data says, TIFF keeps its planes and channels."""
    path = Path(path)
    start = _first_bytes(path)
    try:
        if start in _TIFF_STARTS:
            array, letters = _read_tiff(path)
        else:
            array, letters = _read_picture(path)
        if array.size == 0:
            raise ImageReadError("it holds no pixels")
        letters = distinct_letters(letters)
        if "S" in letters and array.shape[letters.index("S")] > _MOST_SAMPLES:
            letters = letters.replace("S", "C")
        return ImageFile(path, array, AxisRoles(letters))
    except UnidentifiedImageError as error:
        raise ImageReadError(
            f"{path} is not an image that can be read here; convert it to PNG, JPEG or TIFF."
        ) from error
    except Image.DecompressionBombError as error:
        raise ImageReadError(f"{path} has too many pixels for its format ({error}); save it as TIFF.") from error
    except MemoryError as error:
        why = f" ({error})" if type(error) is MemoryError and str(error) else ""
        raise ImageReadError(f"{path} does not fit into memory{why}; cut it into smaller pictures.") from error
    except Exception as error:  # decoders raise nearly anything on damaged bytes
        what = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise ImageReadError(f"{path} is damaged or not complete ({what}); get the file again.") from error


def _first_bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise ImageReadError(f"{path} is a folder, not an image.")
        if path.exists() and not path.is_file():
            raise ImageReadError(f"{path} is a pipe or a device, not an image file.")
        with path.open("rb") as stream:
            start = stream.read(4)
    except FileNotFoundError as error:
        raise ImageReadError(f"{path} does not exist.") from error
    except OSError as error:
        raise ImageReadError(f"{path} cannot be opened: {error.strerror or error}.") from error
    if not start:
        raise ImageReadError(f"{path} is empty; get the file again.")
    return start


def _read_picture(path: Path) -> tuple[NDArray[Any], str]:
    """First frame of a file that Pillow knows, upright."""
    Image.init()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with Image.open(path, formats=[name for name in _FORMATS if name in Image.OPEN]) as opened:
            size = opened.width * opened.height * len(opened.getbands())
            check_declared(size, path.stat().st_size, ratio=8 * DEFLATE if opened.format == "PNG" else _ANY_RATIO)
            picture = ImageOps.exif_transpose(opened)
    if picture.mode == "P":
        picture = picture.convert("RGBA" if "transparency" in picture.info else "RGB")
    elif picture.mode not in _PLAIN_MODES:
        picture = picture.convert("RGBA" if picture.mode in _ALPHA_MODES else "RGB")
    array = np.array(picture)
    return array, "YX" if array.ndim == 2 else "YXS"


def _read_tiff(path: Path) -> tuple[NDArray[Any], str]:
    """First series of a TIFF file with the axes that it states, upright."""
    try:
        with open_tiff(path) as (tiff, pages):
            series = tiff.series[0]
            page = series.keyframe
            if page.photometric.name not in _PLAIN_TIFFS:  # inks and the like
                return _read_picture(path)
            array, letters = read_series(tiff, pages), series.axes
            if page.photometric == tifffile.PHOTOMETRIC.PALETTE and page.colormap is not None:
                array, letters = np.moveaxis(page.colormap[:, array], 0, -1), letters + "S"
            elif page.photometric == tifffile.PHOTOMETRIC.MINISWHITE and array.dtype.kind == "u":
                array = np.iinfo(array.dtype).max - array
    except (ValueError, KeyError, RuntimeError) as error:
        if "imagecodecs" not in str(error):
            raise
        return _read_packed_tiff(path, error)
    return upright(array, letters, pages.orientation), letters


def _read_packed_tiff(path: Path, error: Exception) -> tuple[NDArray[Any], str]:
    """Pillow knows the common compressions (LZW, JPEG) that tifffile leaves to a package of its own."""
    try:
        return _read_picture(path)
    except Exception:  # what matters is what tifffile lacked
        raise ImageReadError(f"{error}: pip install imagecodecs") from None
