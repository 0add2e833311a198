"""Files that are too large to read at once: OME-Zarr and zarr, tiled TIFF (OME-TIFF, whole slides), .npy."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree import ElementTree

import numpy as np
import tifffile

from napari_cliptrase.errors import ImageReadError
from napari_cliptrase.pixels.axes import AxisRoles, distinct_letters, guess_roles

_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_NPY_START = b"\x93NUMPY"
_ZARR_FILES = ("zarr.json", ".zgroup", ".zarray", ".zattrs")


@dataclass(frozen=True, eq=False)
class LazyFile:
    """An image on disk of which boxes can be read.

    Attributes
    ----------
    levels
        Arrays, the finest first; one where there is no pyramid.
    roles
        What their axes mean.
    scale, unit
        (y, x) size of a pixel of the finest level, and the unit it is given in; 1 and ``pixel`` where it is not known.
    ome_zarr
        Whether it is an OME-Zarr image, beside which labels can be written.
    """

    path: Path
    levels: tuple[Any, ...] = field(repr=False)
    roles: AxisRoles
    scale: tuple[float, float] = (1.0, 1.0)
    unit: str = "pixel"
    ome_zarr: bool = False

    @property
    def plane_shape(self) -> tuple[int, ...]:
        """How many planes there are along each plane axis; empty for a single picture."""
        return self.roles.plane_shape(self.levels[0].shape)

    def shape(self, level: int = 0) -> tuple[int, int]:
        """(H, W) of the planes of a level."""
        shape = self.levels[level].shape
        return int(shape[self.roles.y]), int(shape[self.roles.x])

    def level_for(self, resolution: int | None) -> int:
        """Return the coarsest level whose short side has ``resolution`` pixels; the finest for None."""
        if resolution is None:
            return 0
        enough = [level for level in range(len(self.levels)) if min(self.shape(level)) >= resolution]
        return max(enough, default=0)


@contextmanager
def open_lazily(path: Path) -> Iterator[LazyFile]:
    """Open an image without reading its pixels; the files stay open in the block."""
    if not path.exists():
        raise ImageReadError(f"{path} does not exist.")
    try:
        if path.is_dir():
            yield _open_zarr(path)
            return
        with path.open("rb") as stream:
            start = stream.read(6)
        if start[:4] in _TIFF_STARTS:
            with _open_tiff(path) as found:
                yield found
        elif start == _NPY_START:
            array = np.load(path, mmap_mode="r", allow_pickle=False)
            yield LazyFile(path, (array,), guess_roles(array.shape))
        else:
            raise ImageReadError(
                f"{path} cannot be read part by part; convert it to OME-Zarr or to a tiled TIFF, or use segment."
            )
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        what = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise ImageReadError(f"{path} is damaged or not complete ({what}).") from error


def _open_zarr(path: Path) -> LazyFile:
    if not any((path / name).is_file() for name in _ZARR_FILES):
        raise ImageReadError(f"{path} is a folder, not a zarr image; give the images in it by name.")
    zarr = _zarr()
    found = zarr.open(path, mode="r")
    if isinstance(found, zarr.Array):
        names = getattr(found.metadata, "dimension_names", None)
        return LazyFile(path, (found,), guess_roles(found.shape, axis_labels=names))
    attributes = dict(found.attrs)
    attributes = attributes.get("ome", attributes)
    if "multiscales" not in attributes:
        raise ImageReadError(f"{path} is a zarr group without an image; name the array in it.")
    multiscale = attributes["multiscales"][0]
    datasets = multiscale["datasets"]
    levels = tuple(found[_inner(dataset["path"])] for dataset in datasets)
    axes = [axis if isinstance(axis, str) else axis["name"] for axis in multiscale.get("axes", "tczyx")]
    letters = [str(name)[:1].upper() for name in axes]
    roles = AxisRoles(distinct_letters(letters))
    if any(level.ndim != len(letters) for level in levels):
        raise ValueError("its levels do not have the axes that it names")
    scale = [1.0] * len(letters)
    for transform in datasets[0].get("coordinateTransformations", []):
        if transform["type"] == "scale":
            scale = [float(value) for value in transform["scale"]]
    described = multiscale.get("axes", [])
    unit = described[roles.y].get("unit", "pixel") if described and isinstance(described[roles.y], dict) else "pixel"
    return LazyFile(path, levels, roles, (scale[roles.y], scale[roles.x]), str(unit), ome_zarr=True)


def _inner(path: object) -> str:
    parts = PurePosixPath(str(path))
    if parts.is_absolute() or ".." in parts.parts:
        raise ValueError(f"it names {path!r:.60} as a part of itself")
    return str(parts)


@contextmanager
def _open_tiff(path: Path) -> Iterator[LazyFile]:
    zarr = _zarr()
    with tifffile.TiffFile(path) as tiff:
        series = tiff.series[0]
        letters = series.axes
        stores = [series.aszarr(level=level) for level in range(len(series.levels))]
        try:
            levels = tuple(zarr.open(store, mode="r") for store in stores)
            yield LazyFile(path, levels, AxisRoles(distinct_letters(letters)), *_pixel_size(tiff, series))
        finally:
            for store in stores:
                store.close()


def _pixel_size(tiff: Any, series: Any) -> tuple[tuple[float, float], str]:
    """(y, x) size of a pixel and its unit; OME-XML is asked first."""
    if tiff.is_ome:
        for element in ElementTree.fromstring(tiff.ome_metadata).iter():
            if element.tag.endswith("Pixels") and "PhysicalSizeX" in element.attrib:
                x = float(element.attrib["PhysicalSizeX"])
                y = float(element.attrib.get("PhysicalSizeY", x))
                unit = element.attrib.get("PhysicalSizeXUnit", "µm")
                return (y, x), {"µm": "micrometer", "nm": "nanometer", "mm": "millimeter"}.get(unit, unit)
    return (1.0, 1.0), "pixel"


def _zarr() -> Any:
    try:
        import zarr
    except ImportError as error:
        raise ImageReadError("Large images need the package zarr: pip install 'napari-cliptrase[ome-zarr]'") from error
    return zarr
