"""What is exported: one label array with everything a format may have a place for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.classes.scores import ClassScores
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import MaskFormatError

Labels = NDArray[np.integer]

PIXEL = "pixel"
_CHUNK = 1 << 20
_DENSE = 1 << 22


@dataclass(frozen=True, eq=False)
class LabelImage:
    """A label array and what its numbers mean.

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
        Integer array like ``labels`` with one number per object, 0 = none; for formats that tell objects apart.
    overlapped
        Pixels that more than one class claimed before the labels were flattened.
    notes
        What the reader of a file had to decide, in sentences.
    """

    labels: Labels
    classes: ClassTable = field(default_factory=ClassTable)
    axes: str = ""
    stem: str = "mask"
    image_name: str | None = None
    scale: tuple[float, ...] = ()
    units: tuple[str, ...] = ()
    origin: tuple[float, ...] = ()
    scores: ClassScores | None = None
    instances: Labels | None = None
    overlapped: int = 0
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        labels = np.asarray(self.labels)
        if labels.dtype == bool:
            labels = labels.view(np.uint8)
        if not np.issubdtype(labels.dtype, np.integer):
            raise MaskFormatError(f"Mask {self.stem!r} holds {labels.dtype} values; labels are whole numbers.")
        if labels.ndim < 2 or 0 in labels.shape[-2:]:
            raise MaskFormatError(f"Mask {self.stem!r} has shape {labels.shape}; it needs at least one row and column.")
        if labels.dtype.kind == "i" and labels.size and int(labels.min()) < 0:
            raise MaskFormatError(f"Mask {self.stem!r} holds negative labels; class ids start at 1, 0 is background.")
        axes = self.axes or "TCZYX"[-labels.ndim :]
        if len(axes) != labels.ndim or not axes.endswith("YX") or len(set(axes)) != len(axes):
            raise MaskFormatError(
                f"Mask {self.stem!r} has {labels.ndim} axes of shape {labels.shape}, which {axes!r} does not describe; "
                "name each axis once and end with YX."
            )
        if self.instances is not None and self.instances.shape != labels.shape:
            raise MaskFormatError(
                f"Mask {self.stem!r} has shape {labels.shape} but its object numbers have {self.instances.shape}."
            )
        _check_stem(self.stem)
        self._set("labels", labels)
        self._set("axes", axes)
        self._set("scale", self._per_axis("scale", self.scale, 1.0))
        self._set("units", self._per_axis("units", self.units, PIXEL))
        self._set("origin", self._per_axis("origin", self.origin, 0.0))
        self._set("classes", self.classes.with_missing(self.counts))

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _per_axis(self, name: str, values: tuple[object, ...], default: object) -> tuple[object, ...]:
        if not values:
            return (default,) * len(self.axes)
        if len(values) != len(self.axes):
            raise MaskFormatError(f"Mask {self.stem!r} has axes {self.axes} but {len(values)} values of {name}.")
        return tuple(values)

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


def count_values(labels: Labels) -> dict[int, int]:
    """Return how often each value of a non-negative integer array occurs, in ascending order."""
    flat = labels.reshape(-1) if labels.flags.c_contiguous else np.ravel(labels)
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


def narrow(labels: Labels) -> Labels:
    """Return the labels in the smallest unsigned dtype that holds them, without a copy when they have it."""
    return labels.astype(dtype_for(int(labels.max()) if labels.size else 0), copy=False)


def dtype_for(top: int) -> np.dtype[np.unsignedinteger]:
    """Smallest unsigned dtype that holds ``top``: never one that would wrap around."""
    return np.dtype(np.min_scalar_type(top))


def _check_stem(stem: str) -> None:
    path = PurePosixPath(stem)
    if not path.name or path.is_absolute() or ".." in path.parts or "\\" in stem or "\0" in stem:
        raise MaskFormatError(f"{stem!r} cannot name a mask file; use a name such as 'a' or 'folder/a'.")


def _with_suffix(name: str, suffix: str) -> str:
    path = PurePosixPath(name)
    return str(path.with_name(path.stem + suffix + path.suffix))
