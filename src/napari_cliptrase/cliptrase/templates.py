"""Sentences that a phrase is put into before it is compared with pixels."""

from open_clip.zero_shot_metadata import OPENAI_IMAGENET_TEMPLATES

from napari_cliptrase.cliptrase.options import TemplateSet

_SINGLE = ("a photo of a {}.",)

_SHORT = (
    "itap of a {}.",
    "a bad photo of the {}.",
    "a origami {}.",
    "a photo of the large {}.",
    "a {} in a video game.",
    "art of the {}.",
    "a photo of the small {}.",
)

_MEDIUM = (
    "a photo of a {}.",
    "This is a photo of a {}",
    "There is a {} in the scene",
    "There is the {} in the scene",
    "a photo of a {} in the scene",
    "a photo of a small {}.",
    "a photo of a medium {}.",
    "a photo of a large {}.",
    "This is a photo of a small {}.",
    "This is a photo of a medium {}.",
    "This is a photo of a large {}.",
    "There is a small {} in the scene.",
    "There is a medium {} in the scene.",
    "There is a large {} in the scene.",
)


def sentences(templates: TemplateSet) -> tuple[str, ...]:
    """The sentences of a set; ``{}`` stands for the phrase."""
    match templates:
        case TemplateSet.SINGLE:
            return _SINGLE
        case TemplateSet.SHORT:
            return _SHORT
        case TemplateSet.MEDIUM:
            return _MEDIUM
        case TemplateSet.FULL:
            return tuple(template("{}") for template in OPENAI_IMAGENET_TEMPLATES)
