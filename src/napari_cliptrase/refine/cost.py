"""The time and memory of encoding an image for SAM; imports no torch, so it is known before a model is loaded."""

from dataclasses import dataclass
from typing import Final

from napari_cliptrase.models.catalog import find_entry
from napari_cliptrase.models.verify import known_sha256
from napari_cliptrase.refine.tiles import Tile, tiles_of
from napari_cliptrase.refine.timings import Timings

MEMORY_LIMIT: Final = 256 << 20  # bytes of embeddings that are kept in memory
WINDOW_IN_SQUARES: Final = 2  # a window is at most this many times as long as the square that the encoder takes
_CHANNELS: Final = 256
_HEADS: Final = 16
_PROMPTS: Final = 16  # that are decoded at once


@dataclass(frozen=True)
class SamSize:
    """Sides in pixels of the square that an encoder takes, and of the low-resolution masks."""

    image: int
    mask: int

    def tiles(self, shape: tuple[int, int]) -> tuple[Tile, ...]:
        """Return the windows in which an image (H, W) is encoded: one for all but large ones."""
        return tiles_of(shape, WINDOW_IN_SQUARES * self.image)

    def bytes(self, shape: tuple[int, int], limit: int = MEMORY_LIMIT) -> int:
        """Return about what encoding an image (H, W) and asking for masks takes, weights aside."""
        tiles = self.tiles(shape)
        cells = self.mask // 4
        kept = min(len(tiles) * cells**2 * _CHANNELS * 4, limit)
        # attention over all cells, or prompts of one chunk, whichever is larger; and one window of pixels
        attention = _HEADS * cells**4 * 4 * 2
        decoding = _PROMPTS * 4 * self.mask**2 * 4 * 12
        largest = max(tile.shape[0] * tile.shape[1] for tile in tiles)
        return kept + max(attention, decoding) + largest * 4 * 8


PUBLISHED_SIZE: Final = SamSize(1024, 256)
"""Of every SAM with a published checkpoint."""


@dataclass(frozen=True)
class Cost:
    """Of encoding an image; ``seconds`` as measured on this computer and ``bytes``, None while they are unknown."""

    seconds: float | None
    bytes: int | None


def timing_key(sha256: str, size: SamSize, where: str) -> str:
    """Return the name under which the seconds for a window are stored; ``where`` names device and number type."""
    return f"sam {sha256[:16]} {size.image} {size.mask} {where}"


def cost_of(sam: str, shape: tuple[int, int], timings: Timings) -> Cost:
    """Return what encoding an image (H, W) will take with a SAM, by name or file, that need not be loaded or be here.

    Of measurements on several devices the fastest counts, since that device is chosen.
    """
    entry = find_entry(sam, "sam")
    size = PUBLISHED_SIZE if entry is not None and entry.checkpoint is not None else None
    sha256 = known_sha256(sam)
    quickest: float | None = None
    for key, seconds in timings.starting_with(f"sam {sha256[:16]} ").items() if sha256 is not None else ():
        sides = key.split()[2:4]
        if len(sides) == 2 and all(side.isdecimal() and int(side) for side in sides):
            size = SamSize(int(sides[0]), int(sides[1]))
            quickest = seconds if quickest is None else min(seconds, quickest)
    if size is None:
        return Cost(None, None)
    return Cost(None if quickest is None else quickest * len(size.tiles(shape)), size.bytes(shape))
