"""Finds the weights of a CLIP model on the disk, without network and without torch."""

from pathlib import Path

from napari_cliptrase.models.folders import clip_folder, find_in_hub, openai_folder

CONFIG = "open_clip_config.json"

# beside the weights of a model that knows few words: one a line
VOCABULARY_FILE = "vocabulary.txt"

# as open_clip names them on Hugging Face; tensors only come first
WEIGHT_FILES = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "model.safetensors",
    "open_clip_pytorch_model.bin",
    "open_clip_pytorch_model.pth",
    "pytorch_model.bin",
    "model.pth",
)

# files that open_clip itself would take from a repository, in its order
HUB_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")


def find_in_folder(folder: Path) -> Path | None:
    """Return the weights in ``folder``: a known name, or the only file that looks like weights; None without one."""
    known = next((folder / name for name in WEIGHT_FILES if (folder / name).is_file()), None)
    if known is not None:
        return known
    others = [path for pattern in ("*.safetensors", "*.bin", "*.pth", "*.pt") for path in sorted(folder.glob(pattern))]
    return others[0] if len(others) == 1 else None


def find_weights(name: str, repository: str | None, filename: str | None = None) -> Path | None:
    """Return the weights of the model ``name`` (``ARCHITECTURE/TAG`` or ``hf-hub:…``), or None.

    Looks in our own folder, in the Hugging Face cache for ``repository`` (and its ``filename``, when it is no usual
    one), and for OpenAI's models in the folder of OpenAI's ``clip`` package.
    """
    found = find_in_folder(clip_folder(name))
    if found is None and repository is not None:
        candidates = (filename,) if filename else HUB_FILES
        found = next((path for each in candidates if (path := find_in_hub(repository, each))), None)
    if found is None and name.endswith("/openai"):
        archive = openai_folder() / openai_archive(name)
        found = archive if archive.is_file() else None
    return found


def openai_archive(name: str) -> str:
    """Return the file name of OpenAI's archive of a model: ``ViT-L-14-336/openai`` is ``ViT-L-14-336px.pt``."""
    architecture = name.removesuffix("/openai").removesuffix("-quickgelu")
    return f"{architecture}px.pt" if architecture.endswith("-336") else f"{architecture}.pt"
