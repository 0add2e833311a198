"""Labels of a plane of any size in a zarr on disk, written core by core, with a pyramid at the end.

A core is a chunk, so that it is written at once and no chunk is read back. What is finished is noted beside the
labels: a run that was stopped, or killed, goes on where it was.
"""

import json
import shutil
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.atomic import write_bytes
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.json_file import read_json
from napari_cliptrase.masks.export_options import NgffVersion
from napari_cliptrase.masks.ome_zarr import label_attributes
from napari_cliptrase.masks.zarr_files import consolidated, group_file, load_attributes, load_others
from napari_cliptrase.masks.zarr_image import Level
from napari_cliptrase.progress import Progress

_SMALLEST: Final = 1024
_COARSE_CHUNK: Final = 512
_ROWS: Final = 512
"""Rows of a coarser level that are made at once."""
RUN_FILE: Final = "cliptrase-run.json"
_UNFINISHED: Final = ".cliptrase-unfinished.json"
_FINISHED: Final = ".cliptrase-finished"


@dataclass(frozen=True)
class PyramidPlace:
    """Where and how labels are written.

    Attributes
    ----------
    root
        The zarr folder of the labels.
    shape, core
        (H, W) of the plane and (h, w) of a core.
    scale, translation
        (y, x) size of a pixel, and where the middle of the first one lies.
    unit
        Of the scale.
    beside
        The OME-Zarr image whose ``labels`` folder ``root`` lies in; None for labels of their own.
    """

    root: Path
    shape: tuple[int, int]
    core: tuple[int, int]
    scale: tuple[float, float] = (1.0, 1.0)
    translation: tuple[float, float] = (0.0, 0.0)
    unit: str = "pixel"
    beside: Path | None = None

    @property
    def levels(self) -> list[Level]:
        """Halved until it is small."""
        found = [Level("0", self.shape, self.scale, self.translation)]
        while max(found[-1].shape) > _SMALLEST:
            height, width = (-(-size // 2) for size in found[-1].shape)
            factors = self.shape[0] / height, self.shape[1] / width
            scale = tuple(s * f for s, f in zip(self.scale, factors, strict=True))
            shift = tuple(t + (f - 1) / 2 * s for t, f, s in zip(self.translation, factors, self.scale, strict=True))
            found.append(Level(str(len(found)), (height, width), scale, shift))
        return found


class LabelPyramid:
    """Labels that are being written; see `start_pyramid`.

    Attributes
    ----------
    array
        (H, W) zarr array of the finest level; it can be read and painted on.
    finished
        Numbers of the cores that were written before.
    written
        How many were written since.
    """

    def __init__(self, place: PyramidPlace, array: Any, finished: frozenset[int]) -> None:
        self.place = place
        self.array = array
        self.finished = finished
        self.written = 0

    def write(self, number: int, rows: slice, columns: slice, labels: NDArray[np.unsignedinteger[Any]]) -> None:
        """Write the labels (h, w) of a core."""
        self.array[rows, columns] = labels.astype(self.array.dtype, copy=False)
        self.note_empty(number)

    def note_empty(self, *numbers: int) -> None:
        """Note that cores are finished; what was not written in them is background."""
        with (self.place.root / _FINISHED).open("ab") as stream:
            stream.write(np.asarray(numbers, "<u4").tobytes())
        self.written += len(numbers)

    def finish(self, record: Mapping[str, Any]) -> Generator[Progress, None, None]:
        """Write the coarser levels and the record of the run; yields after each part of a level."""
        done = 0
        parts = sum(-(-level.shape[0] // _ROWS) for level in self.place.levels[1:])
        finer = self.array
        for level in self.place.levels[1:]:
            coarser = _create(self.place.root, level, (_COARSE_CHUNK, _COARSE_CHUNK), self.array.dtype, overwrite=True)
            for top in range(0, level.shape[0], _ROWS):
                _sample(finer, coarser, top)
                done += 1
                yield Progress(done, parts, "writing the coarser levels")
            finer = coarser
        write_bytes(self.place.root / RUN_FILE, json.dumps(dict(record), indent=1, ensure_ascii=False).encode())
        for name in (_UNFINISHED, _FINISHED):
            (self.place.root / name).unlink(missing_ok=True)


def start_pyramid(place: PyramidPlace, classes: ClassTable, key: str, *, overwrite: bool = False) -> LabelPyramid:
    """Begin to write labels, or go on with an unfinished run.

    Parameters
    ----------
    key
        Says what is computed from what; an unfinished run with another key is not continued.
    overwrite
        Replace labels that are there.
    """
    root = place.root
    if _goes_on(root, key, overwrite=overwrite):
        return _go_on(place)
    if root.exists():
        shutil.rmtree(root)
    root.mkdir(parents=True, exist_ok=True)
    write_bytes(root / _UNFINISHED, json.dumps({"key": key}).encode())
    version = NgffVersion.V05 if place.beside is None else _version_of(place.beside)
    source = None if place.beside is None else "../../"
    levels = place.levels
    attributes = label_attributes(root.name, "YX", (place.unit,) * 2, levels, classes, version, source)
    for name, data in group_file(attributes, version).items():
        (root / name).write_bytes(data)
    dtype = np.dtype(np.uint8 if max((entry.id for entry in classes), default=0) < 256 else np.uint16)
    array = _create(root, levels[0], place.core, dtype, new=version is NgffVersion.V05)
    if place.beside is not None:
        _list_beside(place.beside, root)
    return LabelPyramid(place, array, frozenset())


def finished_cores(place: PyramidPlace, key: str, *, overwrite: bool = False) -> frozenset[int]:
    """Return the cores with which `start_pyramid` would begin, and refuse what it refuses; nothing is changed."""
    going_on = _goes_on(place.root, key, overwrite=overwrite)
    return frozenset(_noted(place.root).tolist()) if going_on else frozenset()


def _goes_on(root: Path, key: str, *, overwrite: bool) -> bool:
    """Whether an unfinished run goes on; what is there and may not be replaced is refused."""
    if not root.exists() or (root.is_dir() and not any(root.iterdir())):
        return False
    if overwrite:
        _refuse_foreign(root)
        return False
    unfinished = key_of_unfinished(root)
    if unfinished is None:
        raise MaskFormatError(f"{root} exists already; choose another name, or add --overwrite to replace it.")
    if unfinished != key:
        raise MaskFormatError(
            f"{root} holds an unfinished run over another image or with other classes or settings; add "
            "--overwrite to replace it."
        )
    return any(
        (root / "0" / name).is_file() for name in ("zarr.json", ".zarray")
    )  # else it was stopped before it began


def _go_on(place: PyramidPlace) -> LabelPyramid:
    import zarr

    array = zarr.open_array(place.root / "0", mode="r+")
    numbers = _noted(place.root)
    (place.root / _FINISHED).write_bytes(numbers.tobytes())  # a killed process may have written half a number
    return LabelPyramid(place, array, frozenset(numbers.tolist()))


def _noted(root: Path) -> NDArray[np.uint32]:
    """Return the numbers of the cores that an unfinished run has finished."""
    file = root / _FINISHED
    data = file.read_bytes() if file.exists() else b""
    return np.frombuffer(data[: len(data) // 4 * 4], "<u4")


def labels_beside(image: Path, number: int = 1) -> Path:
    """Return the folder beside an image that its labels go to; further numbers are for further labels of it."""
    stem = image.name.removesuffix(".zarr").removesuffix(".ome").split(".")[0] or "image"
    return image.with_name(f"{stem}.labels.ome.zarr" if number == 1 else f"{stem}.labels-{number}.ome.zarr")


def key_of_unfinished(root: Path) -> str | None:
    """Return the key of an unfinished run in a folder; None where there is none."""
    try:
        return str(read_json(root / _UNFINISHED)["key"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _refuse_foreign(root: Path) -> None:
    """Never remove a folder that holds something else than labels."""
    attributes = load_attributes(root) if root.is_dir() else None
    if not (root / _UNFINISHED).exists() and (attributes is None or "image-label" not in attributes):
        raise MaskFormatError(f"{root} is not a label image; choose another name.")


def _version_of(image: Path) -> NgffVersion:
    return NgffVersion.V05 if (image / "zarr.json").is_file() else NgffVersion.V04


def _create(
    root: Path, level: Level, chunk: tuple[int, int], dtype: np.dtype[Any], *, new: bool | None = None,
    overwrite: bool = False,
) -> Any:  # fmt: skip
    import zarr

    new = (root / "zarr.json").is_file() if new is None else new
    return zarr.create_array(
        store=root / level.path,
        shape=level.shape,
        dtype=dtype,
        chunks=tuple(min(side, size) for side, size in zip(chunk, level.shape, strict=True)),
        zarr_format=3 if new else 2,
        fill_value=0,
        dimension_names=("y", "x") if new else None,
        chunk_key_encoding={"name": "default" if new else "v2", "separator": "/"},
        overwrite=overwrite,
    )


def _sample(finer: Any, coarser: Any, top: int) -> None:
    """Write rows from ``top`` of a coarser level: the nearest labels of the finer one."""
    bottom = min(top + _ROWS, coarser.shape[0])
    rows, columns = (
        ((np.arange(first, last) + 0.5) * fine / coarse).astype(np.intp)
        for first, last, fine, coarse in (
            (top, bottom, finer.shape[0], coarser.shape[0]),
            (0, coarser.shape[1], finer.shape[1], coarser.shape[1]),
        )
    )
    strip = finer[int(rows[0]) : int(rows[-1]) + 1]
    coarser[top:bottom] = strip[np.ix_(rows - rows[0], columns)]


def _list_beside(image: Path, root: Path) -> None:
    """Add labels to the list of an OME-Zarr image."""
    version = _version_of(image)
    folder = image / "labels"
    old = load_attributes(folder) or {}
    labels = sorted({*old.get("labels", []), root.name})
    made = group_file({**old, "labels": labels}, version, others=load_others(folder))
    for name, data in made.items():
        write_bytes(folder / name, data)
    listed = {f"labels/{name}": data for name, data in made.items()}
    for name in ("zarr.json", ".zgroup", ".zattrs", "0/zarr.json", "0/.zarray"):
        if (root / name).is_file():
            listed[f"labels/{root.name}/{name}"] = (root / name).read_bytes()
    for name, data in consolidated(image, listed, f"labels/{root.name}/").items():
        write_bytes(image / name, data)


def at_level(place: PyramidPlace, factor: tuple[float, float]) -> PyramidPlace:
    """Return a place for labels of a coarser level of the image, whose pixels are larger by a factor (y, x)."""
    scale = place.scale[0] * factor[0], place.scale[1] * factor[1]
    shift = tuple(t + (f - 1) / 2 * s for t, f, s in zip(place.translation, factor, place.scale, strict=True))
    return replace(place, scale=scale, translation=(shift[0], shift[1]))
