"""Images with their truth and encoding: each is encoded once, and waits on disk for the next way to use it."""

import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.engine.encoding import Encoding
from napari_cliptrase.engine.pipeline import PlaneRequest, encode_plane_steps, segment_plane_steps
from napari_cliptrase.engine.segmenter import Segmenter
from napari_cliptrase.evaluate.labelled_images import LabelledImage, LabelledImages, Truth
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.progress import run_to_end


@dataclass(frozen=True, eq=False)
class EncodedImage:
    """An image, its true classes, and what the model sees in it."""

    image: LabelledImage = field(repr=False)
    encoding: Encoding = field(repr=False)


@dataclass(frozen=True, eq=False)
class EncodedImages:
    """The images of a data set as a segmenter encodes them.

    Attributes
    ----------
    images
        The data set.
    segmenter
        What encodes.
    folder
        Where encodings wait; it belongs to this run alone.
    """

    images: LabelledImages
    segmenter: Segmenter
    folder: Path

    def names(self) -> Sequence[str]:
        """Names of all images."""
        return self.images.names()

    def read(self, name: str) -> EncodedImage:
        """Read an image, and encode it when nobody has yet."""
        image = self.images.read(name)
        path = self.folder / f"{self.names().index(name)}.encoding"
        if path.exists():
            return EncodedImage(image, pickle.loads(path.read_bytes()))
        encoding = run_to_end(encode_plane_steps(self.segmenter, image.rgb))
        path.write_bytes(pickle.dumps(encoding))
        return EncodedImage(image, encoding)

    def find(self, encoded: EncodedImage, prompts: PromptSet, examples: LessonMemory) -> Truth:
        """(H, W) index of the class that is found at each pixel, in the order of ``prompts``; -1 for background."""
        request = PlaneRequest(encoded.image.rgb, prompts, encoding=encoded.encoding, examples=examples)
        labels = run_to_end(segment_plane_steps(self.segmenter, request)).labels
        index_of = np.full(1 + max(prompts.ids), -1, np.int32)
        index_of[list(prompts.ids)] = np.arange(len(prompts.ids))
        return np.asarray(index_of[labels])
