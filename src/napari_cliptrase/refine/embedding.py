"""The slow half of SAM: one image embedding per window, computed on first use and only once."""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image as Pictures
from torch import Tensor

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.models.device import free_on
from napari_cliptrase.models.load import load_sam_steps
from napari_cliptrase.models.loaded_models import SamModel
from napari_cliptrase.progress import Progress
from napari_cliptrase.refine.cost import MEMORY_LIMIT, SamSize, timing_key
from napari_cliptrase.refine.protocol import Image
from napari_cliptrase.refine.store import EmbeddingStore
from napari_cliptrase.refine.tiles import Tile
from napari_cliptrase.refine.timings import Timings


@dataclass(frozen=True, eq=False)
class Embedding:
    """One encoded window, in the terms of segment-anything's ``SamPredictor``.

    ``features`` (1, C, g, g) float32 on the device of the model; ``input_size`` (h, w) of the window inside the square
    frame; ``original_size`` (H, W) of the window.
    """

    features: Tensor
    input_size: tuple[int, int]
    original_size: tuple[int, int]


class Embedder:
    """Encodes windows with one SAM; keeps the last ones in memory and, bounded, on the disk.

    Several threads may share one: they take turns and share what is encoded.
    """

    def __init__(
        self,
        sam: SamModel,
        store: EmbeddingStore | None = None,
        timings: Timings | None = None,
        memory_limit: int = MEMORY_LIMIT,
    ) -> None:
        self.sam = sam
        self.size = SamSize(sam.image_size, sam.mask_size)
        self.store = store or EmbeddingStore()
        self.timings = timings or Timings()
        self.memory_limit = memory_limit
        self._features: OrderedDict[str, Tensor] = OrderedDict()
        self._turn = threading.Lock()

    def tiles(self, shape: tuple[int, int]) -> tuple[Tile, ...]:
        """Return the windows in which an image (H, W) is encoded: one for all but large ones."""
        return self.size.tiles(shape)

    def embed(self, window: Image) -> Embedding:
        """Return the embedding of a window (H, W, 3) uint8, from memory, from the disk, or computed now."""
        height, width = window.shape[:2]
        size = frame_size((height, width), self.sam.image_size)
        key = self._key(window)
        with self._turn:
            features = self._features.pop(key, None)
            if features is None:
                features = self._restored(key)
            if features is None:
                features = self._compute(window, size)
                self.store.put(key, features.to(self.sam.dtype))
            self._keep(key, features)
        return Embedding(features, size, (height, width))

    def has(self, window: Image) -> bool:
        """Whether a window (H, W, 3) uint8 was encoded before, so that `embed` takes no time."""
        key = self._key(window)
        return key in self._features or self.store.has(key)

    def embed_steps(self, image: Image) -> Generator[Progress, None, None]:
        """Encode all windows of an image (H, W, 3) uint8, with one `Progress` before each and one at the end."""
        tiles = self.tiles(image.shape[:2])
        windows = [image[tile.rows, tile.columns] for tile in tiles]
        new = [not self.has(window) for window in windows]
        for number, window in enumerate(windows):
            yield Progress(number, len(tiles), f"Encoding for {self.sam.name}{self.wait(sum(new[number:]))}")
            self.embed(np.ascontiguousarray(window))
        yield Progress(len(tiles), len(tiles), f"Encoded for {self.sam.name}")

    def expected_seconds(self, shape: tuple[int, int]) -> float | None:
        """Return how long encoding an image (H, W) will take here, as measured before; None before the first time."""
        seconds = self.timings.of(self._timing_key())
        return None if seconds is None else seconds * len(self.tiles(shape))

    def memory_bytes(self, shape: tuple[int, int]) -> int:
        """Return about how many bytes encoding an image (H, W) and asking for masks takes, weights aside."""
        return self.size.bytes(shape, self.memory_limit)

    def wait(self, windows: int) -> str:
        """Return a text on how long a number of windows take to encode; empty while it is unknown."""
        seconds = self.timings.of(self._timing_key())
        return "" if seconds is None or not windows else f", about {max(round(seconds * windows), 1)} s"

    def _check_memory(self, window: Image) -> None:
        """Raise when a window needs more memory than is free, before the whole computer slows down."""
        height, width = window.shape[:2]
        needed, free = self.memory_bytes((height, width)), free_on(self.sam.device)
        if free is not None and needed > free:
            raise CliptraseError(
                f"Encoding {width}×{height} pixels for {self.sam.name} needs about {needed / 1e9:.1f} GB and "
                f"{free / 1e9:.1f} GB are free; close other programs, or choose a smaller SAM or another method."
            )

    @torch.inference_mode()
    def _compute(self, window: Image, size: tuple[int, int]) -> Tensor:
        self._check_memory(window)
        started = time.perf_counter()
        resized = np.array(Pictures.fromarray(window).resize(size[::-1], Pictures.Resampling.BILINEAR), np.float32)
        pixels = torch.from_numpy(resized).permute(2, 0, 1).contiguous().to(self.sam.device)
        network = self.sam.module
        features: Tensor = network.image_encoder(network.preprocess(pixels)[None].to(self.sam.dtype)).float()
        if features.is_cuda:
            torch.cuda.synchronize(features.device)
        self.timings.remember(self._timing_key(), time.perf_counter() - started)
        return features

    def _restored(self, key: str) -> Tensor | None:
        features = self.store.get(key)
        return None if features is None else features.float().to(self.sam.device)

    def _keep(self, key: str, features: Tensor) -> None:
        self._features[key] = features
        total = sum(entry.nbytes for entry in self._features.values())
        while total > self.memory_limit and len(self._features) > 1:
            total -= self._features.popitem(last=False)[1].nbytes

    def _key(self, window: Image) -> str:
        digest = hashlib.sha256(f"{self.sam.weights_sha256} {self.sam.dtype} {window.shape} ".encode())
        digest.update(np.ascontiguousarray(window).tobytes())
        return digest.hexdigest()

    def _timing_key(self) -> str:
        device = self.sam.device
        name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
        return timing_key(self.sam.weights_sha256, self.size, f"{name} {self.sam.dtype}")


def load_embedder_steps(sam: str | SamModel | Embedder, device: str = "auto") -> Generator[Progress, None, Embedder]:
    """Return what encodes images with a SAM, given its name, a loaded model, or an embedder to share."""
    if isinstance(sam, Embedder):
        return sam
    if isinstance(sam, str):
        sam = yield from load_sam_steps(sam, device)
    return Embedder(sam)


def frame_size(shape: tuple[int, int], side: int) -> tuple[int, int]:
    """Return the (h, w) of an image (H, W) whose longer side is scaled to ``side``, as segment-anything rounds it."""
    scale = side / max(shape)
    return int(shape[0] * scale + 0.5), int(shape[1] * scale + 0.5)
