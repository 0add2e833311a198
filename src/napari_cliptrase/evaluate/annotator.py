"""A simulated annotator: sees the truth, looks at the largest mistake, takes the cheapest action, pays for it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np

from napari_cliptrase.array_types import Mask
from napari_cliptrase.evaluate.annotation_effort import ActionKind, CostModel, Effort
from napari_cliptrase.evaluate.labelled_images import Truth
from napari_cliptrase.evaluate.mistakes import WrongPiece, image_mean_iou, largest_wrong_piece, line_mask

NOTHING: Final = -1
"""In labels: the pixel has no class yet."""
MOST_ACTIONS: Final = 1000
"""After so many the annotator gives up on an image."""


class Tool(Protocol):
    """What draws a mask around a click."""

    def __call__(self, row: int, column: int) -> Mask | None:
        """(H, W) the mask for a click, None when there is none."""


Learner = Callable[[Truth, Mask], Truth]
"""Gets class indices (H, W) and where they were taught (H, W), returns what is found now (H, W)."""


@dataclass(frozen=True, eq=False)
class Tools:
    """What an annotator has besides the brush.

    Attributes
    ----------
    clicks
        What answers a click, by the kind of action.
    learner
        Segments again after an action; None where nothing is learned. What it finds is a proposal: it is seen, and
        costs a click to accept.
    scribble
        Whether lines that only teach are drawn.
    patch
        Side of a patch in pixels. What is thinner cannot be learned: nobody scribbles there, and a brush that mends
        an edge teaches nothing, since most of the patches under it belong to the other side.
    """

    clicks: dict[ActionKind, Tool] = field(default_factory=dict)
    learner: Learner | None = None
    scribble: bool = False
    patch: float = 16.0


@dataclass(frozen=True, eq=False)
class AnnotatedImage:
    """How an image was annotated.

    Attributes
    ----------
    labels
        (H, W) class indices in the end.
    start
        Mean IoU before the first action.
    reached
        Effort up to each goal, in mean IoU; None where the annotator gave up.
    """

    labels: Truth
    start: float
    reached: dict[float, Effort | None]


@dataclass
class Annotator:
    """Annotates one image; ``labels`` (H, W) int32 are what is there before the first action."""

    truth: Truth
    labels: Truth
    tools: Tools
    costs: CostModel

    def __post_init__(self) -> None:
        self.labels = self.labels.copy()
        self._edited = np.zeros(self.truth.shape, bool)
        self._examples = np.full(self.truth.shape, NOTHING, np.int32)
        self._scribbled = np.zeros(self.truth.shape, bool)
        self._last_class = NOTHING
        self._proposed: Truth | None = None

    def run(self, goals: tuple[float, ...]) -> AnnotatedImage:
        """Correct mistakes until the highest goal is reached."""
        start = image_mean_iou(self.truth, self.labels)
        effort, reached = Effort(), {goal: Effort() for goal in goals if start >= goal}
        while len(reached) < len(goals) and effort.actions < MOST_ACTIONS:
            mistake = largest_wrong_piece(self.truth, self.labels)
            if mistake is None:
                break
            effort += self._correct(mistake)
            score = image_mean_iou(self.truth, self.labels)
            reached |= {goal: effort for goal in goals if score >= goal and goal not in reached}
        return AnnotatedImage(self.labels, start, {goal: reached.get(goal) for goal in goals})

    def _correct(self, mistake: WrongPiece) -> Effort:
        """Take the action that costs the fewest seconds for each pixel that it sets right."""
        new_class = mistake.class_index != self._last_class
        whole = np.zeros(self.truth.shape, bool)
        whole[mistake.rows, mistake.columns] = mistake.region
        brush = self.costs.brush_effort(mistake.brush_path(self.costs.brush), mistake.area, new_class)
        best, mask, price = brush, whole, brush.seconds / mistake.area
        for kind, tool in self.tools.clicks.items():
            drawn = tool(*mistake.middle())
            gain = 0 if drawn is None else self._gain(drawn, mistake.class_index)
            click = self.costs.click_effort(kind, new_class)
            if drawn is not None and gain > 0 and click.seconds / gain < price:
                best, mask, price = click, drawn, click.seconds / gain
        accept = self.costs.click_effort(ActionKind.ACCEPT, new_class=False)
        gain = self._proposed_gain()
        if gain > 0 and accept.seconds / gain < price:
            self._accept()
            return accept
        self._last_class = mistake.class_index
        learner = self.tools.learner
        thick = mistake.thickness() >= self.tools.patch
        if self.tools.scribble and thick and not self._scribbled[whole].any():
            rows, columns = mistake.line()
            scribble = self.costs.scribble_effort(len(rows), new_class)
            if scribble.seconds / mistake.area < price:  # the hope is that all of the piece follows
                best, mask = scribble, line_mask(whole, rows, columns)
                self._scribbled |= mask
        if ActionKind.SCRIBBLE.value not in best.by_kind:
            self.labels[mask] = mistake.class_index
            self._edited |= mask
        if learner is not None and (thick or ActionKind.BRUSH.value not in best.by_kind):
            self._examples[mask] = mistake.class_index
            self._proposed = learner(self._examples, self._examples != NOTHING)
        return best

    def _with_proposal(self) -> Truth:
        """(H, W) the labels if what is proposed were accepted; what was painted stays."""
        return self.labels if self._proposed is None else np.where(self._edited, self.labels, self._proposed)

    def _proposed_gain(self) -> int:
        """Return how many more pixels are right when what is proposed is accepted."""
        counted = self.truth >= 0
        now, then = (labels == self.truth for labels in (self.labels, self._with_proposal()))
        return int(then[counted].sum()) - int(now[counted].sum())

    def _accept(self) -> None:
        self.labels, self._proposed = self._with_proposal(), None

    def _gain(self, drawn: Mask, class_index: int) -> int:
        """Return how many more pixels are right when those of a mask get a class."""
        counted = drawn & (self.truth >= 0)
        before = (self.labels == self.truth)[counted].sum()
        return int((self.truth[counted] == class_index).sum() - before)
