"""What a study of annotation found: JSON, a table in Markdown, and a plot of the actions along the folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.evaluate.annotated_folder import GOALS, AnnotatedFolder
from napari_cliptrase.evaluate.annotation_effort import CostModel
from napari_cliptrase.evaluate.learning_curve import LearningPoint
from napari_cliptrase.optional_packages import check_matplotlib

LAST: Final = 10
"""Images at the end of the folder whose mean stands in a column of its own."""


def study_table(folders: Sequence[AnnotatedFolder]) -> str:
    """Return a table in Markdown: a line for each workflow."""
    head = ["workflow", "mIoU at first"]
    for goal in GOALS:
        percent = f"{goal:.0%}".replace("%", " %")
        head += [f"actions to {percent}", f"seconds to {percent}"]
    head += [f"actions to {GOALS[0]:.0%}, last {LAST}".replace("%", " %"), "not reached"]
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    for folder in folders:
        cells = [folder.workflow.name, f"{100 * np.mean([image.start for image in folder.images]):.1f}"]
        for goal in GOALS:
            efforts = [effort for image in folder.images if (effort := image.reached[goal]) is not None]
            cells += [_mean([effort.actions for effort in efforts]), _mean([effort.seconds for effort in efforts])]
        cells.append(_mean([count for count in folder.actions(GOALS[0])[-LAST:] if count is not None]))
        cells.append(str(sum(count is None for count in folder.actions(GOALS[-1]))))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def study_record(folders: Sequence[AnnotatedFolder], costs: CostModel, about: dict[str, Any]) -> dict[str, Any]:
    """Return everything that was counted, fit for JSON."""
    return {
        **about,
        "costs": costs.record(),
        "workflows": {
            folder.workflow.name: [
                {
                    "start": image.start,
                    "reached": {
                        f"{goal:.2f}": None if effort is None else effort.record()
                        for goal, effort in image.reached.items()
                    },
                }
                for image in folder.images
            ]
            for folder in folders
        },
    }


def curve_table(points: Sequence[LearningPoint], classes: int) -> str:
    """Return a learning curve as a table in Markdown."""
    lines = ["| corrected images | classes shown | mIoU | mIoU of the shown |", "| ---: | ---: | ---: | ---: |"]
    lines += [
        f"| {point.corrected} | {len(point.shown)} of {classes} | {100 * point.mean_iou:.1f} | "
        f"{100 * point.mean_iou_of_shown:.1f} |"
        for point in points
    ]
    return "\n".join(lines) + "\n"


def curve_record(points: Sequence[LearningPoint]) -> list[dict[str, Any]]:
    """Return a learning curve fit for JSON."""
    return [
        {
            "corrected": point.corrected,
            "shown": len(point.shown),
            "mIoU": point.mean_iou,
            "mIoU of the shown": point.mean_iou_of_shown,
            "IoU": point.counts.iou_by_name,
        }
        for point in points
    ]


def draw_actions(folders: Sequence[AnnotatedFolder], path: Path) -> None:
    """Draw the actions to the first goal, image by image, each as the mean of the images around it."""
    check_matplotlib("A plot")
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    for folder in folders:
        counts = np.array([np.nan if count is None else count for count in folder.actions(GOALS[0])], float)
        axes.plot(np.arange(1, len(counts) + 1), _smooth(counts), label=folder.workflow.name)
    axes.set(xlabel="image of the folder", ylabel=f"actions to {100 * GOALS[0]:.0f} % mIoU", ylim=(0, None))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize="small", frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def _smooth(counts: NDArray[np.float64], reach: int = 2) -> NDArray[np.float64]:
    """(n,) mean of each count and of ``reach`` on either side, without those that are NaN."""
    windows = [counts[max(i - reach, 0) : i + reach + 1] for i in range(len(counts))]
    return np.array([np.nan if np.isnan(part).all() else np.nanmean(part) for part in windows])


def _mean(values: Sequence[float]) -> str:
    return f"{np.mean(values):.1f}" if values else "–"
