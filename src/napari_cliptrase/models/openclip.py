"""What the installed open_clip knows of architectures and published weights."""

import difflib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import open_clip

from napari_cliptrase.errors import ModelError

Numbers = tuple[float, float, float]


@dataclass(frozen=True)
class Recipe:
    """How to build a CLIP model and how its images are normalised; ``config`` is open_clip's ``model_cfg``."""

    config: dict[str, Any]
    mean: Numbers
    std: Numbers


@dataclass(frozen=True)
class Published:
    """Weights that open_clip lists under a tag. ``filename`` is None where the repository keeps the usual names."""

    repository: str
    filename: str | None
    quick_gelu: bool
    mean: Numbers
    std: Numbers


def architecture(name: str) -> dict[str, Any]:
    """Return the ``model_cfg`` of an architecture; an unknown one raises with the nearest names."""
    config: dict[str, Any] | None = open_clip.get_model_config(name)
    if config is None:
        vision = [known for known in open_clip.list_models() if known.startswith("ViT-")]
        raise ModelError(f"open_clip knows no architecture {name!r}{_nearest(name, vision)}.")
    return config


def published(name: str, tag: str) -> Published:
    """Return what open_clip knows of ``name/tag``; an unknown tag raises with those of the architecture."""
    architecture(name)
    found = open_clip.get_pretrained_cfg(name, tag)
    if not found:
        tags = open_clip.list_pretrained_tags_by_model(name)
        if not tags:
            raise _unpublished(name)
        raise ModelError(f"There are no weights {tag!r} of {name}{_nearest(tag, tags)}.")
    address = found.get("hf_hub")
    if not address:
        raise ModelError(f"{name}/{tag} is not on Hugging Face; fetch it yourself and give the file: {name}=FILE.")
    repository, _, filename = address.rpartition("/")
    return Published(repository, filename or None, bool(found.get("quick_gelu")), *_normalisation(found))


def is_architecture(name: str) -> bool:
    """Return whether open_clip knows an architecture."""
    return name in open_clip.list_models()


def lacks_tag(name: str) -> ModelError:
    """Return the error for an architecture, or something like one, that was given without a tag."""
    architecture(name)
    tags = open_clip.list_pretrained_tags_by_model(name)
    if not tags:
        return _unpublished(name)
    return ModelError(f"Say which weights of {name}: {', '.join(f'{name}/{tag}' for tag in tags[:6])}, …")


def known_repository(repository: str) -> Published | None:
    """Return what open_clip lists for a Hugging Face repository, whatever the tag; None for a foreign one."""
    for name, tag in open_clip.list_pretrained():
        address = open_clip.get_pretrained_cfg(name, tag).get("hf_hub", "")
        if address.rpartition("/")[0] == repository:
            return published(name, tag)
    return None


def openai_hashes() -> dict[str, str]:
    """Return SHA-256 -> architecture of OpenAI's own archives, from the addresses that they were published under."""
    hashes = {}
    for name in open_clip.list_pretrained_models_by_tag("openai"):
        if not name.endswith("-quickgelu"):
            url = PurePosixPath(open_clip.get_pretrained_cfg(name, "openai")["url"])
            hashes[url.parent.name] = name
    return hashes


def read_recipe(data: dict[str, Any], source: str) -> Recipe:
    """Return the recipe in the text of an ``open_clip_config.json``; ``source`` names the file in errors."""
    config = data.get("model_cfg")
    if not isinstance(config, dict) or not {"embed_dim", "vision_cfg", "text_cfg"} <= config.keys():
        raise ModelError(
            f"{source} describes no CLIP model; expected 'model_cfg' with embed_dim, vision_cfg and text_cfg."
        )
    return Recipe(config, *_normalisation(data.get("preprocess_cfg") or {}))


def _unpublished(name: str) -> ModelError:
    return ModelError(f"There are no published weights for {name}; give your own file: {name}=FILE.")


def _normalisation(preprocess: dict[str, Any]) -> tuple[Numbers, Numbers]:
    mean = preprocess.get("mean") or open_clip.OPENAI_DATASET_MEAN
    std = preprocess.get("std") or open_clip.OPENAI_DATASET_STD
    return _three(mean), _three(std)


def _three(numbers: Any) -> Numbers:
    red, green, blue = (float(number) for number in numbers)
    return red, green, blue


def _nearest(wanted: str, known: list[str]) -> str:
    plain = [name for name in known if not name.endswith("-quickgelu")]
    near = difflib.get_close_matches(wanted.lower(), [name.lower() for name in plain], n=4, cutoff=0.4)
    names = [name for text in near for name in plain if name.lower() == text]
    if names:
        return f"; nearest: {', '.join(names)}"
    return f"; there are {', '.join(plain[:8])}{', …' if len(plain) > 8 else ''}"
