"""Which scenes no training has seen: all scores are made on these."""

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.lab.pictures import FIRST_VALIDATION_SEED


class SeedError(CliptraseError):
    """A scene was asked for that a training may have seen."""


def held_out(first: int, scenes: int) -> range:
    """Return the seeds of the scenes, or raise when one of them is not held out."""
    if scenes < 1:
        raise SeedError(f"{scenes} scenes are too few; ask for at least one.")
    if first < 0 or first + scenes > FIRST_VALIDATION_SEED:
        raise SeedError(
            f"Scenes {first} to {first + scenes - 1} are not all held out: choose seeds from 0 to "
            f"{FIRST_VALIDATION_SEED - 1}; higher ones have trained the demo models or chosen among their checkpoints."
        )
    return range(first, first + scenes)
