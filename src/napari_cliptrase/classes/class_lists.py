"""Class lists and background lists that ship with the plugin, as text files of the prompt syntax."""

from collections.abc import Callable, Mapping
from functools import partial
from importlib.resources import files
from typing import Final

from napari_cliptrase.classes.prompts import PromptSet

Preset = Callable[[], PromptSet]


def listed(name: str) -> PromptSet:
    """Read a list by the name of its file."""
    path = files("napari_cliptrase.classes").joinpath("lists", f"{name}.txt")
    return PromptSet.parse(path.read_text(encoding="utf-8"))


CLASS_LISTS: Final[Mapping[str, Preset]] = {
    "Painted world (demo model), 20": partial(listed, "painted_world"),
    "PASCAL VOC, 20": partial(listed, "voc"),
    "Cityscapes, 19": partial(listed, "cityscapes"),
    "ADE20K, 150": partial(listed, "ade20k"),
    "COCO-Stuff, 171": partial(listed, "coco_stuff"),
}

BACKGROUNDS: Final[Mapping[str, Preset]] = {
    "Nothing (every pixel gets a class)": PromptSet,
    "Around everyday objects (VOC)": partial(listed, "background_voc"),
    "Rooms and tables": partial(listed, "background_room"),
    "Microscopy": partial(listed, "background_microscopy"),
}
