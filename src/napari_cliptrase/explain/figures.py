"""The figures, one file each; matplotlib draws them, without a window and without its state of a process."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.classes.colors import class_color
from napari_cliptrase.cliptrase.options import Denoise
from napari_cliptrase.explain.stages import GLOBAL_FACTOR, LabelStage, RegionStage, Stages
from napari_cliptrase.optional_packages import check_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH: Final = 2.6
"""Of a panel, in inches."""

_HEAT: Final = "magma"
_MARK: Final = "#00e5ff"
_TINT: Final = 0.55
_DOTS: Final = 130
_MOST_NAMED: Final = 30


def write_figures(stages: Stages, folder: Path) -> list[Path]:
    """Write all figures as PNG, and return their paths in the order of the method."""
    check_matplotlib("A figure")
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, draw in FIGURE_MAKERS.items():
        figure = draw(stages)
        if figure is None:
            continue
        paths.append(folder / f"{name}.png")
        figure.savefig(paths[-1], dpi=_DOTS, metadata={"Software": None})
    return paths


def attention_figure(stages: Stages) -> "Figure":
    """How much attention each patch gets, layer by layer; global patches are framed."""
    layers = len(stages.attention)
    columns = min(layers, 4)
    figure, panels = _panels(stages, -(-layers // columns), columns, "Attention that each patch gets, layer by layer")
    for number, panel in enumerate(panels):
        if number >= layers:
            panel.set_visible(False)
            continue
        found = stages.global_patches(number)
        _heat(
            panel, stages, stages.received(number), f"layer {number + 1}: {_counted(int(found.sum()), 'global patch')}"
        )
        for place in np.argwhere(found):
            _frame(panel, stages, (int(place[0]), int(place[1])))
    figure.supxlabel(
        f"Brighter: looked at by more patches. Framed: at least {GLOBAL_FACTOR:g} times the mean.", fontsize=8
    )
    return figure


def class_token_figure(stages: Stages) -> "Figure":
    """Where the class token looks, and what resembles it: what denoising takes away."""
    looks, resembles = stages.class_token()
    figure, panels = _panels(stages, 1, 3, "The class token, which stands for the whole image")
    _image(panels[0], stages.picture, "image")
    _heat(panels[1], stages, looks, "where it looks (last layer)")
    _heat(panels[2], stages, resembles, "what resembles it (recovered)")
    return figure


def patches_figure(stages: Stages) -> "Figure":
    """What chosen patches resemble: as the model was trained, recovered, and denoised."""
    figure, panels = _panels(stages, len(stages.chosen), 4, "What a patch resembles, before and after recovery")
    titles = ("patch", "before (attention of CLIP)", "recovered", "recovered and denoised")
    for number, place in enumerate(stages.chosen):
        row = panels[4 * number : 4 * number + 4]
        head = titles if number == 0 else ("", "", "", "")
        _image(row[0], stages.picture, head[0])
        for panel, title, values in zip(row[1:], head[1:], stages.seen_from(place), strict=True):
            _heat(panel, stages, values, title)
        for panel in row:
            _frame(panel, stages, place)
    return figure


def regions_figure(stages: Stages) -> "Figure":
    """The clusters of patches and the masks they become, with and without denoising."""
    figure, panels = _panels(stages, 2, 3, "Regions with and without denoising")
    for number, stage in enumerate(stages.regions):
        row = panels[3 * number : 3 * number + 3]
        kind = "not denoised" if stage.denoise is Denoise.NONE else "denoised"
        lone = int((stage.patches < 0).sum())
        _image(row[0], stages.picture, "image" if number == 0 else "")
        _image(
            row[1],
            _coloured(stage.patches),
            f"{kind}: {_counted(stage.count, 'cluster')}, {lone} patches in none",
            stages,
        )
        _image(row[2], _tinted(stages.picture, stage), f"{kind}: masks")
    return figure


def labels_figure(stages: Stages) -> "Figure | None":
    """The classes: each pixel on its own, and after the regions voted; None without classes."""
    if stages.labels is None:
        return None
    figure, panels = _panels(stages, 1, 3, "Classes", below=0.45)
    _image(panels[0], stages.picture, "image")
    _image(panels[1], _painted(stages.picture, stages.labels, stages.labels.own), "each pixel on its own")
    _image(panels[2], _painted(stages.picture, stages.labels, stages.labels.voted), "after the vote of the regions")
    _legend(figure, stages.labels)
    return figure


FIGURE_MAKERS: Final[Mapping[str, "Callable[[Stages], Figure | None]"]] = {
    "1-attention": attention_figure,
    "2-class-token": class_token_figure,
    "3-patches": patches_figure,
    "4-regions": regions_figure,
    "5-labels": labels_figure,
}
"""By the names of their files."""


def _panels(stages: Stages, rows: int, columns: int, title: str, below: float = 0.0) -> "tuple[Figure, list[Axes]]":
    """Return a figure with panels of the picture's shape, row by row; ``below`` inches stay free."""
    figures: Any = import_module("matplotlib.figure")
    height, width = stages.picture.shape[:2]
    panel_height = min(max(_WIDTH * height / width, 0.8), 3 * _WIDTH) + 0.3
    size = (columns * _WIDTH, rows * panel_height + 0.5 + below)
    figure: Figure = figures.Figure(figsize=size, layout="constrained")
    figure.suptitle(title, fontsize=11)
    panels = figure.subplots(rows, columns, squeeze=False)
    return figure, list(panels.ravel())


def _image(panel: "Axes", pixels: NDArray[np.uint8], title: str, over: Stages | None = None) -> None:
    """Show pixels (h, w, 3); those of a coarse grid as large as the picture that they lie over."""
    extent = None if over is None else _extent(over)
    panel.imshow(pixels, interpolation="nearest", extent=extent)
    panel.set_title(title, fontsize=8)
    panel.set_axis_off()


def _heat(panel: "Axes", stages: Stages, values: NDArray[np.floating], title: str) -> None:
    """Show values (h, w) from low to high; a few very high ones do not darken the others."""
    high = max(float(np.quantile(values, 0.995)), float(values.min()) + 1e-12)
    panel.imshow(
        values, cmap=_HEAT, vmin=float(values.min()), vmax=high, interpolation="nearest", extent=_extent(stages)
    )
    panel.set_title(title, fontsize=8)
    panel.set_axis_off()


def _extent(stages: Stages) -> tuple[float, float, float, float]:
    height, width = stages.picture.shape[:2]
    return -0.5, width - 0.5, height - 0.5, -0.5


def _frame(panel: "Axes", stages: Stages, place: tuple[int, int]) -> None:
    patches: Any = import_module("matplotlib.patches")
    height, width = (size / cells for size, cells in zip(stages.picture.shape[:2], stages.grid, strict=True))
    corner = (place[1] * width - 0.5, place[0] * height - 0.5)
    panel.add_patch(patches.Rectangle(corner, width, height, fill=False, edgecolor=_MARK, linewidth=1.5))


def _coloured(regions: NDArray[np.integer]) -> NDArray[np.uint8]:
    """(h, w, 3) a colour for each region, black in none."""
    palette = np.array([(0, 0, 0), *(class_color(1 + number) for number in range(int(regions.max()) + 1))], np.uint8)
    return np.asarray(palette[regions + 1])


def _tinted(picture: NDArray[np.uint8], stage: RegionStage) -> NDArray[np.uint8]:
    share = np.where(stage.pixels[..., None] < 0, 0, _TINT)
    return np.asarray(picture * (1 - share) + _coloured(stage.pixels) * share, np.uint8)


def _painted(picture: NDArray[np.uint8], stage: LabelStage, labels: NDArray[np.integer]) -> NDArray[np.uint8]:
    palette = np.zeros((max([int(labels.max()), *stage.classes.ids]) + 1, 3), np.uint8)
    for entry in stage.classes:
        palette[entry.id] = entry.color
    share = np.where(labels[..., None] == 0, 0, _TINT)
    return np.asarray(picture * (1 - share) + palette[labels] * share, np.uint8)


def _legend(figure: "Figure", stage: LabelStage) -> None:
    patches: Any = import_module("matplotlib.patches")
    shown: Sequence[Any] = [entry for entry in stage.classes if (stage.voted == entry.id).any()][:_MOST_NAMED]
    marks = [patches.Patch(color=tuple(part / 255 for part in entry.color), label=entry.name) for entry in shown]
    if marks:
        figure.legend(handles=marks, loc="outside lower center", ncols=min(len(marks), 6), fontsize=8, frameon=False)


def _counted(number: int, what: str) -> str:
    ending = "" if number == 1 else "es" if what.endswith("ch") else "s"
    return f"{number} {what}{ending}"
