"""Train the demo CLIP from pictures and captions: no masks and no patch labels enter the loss."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from open_clip.tokenizer import SimpleTokenizer
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from napari_cliptrase.cliptrase.open_clip_vision import OpenClipVision
from napari_cliptrase.cliptrase.options import Recovery
from napari_cliptrase.lab.clip_crops import draw_batch
from napari_cliptrase.lab.clip_look import embed_sentences, look
from napari_cliptrase.lab.clip_losses import caption_loss, extent_loss, presence_loss, region_loss
from napari_cliptrase.lab.clip_model import known_tokens, new_model, write_model
from napari_cliptrase.lab.clip_validation import method_miou
from napari_cliptrase.lab.language import draw_prompts, write_captions
from napari_cliptrase.lab.pictures import Pictures, paint_pictures
from napari_cliptrase.progress import Progress


@dataclass(frozen=True)
class Stage:
    """A stretch of training at one size: ``side`` pixels of a crop as the model sees it, ``batch`` crops a step.

    The rate of learning falls from ``rate`` towards ``last_rate``, which it reaches after ``fall`` steps, by default at
    the end of the stage; ``regions`` is the weight of `region_loss`, ``top`` the share of patches by which
    `presence_loss` judges; ``extents`` weighs `extent_loss`. ``apart`` also teaches the class token to
    resemble no patch, so that denoising does not take from regions. Crops come in turn from the ``kinds`` of pictures.
    """

    side: int
    batch: int
    steps: int
    rate: float
    last_rate: float
    regions: float = 0.0
    fall: int | None = None
    top: float = 0.05
    extents: float = 0.0
    apart: bool = False
    kinds: tuple[str, ...] = ("scenes", "portraits")


@dataclass(frozen=True)
class ClipRecipe:
    """Everything that the trained weights depend on."""

    seed: int = 7
    pictures: Mapping[str, int] = field(default_factory=lambda: {"scenes": 6000, "portraits": 6000, "calm": 2500})
    stages: tuple[Stage, ...] = (
        Stage(112, 64, 2400, 1e-3, 2e-4),
        Stage(224, 20, 200, 2e-4, 1e-5, fall=500),
        Stage(224, 20, 1000, 4e-4, 1e-5, regions=1.0),
        Stage(320, 10, 500, 3e-4, 1e-5, regions=3.0, top=0.02, kinds=("scenes",)),
        Stage(224, 20, 500, 3e-4, 1e-5, regions=2.0, top=0.03, extents=1.0),
        Stage(224, 20, 650, 3e-4, 5e-6, regions=2.0, top=0.03, extents=2.0, apart=True),
        Stage(224, 20, 600, 3e-4, 3e-6, regions=2.0, top=0.03, extents=3.0, apart=True),
        Stage(320, 10, 600, 2.5e-4, 3e-6, regions=3.0, top=0.02, extents=3.0, apart=True, kinds=("calm", "scenes")),
    )
    warmup: int = 200
    decay: float = 0.05
    scale: float = 20.0
    contrast: float = 0.3
    others: float = 0.3
    averaging: float = 0.998
    validate_every: int = 100
    validation_scenes: int = 24
    bfloat16: bool = True

    @property
    def steps(self) -> int:
        """Steps of all stages together."""
        return sum(stage.steps for stage in self.stages)


# Besides the recovered block each step runs one more: the plain one, whose class token stands for the image, or one of
# the recoveries without residual and MLP, which are on offer as well. Plain patch tokens are never trained, as in CLIP.
SECOND = (*(3 * (Recovery.VANILLA,)), Recovery.CLEARCLIP, Recovery.NACLIP, Recovery.MASKCLIP)


def train_clip(folder: Path, out: Path, recipe: ClipRecipe | None = None, device: str = "cpu") -> Iterator[Progress]:
    """Train from nothing, or go on from the last checkpoint in ``folder``; write the best model to ``out``."""
    recipe = recipe or ClipRecipe()
    for kind, count in recipe.pictures.items():
        yield from paint_pictures(folder, kind, count)
    run = _Run.start(recipe, folder, torch.device(device))
    sources = {kind: Pictures.open(folder, kind) for kind in recipe.pictures}
    while run.step < recipe.steps:
        losses = run.advance(sources)
        text = f"loss of patches {losses['patches']:.3f}, of captions {losses['captions']:.3f}"
        if run.step % recipe.validate_every == 0 or run.step == recipe.steps:
            score = run.validate()
            text += f"; validation mIoU {100 * score:.1f}"
            run.save()
        yield Progress(run.step, recipe.steps, text)
    write_model(run.best, run.tokens, out)


class _Run:
    """The state of one training: model, averaged model, optimiser, step, best so far."""

    def __init__(self, recipe: ClipRecipe, folder: Path, device: torch.device) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.path, self.device = recipe, folder / "clip-checkpoint.pt", device
        self.tokenizer = SimpleTokenizer()
        self.tokens = known_tokens(self.tokenizer)
        self.rows = {token: row for row, token in enumerate(self.tokens, start=1)}
        self.model = new_model(len(self.tokens)).to(device)
        self.model.logit_scale.requires_grad_(False).fill_(float(np.log(recipe.scale)))
        heavy = [p for p in self.model.parameters() if p.requires_grad and p.ndim >= 2]
        light = [p for p in self.model.parameters() if p.requires_grad and p.ndim < 2]
        self.trained = [*heavy, *light]
        groups = [{"params": heavy, "weight_decay": recipe.decay}, {"params": light, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.98))
        self.average = {name: value.clone() for name, value in self.model.state_dict().items()}
        self.step, self.best, self.best_score = 0, dict(self.average), -1.0

    @classmethod
    def start(cls, recipe: ClipRecipe, folder: Path, device: torch.device) -> "_Run":
        """Make a new run, or resume the one whose checkpoint is in the folder."""
        run = cls(recipe, folder, device)
        if run.path.exists():
            saved = torch.load(run.path, map_location=device, weights_only=True)
            if saved["recipe"] == repr(asdict(recipe)):
                run.model.load_state_dict(saved["model"])
                run.optimizer.load_state_dict(saved["optimizer"])
                run.average, run.best = saved["average"], saved["best"]
                run.step, run.best_score = saved["step"], saved["best_score"]
        return run

    def save(self) -> None:
        """Write a checkpoint; a run that is cut off meanwhile keeps the one before."""
        state: dict[str, Any] = {
            "recipe": repr(asdict(self.recipe)),
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average,
            "best": self.best,
            "step": self.step,
            "best_score": self.best_score,
        }
        part = self.path.with_suffix(".part")
        torch.save(state, part)
        part.replace(self.path)

    def advance(self, sources: Mapping[str, Pictures]) -> dict[str, float]:
        """Make one step; everything random in it comes from the seed and the number of the step."""
        recipe, stage, step = self.recipe, *self._stage()
        rng = np.random.default_rng((recipe.seed, self.step))
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate(stage, step)
        crops, images, frames = draw_batch([sources[kind] for kind in stage.kinds], stage.side, stage.batch, rng)
        images, frames = images.to(self.device), frames.to(self.device)
        prompts = draw_prompts(rng)
        captions = write_captions(crops, rng)
        text = self.embed([*prompts.sentences, *captions.sentences])
        prompt_rows, caption_rows = text[: len(prompts.sentences)], text[len(prompts.sentences) :]
        second = SECOND[int(rng.integers(len(SECOND)))]
        # on a CPU, the gradient of the fused attention kernel is several times slower than that of plain products
        with sdpa_kernel(SDPBackend.MATH), torch.autocast(self.device.type, torch.bfloat16, enabled=recipe.bfloat16):
            kinds = (Recovery.CLIPTRASE, second)
            (recovered, other), correlation = look(self.model, images, frames, kinds, stage.regions > 0)
        truth = torch.from_numpy(prompts.truth(crops)).to(self.device)
        losses = {
            "patches": presence_loss(recovered[:, 1:], prompt_rows, truth, recipe.scale, stage.top),
            "captions": caption_loss(recovered[:, 0], caption_rows, captions, recipe.scale),
        }
        loss = losses["patches"] + recipe.contrast * losses["captions"]
        if second is Recovery.VANILLA:
            loss = loss + recipe.contrast * caption_loss(other[:, 0], caption_rows, captions, recipe.scale)
        else:
            loss = loss + recipe.others * presence_loss(other[:, 1:], prompt_rows, truth, recipe.scale, stage.top)
        if stage.extents:
            extents = torch.from_numpy(prompts.extents(crops)).to(self.device)
            losses["extents"] = extent_loss(recovered[:, 1:], prompt_rows, extents, recipe.scale)
            loss = loss + stage.extents * losses["extents"]
        if correlation is not None:
            shares = (recipe.scale * recovered[:, 1:] @ prompt_rows.t()).softmax(-1)
            losses["regions"] = region_loss(correlation[:, 1:, 1:], shares.detach())
            loss = loss + stage.regions * losses["regions"]
            if stage.apart:
                loss = loss + stage.regions * correlation[:, 0, 1:].square().mean()
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        self.model.token_embedding.weight.grad[0] = 0
        torch.nn.utils.clip_grad_norm_(self.trained, 1.0)
        self.optimizer.step()
        self.step += 1
        keep = min(recipe.averaging, step / (10 + step))  # the average starts again with each stage
        with torch.no_grad():
            for name, value in self.model.state_dict().items():
                self.average[name].lerp_(value, 1 - keep)
        return {name: float(value.detach()) for name, value in losses.items()}

    def _stage(self) -> tuple[Stage, int]:
        """The stage of this step, and the number of the step within it."""
        step = self.step
        for stage in self.recipe.stages:
            if step < stage.steps:
                return stage, step
            step -= stage.steps
        raise ValueError(f"step {self.step} is beyond the recipe's {self.recipe.steps}")

    def _rate(self, stage: Stage, step: int) -> float:
        """The learning rate: a warm-up, then half a cosine from each stage's rate to its last."""
        fade = 0.5 + 0.5 * float(np.cos(np.pi * step / (stage.fall or stage.steps)))
        rate = stage.last_rate + (stage.rate - stage.last_rate) * fade
        return rate * min(1.0, (self.step + 1) / self.recipe.warmup)

    def embed(self, sentences: Sequence[str]) -> Tensor:
        """Sentences to unit rows (n, d), with the short token table of the model in training."""
        return embed_sentences(self.model, self.tokenizer, self.rows, sentences)

    def validate(self) -> float:
        """Score the averaged weights on validation scenes and keep them if they are the best so far."""
        current = {name: value.clone() for name, value in self.model.state_dict().items()}
        self.model.load_state_dict(self.average)
        with torch.inference_mode():
            score = method_miou(OpenClipVision.of(self.model.visual), self.embed, self.recipe.validation_scenes)
        self.model.load_state_dict(current)
        if score >= self.best_score:
            self.best_score = score
            self.best = {name: value.clone() for name, value in self.average.items()}
        return score
