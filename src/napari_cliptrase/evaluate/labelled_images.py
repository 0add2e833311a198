"""What can be scored: images whose true classes are known, wherever they come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import Rgb
from napari_cliptrase.errors import CliptraseError

Truth = NDArray[np.int32]

UNCOUNTED: Final = -1
"""In a truth: nobody knows what the pixel is, or it does not matter."""


class DataError(CliptraseError):
    """Images or masks are not where they should be, or not what they should be; says where and what."""


@dataclass(frozen=True, eq=False)
class LabelledImage:
    """An image and the class of each of its pixels.

    Attributes
    ----------
    rgb
        (H, W, 3) uint8.
    truth
        (H, W) int32 index into the classes, `UNCOUNTED` where a pixel is not scored.
    beyond
        Pixels by ids of the file that no class has; they are not scored.
    empty
        (H, W) bool pixels that the mask says nothing about, whatever ``truth`` makes of them.
    """

    rgb: Rgb = field(repr=False)
    truth: Truth = field(repr=False)
    beyond: Mapping[int, int] = field(default_factory=dict)
    empty: NDArray[np.bool_] | None = field(default=None, repr=False)


class LabelledImages(Protocol):
    """Images of one kind; a value that can be sent to another process."""

    @property
    def title(self) -> str:
        """Their name, for people."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; a truth holds their indices."""

    @property
    def background(self) -> bool:
        """Whether the last class is what belongs to no other one."""

    def names(self) -> Sequence[str]:
        """Names of all images, in a fixed order."""

    def read(self, name: str) -> LabelledImage:
        """Read an image and its mask; raises a sentence when one of them cannot be read or they do not fit."""

    def record(self) -> dict[str, Any]:
        """Return what tells these images from others, fit for JSON."""
