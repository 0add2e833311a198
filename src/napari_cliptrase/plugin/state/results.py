"""What a run found out about a plane: its encoding and its segmentation."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.plugin.state.plane_source import PlaneSource

if TYPE_CHECKING:
    from napari_cliptrase.engine.encoding import Encoding
    from napari_cliptrase.engine.result import ClassSummary, Segmentation


@dataclass(frozen=True, eq=False)
class Encoded:
    """An encoding and its plane source; ``rgb`` is the (h, w, 3) uint8 picture that was encoded."""

    source: PlaneSource
    rgb: NDArray[np.uint8]
    encoding: "Encoding"
    model_name: str


@dataclass(frozen=True, eq=False)
class Segmented:
    """A result, its plane source, and what was found of each class."""

    source: PlaneSource
    segmentation: "Segmentation"
    summary: "tuple[ClassSummary, ...]"
