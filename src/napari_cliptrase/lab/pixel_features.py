"""A trial: what do colour and texture of the pixels add to the patches of classes that have examples?

    python -m napari_cliptrase.lab.pixel_features --names made-up --corrected 1,5,12

Patches are coarse, and blind to a look that the model never saw. Here smoothed colours, gradients, edges and spread at
three scales become random waves (Rahimi and Recht, 2007), and a ridge around the logits of the patches adds to them, so
that both end in one softmax. ``docs/evaluate.md`` says what came out.
"""

import argparse
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, laplace, sobel
from torch.nn import functional as F

from napari_cliptrase.array_types import Floats, Rgb
from napari_cliptrase.demo.words import NAMES
from napari_cliptrase.engine.encoding import Encoding
from napari_cliptrase.engine.pipeline import PlaneRequest, encode_plane_steps, segment_plane_steps
from napari_cliptrase.engine.segmenter import Segmenter
from napari_cliptrase.evaluate.confusion import Confusion
from napari_cliptrase.evaluate.datasets.painted_scenes import PaintedScenes, SceneSplit
from napari_cliptrase.evaluate.labelled_images import LabelledImage
from napari_cliptrase.evaluate.name_choice import NameChoice
from napari_cliptrase.learn.lesson import lessons_from_labels
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.models.load import load_model
from napari_cliptrase.progress import run_to_end

SCALES: Final = (1, 2, 4)
"""Widths, in pixels, of the smoothing before anything is measured."""
WAVES: Final = 160
WAVE_NUMBER: Final = 0.6
"""How fast a wave changes with a feature, in its standard deviations."""
SHOWN_PIXELS: Final = 2000
"""Pixels of each corrected image that teach."""
TRIAL_RIDGE: Final = 1e-3
TRIAL_ROUNDS: Final = 15
TRIAL_SOFTNESS: Final = 2.0
"""Logits are divided by this, as the lessons of patches are."""


def pixel_features(rgb: Rgb) -> Floats:
    """(H*W, 18) float32: at each scale three colours, gradient, edge strength and spread of each pixel of (H, W, 3)."""
    picture = rgb.astype(np.float32) / 255
    light = picture.mean(-1)
    found = []
    for scale in SCALES:
        smooth = np.stack([gaussian_filter(picture[..., channel], scale) for channel in range(3)], -1)
        gray = smooth.mean(-1)
        gradient = np.hypot(sobel(gray, 1), sobel(gray, 0))
        mean, squares = gaussian_filter(light, 2 * scale), gaussian_filter(light**2, 2 * scale)
        spread = np.sqrt(np.maximum(squares - mean**2, 0))
        found += [smooth, gradient[..., None], np.abs(laplace(gray))[..., None], spread[..., None]]
    joined: Floats = np.concatenate(found, -1)
    return joined.reshape(-1, joined.shape[-1])


@dataclass(frozen=True, eq=False)
class Waves:
    """Random waves over features: what is linear in them can be any smooth function of the features."""

    mean: Floats
    spread: Floats

    @classmethod
    def of(cls, features: Floats) -> "Waves":
        """Return waves for features (n, f) like these."""
        return cls(features.mean(0), features.std(0) + np.float32(1e-6))

    def __call__(self, features: Floats) -> Floats:
        """(n, WAVES) float32 of features (n, f)."""
        rng = np.random.default_rng(0)
        directions = rng.normal(0, 1, (len(self.mean), WAVES)).astype(np.float32)
        shifts = rng.uniform(0, 2 * np.pi, WAVES).astype(np.float32)
        return np.cos(WAVE_NUMBER * (features - self.mean) / self.spread @ directions + shifts).astype(np.float32)


def pixel_weights(waves: Floats, owner: NDArray[np.intp], base: Floats) -> Floats:
    """(WAVES, classes) what waves (n, WAVES) add to the logits ``base`` (n, classes), so that ``owner`` (n,) wins."""
    classes = base.shape[1]
    weight = 1 / np.sqrt(np.bincount(owner, minlength=classes)[owner]).astype(np.float32)
    weight /= weight.mean()
    curvature, axes = np.linalg.eigh((waves * weight[:, None]).T @ waves / 2)
    turned, ridge = waves @ axes, len(waves) * TRIAL_RIDGE
    step = 1 / (np.maximum(curvature, 0) + ridge)[:, None]
    asked = np.eye(classes, dtype=np.float32)[owner]
    change = before = np.zeros((waves.shape[1], classes), np.float32)
    for number in range(TRIAL_ROUNDS):
        ahead = change + np.float32(number / (number + 3)) * (change - before)
        logits = base + turned @ ahead
        found = np.exp(logits - logits.max(1, keepdims=True))
        found /= found.sum(1, keepdims=True)
        pull = (turned * weight[:, None]).T @ (asked - found)
        before, change = change, np.asarray(ahead + step * (pull - ridge * ahead), np.float32)
    return np.asarray(axes @ change, np.float32)


@dataclass(frozen=True, eq=False)
class Trial:
    """Images with their encodings, and how classes are asked for."""

    segmenter: Segmenter
    choice: NameChoice

    def base(self, image: LabelledImage, encoding: Encoding, memory: LessonMemory) -> Floats:
        """(H*W, classes) logits of the patches at each pixel."""
        prompts = self.choice.prompts(NAMES)
        request = PlaneRequest(image.rgb, prompts, encoding=encoding, examples=memory)
        segmentation = run_to_end(segment_plane_steps(self.segmenter, request)).segmentation
        grid = segmentation.scored.scores.logits
        full = F.interpolate(grid[None], size=encoding.shape, mode="bilinear")[0]
        return np.asarray(full.flatten(1).T.numpy() / TRIAL_SOFTNESS, np.float32)

    def run(
        self,
        taught: list[tuple[LabelledImage, Encoding]],
        tested: list[tuple[LabelledImage, Encoding]],
        weights: tuple[float, ...],
    ) -> dict[float, float]:
        """Mean IoU on the tested images, by how much the pixels count beside the patches."""
        segmenter, prompts = self.segmenter, self.choice.prompts(NAMES)
        memory = LessonMemory(segmenter.model.fingerprint, segmenter.settings.encode_key())
        by_index = {index: entry.name for index, entry in enumerate(prompts)}
        for image, encoding in taught:
            truth, sha = image.truth, encoding.image_sha256
            memory = memory.taught(
                lessons_from_labels(encoding.features, encoding.grid, truth, by_index, truth >= 0, image=sha)
            )
        features, owners, bases = [], [], []
        for number, (image, encoding) in enumerate(taught):
            counted = np.flatnonzero(image.truth.ravel() >= 0)
            rows = np.random.default_rng(number).choice(counted, min(SHOWN_PIXELS, len(counted)), replace=False)
            features.append(pixel_features(image.rgb)[rows])
            owners.append(image.truth.ravel()[rows])
            bases.append(self.base(image, encoding, memory)[rows])
        shown = np.concatenate(features)
        waves = Waves.of(shown)
        learned = pixel_weights(waves(shown), np.concatenate(owners), np.concatenate(bases))
        confusions = {weight: Confusion.of((*NAMES, "nothing")) for weight in weights}
        for image, encoding in tested:
            patches, right = self.base(image, encoding, memory), image.truth.ravel()
            counts = right >= 0
            pixels = waves(pixel_features(image.rgb)) @ learned
            for weight, confusion in confusions.items():
                confusion.add(right[counts], (patches + weight * pixels).argmax(1)[counts])
        return {weight: confusion.mean_iou for weight, confusion in confusions.items()}


def main() -> None:
    """Print mean IoU after some corrected scenes, with and without pixel features."""
    parser = argparse.ArgumentParser(description="What pixel features add to patches.")
    parser.add_argument("--names", choices=[str(choice) for choice in NameChoice], default="made-up")
    parser.add_argument("--dim", action="store_true")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--corrected", default="1,5,12")
    parser.add_argument("--scenes", type=int, default=20)
    asked = parser.parse_args()
    counts = [int(count) for count in asked.corrected.split(",")]
    segmenter = Segmenter(load_model("demo"))
    total = max(counts) + asked.scenes
    scenes = PaintedScenes(asked.first_seed, total, split=SceneSplit.RICH, dim=asked.dim)
    images = [scenes.read(name) for name in scenes.names()]
    encoded = [(image, run_to_end(encode_plane_steps(segmenter, image.rgb))) for image in images]
    trial, weights = Trial(segmenter, NameChoice(asked.names)), (0.0, 0.25, 0.5, 1.0)
    with torch.inference_mode():
        for count in counts:
            found = trial.run(encoded[:count], encoded[max(counts) :], weights)
            shares = "  ".join(f"{weight}: {100 * value:.1f}" for weight, value in found.items())
            print(f"after {count} scenes, by weight of the pixels  {shares}")  # noqa: T201 - its purpose


if __name__ == "__main__":
    main()
