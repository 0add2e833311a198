"""Shows over the image what the examples would change, in the colours of the new classes."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import LabelArray, Mask
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.plugin.layers.overlay_layer import OverlayLayer
from napari_cliptrase.plugin.layers.placement import place_over
from napari_cliptrase.plugin.run.edit_learner import EditLearner
from napari_cliptrase.plugin.state.session import Session

INSIDE_OPACITY: Final = 150
"""Opacity of a changed pixel, of 255; the rim is opaque."""
UNLABELLED_COLOR: Final = (255, 255, 255)


class ProposalPicture:
    """Follows the proposals of a learner; the layer goes when there is none."""

    def __init__(self, session: Session, learner: EditLearner) -> None:
        self._learner = learner
        self._session = session
        self._picture = OverlayLayer(session.viewer, "What would change", blending="translucent")
        learner.changed.connect(self._show)

    def _show(self) -> None:
        proposal = self._learner.proposal
        if proposal is None:
            self._picture.remove()
            return
        where, target = proposal.where, proposal.learned.source.target
        rows, columns = np.flatnonzero(where.any(1)), np.flatnonzero(where.any(0))
        part = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
        picture = proposal_colors(proposal.labels[part], where[part], self._session.prompts.table())
        start = target.rows.start + part[0].start, target.columns.start + part[1].start
        self._picture.show(target, picture, place_over(target.geometry, target.plane, start))


def proposal_colors(labels: LabelArray, where: Mask, table: ClassTable) -> NDArray[np.uint8]:
    """Return a (h, w, 4) picture of the new ``labels`` (h, w) at ``where`` (h, w), with a rim; the rest is clear."""
    colors = np.zeros((int(labels.max(initial=0)) + 1, 3), np.uint8)
    colors[0] = UNLABELLED_COLOR
    for entry in table:
        if entry.id < len(colors):
            colors[entry.id] = entry.color
    picture = np.zeros((*where.shape, 4), np.uint8)
    picture[where, :3] = colors[labels[where]]
    picture[where, 3] = INSIDE_OPACITY
    inner = where.copy()
    for axis in (0, 1):
        ahead, behind = [slice(None)] * 2, [slice(None)] * 2
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        same = where[tuple(ahead)] & where[tuple(behind)] & (labels[tuple(ahead)] == labels[tuple(behind)])
        inner[tuple(ahead)] &= same
        inner[tuple(behind)] &= same
    picture[where & ~inner, 3] = 255
    return picture
