"""An image through the model, window by window."""

import hashlib
import json
from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_cliptrase.array_types import Floats
from napari_cliptrase.cliptrase.denoise import affinity
from napari_cliptrase.cliptrase.encoder import Patches, encode
from napari_cliptrase.cliptrase.options import Denoise
from napari_cliptrase.cliptrase.purify import transition
from napari_cliptrase.cliptrase.regions import dbscan, eps_for, min_samples_for, reject_global
from napari_cliptrase.engine.encoding import Encoding, Regions, WindowEncoding
from napari_cliptrase.engine.plan import check_memory, plan_encoding
from napari_cliptrase.engine.provenance import image_sha256
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.pixels.windows import Window
from napari_cliptrase.progress import Progress

if TYPE_CHECKING:
    from napari_cliptrase.models.loaded_models import ClipModel


def encode_image_steps(
    model: "ClipModel", rgb: NDArray[np.uint8], settings: Settings, *, attention: bool = True
) -> Generator[Progress, None, Encoding]:
    """Encode an image, uint8 (H, W, 3); yields between batches of windows.

    Without ``attention`` it takes a tenth less time, and nobody can ask it for absent classes with `Absent.PURIFY`.
    """
    _check_image(rgb)
    plan = plan_encoding((rgb.shape[0], rgb.shape[1]), model.vision, settings)
    check_memory(plan)
    total = len(plan.windows)
    yield Progress(0, total, f"encoding {plan.describe()}")
    image = image_sha256(rgb)
    picture = plan.working.resized(rgb)
    blended = np.zeros((*plan.working.grid, model.vision.dim), np.float32)
    # tapered, so that no window's border shows
    weight = plan.windows.weight()[:, :, None] if total > 1 else np.ones(1, np.float32)
    windows: list[WindowEncoding] = []
    for start in range(0, total, plan.batch):
        chosen = plan.windows.windows[start : start + plan.batch]
        patches = _encode_windows(model, picture, chosen, settings, attention)
        features = patches.features.cpu().numpy().reshape(len(chosen), *plan.windows.size, -1)
        for i, window in enumerate(chosen):
            blended[window.index] += features[i] * weight
            windows.append(_window_encoding(patches, i, settings))
        yield Progress(start + len(chosen), total, f"encoding {plan.describe()}")
    rows, cls = blended.reshape(-1, blended.shape[2]), windows[0].cls
    if total > 1:
        rows, cls = unit_rows(rows), unit_rows(np.mean([window.cls for window in windows], axis=0))
    settings_key = settings.encode_key()
    return Encoding(
        features=rows,
        cls=cls,
        windows=tuple(windows),
        picture=picture,
        plan=plan.windows,
        shape=plan.working.shape,
        key=_key(image, model, settings_key),
        image_sha256=image,
        encode_settings=settings_key,
    )


def with_other_regions(model: "ClipModel", encoding: Encoding, settings: Settings) -> Encoding:
    """Return the encoding that other settings with the same `Settings.network_key` would give, without the network."""
    settings_key = settings.encode_key()
    windows = [
        replace(
            window,
            regions=find_regions(torch.from_numpy(window.correlation), settings),
            denoise=settings.denoise,
        )
        for window in encoding.windows
    ]
    return replace(
        encoding,
        windows=tuple(windows),
        key=_key(encoding.image_sha256, model, settings_key),
        encode_settings=settings_key,
    )


def _key(image: str, model: "ClipModel", settings_key: str) -> str:
    """Return what identifies an encoding of an image, given by its hash."""
    return hashlib.sha256(json.dumps([image, model.fingerprint, settings_key]).encode()).hexdigest()


def _check_image(image: object) -> None:
    if isinstance(image, np.ndarray):
        if image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3 and image.size:
            return
        found = f"{image.dtype} of shape {image.shape}"
    else:
        found = f"a {type(image).__name__}"
    raise CliptraseError(
        f"An image has to be a uint8 array, height × width × 3, not {found}; napari_cliptrase.pixels.planes.to_rgb "
        "makes one of any array."
    )


def window_pixels(model: "ClipModel", picture: NDArray[np.uint8], windows: Sequence[Window]) -> Tensor:
    """(n, 3, H, W) windows of the working image (h, w, 3), as the network of a model takes them."""
    return network_pixels(model, np.stack([picture[window.scaled(model.vision.patch)] for window in windows]))


def network_pixels(model: "ClipModel", cut: NDArray[np.uint8]) -> Tensor:
    """(n, 3, H, W) windows that were cut out, (n, H, W, 3), as the network of a model takes them."""
    tower = model.vision
    pixels = torch.from_numpy(cut).to(tower.device).permute(0, 3, 1, 2).float().div_(255)
    mean, std = (pixels.new_tensor(numbers)[:, None, None] for numbers in (model.mean, model.std))
    return pixels.sub_(mean).div_(std).to(tower.dtype)


def _encode_windows(
    model: "ClipModel", picture: NDArray[np.uint8], windows: Sequence[Window], settings: Settings, attention: bool
) -> Patches:
    """Encode windows of the working image (h, w, 3)."""
    cut = np.stack([picture[window.scaled(model.vision.patch)] for window in windows])
    return encode_pixels(model, cut, settings, attention=attention)


@torch.inference_mode()
def encode_pixels(model: "ClipModel", cut: NDArray[np.uint8], settings: Settings, *, attention: bool) -> Patches:
    """Encode windows that were cut out, (n, h, w, 3) uint8, with the model's own attention or without."""
    tower = model.vision
    pixels = network_pixels(model, cut)
    try:
        return encode(tower, pixels, recovery=settings.recovery, kernel=settings.kernel, attention=attention)
    except torch.cuda.OutOfMemoryError as error:
        raise CliptraseError(
            f"{tower.device} has too little memory for {len(cut)} windows of this size; choose a coarser detail or "
            "device cpu."
        ) from error


def _window_encoding(patches: Patches, number: int, settings: Settings) -> WindowEncoding:
    """Take one window out of a batch and find its regions."""
    assert patches.correlation is not None
    attention = None if patches.attention is None else patches.attention[number].cpu().numpy()
    correlation = patches.correlation[number].float().cpu()
    return WindowEncoding(
        correlation=correlation.numpy(),
        regions=find_regions(correlation, settings),
        cls=patches.cls[number].cpu().numpy(),
        transition=None if attention is None else transition(attention).astype(np.float16),
        denoise=settings.denoise,
    )


def find_regions(correlation: Tensor, settings: Settings) -> Regions:
    """(L,) region of each patch of a window, -1 in none, from its correlation (1+L, 1+L)."""
    rows = affinity(correlation, settings.denoise)
    eps = settings.eps if settings.eps is not None else eps_for(len(rows))
    regions = dbscan(rows, eps, settings.min_samples or min_samples_for(len(rows)))
    if settings.denoise is Denoise.CLUSTER_REJECT:
        regions = reject_global(rows, regions, correlation[0, 1:])
    return regions


def unit_rows(rows: Floats) -> Floats:
    """(..., d) rows that are scaled to unit length; a row of zeros stays."""
    norm = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.maximum(norm, 1e-12), np.float32)
