"""A trial: do labels get better when each class keeps the templates that are surest of it (FLOSS)?

    python -m napari_cliptrase.lab.template_entropy --scenes 30

Benigmim et al., *FLOSS: Free Lunch in Open-vocabulary Semantic Segmentation* (ICCV 2025), written from its equations:
on unlabelled images the templates with the lowest entropy of each class make an expert for it, and the experts decide
together. ``docs/method.md`` says what came out.
"""

import argparse
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from napari_cliptrase.cliptrase.options import TemplateSet, Vote
from napari_cliptrase.cliptrase.templates import sentences
from napari_cliptrase.cliptrase.towers import TextTower
from napari_cliptrase.cliptrase.upsample import highest
from napari_cliptrase.demo.words import LABEL_NAMES, NAMES
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.engine.pipeline import encode_plane_steps
from napari_cliptrase.engine.segmenter import Segmenter
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.evaluate.confusion import Confusion
from napari_cliptrase.evaluate.held_out import held_out
from napari_cliptrase.models.load import load_model
from napari_cliptrase.progress import run_to_end

CHOSEN_TEMPLATES: Final = 4
"""Templates that an expert keeps, as published."""

LEARNING_SEEDS: Final = 500_000
"""The first of the scenes whose entropies choose templates; they are scored by nobody."""


def by_template(tower: TextTower, names: tuple[str, ...]) -> Tensor:
    """(templates, classes, d) unit rows: each name in each sentence on its own."""
    with torch.inference_mode():
        rows = [
            tower.encode([pattern.replace("{}", name) for name in names]) for pattern in sentences(TemplateSet.FULL)
        ]
    return F.normalize(torch.stack(rows).float().cpu(), dim=-1)


def class_entropies(features: Tensor, text: Tensor, scale: float) -> Tensor:
    """(templates, classes) mean entropy of the patches (n, d) that a template gives to a class; inf where to none."""
    found = torch.full(text.shape[:2], torch.inf)
    for number, words in enumerate(text):
        probabilities = (scale * features @ words.T).softmax(-1)
        entropy = -(probabilities * probabilities.clamp(min=1e-12).log()).sum(-1)
        winner = probabilities.argmax(-1)
        for index in winner.unique().tolist():
            found[number, index] = entropy[winner == index].mean()
    return found


def experts_of(text: Tensor, entropies: Tensor) -> Tensor:
    """(experts, classes, d): for each class the mean of the templates that are surest of it, for all names."""
    chosen = entropies.argsort(0)[:CHOSEN_TEMPLATES].T
    return F.normalize(text[chosen].mean(1), dim=-1)


def decided_together(features: Tensor, experts: Tensor, usual: Tensor, scale: float) -> Tensor:
    """(n, classes) scores of patches (n, d): an expert speaks for its class where it would choose it itself.

    Where none does the usual classifier (classes, d) decides.
    """
    probabilities = torch.stack([(scale * features @ words.T).softmax(-1) for words in experts])
    own = probabilities.diagonal(dim1=0, dim2=2)
    winner = probabilities.argmax(-1).T
    speaks = winner.eq(torch.arange(len(experts)))
    scores = torch.where(speaks, own, 0)
    silent = ~speaks.any(-1)
    scores[silent] = (scale * features[silent] @ usual.T).softmax(-1)
    return scores


def main() -> None:
    """Print mean IoU with the mean of all templates, and with those of the lowest entropy."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenes", type=int, default=30)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--learn", type=int, default=25, help="unlabelled scenes that choose the templates")
    asked = parser.parse_args()
    model = load_model("demo")
    segmenter = Segmenter(model, Settings(vote=Vote.OFF))
    size, scale = (336, 336), model.logit_scale
    text = by_template(model.text, NAMES)
    usual = F.normalize(text.mean(0), dim=-1)

    def features_of(seed: int) -> tuple[Tensor, tuple[int, int]]:
        encoding = run_to_end(encode_plane_steps(segmenter, paint_scene(seed, size).image))
        return torch.from_numpy(encoding.features), encoding.grid

    learnt = torch.cat([features_of(seed)[0] for seed in held_out(LEARNING_SEEDS, asked.learn)])
    experts = experts_of(text, class_entropies(learnt, text, scale))
    # each class by its own expert's words: what one classifier can keep of them
    joined = torch.stack([words[index] for index, words in enumerate(experts)])
    confusions = {name: Confusion.of(LABEL_NAMES) for name in ("all templates", "experts", "one classifier of experts")}
    for seed in held_out(asked.first_seed, asked.scenes):
        features, grid = features_of(seed)
        maps = (
            (scale * features @ usual.T).softmax(-1),
            decided_together(features, experts, usual, scale),
            (scale * features @ joined.T).softmax(-1),
        )
        truth = paint_scene(seed, size).labels
        for confusion, scores in zip(confusions.values(), maps, strict=True):
            confusion.add(truth, np.asarray(highest(scores.T.reshape(-1, *grid).contiguous(), size)) + 1)
    for name, confusion in confusions.items():
        print(f"{name:28}{100 * confusion.mean_iou:7.2f}{100 * confusion.accuracy:7.2f}")  # noqa: T201 - its purpose


if __name__ == "__main__":
    main()
