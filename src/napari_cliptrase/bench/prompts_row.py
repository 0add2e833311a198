"""Encoding prompts, compared with open_clip's own text tower."""

import torch
from torch.nn import functional as F

from napari_cliptrase.bench.random_model import BenchModel
from napari_cliptrase.bench.row import Row
from napari_cliptrase.cliptrase.options import TemplateSet
from napari_cliptrase.cliptrase.templates import sentences
from napari_cliptrase.cliptrase.text import embed_texts
from napari_cliptrase.timing import interleaved

PROMPTS_TARGET = 6.0
EQUAL = 1e-6

VOC_NAMES = (
    *("aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow"),
    *("dining table", "dog", "horse", "motorbike", "person", "potted plant", "sheep", "sofa", "train", "tv monitor"),
)


@torch.inference_mode()
def prompts_row(model: BenchModel, rounds: int, compared: int = len(VOC_NAMES)) -> Row:
    """All classes in 80 sentences each, against open_clip's ``encode_text`` class by class.

    open_clip takes the same time for every class: it is timed on the first ``compared`` ones only and its time
    multiplied. The embeddings of these are compared, too.
    """
    patterns = sentences(TemplateSet.FULL)

    def theirs() -> torch.Tensor:
        rows = []
        for name in VOC_NAMES[:compared]:
            tokens = model.tokenizer([pattern.replace("{}", name) for pattern in patterns])
            rows.append(F.normalize(model.module.encode_text(tokens, normalize=True).mean(0), dim=0))
        return torch.stack(rows)

    def ours() -> torch.Tensor:
        # one by one, as a run does it
        return torch.cat([embed_texts(model.text, [name], TemplateSet.FULL) for name in VOC_NAMES])

    difference = float((ours()[:compared] - theirs()).abs().max())
    if difference > EQUAL:
        raise RuntimeError(f"The two text towers differ by {difference:.1e}; their times cannot be compared.")
    seconds = interleaved({"ours": ours, "theirs": theirs}, rounds)
    whole = seconds["theirs"] * len(VOC_NAMES) / compared
    return Row(
        name=f"text, {len(VOC_NAMES)} classes × {len(patterns)} sentences",
        ours=seconds["ours"] * 1e3,
        theirs=whole * 1e3,
        unit="ms",
        figure=whole / seconds["ours"],
        target=PROMPTS_TARGET,
        at_most=False,
        note=f"as many times faster than open_clip, timed on {compared} of the classes; equal to {difference:.0e}",
    )
