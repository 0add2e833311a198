"""From an encoding to what the dock shows of one of its windows. Slow parts; they belong in a worker."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.plugin.widgets.explore.patch_maps import WindowView

if TYPE_CHECKING:
    from napari_cliptrase.engine.encoding import Encoding
    from napari_cliptrase.models.loaded_models import ClipModel


def window_at(encoding: "Encoding", row: float, column: float) -> int | None:
    """Number of the window whose middle is nearest to a pixel of the encoded picture; None outside the picture."""
    for number in range(len(encoding.plan)):
        owned, _extent = encoding.plan.owned(number, encoding.shape)
        if owned.rows.start <= row < owned.rows.stop and owned.columns.start <= column < owned.columns.stop:
            return number
    return None


def view_of(encoding: "Encoding", number: int) -> WindowView:
    """Take one window out of an encoding; its affinity is computed here."""
    window = encoding.windows[number]
    _owned, extent = encoding.plan.owned(number, encoding.shape)
    return WindowView(
        grid=encoding.plan.size,
        rows=extent.rows.slice,
        columns=extent.columns.slice,
        correlation=window.correlation,
        affinity=window.affinity,
        regions=window.regions,
    )


def attention_of(
    model: "ClipModel", rgb: NDArray[np.uint8], encoding: "Encoding", settings: Settings, number: int, layer: int
) -> NDArray[Any]:
    """(heads, 1+L, 1+L) softmax attention of the unchanged model in one window of a picture (H, W, 3) uint8."""
    from napari_cliptrase.cliptrase.attention import raw_attention
    from napari_cliptrase.engine.encode import window_pixels
    from napari_cliptrase.engine.plan import plan_encoding

    tower = model.vision
    picture = plan_encoding((rgb.shape[0], rgb.shape[1]), tower, settings).working.resized(rgb)
    pixels = window_pixels(model, picture, [encoding.plan.windows[number]])
    return np.asarray(raw_attention(tower, pixels, layer, kernel=settings.kernel).float().cpu().numpy())
