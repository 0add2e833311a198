"""Telling TorchScript archives from checkpoints, without torch."""

import zipfile
from pathlib import Path


def is_torchscript(path: Path) -> bool:
    """Return whether a file is a TorchScript archive, as OpenAI's are: a zip with code in it."""
    if path.suffix == ".safetensors":
        return False
    names = [entry.filename for entry in archive_entries(path)]
    return any("/code/" in name or name.endswith("/constants.pkl") for name in names)


def archive_entries(path: Path) -> list[zipfile.ZipInfo]:
    """Return what a zip file says that it holds; nothing for another file, or one whose list is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.infolist()
    except OSError:
        raise
    except Exception:  # zipfile stumbles over damage in many ways
        return []
