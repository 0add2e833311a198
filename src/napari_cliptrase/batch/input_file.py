"""An image file that a command was given, and what is said of one that failed."""

from dataclasses import dataclass
from pathlib import Path


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
        return cls(str(path), str(error).removeprefix(f"{path}").removeprefix(":").lstrip())
