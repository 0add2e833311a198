"""Training of the demo SAM from nothing.

First its image encoder learns to name what it sees and where elements meet, with a throw-away layer behind it, as the
published encoders come from a pre-training of their own. Then the whole learns as segment-anything is trained: prompts
in, regions out.
"""

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
from torch import Tensor, nn
from torch.nn import functional

from napari_cliptrase import atomic
from napari_cliptrase.demo.words import NAMES
from napari_cliptrase.lab.sam_examples import FIRST_SAM_TRAINING_SEED, Example, paint_example
from napari_cliptrase.models.sam_network import SamShape, build_sam
from napari_cliptrase.models.verify import sha256_of, write_expected

WEIGHTS: Final = "demo_sam.safetensors"
CHECKPOINT: Final = "checkpoint.pt"
DEMO_SHAPE: Final = SamShape(
    image_size=256,
    patch_size=8,  # 128 x 128 masks: boundaries need finer cells than patches of 16 give at this image size
    width=128,
    heads=4,
    mlp_width=512,
    windows=(8, 8, 0, 8, 8, 0),
    prompt_width=96,
    decoder_mlp_width=256,
    iou_width=96,
)
EDGE_WEIGHT: Final = 4.0  # cells on a boundary count this much more


@dataclass(frozen=True)
class SamTraining:
    """Everything that decides the weights; two runs with equal settings see the same pictures in the same order."""

    naming_steps: int = 350
    naming_pictures: int = 8
    naming_weight: float = 0.5
    """Of the naming loss while prompts are learned."""
    steps: int = 2400
    pictures: int = 4
    regions: int = 8
    rate: float = 1.5e-3
    warmup: int = 100
    decay: float = 0.02
    average: float = 0.995
    seed: int = 0
    half: bool = True
    """Matrix products in bfloat16 (the weights stay float32)."""


def train(
    out: Path,
    settings: SamTraining | None = None,
    *,
    device: str = "cpu",
    log: Callable[[str], None] = print,
    checkpoint_every: int = 250,
) -> Path:
    """Train into the folder ``out`` and return the weights file; goes on from the checkpoint that lies there."""
    settings = settings or SamTraining()
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(settings.seed)
    model = build_sam(DEMO_SHAPE).to(device).train()
    naming = naming_layer().to(device)
    average = build_sam(DEMO_SHAPE).to(device)
    average.load_state_dict(model.state_dict())
    optimizer = torch.optim.AdamW(_groups(model, naming, settings.decay), lr=settings.rate, betas=(0.9, 0.98))
    state = _State(model, naming, average, optimizer)
    first = _resume(out / CHECKPOINT, settings, state, log)
    losses: list[float] = []
    started = time.monotonic()
    total = settings.naming_steps + settings.steps
    for step in range(first, total):
        for group in optimizer.param_groups:
            group["lr"] = settings.rate * _pace(step, settings)
        prompting = step >= settings.naming_steps
        batch = _batch(step, settings)
        loss = torch.stack([example_loss(model, naming, example, settings, prompting) for example in batch]).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        _follow(average, model, min(settings.average, (step + 1) / (step + 10)))
        losses.append(float(loss.detach()))
        if (step + 1) % 50 == 0:
            rate = (time.monotonic() - started) / (step + 1 - first)
            left = rate * (total - step - 1) / 60
            log(f"step {step + 1} of {total}, loss {sum(losses[-50:]) / 50:.3f}, {left:.0f} minutes left")
        if (step + 1) % checkpoint_every == 0 or step + 1 == total:
            _keep(out / CHECKPOINT, settings, step + 1, state)
            _export(out / WEIGHTS, average, settings, step + 1)
    return out / WEIGHTS


def naming_layer() -> nn.Module:
    """Return the layer that reads borders (number 0) and classes from an image embedding; thrown away at the end."""
    width = DEMO_SHAPE.prompt_width
    return nn.Sequential(
        nn.ConvTranspose2d(width, width // 2, 2, 2), nn.GELU(), nn.ConvTranspose2d(width // 2, len(NAMES) + 1, 2, 2)
    )


def example_loss(model: Sam, naming: nn.Module, example: Example, settings: SamTraining, prompting: bool) -> Tensor:
    """Return the loss of one picture: that of naming and, when ``prompting``, that of answering prompts."""
    image = model.preprocess(example.image.to(model.device))[None]
    with torch.autocast(model.device.type, torch.bfloat16, enabled=settings.half):
        embedding = model.image_encoder(image)
        named = naming(embedding)
    loss = _naming_loss(named.float(), example)
    if not prompting:
        return loss
    return settings.naming_weight * loss + _prompt_loss(model, embedding.float(), example, settings.half)


def _naming_loss(named: Tensor, example: Example) -> Tensor:
    """Return cross entropy of the classes of cells, plus that of the borders."""
    names = functional.cross_entropy(named[:, 1:], example.names.to(named.device)[None] - 1, ignore_index=-1)
    edges = example.edges.to(named.device)[None]
    weight = torch.where(example.names.to(named.device)[None] > 0, 1 + EDGE_WEIGHT * edges, 0)
    return names + functional.binary_cross_entropy_with_logits(named[:, 0], edges, weight)


def _prompt_loss(model: Sam, embedding: Tensor, example: Example, half: bool) -> Tensor:
    """Return the loss of the single answer, of the best of the three answers, and of the predicted IoUs."""
    device = model.device
    points = None
    if example.points is not None and example.point_labels is not None:
        points = (example.points.to(device), example.point_labels.to(device))
    boxes = None if example.boxes is None else example.boxes.to(device)
    masks = None if example.masks is None else example.masks.to(device)
    sparse, dense = model.prompt_encoder(points=points, boxes=boxes, masks=masks)
    with torch.autocast(device.type, torch.bfloat16, enabled=half):
        logits, quality = model.mask_decoder.predict_masks(
            image_embeddings=embedding,
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
    predicted, truth = logits > 0, target > 0.5
    both = (predicted & truth).sum((-2, -1)).float()
    either = (predicted | truth).sum((-2, -1)).float()
    return both / either.clamp(min=1)


def _batch(step: int, settings: SamTraining) -> Iterator[Example]:
    """Yield the pictures of a step; none is ever shown twice."""
    count = settings.pictures if step >= settings.naming_steps else settings.naming_pictures
    most = max(settings.pictures, settings.naming_pictures)
    first = FIRST_SAM_TRAINING_SEED + settings.seed * 10_000_000 + step * most
    cells = 4 * DEMO_SHAPE.grid
    for seed in range(first, first + count):
        yield paint_example(seed, DEMO_SHAPE.image_size, cells, settings.regions)


def _groups(model: Sam, naming: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Return the parameters in two groups: matrices, which decay, and biases, norms and tables, which do not."""
    parameters = [*model.parameters(), *naming.parameters()]
    matrices = [p for p in parameters if p.ndim > 1 and p.shape[0] > 4]
    chosen = {id(p) for p in matrices}
    rest = [p for p in parameters if id(p) not in chosen]
    return [{"params": matrices, "weight_decay": decay}, {"params": rest, "weight_decay": 0.0}]


def _pace(step: int, settings: SamTraining) -> float:
    """Return the share of the full rate: a linear start, then half a cosine down to a hundredth."""
    if step < settings.warmup:
        return (step + 1) / settings.warmup
    done = (step - settings.warmup) / max(settings.naming_steps + settings.steps - settings.warmup, 1)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done))


@torch.no_grad()
def _follow(average: Sam, model: Sam, share: float) -> None:
    for kept, new in zip(average.parameters(), model.parameters(), strict=True):
        kept.lerp_(new, 1 - share)


@dataclass(frozen=True)
class _State:
    """What a checkpoint holds."""

    model: Sam
    naming: nn.Module
    average: Sam
    optimizer: torch.optim.Optimizer

    def parts(self) -> dict[str, Any]:
        return {"model": self.model, "naming": self.naming, "average": self.average, "optimizer": self.optimizer}


def _keep(path: Path, settings: SamTraining, step: int, state: _State) -> None:
    tensors = {name: part.state_dict() for name, part in state.parts().items()}
    with atomic.replacing(path) as temporary:
        torch.save({"settings": asdict(settings), "step": step, **tensors}, temporary)


def _resume(path: Path, settings: SamTraining, state: _State, log: Callable[[str], None]) -> int:
    """Load a checkpoint of the same settings when there is one; return the step to go on with."""
    if not path.exists():
        return 0
    kept = torch.load(path, map_location=state.model.device, weights_only=True)
    if kept["settings"] != asdict(settings):
        log(f"{path} is of a training with other settings; starting over.")
        return 0
    for name, part in state.parts().items():
        part.load_state_dict(kept[name])
    log(f"Going on from step {kept['step']}.")
    return int(kept["step"])


def _export(path: Path, model: Sam, settings: SamTraining, step: int) -> None:
    """Write the averaged weights in half precision, with the settings that made them and their hash beside them."""
    tensors = {name: tensor.half().cpu().contiguous() for name, tensor in model.state_dict().items()}
    note = {
        "training": json.dumps({**asdict(settings), "done": step}),
        "threads": os.environ.get("OMP_NUM_THREADS", ""),
    }
    with atomic.replacing(path) as temporary:
        save_file(tensors, temporary, metadata={"format": "pt", **note})
    path.chmod(0o644)  # readable by all, as the other files of the package are
    write_expected(path, sha256_of(path, fresh=True))
