"""A second look at a place of an image: which of several classes it shows when the model sees nothing else."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch import Tensor

from napari_cliptrase.cliptrase.ambiguity import PatchBox, look_closer
from napari_cliptrase.engine.absent import Fitting
from napari_cliptrase.engine.encode import network_pixels
from napari_cliptrase.engine.encoding import Encoding

if TYPE_CHECKING:
    from napari_cliptrase.cliptrase.options import PositionKernel
    from napari_cliptrase.engine.score import EmbeddedPhrases
    from napari_cliptrase.models.loaded_models import ClipModel

_REMEMBERED: Final = 512
_BoxKey = tuple[str, int, int, int, int]


@dataclass(eq=False)
class CloserLook:
    """Looks at boxes of patches one by one; what was seen is remembered, so that moving a threshold stays quick.

    Attributes
    ----------
    model
        What looks.
    kernel
        How its position embeddings are stretched.
    """

    model: "ClipModel"
    kernel: "PositionKernel"
    _seen: OrderedDict[_BoxKey, Tensor] = field(default_factory=OrderedDict, repr=False)

    def fitting(self, encoding: Encoding, phrases: "EmbeddedPhrases") -> Fitting:
        """Return which of several classes fits a box of an image best, by the class token of the box alone."""

        def best_of(box: PatchBox, group: Sequence[int]) -> int:
            likeness = (phrases.text.float().cpu() @ self._look(encoding, box)).numpy()
            return int(np.argmax([likeness[phrases.owner == index].max() for index in group]))

        return best_of

    def _look(self, encoding: Encoding, box: PatchBox) -> Tensor:
        rows, columns = box
        key = (encoding.key, rows.start, rows.stop, columns.start, columns.stop)
        if key not in self._seen:
            while len(self._seen) >= _REMEMBERED:
                self._seen.popitem(last=False)
            patch = self.model.vision.patch
            place = encoding.picture[
                rows.start * patch : rows.stop * patch, columns.start * patch : columns.stop * patch
            ].copy()
            with torch.inference_mode():
                token = look_closer(self.model.vision, network_pixels(self.model, place[None])[0], self.kernel)
            self._seen[key] = token.cpu()
        return self._seen[key]
