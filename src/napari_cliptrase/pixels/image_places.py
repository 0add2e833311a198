"""Images at a path or, where fsspec is installed, at a URL such as ``s3://bucket/a.jpg``."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from napari_cliptrase.errors import ImageReadError
from napari_cliptrase.pixels.read import ImageFile, read_image


def is_url(place: str) -> bool:
    """Whether a place is a URL rather than a path."""
    scheme, separator, _ = place.partition("://")
    return bool(separator) and scheme.isascii() and scheme.replace("+", "").replace(":", "").isalnum()


def place_below(place: str, name: str) -> str:
    """Return the place of an image by its name within a folder or a URL."""
    if is_url(place):
        return f"{place.rstrip('/')}/{quote(name) if place.startswith('http') else name}"
    return str(Path(place) / PurePosixPath(name))


def read_copy(path: Path, place: str) -> ImageFile:
    """Read the local copy of an image; errors name the place it came from."""
    try:
        image = read_image(path)
    except ImageReadError as error:
        raise ImageReadError(str(error).replace(str(path), place)) from error
    return replace(image, path=Path(path.name)) if is_url(place) else image


@contextmanager
def local_copy(place: str) -> Iterator[Path]:
    """Yield the path of an image; one at a URL is copied to a temporary file first."""
    if not is_url(place):
        yield Path(place)
        return
    with tempfile.TemporaryDirectory(prefix="cliptrase-") as folder:
        path = Path(folder) / (PurePosixPath(place).name or "image")
        _fetch(place, path)
        yield path


def _fetch(url: str, path: Path) -> None:
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise ImageReadError(
            f"{url} is a URL, which needs the package fsspec; install it with: pip install fsspec"
        ) from error
    try:
        system, inside = url_to_fs(url)
        system.get_file(inside, str(path))
    except FileNotFoundError as error:
        raise ImageReadError(f"{url} does not exist; check the address.") from error
    except ImportError as error:  # fsspec names the package of the protocol
        raise ImageReadError(f"{url} cannot be opened: {str(error).rstrip('.')}.") from error
    except Exception as error:  # each protocol has errors of its own
        what = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise ImageReadError(f"{url} cannot be fetched ({what}); check the address and the access to it.") from error
