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


def by_hand_folder(name: str) -> Path:
    """Return the folder into which a user without network puts the files of a CLIP model."""
    return cache_folder() / "clip" / name.replace("/", "-")


def hub_folders() -> tuple[Path, ...]:
    """Return the Hugging Face caches to look into; the first one takes downloads.

    Without ``$NAPARI_CLIPTRASE_CACHE`` that is the one that all programs of this user share, so that nothing
    is downloaded twice.
    """
    from huggingface_hub import constants

    shared = Path(constants.HF_HUB_CACHE)
    return (cache_folder() / "hub", shared) if os.environ.get(ENVIRONMENT) else (shared,)


def openai_folder() -> Path:
    """Return the folder where OpenAI's own ``clip`` package keeps its archives."""
    return Path.home() / ".cache" / "clip"


def demo_folder(kind: str) -> Path:
    """Return the folder of the shipped demo weights of a ``kind``, ``clip`` or ``sam``."""
    return Path(__file__).parents[1] / "demo" / "weights" / kind


def find_in_hub(folder: Path, repository: str, filename: str) -> Path | None:
    """Return a file of a Hugging Face repository from the cache ``folder``, newest snapshot first; None without it."""
    home = folder / f"models--{repository.replace('/', '--')}"
    try:
        current = (home / "refs" / "main").read_text().strip()
    except OSError:
        current = ""
    snapshots = sorted(home.glob("snapshots/*"), key=lambda path: (path.name != current, path.name))
    # a link whose blob has gone does not count as a file
    return next((path / filename for path in snapshots if (path / filename).is_file()), None)
