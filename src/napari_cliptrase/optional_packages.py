"""Packages that only an extra installs."""

from importlib.util import find_spec

from napari_cliptrase.errors import CliptraseError


def check_matplotlib(what: str) -> None:
    """Raise a sentence when matplotlib is not there; ``what`` needs it, in the singular."""
    if find_spec("matplotlib") is None:
        raise CliptraseError(f'{what} needs matplotlib; install it with: pip install "napari-cliptrase[explain]"')
