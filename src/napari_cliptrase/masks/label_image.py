"""What is exported: one label array with everything that a format can hold."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import LabelArray
from napari_cliptrase.classes.names import clean_name
from napari_cliptrase.classes.scores import ClassScores
from napari_cliptrase.classes.table import HIGHEST_MASK_ID, ClassTable
from napari_cliptrase.errors import MaskFormatError

PIXEL = "pixel"
_CHUNK = 1 << 18
_DENSE = 1 << 22
_LONGEST = 1e15
_LONGEST_NAME = 251  # bytes of a file name that leave room for .png: file systems end at 255
_SHORTENED = 200  # leaves room for every suffix


@dataclass(frozen=True, eq=False)
class LabelImage:
    """A label array and what its numbers mean.

    Everything is checked here once and brought into a form that each format can hold: writers need no further checks.

    Attributes
    ----------
    labels
        n-d integer array, 0 = background, k = class k of the table; the last two axes are Y and X.
    classes
        Class table; ids that occur in ``labels`` but not in the table are added as ``class N``.
    axes
        One upper-case letter per axis, such as ``"YX"``, ``"ZYX"`` or ``"TZYX"``.
    stem
        Name of the mask file without suffix; may hold folders (``"sub/a"``), always with ``/``.
    image_name
        File name of the image that the mask belongs to; None when it is not known.
    scale, units, origin
        Pixel size, its unit and the position of the first pixel, one per axis; unit ``"pixel"`` means unknown.
    scores
        Class scores of the segmentation, for formats that hold them.
    instances
        Integer array like ``labels`` with one number per object, 0 = none; for formats that separate objects.
    overlapped
        Pixels that more than one class claimed before the labels were flattened.
    notes
        What the reader decided, in sentences.
    """

    labels: LabelArray
    classes: ClassTable = field(default_factory=ClassTable)
    axes: str = ""
    stem: str = "mask"
    image_name: str | None = None
    scale: tuple[float, ...] = ()
    units: tuple[str, ...] = ()
    origin: tuple[float, ...] = ()
    scores: ClassScores | None = None
    instances: LabelArray | None = None
    overlapped: int = 0
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._set("stem", _clean_stem(self.stem))
        labels = self._whole_numbers(self.labels, "labels")
        if labels.ndim < 2 or 0 in labels.shape:
            raise MaskFormatError(f"Mask {self.stem!r} has shape {labels.shape}; it needs at least one row and column.")
        axes = self.axes or "TCZYX"[-labels.ndim :]
        known = axes.isascii() and axes.isalpha() and axes.isupper() and len(set(axes)) == len(axes)
        if len(axes) != labels.ndim or not axes.endswith("YX") or not known:
            raise MaskFormatError(
                f"Mask {self.stem!r} has {labels.ndim} axes of shape {labels.shape}, which {axes!r} does not describe; "
                "name each axis once and end with YX."
            )
        self._set("labels", labels)
        self._set("axes", axes)
        self._set("image_name", None if self.image_name is None else clean_name(self.image_name) or None)
        self._set("scale", self._lengths("scale", self.scale, 1.0))
        self._set("origin", self._lengths("origin", self.origin, 0.0))
        self._set("units", tuple(clean_name(str(unit)) for unit in self._per_axis("units", self.units, PIXEL)))
        if self.instances is not None:
            instances = self._whole_numbers(self.instances, "object numbers")
            if instances.shape != labels.shape:
                raise MaskFormatError(
                    f"Mask {self.stem!r} has shape {labels.shape} but its object numbers have {instances.shape}."
                )
            self._set("instances", instances)
        self._set("classes", self.classes.with_missing(self.counts))

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _whole_numbers(self, values: Any, what: str) -> LabelArray:
        """Return labels or object numbers as an array of integers from 0 to the highest id, in native byte order."""
        array = np.asarray(values)
        if array.dtype == bool:
            array = array.view(np.uint8)
        if not np.issubdtype(array.dtype, np.integer):
            raise MaskFormatError(f"Mask {self.stem!r} holds {array.dtype} values; {what} are whole numbers.")
        if array.dtype.kind == "i" and array.size and int(array.min()) < 0:
            raise MaskFormatError(f"Mask {self.stem!r} holds negative {what}; they start at 1, 0 is background.")
        if array.dtype.itemsize == 8 and array.size and int(array.max()) > HIGHEST_MASK_ID:
            raise MaskFormatError(f"Mask {self.stem!r} holds {what} above {HIGHEST_MASK_ID:,}; use smaller numbers.")
        return array.astype(array.dtype.newbyteorder("="), copy=False)

    def _per_axis(self, name: str, values: tuple[Any, ...], default: object) -> tuple[Any, ...]:
        if not values:
            return (default,) * len(self.axes)
        if len(values) != len(self.axes):
            raise MaskFormatError(f"Mask {self.stem!r} has axes {self.axes} but {len(values)} values of {name}.")
        return tuple(values)

    def _lengths(self, name: str, values: tuple[Any, ...], default: float) -> tuple[float, ...]:
        """Return one finite number per axis, which files of every kind can hold; a pixel has a size other than 0."""
        lengths = self._per_axis(name, values, default)
        for length in lengths:
            number = isinstance(length, int | float | np.number) and not isinstance(length, bool)
            if not number or not abs(length) <= _LONGEST or (name == "scale" and abs(length) < 1 / _LONGEST):
                what = "size of a pixel" if name == "scale" else "position of its first pixel"
                raise MaskFormatError(
                    f"Mask {self.stem!r} has {length!r:.60} as {what}; it needs a number within ±{_LONGEST:.0e}"
                    + (" other than 0." if name == "scale" else ".")
                )
        return tuple(float(length) for length in lengths)

    @cached_property
    def counts(self) -> Mapping[int, int]:
        """Pixels of each value that occurs."""
        return count_values(self.labels)

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of a plane."""
        return int(self.labels.shape[-2]), int(self.labels.shape[-1])

    @property
    def void_pixels(self) -> int:
        """Pixels that are neither a class nor background."""
        return 0 if self.classes.void is None else self.counts.get(self.classes.void, 0)

    @property
    def class_pixels(self) -> int:
        """Pixels that belong to a class."""
        return sum(self.counts.values()) - self.counts.get(0, 0) - self.void_pixels

    @property
    def metric(self) -> bool:
        """Whether the pixel size of Y and X is known."""
        return self.units[-1] != PIXEL and self.units[-2] != PIXEL

    def renamed(self, stem: str) -> "LabelImage":
        """Return the same mask under another stem."""
        return replace(self, stem=stem)

    def pieces(self, kept: str = "") -> Iterator["LabelImage"]:
        """Yield what a format can hold: arrays of Y, X and the axes ``kept``, one for each index of the other axes.

        The pieces are called ``stem_t003_c1``; a mask without other axes yields itself. ``"*"`` keeps all axes.
        """
        cut = [i for i, axis in enumerate(self.axes[:-2]) if axis not in kept and kept != "*"]
        if not cut:
            yield self
            return
        stay = [i for i in range(len(self.axes)) if i not in cut]
        leading = [self.labels.shape[i] for i in cut]
        for number, place in enumerate(np.ndindex(*leading)):
            index: list[int | slice] = [slice(None)] * len(self.axes)
            parts = []
            for i, at, size in zip(cut, place, leading, strict=True):
                index[i] = at
                parts.append(f"{self.axes[i].lower()}{at:0{len(str(size - 1))}d}")
            suffix = "_" + "_".join(parts)
            yield LabelImage(
                labels=self.labels[tuple(index)],
                classes=self.classes,
                axes="".join(self.axes[i] for i in stay),
                stem=self.stem + suffix,
                image_name=self.image_name and _with_suffix(self.image_name, suffix),
                scale=tuple(self.scale[i] for i in stay),
                units=tuple(self.units[i] for i in stay),
                origin=tuple(self.origin[i] for i in stay),
                instances=None if self.instances is None else self.instances[tuple(index)],
                overlapped=0 if number else self.overlapped,
                notes=self.notes,
            )


def count_values(labels: LabelArray) -> dict[int, int]:
    """Return how often each value of a non-negative integer array occurs, in ascending order."""
    flat = np.ravel(labels, order="K")  # no copy of what lies in memory column by column
    dense = np.zeros(256, np.int64)
    sparse: dict[int, int] = {}
    for start in range(0, flat.size, _CHUNK):
        part = flat[start : start + _CHUNK]
        top = int(part.max())
        if top < _DENSE:
            found = np.bincount(part, minlength=dense.size)
            found[: dense.size] += dense
            dense = found
        else:
            values, counts = np.unique(part, return_counts=True)
            for value, count in zip(values.tolist(), counts.tolist(), strict=True):
                sparse[value] = sparse.get(value, 0) + count
    for value in np.flatnonzero(dense).tolist():
        sparse[value] = sparse.get(value, 0) + int(dense[value])
    return dict(sorted(sparse.items()))


def mapped(mask: LabelImage, values: Mapping[int, Any], empty: Any) -> NDArray[np.uint8]:
    """Return a uint8 array with ``values[label]`` (numbers or colours) for each label, ``empty`` where there is none.

    The table that is looked up is never longer than a few million entries, however large the labels are.
    """
    rows = np.array([values.get(label, empty) for label in mask.counts], np.uint8)
    top = max(mask.counts)
    if top >= _DENSE:
        return np.asarray(rows[np.searchsorted(np.fromiter(mask.counts, mask.labels.dtype), mask.labels)])
    lookup = np.zeros((top + 1, *rows.shape[1:]), np.uint8)
    lookup[list(mask.counts)] = rows
    return np.asarray(lookup[mask.labels])


def narrow(labels: LabelArray) -> LabelArray:
    """Return labels of any shape in the smallest unsigned dtype that holds them, without a copy if they have it."""
    return labels.astype(dtype_for(int(labels.max()) if labels.size else 0), copy=False)


def dtype_for(top: int) -> np.dtype[np.unsignedinteger]:
    """Smallest unsigned dtype that holds ``top``: never one that would wrap around."""
    return np.dtype(np.min_scalar_type(top))


def _clean_stem(stem: str) -> str:
    """Return a stem that every file system can hold; refuse one that leads out of the folder."""
    clean = clean_name(stem)
    path = PurePosixPath(clean)
    if not path.name or path.is_absolute() or ".." in path.parts or "\\" in clean:
        raise MaskFormatError(f"{stem!r} cannot name a mask file; use a name such as 'a' or 'folder/a'.")
    return "/".join(map(_cut, path.parts))


def _cut(part: str) -> str:
    """Shorten a file name that is longer than file systems allow, and keep it apart from others that begin alike."""
    content = part.encode("utf-8")
    if len(content) <= _LONGEST_NAME:
        return part
    return content[: _SHORTENED - 9].decode("utf-8", "ignore") + "-" + hashlib.sha256(content).hexdigest()[:8]


def _with_suffix(name: str, suffix: str) -> str:
    path = PurePosixPath(name)
    return str(path.with_name(path.stem + suffix + path.suffix))
