"""From one uncertain place to the next: where the model could hardly decide and nothing was edited yet."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import numpy as np
from napari.utils.notifications import show_info
from numpy.typing import NDArray
from qtpy.QtCore import QTimer
from scipy import ndimage

from napari_cliptrase.plugin.layers import LabelLayers
from napari_cliptrase.plugin.layers.overlay_layer import OverlayLayer
from napari_cliptrase.plugin.layers.placement import place_over
from napari_cliptrase.plugin.run.jobs import Jobs
from napari_cliptrase.plugin.state.results import Segmented
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.tools.place_view import bring_into_view
from napari_cliptrase.plugin.tools.region_parts import RegionPart
from napari_cliptrase.plugin.tools.region_pointer import highlight
from napari_cliptrase.progress import Progress

LEAST_UNCERTAINTY: Final = 0.5
"""Uncertainty, 1 - (p1 - p2), below which nothing counts as uncertain."""
SHARE: Final = 0.1
"""Of the pixels, the most doubtful: no more than these are uncertain."""
LEAST_REVIEWED_SHARE: Final = 0.0005
"""Share of the image below which a place is skipped."""
MOST: Final = 100
LONGEST_SIDE: Final = 1024
"""Large images are looked at in steps of several pixels."""
SHOWN_FOR: Final = 2500
"""Milliseconds that a place is lit up."""
COLOR: Final = (255, 255, 0)


@dataclass(frozen=True)
class UncertainPlace:
    """An uncertain part of the image; ``weight`` is the sum of the uncertainty over its pixels."""

    part: RegionPart
    weight: float

    @property
    def middle(self) -> tuple[float, float]:
        """(row, column) of the middle of its box."""
        height, width = self.part.mask.shape
        return self.part.top + (height - 1) / 2, self.part.left + (width - 1) / 2


def find_places(uncertainty: NDArray[np.floating]) -> tuple[UncertainPlace, ...]:
    """Return the uncertain places of a map (H, W) of uncertainty in 0..1, the largest sum first.

    The thin lines along every boundary are none: only what is left after they have been eroded away counts.
    """
    step = max(1, -(-max(uncertainty.shape) // LONGEST_SIDE))
    coarse = np.asarray(uncertainty[::step, ::step], np.float32)
    least = max(LEAST_UNCERTAINTY, float(np.quantile(coarse, 1 - SHARE)))
    broad = ndimage.binary_opening(coarse >= least, np.ones((3, 3), bool), iterations=2)
    labels, count = ndimage.label(broad)
    if not count:
        return ()
    weights = ndimage.sum_labels(coarse, labels, np.arange(1, count + 1))
    areas = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    boxes = ndimage.find_objects(labels)
    places = []
    for index in np.argsort(-weights, kind="stable")[:MOST]:
        if areas[index] < LEAST_REVIEWED_SHARE * coarse.size:
            continue
        rows, columns = boxes[index]
        mask = np.kron(labels[rows, columns] == index + 1, np.ones((step, step), bool))
        top, left = rows.start * step, columns.start * step
        mask = mask[: uncertainty.shape[0] - top, : uncertainty.shape[1] - left]
        places.append(UncertainPlace(RegionPart(int(index), top, left, mask), float(weights[index]) * step * step))
    return tuple(places)


class UncertaintyReview:
    """Visits the uncertain places of the last result one after the other; what was edited by hand is passed over."""

    def __init__(self, session: Session, label_layers: LabelLayers, jobs: Jobs) -> None:
        self._session = session
        self._label_layers = label_layers
        self._jobs = jobs
        self._segmented: Segmented | None = None
        self._places: tuple[UncertainPlace, ...] = ()
        self._next = 0
        self._picture = OverlayLayer(session.viewer, "Uncertain", blending="translucent")
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(SHOWN_FOR)
        self._timer.timeout.connect(self._picture.remove)

    def next(self) -> None:
        """Go to the next place; they are found in a worker the first time."""
        segmented = self._session.segmented
        if segmented is None:
            show_info("There is no result yet: run “Segment by text” first.")
            return
        if segmented is self._segmented:
            self._visit()
            return

        def steps() -> Generator[Progress, None, tuple[UncertainPlace, ...]]:
            yield Progress(0, 1, "Looking for uncertain places")
            return find_places(segmented.segmentation.margin)

        def done(places: tuple[UncertainPlace, ...]) -> None:
            if segmented is self._session.segmented:
                self._segmented, self._places, self._next = segmented, places, 0
                self._visit()

        self._jobs.start("Uncertain places", steps, done=done, key="uncertain places")

    def _visit(self) -> None:
        segmented = self._segmented
        assert segmented is not None
        edited = self._label_layers.edited(segmented.source.target)
        while self._next < len(self._places):
            place = self._places[self._next]
            self._next += 1
            if edited[place.part.pixels].mean() < 0.5:
                self._show(segmented, place)
                return
        self._next = 0
        show_info("That was the last uncertain place; the next one is the first again." if self._places else _NOTHING)

    def _show(self, segmented: Segmented, place: UncertainPlace) -> None:
        target = segmented.source.target
        height, width = place.part.mask.shape
        bring_into_view(self._session.viewer, target, place.middle, (height, width))
        start = target.rows.start + place.part.top, target.columns.start + place.part.left
        self._picture.show(target, highlight(place.part.mask, COLOR), place_over(target.geometry, target.plane, start))
        self._timer.start()


_NOTHING: Final = "No large uncertain place was found: the model could distinguish the classes everywhere."
