"""What is tortured: a name, small valid files, and the function that reads them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Target:
    """Something that reads files or text from users.

    Attributes
    ----------
    name
        Names the target on the command line.
    corpus
        Writes small valid files into an empty folder; returns what is to be opened, and the files to damage.
    parse
        Opens what ``corpus`` returned; may write into the folder ``out`` (second argument), nowhere else. It may raise
        `napari_cliptrase.errors.CliptraseError` and nothing else.
    """

    name: str
    corpus: Callable[[Path], tuple[Path, Sequence[Path]]]
    parse: Callable[[Path, Path], object]
