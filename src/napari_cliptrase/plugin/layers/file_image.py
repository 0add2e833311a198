"""The layer of an image that was read from a file."""

from typing import Any

from napari.layers import Image
from napari.layers._source import layer_source

from napari_cliptrase.pixels.planes import auto_limits
from napari_cliptrase.pixels.read import ImageFile


def image_layer(image: ImageFile, path: str, name: str) -> Image:
    """Return a layer of an image that was read, as napari would make it: upright, with its axes named."""
    roles = image.roles
    letters = [letter.lower() for letter in roles.letters if letter != "S"]
    more: dict[str, Any] = {} if roles.rgb else {"contrast_limits": auto_limits(image.array)}
    with layer_source(path=path):
        return Image(image.array, rgb=roles.rgb, name=name, axis_labels=letters, **more)


def layer_shape(image: ImageFile) -> tuple[int, ...]:
    """Return the shape that the layer of an image has, without its colours."""
    sizes = zip(image.roles.letters, image.array.shape, strict=True)
    return tuple(size for letter, size in sizes if letter not in "SC")
