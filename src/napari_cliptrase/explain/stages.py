"""What the method makes of an image at every stage, kept to be drawn."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import Floats, LabelArray, Rgb
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.cliptrase.options import Denoise, Vote
from napari_cliptrase.engine.pipeline import PlaneRequest, encode_plane_steps, segment_plane_steps
from napari_cliptrase.engine.settings import Settings, limits_of
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.progress import Progress

if TYPE_CHECKING:
    from napari_cliptrase.engine.encoding import Encoding
    from napari_cliptrase.engine.segmenter import Segmenter
    from napari_cliptrase.models.loaded_models import ClipModel

GLOBAL_FACTOR: Final = 3.0
"""A patch that gets so many times the mean of all patches' attention is a global one."""

PATCHES_CHOSEN: Final = 3
"""Patches that are looked at when none are named."""

PatchPlace = tuple[int, int]


@dataclass(frozen=True, eq=False)
class RegionStage:
    """Regions with one kind of denoising: ``patches`` (h, w), ``pixels`` (H, W), -1 in none."""

    denoise: Denoise
    patches: NDArray[np.int64]
    pixels: NDArray[np.int32]

    @property
    def count(self) -> int:
        """How many regions there are."""
        return int(self.patches.max(initial=-1)) + 1


@dataclass(frozen=True, eq=False)
class LabelStage:
    """Labels (H, W) of each pixel on its own, and after the regions voted; ``classes`` say what they mean."""

    classes: ClassTable
    own: LabelArray
    voted: LabelArray


@dataclass(frozen=True, eq=False)
class Stages:
    """An image on its way through the method.

    Attributes
    ----------
    picture
        (H, W, 3) uint8, what the labels lie on.
    grid
        (h, w) patches.
    attention
        (layers, 1+h*w, 1+h*w) of the model as it was trained, mean over heads, class token first.
    correlation
        (1+h*w, 1+h*w) recovered, class token first.
    affinity
        (h*w, h*w) after denoising.
    regions
        With and without denoising.
    chosen
        (row, column) of the patches that are looked at.
    labels
        Of the classes, when any were named.
    """

    picture: Rgb = field(repr=False)
    grid: tuple[int, int]
    attention: Floats = field(repr=False)
    correlation: Floats = field(repr=False)
    affinity: Floats = field(repr=False)
    regions: tuple[RegionStage, ...] = field(repr=False)
    chosen: tuple[PatchPlace, ...]
    labels: LabelStage | None = field(default=None, repr=False)

    def received(self, layer: int) -> Floats:
        """(h, w) how much attention each patch gets from the others in a layer; the mean is 1."""
        total = self.attention[layer, 1:, 1:].mean(0)
        return np.asarray(total / total.mean(), np.float32).reshape(self.grid)

    def global_patches(self, layer: int) -> NDArray[np.bool_]:
        """(h, w) patches that nearly all others look at, whatever they show."""
        return np.asarray(self.received(layer) >= GLOBAL_FACTOR)

    def class_token(self) -> tuple[Floats, Floats]:
        """Two (h, w): where the class token looks in the last layer, and how much each patch resembles it."""
        return self.attention[-1, 0, 1:].reshape(self.grid), self.correlation[0, 1:].reshape(self.grid)

    def seen_from(self, place: PatchPlace) -> tuple[Floats, Floats, Floats]:
        """Three (h, w) seen from a patch: the model's attention, the recovered correlation, and it after denoising."""
        index = place[0] * self.grid[1] + place[1]
        rows = (self.attention[-1, 1 + index, 1:], self.correlation[1 + index, 1:], self.affinity[index])
        before, recovered, denoised = (np.asarray(row).reshape(self.grid) for row in rows)
        return before, recovered, denoised


def explain_steps(
    model: "ClipModel",
    rgb: Rgb,
    prompts: PromptSet | None = None,
    settings: Settings | None = None,
    points: Sequence[tuple[int, int]] = (),
) -> Generator[Progress, None, Stages]:
    """Send an image (H, W, 3) uint8 through the method as one window, and keep what happens.

    ``points`` are (x, y) pixels of the image whose patches are looked at.
    """
    from napari_cliptrase.engine.segmenter import Segmenter

    settings = replace(settings or Settings(), window=int(limits_of("window")[1]), denoise=Denoise.CLS_SUBTRACT)
    segmenter = Segmenter(model, settings)
    picture = segmenter.picture(rgb)
    encoding = yield from encode_plane_steps(segmenter, rgb)
    chosen = [_patch_at(point, encoding) for point in points] or _telling_patches(encoding)
    yield Progress(0, 0, "looking at every layer")
    attention = _attention(model, rgb, encoding, segmenter)
    plain = Segmenter(model, replace(settings, denoise=Denoise.NONE))
    labels = None
    if prompts is not None:
        labels = yield from _label_steps(segmenter, rgb, encoding, prompts)
    return Stages(
        picture=picture,
        grid=encoding.grid,
        attention=attention,
        correlation=encoding.windows[0].correlation,
        affinity=encoding.windows[0].affinity,
        regions=tuple(map(_regions_of, (encoding, plain.with_regions(encoding)))),
        chosen=tuple(dict.fromkeys(chosen)),
        labels=labels,
    )


def _attention(model: "ClipModel", rgb: Rgb, encoding: "Encoding", segmenter: "Segmenter") -> Floats:
    import torch

    from napari_cliptrase.cliptrase.attention import attention_by_layer
    from napari_cliptrase.engine.encode import window_pixels

    working = segmenter.plan((rgb.shape[0], rgb.shape[1])).working
    pixels = window_pixels(model, working.resized(rgb), encoding.plan.windows)
    found = attention_by_layer(model.vision, pixels, kernel=segmenter.settings.kernel)
    return np.asarray(torch.stack(found).float().cpu().numpy())


def _label_steps(
    segmenter: "Segmenter", rgb: Rgb, encoding: "Encoding", prompts: PromptSet
) -> Generator[Progress, None, LabelStage]:
    vote = segmenter.settings.vote if segmenter.settings.vote is not Vote.OFF else Vote.HARD
    found = []
    for chosen in (Vote.OFF, vote):
        request = PlaneRequest(rgb, prompts, replace(segmenter.settings, vote=chosen), encoding=encoding)
        found.append((yield from segment_plane_steps(segmenter, request)))
    own, voted = found
    return LabelStage(voted.segmentation.classes, own.labels, voted.labels)


def _regions_of(encoding: "Encoding") -> RegionStage:
    window = encoding.windows[0]
    return RegionStage(window.denoise, window.regions.reshape(encoding.grid), encoding.region_map())


def _patch_at(point: tuple[int, int], encoding: "Encoding") -> PatchPlace:
    x, y = point
    height, width = encoding.shape
    if not (0 <= x < width and 0 <= y < height):
        raise CliptraseError(
            f"The point {x},{y} is not in the image; give x from 0 to {width - 1} and y from 0 to {height - 1}."
        )
    return y * encoding.grid[0] // height, x * encoding.grid[1] // width


def _telling_patches(encoding: "Encoding") -> list[PatchPlace]:
    """Return the middle patch of each of the largest regions: the one that the others of its region resemble most."""
    window = encoding.windows[0]
    affinity, regions = window.affinity, window.regions
    sizes = np.bincount(regions[regions >= 0]) if (regions >= 0).any() else np.zeros(0, int)
    largest = np.argsort(-sizes, kind="stable")[:PATCHES_CHOSEN]
    members = [np.flatnonzero(regions == number) for number in largest] or [np.arange(len(regions))]
    middles = [int(inside[affinity[np.ix_(inside, inside)].mean(0).argmax()]) for inside in members]
    return [divmod(middle, encoding.grid[1]) for middle in middles]
