"""Where weights lie on this computer: the shipped ones, our own cache folder, and those of other programs."""

import os
import sys
from pathlib import Path

ENVIRONMENT = "NAPARI_CLIPTRASE_CACHE"


def cache_folder() -> Path:
    """Return our own folder for downloaded weights: ``$NAPARI_CLIPTRASE_CACHE``, or the system's place for caches.

    The folder need not exist yet.
    """
    chosen = os.environ.get(ENVIRONMENT)
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "napari-cliptrase" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/napari-cliptrase"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "napari-cliptrase"


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
