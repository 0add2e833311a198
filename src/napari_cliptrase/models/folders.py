"""Where weights are on this computer: the shipped ones, our own cache folder, and those of other programs."""

import os
from pathlib import Path

import platformdirs

CACHE_VARIABLE = "NAPARI_CLIPTRASE_CACHE"

CONFIG_FILE = "open_clip_config.json"

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


def cache_folder() -> Path:
    """Return our own folder for downloaded weights: ``$NAPARI_CLIPTRASE_CACHE``, or the system's place for caches.

    The folder need not exist yet.
    """
    chosen = os.environ.get(CACHE_VARIABLE)
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("napari-cliptrase", appauthor=False)


def sam_folder() -> Path:
    """Return the folder of downloaded SAM checkpoints."""
    return cache_folder() / "sam"


def clip_folder(name: str) -> Path:
    """Return the folder of the files of one CLIP model, ``ARCHITECTURE/TAG`` or ``hf-hub:ORGANISATION/NAME``.

    Downloads go there; a user without network puts the files there by hand.
    """
    return cache_folder() / "clip" / name.replace(":", "/")


def demo_folder(kind: str) -> Path:
    """Return the folder of the shipped demo weights of a ``kind``, ``clip`` or ``sam``."""
    return Path(__file__).parents[1] / "demo" / "weights" / kind


def openai_folder() -> Path:
    """Return the folder where OpenAI's own ``clip`` package keeps its archives."""
    return Path.home() / ".cache" / "clip"


def openai_archive(name: str) -> str:
    """Return the file name of OpenAI's archive of a model: ``ViT-L-14-336/openai`` is ``ViT-L-14-336px.pt``."""
    architecture = name.removesuffix("/openai").removesuffix("-quickgelu")
    return f"{architecture}px.pt" if architecture.endswith("-336") else f"{architecture}.pt"


def find_in_folder(folder: Path) -> Path | None:
    """Return the weights in ``folder``: a known name, or the only file that looks like weights; None without one."""
    known = next((folder / name for name in WEIGHT_FILES if (folder / name).is_file()), None)
    if known is not None:
        return known
    found = [path for pattern in ("*.safetensors", "*.bin", "*.pth", "*.pt") for path in sorted(folder.glob(pattern))]
    files = [path for path in found if path.is_file()]
    return files[0] if len(files) == 1 else None


def find_in_hub(repository: str, filename: str) -> Path | None:
    """Return a file of a Hugging Face repository from the cache that other programs share, or None.

    The snapshot that ``main`` points to comes first. A link whose blob has gone does not count as a file.
    """
    from huggingface_hub import constants

    home = Path(constants.HF_HUB_CACHE) / f"models--{repository.replace('/', '--')}"
    try:
        current = (home / "refs" / "main").read_text().strip()
    except OSError:
        current = ""
    snapshots = sorted(home.glob("snapshots/*"), key=lambda path: (path.name != current, path.name))
    return next((path / filename for path in snapshots if (path / filename).is_file()), None)


def find_weights(name: str, repository: str | None, filename: str | None = None) -> Path | None:
    """Return the weights of the CLIP model ``name`` (``ARCHITECTURE/TAG`` or ``hf-hub:…``), or None.

    Looks in our own folder, in the Hugging Face cache for ``repository`` (and its ``filename``, when it is not a usual
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
