"""Which image a mask belongs to, by file name."""

from dataclasses import replace
from pathlib import Path

from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.pixels.read import IMAGE_SUFFIXES

_SUFFIXES = (*IMAGE_SUFFIXES, ".npy", ".zarr", ".nii", ".nrrd")


def with_images(masks: tuple[LabelImage, ...], folder: Path | None) -> tuple[LabelImage, ...]:
    """Return the masks with the name of the image of the same stem in ``folder``; refuse a mask without one."""
    if folder is None:
        return masks
    if not folder.is_dir():
        raise MaskFormatError(f"{folder} is not a folder; name the folder of the images.")
    names: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in _SUFFIXES:
            name = path.relative_to(folder).as_posix()
            names.setdefault(name[: len(name) - len(path.suffix)], name)
    missing = [mask.stem for mask in masks if mask.stem not in names]
    if missing:
        raise MaskFormatError(f"{folder} holds no image called {missing[0]!r}; mask and image share their name.")
    return tuple(replace(mask, image_name=names[mask.stem]) for mask in masks)
