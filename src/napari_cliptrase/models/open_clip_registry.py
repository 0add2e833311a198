"""What the installed open_clip knows of architectures and published weights.

Its data files are read directly; open_clip itself, whose import takes seconds, is imported only for data that exists
only in its code.
"""

import difflib
import gzip
import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from napari_cliptrase.errors import ModelError
from napari_cliptrase.models.catalog import find_entry
from napari_cliptrase.models.clip_config import OPENAI_MEAN, OPENAI_STD, Numbers

if TYPE_CHECKING:
    from napari_cliptrase.cliptrase.bpe import Merge


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
    file = _folder() / "model_configs" / f"{name}.json"
    if file.is_file():
        config: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return config
    import open_clip

    known: dict[str, Any] | None = open_clip.get_model_config(name)
    if known is None:
        vision = [known for known in open_clip.list_models() if known.startswith("ViT-")]
        raise ModelError(f"open_clip does not know the architecture {name!r}{_nearest(name, vision)}.")
    return known


def published(name: str, tag: str) -> Published:
    """Return what is known of the weights ``name/tag``; an unknown tag raises with those of the architecture."""
    entry = find_entry(f"{name}/{tag}", "clip")
    if entry is not None and entry.repository is not None:
        return Published(entry.repository, None, entry.quick_gelu, OPENAI_MEAN, OPENAI_STD)
    architecture(name)
    import open_clip

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
    mean, std = found.get("mean") or OPENAI_MEAN, found.get("std") or OPENAI_STD
    return Published(repository, filename or None, bool(found.get("quick_gelu")), tuple(mean), tuple(std))


def lacks_tag(name: str) -> ModelError:
    """Return the error for an architecture, or something like one, that was given without a tag."""
    architecture(name)
    import open_clip

    tags = open_clip.list_pretrained_tags_by_model(name)
    if not tags:
        return _unpublished(name)
    return ModelError(f"Say which weights of {name}: {', '.join(f'{name}/{tag}' for tag in tags[:6])}, …")


def is_architecture(name: str) -> bool:
    """Return whether open_clip includes an architecture of this name."""
    return (_folder() / "model_configs" / f"{name}.json").is_file()


def known_repository(repository: str) -> Published | None:
    """Return what open_clip lists for a Hugging Face repository, whatever the tag; None for a foreign one."""
    if f"{repository}/" not in (_folder() / "pretrained.py").read_text(encoding="utf-8"):
        return None
    import open_clip

    for name, tag in open_clip.list_pretrained():
        address = open_clip.get_pretrained_cfg(name, tag).get("hf_hub", "")
        if address.rpartition("/")[0] == repository:
            return published(name, tag)
    return None


def openai_hashes() -> dict[str, str]:
    """Return SHA-256 -> architecture of OpenAI's own archives, from the addresses that they were published under."""
    import open_clip

    hashes = {}
    for name in open_clip.list_pretrained_models_by_tag("openai"):
        if not name.endswith("-quickgelu"):
            url = PurePosixPath(open_clip.get_pretrained_cfg(name, "openai")["url"])
            hashes[url.parent.name] = name
    return hashes


def merges() -> "list[Merge]":
    """Return the merges of CLIP's tokenizer."""
    from napari_cliptrase.cliptrase.bpe import read_merges  # imports torch

    packed = (_folder() / "bpe_simple_vocab_16e6.txt.gz").read_bytes()
    return read_merges(gzip.decompress(packed).decode("utf-8"))


def _folder() -> Path:
    """Return the folder of the installed open_clip, without importing it."""
    spec = find_spec("open_clip")
    if spec is None or spec.origin is None:
        raise ModelError("The package open_clip is missing; install it with: pip install open_clip_torch")
    return Path(spec.origin).parent


def _unpublished(name: str) -> ModelError:
    return ModelError(f"There are no published weights for {name}; give your own file: {name}=FILE.")


def _nearest(name: str, known: list[str]) -> str:
    plain = [other for other in known if not other.endswith("-quickgelu")]
    near = difflib.get_close_matches(name.lower(), [other.lower() for other in plain], n=4, cutoff=0.4)
    names = [other for text in near for other in plain if other.lower() == text]
    if names:
        return f"; nearest: {', '.join(names)}"
    return f"; there are {', '.join(plain[:8])}{', …' if len(plain) > 8 else ''}"
