"""An earlier run of the measurements, to say what has changed since."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from napari_cliptrase.bench.row import Row
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.json_file import read_json

SURROUNDINGS = ("processor", "threads", "torch", "precision")
"""What makes times of two runs differ, whatever the code does."""


@dataclass(frozen=True)
class EarlierRun:
    """What `napari-cliptrase bench --json` printed once.

    Attributes
    ----------
    figures
        The figure of each measurement by its name: a ratio, or the measured value itself.
    on
        What the numbers depended on besides the code.
    """

    figures: Mapping[str, float]
    on: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file; `CliptraseError` says what is wrong with it."""
        try:
            data = read_json(path)
        except FileNotFoundError:
            raise CliptraseError(f"{path} does not exist; `napari-cliptrase bench --json > {path}` makes it.") from None
        except OSError as error:
            raise CliptraseError(f"{path} cannot be read ({error.strerror}).") from error
        except ValueError as error:
            raise _not_ours(path, str(error)) from error
        try:
            figures = {str(row["name"]): float(row["figure"]) for row in data["measurements"]}
            on = dict(data["on"])
        except (TypeError, KeyError, ValueError) as error:
            raise _not_ours(path, "it has no measurements") from error
        return cls(figures, on)

    def change(self, row: Row) -> float | None:
        """Return the figure of ``row`` as a multiple of the earlier one; None when that is not known."""
        before = self.figures.get(row.name)
        return row.figure / before if before else None

    def differences(self, on: Mapping[str, Any]) -> list[str]:
        """Say which surroundings are not those of ``on``, since they alone change times."""
        return [
            f"{name}: {self.on.get(name, 'unknown')} then, {on[name]} now"
            for name in SURROUNDINGS
            if name in on and self.on.get(name) != on[name]
        ]


def _not_ours(path: Path, reason: str) -> CliptraseError:
    return CliptraseError(f"{path} is not a file of `napari-cliptrase bench --json` ({reason}); run that to make one.")
