"""Telling TorchScript archives from checkpoints, without torch."""

import zipfile
from pathlib import Path


def is_torchscript(path: Path) -> bool:
    """Return whether a file is a TorchScript archive, as OpenAI's are: a zip with code in it."""
    if path.suffix == ".safetensors" or not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any("/code/" in name or name.endswith("/constants.pkl") for name in archive.namelist())
