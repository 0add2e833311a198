from collections.abc import Callable

import numpy as np
import pytest

from napari_cliptrase.cliptrase.options import Denoise
from napari_cliptrase.engine.encoding import Encoding, WindowEncoding
from napari_cliptrase.pixels.windows import plan_windows

MakeEncoding = Callable[..., Encoding]


def encoding_of(shape, grid, largest=99, settings_key="") -> Encoding:
    """An encoding of an image (H, W) with made-up numbers; its regions are all of one window, but for its first patch.

    ``largest``: patches on the longer side of a window.
    """
    plan = plan_windows(grid, largest, 0)
    rng = np.random.default_rng(0)
    count = plan.size[0] * plan.size[1]
    windows = []
    for number in range(len(plan)):
        half = rng.random((1 + count, 1 + count), np.float32)
        regions = np.full(count, number)
        regions[0] = -1
        windows.append(
            WindowEncoding(
                half + half.T, regions, np.ones(4, np.float32), np.ones((count, count), np.float16), Denoise.NONE
            )
        )
    return Encoding(
        features=np.ones((grid[0] * grid[1], 4), np.float32),
        cls=np.ones(4, np.float32),
        windows=tuple(windows),
        picture=np.zeros((16 * grid[0], 16 * grid[1], 3), np.uint8),
        plan=plan,
        shape=shape,
        key="k",
        image_sha256="i",
        encode_settings=settings_key,
    )


@pytest.fixture
def make_encoding() -> MakeEncoding:
    return encoding_of
