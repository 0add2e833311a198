"""The OME-Zarr image that labels are put beside: its levels, without the axes that labels lack."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.json_file import read_json
from napari_cliptrase.masks.label_image import PIXEL, LabelImage
from napari_cliptrase.masks.units import canonical
from napari_cliptrase.masks.zarr_files import inside


@dataclass(frozen=True)
class Level:
    """One level of a pyramid: its path, shape and the scale and position of its pixels, one per axis."""

    path: str
    shape: tuple[int, ...]
    scale: tuple[float, ...]
    translation: tuple[float, ...]


@dataclass(frozen=True)
class ZarrImage:
    """Levels of an image, the largest first, and the unit of each axis."""

    levels: tuple[Level, ...]
    units: tuple[str, ...]


def image_in(root: Path, attributes: dict[str, Any], mask: LabelImage) -> ZarrImage:
    """Return what labels of an image share with it; refuse an image of another size than the mask."""
    multiscale = attributes["multiscales"][0]
    axes = "".join(str(axis["name"]).upper() for axis in multiscale["axes"])
    kept = [i for i, axis in enumerate(axes) if axis in mask.axes]
    if "".join(axes[i] for i in kept) != mask.axes:
        raise MaskFormatError(f"Mask {mask.stem!r} has axes {mask.axes}, but the image in {root} has {axes}.")
    levels = tuple(_level(root, dataset, len(axes), kept) for dataset in multiscale["datasets"])
    if levels[0].shape != mask.labels.shape:
        raise MaskFormatError(
            f"Mask {mask.stem!r} has shape {mask.labels.shape}, but the image in {root} has {levels[0].shape}; "
            "export it beside the image it was made for."
        )
    return ZarrImage(levels, tuple(canonical(multiscale["axes"][i].get("unit", PIXEL)) for i in kept))


def _level(root: Path, dataset: dict[str, Any], ndim: int, kept: list[int]) -> Level:
    shape = _array_shape(inside(root, dataset["path"]))
    transforms = {t["type"]: t[t["type"]] for t in dataset.get("coordinateTransformations", [])}
    scale = transforms.get("scale", [1.0] * ndim)
    shift = transforms.get("translation", [0.0] * ndim)
    return Level(
        str(dataset["path"]),
        tuple(shape[i] for i in kept),
        tuple(float(scale[i]) for i in kept),
        tuple(float(shift[i]) for i in kept),
    )


def _array_shape(folder: Path) -> list[int]:
    for name in ("zarr.json", ".zarray"):
        if (folder / name).is_file():
            return list(read_json(folder / name)["shape"])
    raise MaskFormatError(f"{folder} is not a zarr array, although the image names it as a level.")
