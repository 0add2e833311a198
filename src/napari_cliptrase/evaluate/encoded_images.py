"""Images with their truth and encoding: each is encoded once, and waits on disk for the next way to use it."""

import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from napari_cliptrase.engine.encoding import Encoding
from napari_cliptrase.engine.pipeline import encode_plane_steps
from napari_cliptrase.engine.segmenter import Segmenter
from napari_cliptrase.evaluate.labelled_images import LabelledImage, LabelledImages
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
