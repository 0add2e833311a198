"""A benchmark as it lies on this disk."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from napari_cliptrase.evaluate.datasets.benchmark import Benchmark, names_in
from napari_cliptrase.evaluate.datasets.benchmark_list import BENCHMARKS
from napari_cliptrase.evaluate.datasets.layouts import PlacedLayout, found_layout
from napari_cliptrase.evaluate.datasets.truth_codes import OTHER_CLASS, VOID, Codes, TruthCode
from napari_cliptrase.evaluate.datasets.truth_files import read_numbers, read_rgb_code
from napari_cliptrase.evaluate.evaluation_rows import EvaluationProtocol
from napari_cliptrase.evaluate.labelled_images import DataError, LabelledImage
from napari_cliptrase.masks.loss_report import count_text
from napari_cliptrase.pixels.read import read_image


@dataclass(frozen=True)
class BenchmarkImages:
    """The images of a benchmark below a folder.

    Attributes
    ----------
    key
        Which benchmark.
    root
        The folder that a user named.
    protocol
        What becomes of pixels of no class.
    """

    key: str
    root: Path
    protocol: EvaluationProtocol

    @property
    def benchmark(self) -> Benchmark:
        """Which benchmark."""
        return BENCHMARKS[self.key]

    @property
    def title(self) -> str:
        """Its name, for people."""
        return self.benchmark.title

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of what is scored, the background last."""
        return self.benchmark.classes

    @property
    def background(self) -> bool:
        """Whether pixels of no class are scored, too."""
        return self.benchmark.background is not None

    @cached_property
    def placed(self) -> PlacedLayout:
        """Where it lies; raises what was looked for when it is not there."""
        benchmark = self.benchmark
        return found_layout(benchmark.title, benchmark.layouts, self.root, benchmark.prepare)

    @cached_property
    def code(self) -> TruthCode:
        """What the numbers in masks mean."""
        layout = self.placed.layout
        if layout.numbers is None:
            return layout.code
        return _numbers_by_name(
            self.placed.home / layout.numbers, self._indices, VOID if self.benchmark.many else OTHER_CLASS
        )

    def names(self) -> Sequence[str]:
        """Names of all images that are scored."""
        return self.placed.names()

    def notes(self) -> list[str]:
        """What a user should know about how the data lie here."""
        placed = self.placed
        notes = [f"{self.title} was found in {placed.home} ({placed.layout.name})."]
        unscored = placed.images_without_mask(self.names())
        if unscored:
            some = ", ".join(unscored[:3])
            notes.append(f"Without a mask, so not scored: {count_text(len(unscored), 'image')}, such as {some}.")
        return [*notes, *([placed.layout.note] if placed.layout.note else [])]

    def read(self, name: str) -> LabelledImage:
        """Read an image and its mask."""
        placed = self.placed
        mask, path = placed.mask(name), placed.image(name)
        codes, beyond = self._codes(mask)
        rgb = read_image(path).rgb()
        if rgb.shape[:2] != codes.shape:
            raise DataError(
                f"{path} has {rgb.shape[1]} × {rgb.shape[0]} pixels and its mask {mask} has {codes.shape[1]} × "
                f"{codes.shape[0]}; get both from the same release."
            )
        paper = self.protocol is EvaluationProtocol.PAPER
        empty = self.benchmark.empty(codes) if paper else None
        return LabelledImage(rgb, self.benchmark.truth(codes, self.protocol), beyond, empty)

    def record(self) -> dict[str, Any]:
        """Return what tells these images from others, fit for JSON."""
        return {
            "kind": "benchmark",
            "key": self.key,
            "layout": self.placed.layout.name,
            "masks": self.placed.layout.masks,
            "protocol": str(self.protocol),
        }

    @cached_property
    def _indices(self) -> dict[str, int]:
        """Index of each class by the data set's own name, lower case."""
        names = names_in(self.benchmark.list_name)
        own = {"diningtable": "table"} if self.key in ("pc59", "pc60") else {}
        return {_tidy(own.get(name, name)): index for index, name in enumerate(names)}

    def _codes(self, mask: Path) -> tuple[Codes, dict[int, int]]:
        classes = self.benchmark.classes_in_masks
        if not self.placed.layout.names_beside:
            return self.code.decode(read_numbers(mask), classes)
        colours = read_rgb_code(mask).astype(int)
        numbers = colours[..., 0] // 10 * 256 + colours[..., 1]
        return _names_beside(mask, self._indices).decode(numbers, classes)


def _numbers_by_name(path: Path, indices: dict[str, int], unnamed: int) -> TruthCode:
    """Read ``number: name`` lines; names that are not a class are ``unnamed``."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DataError(
            f"{path} says which number is which class and cannot be read ({error.strerror}); get it from the data "
            "set's own archive."
        ) from error
    parts = [line.partition(":") for line in lines if ":" in line]
    found = {int(number): indices.get(_tidy(name), unnamed) for number, _, name in parts if number.strip().isdigit()}
    missing = sorted(set(indices.values()) - set(found.values()))
    if missing:
        names = {index: name for name, index in indices.items()}
        raise DataError(f"{path} lacks the class {names[missing[0]]!r}; get it from the data set's own archive.")
    return TruthCode(table=found | {0: unnamed})


def _names_beside(mask: Path, indices: dict[str, int]) -> TruthCode:
    """Read which number stands for which name from the JSON file beside a mask of ADE20K's full release."""
    path = mask.with_name(mask.name.removesuffix("_seg.png") + ".json")
    try:
        data = json.loads(path.read_bytes().decode("utf-8", errors="replace"))
        named = {int(thing["name_ndx"]): _tidy(thing["name"]) for thing in data["annotation"]["object"]}
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist; it says which number in {mask.name} is which class.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path} is damaged ({type(error).__name__}: {error}); get the file again.") from error
    return TruthCode(
        table={number: indices.get(name, OTHER_CLASS) for number, name in named.items()} | {0: OTHER_CLASS}
    )


def _tidy(name: str) -> str:
    return " ".join(name.split()).casefold()
