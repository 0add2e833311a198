"""How a data set lies on disk: where its images and masks are, and which belong together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from napari_cliptrase.evaluate.datasets.truth_codes import TruthCode
from napari_cliptrase.evaluate.labelled_images import DataError

IMAGE_ENDINGS: Final = (".jpg", ".png", ".jpeg")


@dataclass(frozen=True)
class DataLayout:
    """One way in which a data set lies on disk.

    Attributes
    ----------
    name
        For people, such as ``detectron2 conversion``.
    home
        Folders around it; the folder that a user names may be above or inside any of them.
    images, masks
        Folders of the two, below ``home``.
    code
        What the numbers in masks mean.
    image_endings, mask_ending
        What follows the name that an image and its mask share.
    split
        A file below ``home`` that lists the names to score, one a line; else all masks there are.
    numbers
        A file below ``home`` that lists ``number: name`` of all classes; the numbers come from it instead of ``code``.
    names_beside
        Each mask has a JSON file beside it that says which number stands for which name (ADE20K's full release).
    note
        What a user should know about scores from this layout.
    """

    name: str
    home: tuple[str, ...]
    images: str
    masks: str
    code: TruthCode = field(default=TruthCode())
    image_endings: tuple[str, ...] = IMAGE_ENDINGS
    mask_ending: str = ".png"
    split: str | None = None
    numbers: str | None = None
    names_beside: bool = False
    note: str = ""

    def homes(self, root: Path) -> Iterator[Path]:
        """Yield the folders in which it may lie below ``root``: with all folders around it, or only some."""
        for start in range(len(self.home) + 1):
            yield root.joinpath(*self.home[start:])

    def found_in(self, home: Path) -> bool:
        """Whether images and masks are there."""
        return (home / self.images).is_dir() and self.has_masks(home)

    def has_masks(self, home: Path) -> bool:
        """Whether there is at least one mask."""
        return any((home / self.masks).rglob(f"*{self.mask_ending}"))


@dataclass(frozen=True)
class PlacedLayout:
    """A layout and the folder in which it was found."""

    layout: DataLayout
    home: Path

    def names(self) -> list[str]:
        """Names that an image and its mask share, sorted; those of a split file where there is one."""
        layout = self.layout
        if layout.split is not None:
            path = self.home / layout.split
            try:
                return sorted({line.split()[0] for line in path.read_text().splitlines() if line.strip()})
            except OSError as error:
                raise DataError(
                    f"{path} lists which images are scored and cannot be read ({error.strerror}); get it from the "
                    "data set's own archive."
                ) from error
        folder = self.home / layout.masks
        return sorted(
            path.relative_to(folder).as_posix().removesuffix(layout.mask_ending)
            for path in folder.rglob(f"*{layout.mask_ending}")
            if path.is_file() and not path.name.startswith(".")
        )

    def image(self, name: str) -> Path:
        """Where the image of a name is."""
        folder = self.home / self.layout.images
        candidates = [folder / f"{name}{ending}" for ending in self.layout.image_endings]
        found = next((path for path in candidates if path.is_file()), None)
        if found is None:
            raise DataError(f"{candidates[0]} does not exist, though there is a mask of that name.")
        return found

    def mask(self, name: str) -> Path:
        """Where the mask of a name is."""
        return self.home / self.layout.masks / f"{name}{self.layout.mask_ending}"

    def images_without_mask(self, names: Sequence[str]) -> list[str]:
        """Images in the folder that none of the names stands for, where no file says which are scored."""
        if self.layout.split is not None:
            return []
        folder, known = self.home / self.layout.images, set(names)
        found = (
            path.relative_to(folder).as_posix().removesuffix(ending)
            for ending in self.layout.image_endings
            for path in folder.rglob(f"*{ending}")
            if not path.name.endswith(self.layout.mask_ending)
        )
        return sorted(set(found) - known)


def found_layout(title: str, layouts: Sequence[DataLayout], root: Path, prepare: str) -> PlacedLayout:
    """Find a data set below ``root``, in the first layout that is there.

    Raises what was looked for, where, and how to ``prepare`` it.
    """
    if not root.is_dir():
        raise DataError(f"{root} is not a folder; name the one that holds {title} with --root.")
    for layout in layouts:
        for home in layout.homes(root):
            if layout.found_in(home):
                return PlacedLayout(layout, home)
    wanted = "; ".join(
        f"{'/'.join((*layout.home, layout.images))} with {'/'.join((*layout.home, layout.masks))} ({layout.name})"
        for layout in layouts
    )
    raise DataError(f"{title} is not in {root}. Looked for {wanted}.{_half(layouts, root)} {prepare}")


def _half(layouts: Sequence[DataLayout], root: Path) -> str:
    """Say in which layout only images or only masks are there."""
    for layout in layouts:
        for home in layout.homes(root):
            images, masks = home / layout.images, home / layout.masks
            if images.is_dir() and not layout.has_masks(home):
                return f" There is {images}, but no mask *{layout.mask_ending} in {masks}."
            if layout.has_masks(home) and not images.is_dir():
                return f" There is {masks}, but no {images}."
    return ""
