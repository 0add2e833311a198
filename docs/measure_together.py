"""What it would gain to encode the windows of several images at once: processor time, and whether the numbers stay.

python docs/measure_together.py; one thread, the demo model and a ViT-B/16 with random weights, four painted scenes.
"""

import statistics
import time

import numpy as np
import torch

from napari_cliptrase import load_model
from napari_cliptrase.bench.random_model import BenchModel
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.engine.encode import encode_pixels
from napari_cliptrase.engine.settings import Settings

IMAGES = 4
ROUNDS = 5
SIZES = {"coarse": (224, 304), "normal": (336, 448)}


def main() -> None:
    torch.set_num_threads(1)
    settings = Settings()
    models = {"demo": load_model("demo", device="cpu"), "ViT-B/16": BenchModel.random().as_clip_model()}
    for name, model in models.items():
        for detail, size in SIZES.items():
            height, width = (side // model.vision.patch * model.vision.patch for side in size)
            scenes = np.stack([paint_scene(seed, (height, width)).image for seed in range(IMAGES)])
            ratios = []
            for _ in range(ROUNDS):
                began = time.process_time()
                apart = [encode_pixels(model, scenes[[i]], settings, attention=False).features for i in range(IMAGES)]
                between = time.process_time()
                together = encode_pixels(model, scenes, settings, attention=False).features
                ratios.append((time.process_time() - between) / (between - began))
            same = torch.equal(torch.cat(apart).reshape(together.shape), together)
            words = "the same numbers" if same else "other numbers"
            print(f"{name} at {detail}: {statistics.median(ratios):.2f} of the time of one after the other, {words}")


if __name__ == "__main__":
    main()
