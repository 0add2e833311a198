"""Training of the demo SAM from nothing: prompts in, regions out, as segment-anything itself is trained."""

import json
import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import save_file
from segment_anything.modeling import Sam
from torch import Tensor
from torch.nn import functional

from napari_cliptrase import atomic
from napari_cliptrase.demo.sam.examples import FIRST_TRAINING_SEED, Example, paint_example
from napari_cliptrase.demo.sam.shape import DEMO_SHAPE
from napari_cliptrase.models.sam_shape import build_sam

WEIGHTS: Final = "demo_sam.safetensors"
CHECKPOINT: Final = "checkpoint.pt"
EDGE_WEIGHT: Final = 4.0  # cells on a boundary count this much more


@dataclass(frozen=True)
class SamTraining:
    """Everything that decides the weights; two runs with equal settings see the same pictures in the same order."""

    steps: int = 4500
    pictures: int = 4
    regions: int = 8
    rate: float = 1.2e-3
    warmup: int = 200
    decay: float = 0.02
    average: float = 0.998
    seed: int = 0
    half: bool = True
    """Matrix products in bfloat16 (the weights stay float32)."""


def train(
    out: Path,
    settings: SamTraining | None = None,
    *,
    device: str = "cpu",
    say: Callable[[str], None] = print,
    checkpoint_every: int = 250,
) -> Path:
    """Train into the folder ``out`` and return the weights file; goes on from the checkpoint that lies there."""
    settings = settings or SamTraining()
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(settings.seed)
    model = build_sam(DEMO_SHAPE).to(device).train()
    average = build_sam(DEMO_SHAPE).to(device)
    average.load_state_dict(model.state_dict())
    optimizer = torch.optim.AdamW(_groups(model, settings.decay), lr=settings.rate, betas=(0.9, 0.98))
    first = _resume(out / CHECKPOINT, settings, model, average, optimizer, say)
    losses: list[float] = []
    started = time.monotonic()
    for step in range(first, settings.steps):
        for group in optimizer.param_groups:
            group["lr"] = settings.rate * _pace(step, settings)
        loss = torch.stack([example_loss(model, example, settings.half) for example in _batch(step, settings)]).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        _follow(average, model, min(settings.average, (step + 1) / (step + 10)))
        losses.append(float(loss.detach()))
        if (step + 1) % 50 == 0:
            rate = (time.monotonic() - started) / (step + 1 - first)
            left = rate * (settings.steps - step - 1) / 60
            say(f"step {step + 1} of {settings.steps}, loss {sum(losses[-50:]) / 50:.3f}, {left:.0f} minutes left")
        if (step + 1) % checkpoint_every == 0 or step + 1 == settings.steps:
            _keep(out / CHECKPOINT, settings, step + 1, model, average, optimizer)
            _export(out / WEIGHTS, average, settings, step + 1)
    return out / WEIGHTS


def example_loss(model: Sam, example: Example, half: bool) -> Tensor:
    """Return the loss of one picture: the single answer, the best of the three answers, and the predicted IoUs."""
    device = model.device
    image = model.preprocess(example.image.to(device))[None]
    points = None
    if example.points is not None and example.point_labels is not None:
        points = (example.points.to(device), example.point_labels.to(device))
    boxes = None if example.boxes is None else example.boxes.to(device)
    masks = None if example.masks is None else example.masks.to(device)
    with torch.autocast(device.type, torch.bfloat16, enabled=half):
        embedding = model.image_encoder(image)
    sparse, dense = model.prompt_encoder(points=points, boxes=boxes, masks=masks)
    with torch.autocast(device.type, torch.bfloat16, enabled=half):
        logits, quality = model.mask_decoder.predict_masks(
            image_embeddings=embedding.float(),
            image_pe=model.prompt_encoder.get_dense_pe(),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
        )
    cells = logits.shape[-1]
    rows, columns = (math.ceil(n * cells / model.image_encoder.img_size) for n in example.inside)
    logits, quality = logits.float()[..., :rows, :columns], quality.float()
    target = example.targets.to(device)[:, None, :rows, :columns]
    losses = _mask_loss(logits, target)
    judged = functional.mse_loss(quality, _overlap(logits.detach(), target))
    return losses[:, 0].mean() + losses[:, 1:].amin(1).mean() + judged


def _mask_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Return (P, M): cross entropy, heavier on boundaries, plus the dice loss, of each answer to each prompt."""
    low = -functional.max_pool2d(-target, 3, 1, 1)
    edge = functional.max_pool2d(target, 3, 1, 1) - low
    weight = 1 + EDGE_WEIGHT * edge
    target = target.expand_as(logits)
    entropy = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    entropy = (entropy * weight).sum((-2, -1)) / weight.sum((-2, -1))
    share = logits.sigmoid()
    dice = 1 - (2 * (share * target).sum((-2, -1)) + 1) / (share.sum((-2, -1)) + target.sum((-2, -1)) + 1)
    return 3 * entropy + dice


def _overlap(logits: Tensor, target: Tensor) -> Tensor:
    """Return (P, M): the intersection over union of each answer with the target, on cells."""
    found, wanted = logits > 0, target > 0.5
    both = (found & wanted).sum((-2, -1)).float()
    either = (found | wanted).sum((-2, -1)).float()
    return both / either.clamp(min=1)


def _batch(step: int, settings: SamTraining) -> Iterator[Example]:
    first = FIRST_TRAINING_SEED + settings.seed * 10_000_000 + step * settings.pictures
    cells = 4 * DEMO_SHAPE.grid
    for seed in range(first, first + settings.pictures):
        yield paint_example(seed, DEMO_SHAPE.image_size, cells, settings.regions)


def _groups(model: Sam, decay: float) -> list[dict[str, Any]]:
    """Return the parameters in two groups: matrices, which decay, and biases, norms and tables, which do not."""
    matrices = [p for p in model.parameters() if p.ndim > 1 and p.shape[0] > 4]
    chosen = {id(p) for p in matrices}
    rest = [p for p in model.parameters() if id(p) not in chosen]
    return [{"params": matrices, "weight_decay": decay}, {"params": rest, "weight_decay": 0.0}]


def _pace(step: int, settings: SamTraining) -> float:
    """Return the share of the full rate: a linear start, then half a cosine down to a hundredth."""
    if step < settings.warmup:
        return (step + 1) / settings.warmup
    done = (step - settings.warmup) / max(settings.steps - settings.warmup, 1)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done))


@torch.no_grad()
def _follow(average: Sam, model: Sam, share: float) -> None:
    for kept, new in zip(average.parameters(), model.parameters(), strict=True):
        kept.lerp_(new, 1 - share)


def _keep(
    path: Path, settings: SamTraining, step: int, model: Sam, average: Sam, optimizer: torch.optim.Optimizer
) -> None:
    state = {
        "settings": asdict(settings),
        "step": step,
        "model": model.state_dict(),
        "average": average.state_dict(),
        "optimizer": optimizer.state_dict(),
    }
    with atomic.replacing(path) as temporary:
        torch.save(state, temporary)


def _resume(
    path: Path,
    settings: SamTraining,
    model: Sam,
    average: Sam,
    optimizer: torch.optim.Optimizer,
    say: Callable[[str], None],
) -> int:
    """Load a checkpoint of the same settings when there is one; return the step to go on with."""
    if not path.exists():
        return 0
    state = torch.load(path, map_location=model.device, weights_only=True)
    if state["settings"] != asdict(settings):
        say(f"{path} is of a training with other settings; starting anew.")
        return 0
    model.load_state_dict(state["model"])
    average.load_state_dict(state["average"])
    optimizer.load_state_dict(state["optimizer"])
    say(f"Going on from step {state['step']}.")
    return int(state["step"])


def _export(path: Path, model: Sam, settings: SamTraining, step: int) -> None:
    """Write the averaged weights in half precision, with the settings that made them."""
    tensors = {name: tensor.half().cpu().contiguous() for name, tensor in model.state_dict().items()}
    note = {
        "training": json.dumps({**asdict(settings), "done": step}),
        "threads": os.environ.get("OMP_NUM_THREADS", ""),
    }
    with atomic.replacing(path) as temporary:
        save_file(tensors, temporary, metadata={"format": "pt", **note})
