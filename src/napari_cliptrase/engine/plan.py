"""The cost of encoding an image, known before it starts."""

from dataclasses import dataclass

from napari_cliptrase.cliptrase.towers import VisionTower
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.free_memory import free_memory
from napari_cliptrase.pixels.windows import WindowPlan, plan_cores, plan_windows
from napari_cliptrase.pixels.working_image import WorkingImage, plan_working_image, whole_patches

# Patches that go through the encoder at once: a processor gains nothing from more than fit its caches, a graphics card
# wants thousands.
_PATCHES_AT_ONCE = {"cpu": 1024}
_PATCHES_AT_ONCE_ELSEWHERE = 8192
_FLOAT = 4
_HALF = 2
_COLOURS = 3
_PER_PIXEL = 16  # its region, its lead, its label before and after the vote
_INTEGER = 8


@dataclass(frozen=True)
class EncodePlan:
    """How an image will be encoded.

    Attributes
    ----------
    working
        The working image.
    windows
        Its windows.
    batch
        Windows that are encoded at once.
    encoding_bytes
        About what the encoding will hold.
    peak_bytes
        About what is needed until there are labels, ``encoding_bytes`` included.
    """

    working: WorkingImage
    windows: WindowPlan
    batch: int
    encoding_bytes: int
    peak_bytes: int

    def describe(self) -> str:
        """Return what will be done, such as ``448×336 pixels, 28×21 patches, 1 window``."""
        (height, width), (rows, columns) = self.working.size, self.working.grid
        count = len(self.windows)
        return f"{width}×{height} pixels, {columns}×{rows} patches, {count} window{'s' if count > 1 else ''}"


def plan_view(image_shape: tuple[int, int], patch: int, settings: Settings) -> tuple[WorkingImage, WindowPlan]:
    """Choose the working image of an image of (H, W) pixels, and the windows over it."""
    resolution, largest = settings.working_resolution, max(1, settings.working_window // patch)
    if resolution is None:
        working = whole_patches(image_shape, patch)
        return working, plan_cores(working.grid, largest, settings.overlap)
    working = plan_working_image(image_shape, patch, resolution, crop=settings.crop)
    return working, plan_windows(working.grid, max(working.grid) if working.crop else largest, settings.overlap)


def plan_encoding(image_shape: tuple[int, int], tower: VisionTower, settings: Settings) -> EncodePlan:
    """Plan the encoding of an image of (H, W) pixels."""
    working, windows = plan_view(image_shape, tower.patch, settings)
    patches = windows.size[0] * windows.size[1]
    at_once = _PATCHES_AT_ONCE.get(tower.device.type, _PATCHES_AT_ONCE_ELSEWHERE)
    batch = max(1, min(len(windows), at_once // patches))
    per_window = _FLOAT * ((patches + 1) ** 2 + tower.dim) + _HALF * patches**2 + _INTEGER * patches
    picture = _COLOURS * working.size[0] * working.size[1]
    kept = len(windows) * per_window + _FLOAT * working.grid[0] * working.grid[1] * tower.dim + picture
    width = tower.blocks[0].qkv.weight.shape[1]
    tokens = batch * (patches + 1)
    # residual stream, queries keys values, hidden layer, and copies of about the same size while blocks are computed
    activations = _FLOAT * tokens * width * 16
    # correlation and attention of a batch, and distances and neighbourhoods of one window while regions are found
    squares = _FLOAT * (patches + 1) ** 2 * (3 * batch + 6)
    pixels = _PER_PIXEL * working.shape[0] * working.shape[1]
    return EncodePlan(working, windows, batch, kept, kept + max(activations + squares, pixels))


def check_memory(plan: EncodePlan) -> None:
    """Raise when a plan needs more memory than is free, before the whole computer slows down."""
    free = free_memory()
    if free is not None and plan.peak_bytes > free:
        raise CliptraseError(
            f"Encoding {plan.describe()} needs about {plan.peak_bytes / 1e9:.1f} GB and {free / 1e9:.1f} GB are free; "
            "choose a coarser detail or a part of the image."
        )
