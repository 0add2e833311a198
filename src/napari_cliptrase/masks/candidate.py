"""A file or folder whose format is to be found."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from napari_cliptrase.json_file import json_in


@dataclass(frozen=True)
class Candidate:
    """The formats share its JSON, which may be large and is parsed once."""

    path: Path

    @cached_property
    def json(self) -> Any:
        """The data of a JSON file; None for everything else."""
        return json_in(self.path)
