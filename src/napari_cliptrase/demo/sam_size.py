"""The size of the demo SAM."""

from typing import Final

from napari_cliptrase.models.sam_shape import SamShape

DEMO_SHAPE: Final = SamShape(
    image_size=256,
    patch_size=8,  # 128 x 128 masks: boundaries need finer cells than patches of 16 give at this image size
    width=128,
    heads=4,
    mlp_width=512,
    windows=(8, 8, 0, 8, 8, 0),
    prompt_width=96,
    decoder_mlp_width=256,
    iou_width=96,
)
