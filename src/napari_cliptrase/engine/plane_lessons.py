"""A picture and its mask become lessons."""

from collections.abc import Generator, Mapping

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.engine.pipeline import encode_plane_steps
from napari_cliptrase.engine.segmenter import Segmenter
from napari_cliptrase.learn.lesson import Lesson, LessonAction, LessonError, lessons_from_labels
from napari_cliptrase.progress import Progress


def plane_lessons_steps(
    segmenter: Segmenter,
    rgb: NDArray[np.uint8],
    labels: NDArray[np.integer],
    names: Mapping[int, str],
    *,
    action: LessonAction = LessonAction.MASK,
    time: str = "",
) -> Generator[Progress, None, tuple[Lesson, ...]]:
    """Encode a picture (H, W, 3) and turn its mask (H, W) into lessons; ids without a name teach nothing."""
    if labels.shape != rgb.shape[:2]:
        height, width = rgb.shape[:2]
        raise LessonError(f"its mask has {labels.shape[1]} × {labels.shape[0]} pixels, not {width} × {height}.")
    encoding = yield from encode_plane_steps(segmenter, rgb)
    if encoding.shape != labels.shape:
        raise LessonError("the settings crop images, so masks of whole images do not lie on them; switch crop off.")
    return lessons_from_labels(
        encoding.features,
        encoding.grid,
        labels,
        names,
        textures=encoding.spot_textures(),
        image=encoding.image_sha256,
        action=action,
        time=time,
    )
