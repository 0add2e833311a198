"""From patch features and text to a class for each pixel."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_cliptrase.cliptrase.upsample import Part, highest, strips, winners
from napari_cliptrase.cliptrase.vote import UnsignedLabels

_FAR_BELOW = 1e4
"""So much lower a logit has a probability of 0 in float32."""


@dataclass(frozen=True)
class PhraseScores:
    """Scores of all phrases on the patch grid, and which class each phrase belongs to.

    Attributes
    ----------
    logits
        (phrases, h, w) float32: scaled cosine of each patch with each phrase.
    owner
        (phrases,) class index of each phrase, ascending. A class may have several phrases: the one that fits best
        counts. Background phrases have the highest index.
    """

    logits: Tensor
    owner: NDArray[np.intp]

    @property
    def classes(self) -> int:
        """Number of classes, background included when it has phrases."""
        return int(self.owner[-1]) + 1

    @cached_property
    def _plain(self) -> bool:
        """Every class has exactly one phrase."""
        return len(self.owner) == self.classes

    def without(self, classes: Collection[int]) -> "PhraseScores":
        """The same scores with classes that win nowhere while another is left: their probability is 0."""
        if not classes:
            return self
        logits = self.logits.clone()
        logits[torch.from_numpy(np.isin(self.owner, list(classes)))] = self.logits.min() - _FAR_BELOW
        return PhraseScores(logits, self.owner)

    def best_phrases(self, values: Tensor) -> Tensor:
        """(phrases, ...) values to (classes, ...): the highest of each class."""
        if self._plain:
            return values
        # the phrases of a class stand together; torch's own reductions by index are in beta and say so
        counts = np.bincount(self.owner, minlength=self.classes).tolist()
        return torch.stack([phrases.amax(0) for phrases in torch.split(values, counts)])


@dataclass(frozen=True)
class Ranking:
    """The two best classes of each pixel and their probabilities.

    Attributes
    ----------
    best, second
        (H, W) class indices; with one class only, both are that class.
    best_score, second_score
        (H, W) float32 softmax probabilities over all phrases; 0 for a missing second.
    """

    best: UnsignedLabels
    second: UnsignedLabels
    best_score: NDArray[np.float32]
    second_score: NDArray[np.float32]

    @property
    def margin(self) -> NDArray[np.float32]:
        """(H, W) uncertainty: 1 - (p1 - p2), 0 where one class takes all and 1 where two are equal."""
        return 1 - (self.best_score - self.second_score)


def phrase_scores(
    features: Tensor,
    grid: tuple[int, int],
    text: Tensor,
    owner: NDArray[np.intp],
    scale: float,
    prior: Tensor | None = None,
) -> PhraseScores:
    """Compare features (h*w, d) with phrases (p, d), unit rows both; ``scale`` is the model's logit scale.

    ``prior`` is the image's own feature (d,), the class token: each phrase's scores are then multiplied by
    the phrase's score for the whole image, as the published protocol does on VOC20.
    """
    # equal columns of a matrix product need not be equal to the last bit: a phrase that stands in two classes is scored
    # once, so that the lower class wins everywhere
    distinct, column = torch.unique(text, dim=0, return_inverse=True)
    repeated = len(distinct) < len(text)
    scored = distinct if repeated else text
    logits = scale * (features @ scored.T)
    if prior is not None:
        logits = logits * (scale * (scored @ prior))
    if repeated:
        logits = logits[:, column]
    return PhraseScores(logits.T.reshape(len(text), *grid).float(), np.asarray(owner, np.intp))


def label_pixels(scores: PhraseScores, size: tuple[int, int], part: Part | None = None) -> UnsignedLabels:
    """(H, W) class index of each pixel, scores interpolated; the lowest class among equals."""
    owner: UnsignedLabels = scores.owner.astype(index_dtype(scores.classes))
    return owner[highest(scores.logits, size, part)]


def rank_pixels(scores: PhraseScores, size: tuple[int, int], part: Part | None = None) -> Ranking:
    """The two best classes of each pixel with their probabilities; slower than `label_pixels`."""
    dtype = index_dtype(scores.classes)
    best: UnsignedLabels = np.empty(size, dtype)
    second: UnsignedLabels = np.empty(size, dtype)
    best_score, second_score = np.empty(size, np.float32), np.zeros(size, np.float32)
    tiles = part.tiles(scores.logits) if part is not None else _tiles_of(scores.logits, size)
    for rows, values in tiles:
        by_class = scores.best_phrases(values)
        top, winner = winners(by_class)
        best[rows] = winner.cpu().numpy()
        total = (values - top).exp_().sum(0)
        best_score[rows] = (1 / total).cpu().numpy()
        if scores.classes == 1:
            second[rows] = best[rows]
            continue
        next_top, runner = winners(by_class.scatter_(0, winner[None], -torch.inf))
        second[rows] = runner.cpu().numpy()
        second_score[rows] = (next_top.sub_(top).exp_() / total).cpu().numpy()
    return Ranking(best, second, best_score, second_score)


def _tiles_of(maps: Tensor, size: tuple[int, int]) -> Iterator[tuple[slice, Tensor]]:
    for strip in strips(maps, size):
        for band in strip.bands:
            yield from band.tiles()


def grid_probabilities(scores: PhraseScores) -> NDArray[np.float32]:
    """(classes, h, w) softmax probabilities over all phrases on the grid; a class has that of its best phrase."""
    return np.asarray(scores.best_phrases(scores.logits.softmax(0)).cpu().numpy())


def below(ranking: Ranking, thresholds: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(H, W) pixels whose best class is less probable than its threshold, ``thresholds`` (classes,)."""
    return np.asarray(ranking.best_score < thresholds[ranking.best])


def soft_vote(scores: PhraseScores, weights: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Class with the highest mean score in each region, and its probability: (n,) and (n,).

    ``weights`` (n, h*w) come from `vote.pooling`.
    """
    mean = torch.from_numpy(weights).to(scores.logits) @ scores.logits.flatten(1).T
    probability, winner = scores.best_phrases(mean.softmax(1).T).max(0)
    return winner.cpu().numpy(), probability.cpu().numpy()


def index_dtype(classes: int) -> type[np.uint8 | np.uint16]:
    """The smallest integer type that holds every class index and one value more."""
    return np.uint8 if classes < 256 else np.uint16
