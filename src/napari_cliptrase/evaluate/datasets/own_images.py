"""Images and masks of one's own: a folder of each with a list of classes, or an annotation project."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import Rgb
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.evaluate.datasets.truth_codes import BEYOND, TruthCode
from napari_cliptrase.evaluate.datasets.truth_files import read_numbers
from napari_cliptrase.evaluate.evaluation_rows import Vocabulary
from napari_cliptrase.evaluate.labelled_images import UNCOUNTED, DataError, LabelledImage
from napari_cliptrase.masks.loss_report import count_text
from napari_cliptrase.pixels.read import IMAGE_SUFFIXES, read_image
from napari_cliptrase.project.project import Project

MASK_ENDINGS = (".png", ".tif", ".tiff")


@dataclass(frozen=True)
class OwnClasses:
    """Classes of one's own: the numbers of their pixels are their ids.

    0 is the background. It is scored when the classes name phrases for it; else nobody could find it.
    """

    prompts: PromptSet

    @property
    def names(self) -> tuple[str, ...]:
        """Names of what is scored, the background last."""
        return (*(entry.name for entry in self.prompts), *(("background",) if self.prompts.background else ()))

    @property
    def vocabulary(self) -> Vocabulary:
        """The words that are asked for."""
        numbered = tuple(replace(entry, id=i) for i, entry in enumerate(self.prompts, start=1))
        prompts = PromptSet(numbered, self.prompts.background)
        return Vocabulary.of(prompts, len(self.names), background=bool(self.prompts.background))

    def labelled(self, rgb: Rgb, mask: NDArray[np.integer], void: Sequence[int] = ()) -> LabelledImage:
        """Put an image (H, W, 3) and the ids (H, W) of its classes together."""
        table = {entry.id: index for index, entry in enumerate(self.prompts)}
        table[0] = len(table) if self.prompts.background else UNCOUNTED
        codes, beyond = TruthCode(table=table, void=tuple(void)).decode(mask, len(table))
        return LabelledImage(rgb, np.where(codes == BEYOND, UNCOUNTED, codes).astype(np.int32), beyond)


@dataclass(frozen=True)
class FolderImages:
    """A folder of images, a folder of indexed masks with the same names, and a list of classes.

    Attributes
    ----------
    images, masks
        The folders.
    own
        The classes.
    void
        Numbers in masks that are not scored.
    """

    images: Path
    masks: Path
    own: OwnClasses
    void: tuple[int, ...] = (255,)

    @property
    def title(self) -> str:
        """The folder of the images."""
        return str(self.images)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of what is scored."""
        return self.own.names

    @property
    def background(self) -> bool:
        """Whether the last class is the background."""
        return bool(self.own.prompts.background)

    def names(self) -> Sequence[str]:
        """Names of all images with a mask."""
        for folder in (self.images, self.masks):
            if not folder.is_dir():
                raise DataError(f"{folder} is not a folder; name images and masks with --images and --masks.")
        found = sorted(self._masks)
        if not found:
            raise DataError(f"{self.masks} holds no masks ({', '.join(MASK_ENDINGS)}).")
        return found

    def notes(self) -> list[str]:
        """Images that have no mask."""
        unscored = sorted(set(self._pictures) - set(self._masks))
        if not unscored:
            return []
        return [
            f"Without a mask, so not scored: {count_text(len(unscored), 'image')}, such as {', '.join(unscored[:3])}."
        ]

    def read(self, name: str) -> LabelledImage:
        """Read an image and its mask."""
        if name not in self._pictures:
            raise DataError(f"{self._masks[name]} has no image of its name in {self.images}.")
        rgb, mask = read_image(self._pictures[name]).rgb(), read_numbers(self._masks[name])
        if rgb.shape[:2] != mask.shape:
            raise DataError(
                f"{self._pictures[name]} has {rgb.shape[1]} × {rgb.shape[0]} pixels and its mask {mask.shape[1]} × "
                f"{mask.shape[0]}; they must agree."
            )
        return self.own.labelled(rgb, mask, self.void)

    def record(self) -> dict[str, Any]:
        """Return what tells these images from others, fit for JSON."""
        folders = {"images": str(self.images.resolve()), "masks": str(self.masks.resolve())}
        return {"kind": "folder", **folders, "ids": [entry.id for entry in self.own.prompts], "void": list(self.void)}

    @cached_property
    def _masks(self) -> Mapping[str, Path]:
        return _by_stem(self.masks, MASK_ENDINGS)

    @cached_property
    def _pictures(self) -> Mapping[str, Path]:
        return _by_stem(self.images, IMAGE_SUFFIXES)


@dataclass(frozen=True)
class ProjectImages:
    """The images of an annotation project that a person has finished, and what they drew."""

    folder: Path

    def __reduce__(self) -> tuple[Any, ...]:
        return ProjectImages, (self.folder,)  # another process opens the project itself

    @property
    def title(self) -> str:
        """The folder of the project."""
        return str(self.folder)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of what is scored."""
        return self.own.names

    @property
    def background(self) -> bool:
        """Whether the last class is the background."""
        return bool(self.own.prompts.background)

    @cached_property
    def own(self) -> OwnClasses:
        """The classes of the project."""
        return OwnClasses(self._project.prompts)

    def names(self) -> Sequence[str]:
        """Names of the images that a person has finished."""
        found = sorted(record.name for record in self._project if record.state.finished)
        if not found:
            raise DataError(f"No image of {self.folder} is finished yet; mark as done what is to be compared with.")
        return found

    def notes(self) -> list[str]:
        """How many images are not finished."""
        open_ones = sum(not record.state.finished for record in self._project)
        return [f"Not finished, so not scored: {count_text(open_ones, 'image')}."] if open_ones else []

    def read(self, name: str) -> LabelledImage:
        """Read an image and what was drawn on it."""
        image = read_image(self._project.paths.image(name))
        if image.plane_shape:
            raise DataError(f"{name} is a stack; only single pictures can be scored.")
        return self.own.labelled(image.rgb(), self._project.read(name).labels)

    def record(self) -> dict[str, Any]:
        """Return what tells these images from others, fit for JSON."""
        return {"kind": "project", "folder": str(self.folder.resolve())}

    @cached_property
    def _project(self) -> Project:
        return Project.open(self.folder, write=False)


def _by_stem(folder: Path, endings: Sequence[str]) -> dict[str, Path]:
    """Files of a folder by their names without ending."""
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in endings and path.name[0] != ".")
    return {path.stem: path for path in files}
