"""The names that a user may write for a CLIP model, and what they mean."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from napari_cliptrase.errors import ModelError
from napari_cliptrase.models.folders import demo_folder

MODEL_NAME_FORMS = (
    "demo, ARCHITECTURE/TAG as in ViT-B-16/openai, hf-hub:ORGANISATION/NAME, local-dir:FOLDER, or ARCHITECTURE=FILE"
)

_QUICKGELU = "-quickgelu"


@dataclass(frozen=True)
class ModelName:
    """A name taken apart.

    ``text`` is the name in its usual spelling. A ``folder`` and a ``hub`` repository bring their own architecture;
    a ``tag`` and a ``file`` need one, and the tag may be lacking. ``quick_gelu`` is true when the
    architecture was asked for in that variant.
    """

    kind: Literal["folder", "hub", "tag", "file"]
    text: str
    path: Path | None = None
    repository: str | None = None
    architecture: str | None = None
    tag: str | None = None
    quick_gelu: bool = False


def parse_name(text: str, architecture: str | None = None) -> ModelName:
    """Take a model's name apart; ``architecture`` is that of a bare checkpoint file. Raises `ModelError` otherwise."""
    try:
        return _parse(text.strip(), architecture)
    except (OSError, ValueError) as error:  # too long for a path, or with characters that no path has
        raise ModelError(
            f"{text[:60]!r} is not the name of a CLIP model ({error}); write {MODEL_NAME_FORMS}."
        ) from error


def _parse(text: str, architecture: str | None) -> ModelName:
    scheme, colon, rest = text.partition(":")
    if text == "demo":
        return ModelName("folder", text, path=demo_folder("clip"))
    if colon and scheme == "local-dir" and rest:
        return _folder(rest)
    if colon and scheme == "hf-hub":
        if not re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", rest):
            raise ModelError(f"{text!r} is not the name of a model on Hugging Face; write hf-hub:ORGANISATION/NAME.")
        return ModelName("hub", text, repository=rest)
    before, equals, after = text.partition("=")
    if equals and after and not Path(text).exists():
        return _file(after, before)
    path = Path(text).expanduser()
    if text and path.is_dir():
        return _folder(text)
    if text and (path.is_file() or _looks_like_file(text)):
        return _file(text, architecture)
    return _tag(text)


def _folder(text: str) -> ModelName:
    path = Path(text).expanduser()
    if not path.is_dir():
        raise ModelError(f"The model folder {path} does not exist.")
    return ModelName("folder", f"local-dir:{path}", path=path)


def _file(text: str, architecture: str | None) -> ModelName:
    path = Path(text).expanduser()
    if not path.is_file():
        raise ModelError(f"The checkpoint file {path} {'is not a plain file' if path.exists() else 'does not exist'}.")
    if not architecture:
        return ModelName("file", str(path), path=path)
    base = architecture.replace("/", "-").removesuffix(_QUICKGELU)
    quick = architecture.endswith(_QUICKGELU)
    return ModelName("file", f"{base}{_QUICKGELU * quick}={path}", path=path, architecture=base, quick_gelu=quick)


def _looks_like_file(text: str) -> bool:
    return Path(text).suffix in (".pt", ".pth", ".bin", ".safetensors", ".ckpt")


def _tag(text: str) -> ModelName:
    match = re.fullmatch(r"([\w.-]+)(?:/([\w.-]+))?", text)
    if match is None:
        raise ModelError(f"{text!r} is not the name of a CLIP model; write {MODEL_NAME_FORMS}.")
    base = match[1].removesuffix(_QUICKGELU)
    if match[2] is None:
        return ModelName("tag", base, architecture=base)
    # open_clip reads tags without regard to case and dashes
    tag = match[2].lower().replace("-", "_")
    return ModelName("tag", f"{base}/{tag}", architecture=base, tag=tag, quick_gelu=match[1].endswith(_QUICKGELU))
