"""Train the demo CLIP from pictures and captions: no masks and no patch labels enter the loss."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from open_clip.model import CLIP
from open_clip.tokenizer import SimpleTokenizer
from torch import Tensor
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from napari_cliptrase.cliptrase.blocks import add_attention, add_mlp, run_block, split_heads
from napari_cliptrase.cliptrase.encoder import correlate
from napari_cliptrase.cliptrase.open_clip_vision import OpenClipVision
from napari_cliptrase.cliptrase.options import Recovery
from napari_cliptrase.cliptrase.recovery import recovered_block
from napari_cliptrase.demo.clip_model import CONFIG, known_tokens, new_model, write_model
from napari_cliptrase.demo.clip_validation import method_miou
from napari_cliptrase.demo.language import Captions, draw_prompts, write_captions
from napari_cliptrase.demo.pictures import Crops, Pictures, cut, paint_pictures
from napari_cliptrase.progress import Progress


@dataclass(frozen=True)
class Stage:
    """A stretch of training at one size: ``side`` pixels of a crop as the model sees it, ``batch`` crops a step.

    The rate of learning falls from ``rate`` towards ``last_rate``, which it reaches after ``fall`` steps, by default at
    the end of the stage; ``regions`` is the weight of `region_loss`, ``top`` the share of patches by which
    `presence_loss` judges; without ``portraits`` all crops come from landscapes; ``extents`` weighs `extent_loss`.
    ``apart`` also teaches the class token to resemble no patch, so that denoising does not take from regions.
    """

    side: int
    batch: int
    steps: int
    rate: float
    last_rate: float
    regions: float = 0.0
    fall: int | None = None
    top: float = 0.05
    portraits: bool = True
    extents: float = 0.0
    apart: bool = False


@dataclass(frozen=True)
class ClipRecipe:
    """Everything that the trained weights depend on."""

    seed: int = 7
    scenes: int = 6000
    portraits: int = 6000
    stages: tuple[Stage, ...] = (
        Stage(112, 64, 2400, 1e-3, 2e-4),
        Stage(224, 20, 200, 2e-4, 1e-5, fall=500),
        Stage(224, 20, 1000, 4e-4, 1e-5, regions=1.0),
        Stage(320, 10, 500, 3e-4, 1e-5, regions=3.0, top=0.02, portraits=False),
        Stage(224, 20, 500, 3e-4, 1e-5, regions=2.0, top=0.03, extents=1.0),
        Stage(224, 20, 650, 3e-4, 5e-6, regions=2.0, top=0.03, extents=2.0, apart=True),
        Stage(224, 20, 600, 3e-4, 3e-6, regions=2.0, top=0.03, extents=3.0, apart=True),
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
    yield from paint_pictures(folder, "scenes", recipe.scenes)
    yield from paint_pictures(folder, "portraits", recipe.portraits)
    run = _Run.start(recipe, folder, torch.device(device))
    sources = (Pictures.open(folder, "scenes"), Pictures.open(folder, "portraits"))
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
        self.tower = OpenClipVision.of(self.model.visual)
        heavy = [p for p in self.model.parameters() if p.requires_grad and p.ndim >= 2]
        light = [p for p in self.model.parameters() if p.requires_grad and p.ndim < 2]
        self.trained = [*heavy, *light]
        groups = [{"params": heavy, "weight_decay": recipe.decay}, {"params": light, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.98))
        self.average = {name: value.clone() for name, value in self.model.state_dict().items()}
        self.step, self.best, self.best_score = 0, dict(self.average), -1.0

    @classmethod
    def start(cls, recipe: ClipRecipe, folder: Path, device: torch.device) -> "_Run":
        """Make a new run, or take up the one whose checkpoint is in the folder."""
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

    def advance(self, sources: Sequence[Pictures]) -> dict[str, float]:
        """Make one step; everything random in it comes from the seed and the number of the step."""
        recipe, stage, step = self.recipe, *self._stage()
        rng = np.random.default_rng((recipe.seed, self.step))
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate(stage, step)
        chosen = sources if stage.portraits else sources[:1]
        crops, images, frames = draw_batch(chosen, stage, rng)
        images, frames = images.to(self.device), frames.to(self.device)
        prompts = draw_prompts(rng)
        captions = write_captions(crops, rng)
        text = self.embed([*prompts.sentences, *captions.sentences])
        prompt_rows, caption_rows = text[: len(prompts.sentences)], text[len(prompts.sentences) :]
        second = SECOND[int(rng.integers(len(SECOND)))]
        # on a CPU, the gradient of the fused attention kernel is several times slower than that of plain products
        with sdpa_kernel(SDPBackend.MATH), torch.autocast(self.device.type, torch.bfloat16, enabled=recipe.bfloat16):
            recovered, other, correlation = self.look(images, frames, second, stage.regions > 0)
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
        keep = min(recipe.averaging, step / (10 + step))  # the average starts anew with each stage
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

    def look(
        self, images: Tensor, frames: Tensor, second: Recovery, regions: bool
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Unit tokens (B, 1+hw, d) with the recovered last block and with a second kind of it, and the correlation."""
        side = images.shape[-1] // self.tower.patch
        visual = self.model.visual
        x = visual.conv1(images).flatten(2).transpose(1, 2) + positions_in(self.tower.positions.table, frames, side)
        first = (visual.class_embedding + visual.positional_embedding[0]).expand(len(x), 1, -1)
        x = visual.ln_pre(torch.cat([first.to(x.dtype), x], 1))
        *blocks, last_but_one, last = self.tower.blocks
        for block in blocks:
            x = run_block(block, x)
        heads = split_heads(last_but_one, x)
        correlation = correlate(heads) if regions else None
        x = add_attention(last_but_one, x, F.scaled_dot_product_attention(*heads))
        x = add_mlp(last_but_one, x)
        kinds = (Recovery.CLIPTRASE, second)
        tokens = (self.tower.project(recovered_block(last, x, (side, side), kind)) for kind in kinds)
        recovered, other = (F.normalize(token.float(), dim=-1) for token in tokens)
        return recovered, other, correlation

    def validate(self) -> float:
        """Score the averaged weights on validation scenes and keep them if they are the best so far."""
        current = {name: value.clone() for name, value in self.model.state_dict().items()}
        self.model.load_state_dict(self.average)
        with torch.inference_mode():
            score = method_miou(self.tower, self.embed, self.recipe.validation_scenes)
        self.model.load_state_dict(current)
        if score >= self.best_score:
            self.best_score = score
            self.best = {name: value.clone() for name, value in self.average.items()}
        return score


def draw_batch(sources: Sequence[Pictures], stage: Stage, rng: np.random.Generator) -> tuple[Crops, Tensor, Tensor]:
    """Cut crops of several sizes, half from landscapes, half from portraits.

    Returns the crops, images (B, 3, side, side) normalised, and frames (B, 4): the part of a picture that each shows.
    """
    groups, images = [], []
    count = max(stage.batch // 8, 1)
    for i in range(0, stage.batch, count):
        source = sources[(i // count) % len(sources)]
        size = source.images.shape[1]
        wanted = stage.side * float(np.exp(rng.uniform(np.log(0.75), np.log(2.0))))
        crops = cut(source, min(count, stage.batch - i), int(min(wanted, size)), rng)
        groups.append(crops)
        pixels = torch.from_numpy(crops.images).permute(0, 3, 1, 2).float() / 255
        images.append(F.interpolate(pixels, (stage.side, stage.side), mode="bilinear"))
    joined = Crops(
        np.empty((0, 0, 0, 3), np.uint8),  # the scaled images go on as a tensor
        np.concatenate([group.frames for group in groups]),
        np.concatenate([group.shares for group in groups]),
        np.concatenate([group.counts for group in groups]),
    )
    cfg = CONFIG["preprocess_cfg"]
    mean, std = (torch.tensor(cfg[key]).view(1, 3, 1, 1) for key in ("mean", "std"))
    gain = torch.from_numpy(rng.uniform(0.85, 1.15, (stage.batch, 3, 1, 1)).astype(np.float32)) ** 0.5
    shown = torch.cat(images) * gain
    return joined, (shown - mean) / std, _place(joined.frames, rng)


def _place(frames: NDArray[np.float32], rng: np.random.Generator) -> Tensor:
    """Move half of the frames elsewhere in the picture, so that place is a hint and no more."""
    extent = frames[:, 2:] - frames[:, :2]
    corner = np.where(
        rng.random((len(frames), 1)) < 0.5,
        frames[:, :2],
        rng.random((len(frames), 2)) * (1 - extent),
    )
    return torch.from_numpy(np.concatenate([corner, corner + extent], 1).astype(np.float32))


def positions_in(table: Tensor, frames: Tensor, side: int) -> Tensor:
    """Patch positions (B, side*side, D) of the part of the picture that each frame (B, 4) shows."""
    native = int((len(table) - 1) ** 0.5)
    maps = table[1:].view(1, native, native, -1).permute(0, 3, 1, 2).float()
    steps = (torch.arange(side, device=table.device) + 0.5) / side
    y = frames[:, 0:1] + steps * (frames[:, 2:3] - frames[:, 0:1])
    x = frames[:, 1:2] + steps * (frames[:, 3:4] - frames[:, 1:2])
    where = torch.stack([x[:, None, :].expand(-1, side, -1), y[:, :, None].expand(-1, -1, side)], -1) * 2 - 1
    sampled = F.grid_sample(
        maps.expand(len(frames), -1, -1, -1), where, mode="bilinear", padding_mode="border", align_corners=False
    )
    return sampled.flatten(2).transpose(1, 2)


def presence_loss(patches: Tensor, prompts: Tensor, truth: Tensor, scale: float = 20.0, top: float = 0.05) -> Tensor:
    """Cross-entropy of what a caption names with what patches show.

    patches (B, n, d) and prompts (K, d) are unit rows. The prompts compete for each patch in a softmax; a prompt is as
    present as its best patches say (mean of the top share); truth (B, K) is 1, 0, or -1 where nothing is said.
    """
    share = (scale * patches @ prompts.t()).softmax(-1)
    best = max(round(top * share.shape[1]), 3)
    present = share.topk(best, dim=1).values.mean(1).clamp(1e-6, 1 - 1e-6)
    named, unnamed = truth == 1, truth == 0
    return -(present.log()[named].sum() + (-present).log1p()[unnamed].sum()) / named.sum().clamp(min=1)


def extent_loss(patches: Tensor, prompts: Tensor, extents: Tensor, scale: float = 20.0) -> Tensor:
    """Cross-entropy of how much of a crop its caption says that each prompt covers with the mean over its patches.

    patches (B, n, d) and prompts (K, d) are unit rows; extents (B, K) are shares in tenths, each row of sum 1.
    """
    covered = (scale * patches @ prompts.t()).softmax(-1).mean(1).clamp(min=1e-6)
    return -(extents * covered.log()).sum(1).mean()


def region_loss(correlation: Tensor, shares: Tensor) -> Tensor:
    """Bring the correlation of patches (B, n, n) to the model's own opinion of whether they show the same.

    ``shares`` (B, n, K) are what each patch shows, by the prompts of the step, without gradient.
    """
    root = shares.sqrt()
    return F.mse_loss(correlation, root @ root.transpose(1, 2))


def caption_loss(images: Tensor, texts: Tensor, captions: Captions, scale: float) -> Tensor:
    """CLIP's loss in both directions; the target is shared among all captions that are true of an image."""
    truth = torch.from_numpy(captions.truth).float().to(images.device)  # captions, images
    logits = scale * texts @ images.t()
    by_text = -(logits.log_softmax(1) * truth / truth.sum(1, keepdim=True)).sum(1).mean()
    by_image = -(logits.log_softmax(0) * truth / truth.sum(0, keepdim=True).clamp(min=1)).sum(0).mean()
    return 0.5 * (by_text + by_image)


def embed_sentences(model: CLIP, tokenizer: SimpleTokenizer, rows: dict[int, int], sentences: Sequence[str]) -> Tensor:
    """Sentences to unit rows (n, d); ``rows`` maps tokens to rows of the table, others go to row 0."""
    coded = [[tokenizer.sot_token_id, *tokenizer.encode(text), tokenizer.eot_token_id] for text in sentences]
    length = max(map(len, coded))
    table = torch.zeros(len(coded), length, dtype=torch.long)
    for i, tokens in enumerate(coded):
        table[i, : len(tokens)] = torch.tensor([rows.get(token, 0) for token in tokens])
    x = model.token_embedding(table.to(model.token_embedding.weight.device)) + model.positional_embedding[:length]
    x = model.ln_final(model.transformer(x, attn_mask=model.attn_mask[:length, :length]))
    ends = torch.tensor([len(tokens) - 1 for tokens in coded])
    return F.normalize(x[torch.arange(len(coded)), ends] @ model.text_projection, dim=-1)
