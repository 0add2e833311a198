"""`load_sam`: from a name or a checkpoint file to a segment-anything network that is ready to encode."""

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from napari_cliptrase.errors import Cancelled, ModelError
from napari_cliptrase.models.catalog import DEFAULT_SAM, ModelEntry, find_entry, list_models
from napari_cliptrase.models.device import Placement, fall_back, place
from napari_cliptrase.models.fetch import fetch
from napari_cliptrase.models.folders import sam_folder
from napari_cliptrase.models.hashes import sha256_of
from napari_cliptrase.models.hub import expected_sha256
from napari_cliptrase.models.sam_checkpoint import is_mobile, read_sam_tensors
from napari_cliptrase.models.sam_shape import empty_sam, read_shape
from napari_cliptrase.progress import Progress

_SUFFIXES = (".pth", ".pt", ".safetensors", ".bin", ".ckpt")


@dataclass(frozen=True, eq=False)
class SamModel:
    """A segment-anything network on its device.

    Attributes
    ----------
    name
        What `load_sam` was asked for.
    module
        ``segment_anything``'s ``Sam``, or ``mobile_sam``'s: the image encoder in ``dtype``, the rest in float32,
        since prompts in half precision miss their place.
    device, dtype
        Where the weights are, and the number type of the image encoder.
    weights_sha256
        Of the weights file.
    image_size
        Side of the square that the encoder takes, in pixels.
    mask_size
        Side of its low-resolution masks.
    notes
        What the user should know: the variant that was found, and the device.
    """

    name: str
    module: Any = field(repr=False)
    device: torch.device
    dtype: torch.dtype
    weights_sha256: str
    image_size: int
    mask_size: int
    notes: tuple[str, ...]

    def close(self) -> None:
        """Give the memory of the weights back at once, even while others hold this model; it cannot be used again."""
        for tensor in (*self.module.parameters(), *self.module.buffers()):
            tensor.data = tensor.data.new_empty(0)
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()


def load_sam(
    name: str = DEFAULT_SAM,
    device: str = "auto",
    precision: str = "auto",
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> SamModel:
    """Load a SAM, after a download if it has to be.

    Parameters
    ----------
    name
        ``demo``, ``vit_b``, ``vit_l``, ``vit_h``, ``vit_t`` (MobileSAM, with its package), or the path of a checkpoint
        of the same networks, such as those of micro-sam and MedSAM: its variant is read from the tensors.
    device
        ``auto`` (cuda, mps, cpu), or one of them.
    precision
        Of the image encoder: ``auto`` (fp16 on CUDA, else fp32), ``fp32``, ``fp16`` or ``bf16``.
    progress
        Called with what is being done; counts bytes while a file is downloaded or checked.
    cancelled
        Asked often; `Cancelled` is raised soon after it returns true. A download goes on the next time.

    Raises
    ------
    ModelError
        With one sentence, when the model is unknown, no SAM, damaged, or cannot be downloaded.
    """

    def step(text: str) -> None:
        if cancelled is not None and cancelled():
            raise Cancelled(f"Loading {name} was cancelled.")
        if progress is not None:
            progress(Progress(0, 0, f"{name}: {text}"))

    step("looking for the model")
    placement = place(device, precision)
    path, entry = _bring(name, _bytes(progress, name, "downloading"), cancelled)
    sha256 = _checked(path, entry, _bytes(progress, name, "checking the weights"), cancelled)
    step("reading the weights")
    module, title = _network(read_sam_tensors(path, _again(entry)), path)
    step("moving the network to its device")
    module, placement = _settle(module, placement, device, precision)
    image_size = int(module.image_encoder.img_size)
    return SamModel(
        name,
        module,
        placement.device,
        placement.dtype,
        sha256,
        image_size,
        int(module.prompt_encoder.mask_input_size[0]),
        (f"{title}.", placement.note),
    )


def _bring(
    name: str, progress: Callable[[int, int], None] | None, cancelled: Callable[[], bool] | None
) -> tuple[Path, ModelEntry | None]:
    """Return the file of a model, and its line in the catalog when it has one."""
    entry = find_entry(name, "sam")
    if entry is None:
        path = Path(name).expanduser()
        if path.suffix.lower() in _SUFFIXES or path.is_file():
            return path, None
        if name == "vit_t":
            raise ModelError(
                "MobileSAM (vit_t) needs its own package: pip install git+https://github.com/ChaoningZhang/MobileSAM.git"
            )
        known = ", ".join(entry.name for entry in list_models("sam"))
        raise ModelError(f"{name!r} is no SAM model; choose one of {known}, or give the path of a checkpoint file.")
    if entry.path is not None:
        return entry.path, entry
    if entry.checkpoint is None:
        raise ModelError(f"The weights of the {name} SAM are missing from this installation; install the package anew.")
    file = entry.checkpoint
    target = sam_folder() / file.filename
    return fetch(file.url, target, sha256=file.sha256, size=file.size, progress=progress, cancelled=cancelled), entry


def _checked(
    path: Path,
    entry: ModelEntry | None,
    progress: Callable[[int, int], None] | None,
    cancelled: Callable[[], bool] | None,
) -> str:
    """Return the SHA-256 of the weights; a published file must have the published one."""
    if not path.is_file():
        raise ModelError(f"There is no SAM checkpoint {path}; check the name and the folder.")
    found = sha256_of(path, progress=progress, cancelled=cancelled)
    expected = entry.checkpoint.sha256 if entry is not None and entry.checkpoint is not None else expected_sha256(path)
    if expected is not None and found != expected:
        raise ModelError(f"{path} is damaged: its SHA-256 is {found} instead of {expected}; {_again(entry)}.")
    return found


def _again(entry: ModelEntry | None) -> str:
    if entry is None or entry.checkpoint is None:
        return "choose another file or save it anew"
    return "delete it, and it is downloaded again"


def _network(tensors: Mapping[str, Tensor], path: Path) -> tuple[Any, str]:
    """Return the network of a checkpoint with its weights in float32, and what it is."""
    broken = next((name for name, tensor in tensors.items() if not tensor.isfinite().all()), None)
    if broken is not None:
        raise ModelError(
            f"{path.name} holds values that are no numbers (in {broken}), as after a training that failed; choose an "
            "earlier checkpoint."
        )
    if is_mobile(tensors):
        network, title = _mobile_network(path), "MobileSAM"
    else:
        shape = read_shape(tensors, path.name)
        network, title = empty_sam(shape, path.name), f"Segment-anything network {shape.name}"
    try:
        network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()}, assign=True)
    except RuntimeError as error:
        reason = [line.strip() for line in str(error).splitlines() if line.strip()][1:2] or [str(error)]
        raise ModelError(
            f"{path.name} looks like a SAM checkpoint but does not fit the network of its size "
            f"({reason[0][:160].rstrip('. ')}); only unchanged SAM networks can be used."
        ) from error
    return network.eval().requires_grad_(False), title


def _mobile_network(path: Path) -> Any:
    if find_spec("mobile_sam") is None:
        raise ModelError(
            f"{path.name} is a MobileSAM checkpoint, which needs its own package: "
            "pip install git+https://github.com/ChaoningZhang/MobileSAM.git"
        )
    return import_module("mobile_sam").sam_model_registry["vit_t"](checkpoint=None)


def _settle(module: Any, placement: Placement, device: str, precision: str) -> tuple[Any, Placement]:
    """Move the network, with its encoder in the number type of the placement; to the CPU when it does not fit."""
    try:
        module = module.to(placement.device)
    except RuntimeError as error:
        reason = f"does not take the model ({str(error).splitlines()[0].rstrip('.')})"
        if device != "auto":
            raise ModelError(f"{placement.device} {reason}; choose another device or a smaller model.") from error
        placement = fall_back(placement, precision, reason)
        module = module.to(placement.device)
    module.image_encoder.to(placement.dtype)
    return module, placement


def _bytes(progress: Callable[[Progress], None] | None, name: str, text: str) -> Callable[[int, int], None] | None:
    if progress is None:
        return None
    return lambda done, total: progress(Progress(done, total, f"{name}: {text}"))
