"""An image file that a command was given, and what is said of one that failed."""

from dataclasses import dataclass
from pathlib import Path

from napari_cliptrase.errors import CliptraseError


@dataclass(frozen=True)
class Input:
    """An image and the name of its outputs, without suffix; the name may hold folders, with ``/``."""

    path: Path
    stem: str


@dataclass(frozen=True)
class Failure:
    """A request that failed, and why, in one sentence."""

    source: str
    reason: str

    @classmethod
    def of(cls, path: Path, error: Exception) -> "Failure":
        """Return what became of a file; its name is not repeated where the error begins with it."""
        return cls(str(path), reason_of(error).removeprefix(f"{path}").removeprefix(":").lstrip())


def reason_of(error: Exception) -> str:
    """Return in one sentence why an image was not done; a bug must not cost the user the other images."""
    match error:
        case CliptraseError():
            return str(error)
        case MemoryError():
            return "There is not enough memory; choose a coarser detail."
        case OSError():
            where = f"{error.filename}: " if error.filename else ""
            return f"{where}{error.strerror or error}."
        case _:
            return f"Unexpected {type(error).__name__}: {' '.join(str(error).split())}"
