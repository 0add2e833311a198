"""Decisions that stay the same from plane to plane: the scores of a plane are mixed with those of its neighbours."""

from collections.abc import Sequence
from dataclasses import replace

import torch

from napari_cliptrase.engine.encoding import Encoding
from napari_cliptrase.engine.result import Segmentation
from napari_cliptrase.engine.score import assign, to_ids
from napari_cliptrase.engine.settings import Settings


def smooth_plane(
    encoding: Encoding,
    segmentation: Segmentation,
    neighbours: Sequence[Segmentation],
    settings: Settings,
    share: float,
) -> Segmentation:
    """Return a segmentation whose scores come to a ``share`` (0 to 1) from the planes beside it.

    Regions, thresholds and vote stay those of the plane. Neighbours of another grid or with other classes do not
    count.
    """
    own = segmentation.scored
    shape = own.scores.logits.shape
    beside = [logits for other in neighbours if (logits := other.scored.scores.logits).shape == shape]
    if not beside or share == 0:
        return segmentation
    logits = (1 - share) * own.scores.logits + share * torch.stack(beside).mean(0)
    scored = replace(own, scores=replace(own.scores, logits=logits))
    labels = to_ids(assign(scored, encoding, settings.vote, settings.protect), segmentation.ids)
    record = {**segmentation.provenance, "smoothed along planes": share}
    return replace(segmentation, labels=labels, scored=scored, provenance=record)
