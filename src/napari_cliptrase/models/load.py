"""`load_model`: from a name to a CLIP model that is ready to encode."""

import gc
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import open_clip
import torch
from torch import Tensor, nn

from napari_cliptrase.cliptrase.text_towers import Tokenizer
from napari_cliptrase.cliptrase.towers import TextTower, VisionTower, text_tower, vision_tower
from napari_cliptrase.errors import Cancelled, ModelError
from napari_cliptrase.models.build import build, skeleton
from napari_cliptrase.models.catalog import DEFAULT_CLIP
from napari_cliptrase.models.checkpoint import read_weights
from napari_cliptrase.models.device import Placement, fall_back, place
from napari_cliptrase.models.hashes import sha256_of
from napari_cliptrase.models.hub import expected_sha256
from napari_cliptrase.models.model_names import parse_name
from napari_cliptrase.models.openclip import Numbers, openai_hashes
from napari_cliptrase.models.weights_source import WeightsSource, bring_weights, find_source
from napari_cliptrase.progress import Progress


@dataclass(frozen=True, eq=False)
class ClipModel:
    """A CLIP model on its device.

    Attributes
    ----------
    name
        What `load_model` was asked for, in its usual spelling.
    vision, text
        The two towers, as `napari_cliptrase.cliptrase` wants them.
    tokenizer
        Texts -> (n, context) int64 tokens.
    mean, std
        Of the red, green and blue values between 0 and 1 that the model was trained with.
    logit_scale
        What similarities are multiplied with before a softmax.
    device, dtype
        Where the weights are, and their number type (layer norms aside).
    weights_sha256
        Of the weights file.
    fingerprint
        Of everything that the numbers depend on: the weights, how they are built in (the same file gives other numbers
        with another activation), the normalisation and the number type. What is remembered of a model goes by it.
    vocabulary
        The words that the model knows, when they are few (the demo); None for all others.
    notes
        What the user should know: the device, and everything that is not as they may expect.
    """

    name: str
    vision: VisionTower = field(repr=False)
    text: TextTower = field(repr=False)
    tokenizer: Tokenizer = field(repr=False)
    mean: Numbers
    std: Numbers
    logit_scale: float
    device: torch.device
    dtype: torch.dtype
    weights_sha256: str
    fingerprint: str = field(repr=False)
    vocabulary: frozenset[str] | None = field(repr=False)
    notes: tuple[str, ...]
    _module: nn.Module = field(repr=False)

    def close(self) -> None:
        """Give the memory of the weights back at once, even while others hold this model; it cannot be used again."""
        for tensor in (*self._module.parameters(), *self._module.buffers()):
            tensor.data = tensor.data.new_empty(0)
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        elif self.device.type == "mps":
            torch.mps.empty_cache()


def load_model(
    name: str = DEFAULT_CLIP,
    device: str = "auto",
    precision: str = "auto",
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    architecture: str | None = None,
) -> ClipModel:
    """Load a CLIP model, after a download if it has to be.

    Parameters
    ----------
    name
        ``demo``, ``ARCHITECTURE/TAG`` as in ``ViT-B-16/openai``, ``hf-hub:ORGANISATION/NAME``, ``local-dir:FOLDER``
        (with open_clip_config.json and weights), or ``ARCHITECTURE=FILE``.
    device
        ``auto`` (cuda, mps, cpu), or one of them.
    precision
        ``auto`` (fp16 on CUDA, else fp32), ``fp32``, ``fp16`` or ``bf16``.
    progress
        Called with what is being done; counts bytes while a file is downloaded or checked.
    cancelled
        Asked often; `Cancelled` is raised soon after it returns true. A download goes on the next time.
    architecture
        Of a ``name`` that is nothing but a checkpoint file.

    Raises
    ------
    ModelError
        With one sentence, when the model is unknown, cannot serve CLIPtrase, is damaged, or cannot be downloaded.
    """
    report = _Report(name, progress, cancelled)
    report.step("looking for the model")
    placement = place(device, precision)
    source = find_source(parse_name(name, architecture), cancelled)
    refuse_unsupported(source)
    tokenizer = _tokenizer(source)
    path = bring_weights(source, report.bytes("downloading"), cancelled)
    sha256 = _checked(path, source, report)
    report.step("reading the weights")
    weights = read_weights(path, sha256, openai_hashes(), source.again)
    report.step("building the model")
    module, placement = _build(source, weights, placement, device, precision)
    return ClipModel(
        source.name,
        vision_tower(module),
        text_tower(module, tokenizer),
        tokenizer,
        source.recipe.mean,
        source.recipe.std,
        float(module.get_parameter("logit_scale").detach().exp().squeeze()),
        placement.device,
        placement.dtype,
        sha256,
        _fingerprint(sha256, source, placement),
        source.vocabulary,
        (placement.note, *source.notes),
        module,
    )


def refuse_unsupported(source: WeightsSource) -> None:
    """Raise `ModelError` when the method cannot work with a model, before a gigabyte is downloaded for nothing."""
    # the text side has no say in this, and may need packages that are not there
    vision_tower(skeleton({**source.recipe.config, "text_cfg": {}}, torch.float32, source.name))


@dataclass(frozen=True)
class _Report:
    """Tells how far the loading is, and stops it on demand."""

    name: str
    progress: Callable[[Progress], None] | None
    cancelled: Callable[[], bool] | None

    def step(self, text: str) -> None:
        if self.cancelled is not None and self.cancelled():
            raise Cancelled(f"Loading {self.name} was cancelled.")
        if self.progress is not None:
            self.progress(Progress(0, 0, f"{self.name}: {text}"))

    def bytes(self, text: str) -> Callable[[int, int], None] | None:
        progress = self.progress
        if progress is None:
            return None
        return lambda done, total: progress(Progress(done, total, f"{self.name}: {text}"))


def _checked(path: Path, source: WeightsSource, report: _Report) -> str:
    """Return the SHA-256 of the weights, after a look at what it has to be."""
    found = sha256_of(path, progress=report.bytes("checking the weights"), cancelled=report.cancelled)
    expected = expected_sha256(path)
    if expected is not None and found != expected:
        raise ModelError(f"{path} is damaged: its SHA-256 is {found} instead of {expected}; {source.again}.")
    return found


def _fingerprint(sha256: str, source: WeightsSource, placement: Placement) -> str:
    recipe = source.recipe
    facts = [sha256, recipe.config, recipe.mean, recipe.std, str(placement.dtype)]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _build(
    source: WeightsSource, weights: dict[str, Tensor], placement: Placement, device: str, precision: str
) -> tuple[nn.Module, Placement]:
    config = source.recipe.config
    module = build(config, weights, placement.dtype, source.name)
    try:
        return module.to(placement.device), placement
    except (RuntimeError, AssertionError) as error:
        # most often its memory is full; cut to one line, since torch adds advice for programmers
        reason = f"does not take the model ({str(error).splitlines()[0].rstrip('.')})"
        if device != "auto":
            raise ModelError(f"{placement.device} {reason}; choose another device or a smaller model.") from error
        placement = fall_back(placement, precision, reason)
        return build(config, weights, placement.dtype, source.name), placement


# either makes a folder one that transformers can read a tokenizer from
_TOKENIZER_FILES = ("tokenizer.json", "vocab.txt")


def _tokenizer(source: WeightsSource) -> Tokenizer:
    text = source.recipe.config["text_cfg"]
    length = text.get("context_length", open_clip.tokenizer.DEFAULT_CONTEXT_LENGTH)
    options = text.get("tokenizer_kwargs") or {}
    name = text.get("hf_tokenizer_name")
    if not name:
        tokenizer: Tokenizer = open_clip.SimpleTokenizer(context_length=length, **options)
        return tokenizer
    if source.weights is not None and any((source.weights.parent / file).is_file() for file in _TOKENIZER_FILES):
        name = str(source.weights.parent)
    if find_spec("transformers") is None:
        raise ModelError(f"The text side of {source.name} needs the package transformers: pip install transformers")
    try:
        tokenizer = open_clip.tokenizer.HFTokenizer(
            name, context_length=length, tokenizer_mode=text.get("tokenizer_mode"), **options
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(
            f"The tokenizer {name} of {source.name} cannot be loaded ({str(error).splitlines()[0].rstrip('.')}); it is "
            "downloaded once, so try again when there is a network."
        ) from error
    return tokenizer
