"""What is checked and cleared away when a project is opened."""

from collections.abc import Collection, Mapping

from napari_cliptrase.atomic import clear_leftovers, clear_leftovers_below
from napari_cliptrase.project.project_paths import ProjectPaths
from napari_cliptrase.project.writer_lock import WriterLock


def opening_notes(lock: WriterLock, missing: Collection[str], damaged: Mapping[str, str]) -> tuple[str, ...]:
    """Say what is odd about a project that was opened, one sentence each.

    Parameters
    ----------
    lock
        The right to write, or who has it.
    missing
        Names of images that have a record and are not there any more.
    damaged
        Reason by path of a record that cannot be read.
    """
    notes = []
    if not lock.held:
        if lock.owner:
            why = f"{lock.owner} is writing it"
        elif lock.refused:
            why = f"its folder cannot be written ({lock.refused}); change that, and open it again"
        else:
            why = "writing was not asked for"
        notes.append(f"The project is open for reading only: {why}.")
    elif lock.taken_over:
        notes.append(f"The right to write was taken over from {lock.taken_over}, which had not closed the project.")
    if missing:
        notes.append(f"{len(missing):,} images have a record and are gone, the first is {min(missing)}.")
    for path, reason in sorted(damaged.items()):
        notes.append(f"The record {path} is damaged ({reason}); its mask is kept, its state is not.")
    return tuple(notes)


def clear_after_kill(paths: ProjectPaths) -> None:
    """Remove what a killed program had not put into place yet."""
    clear_leftovers(paths.folder)
    for folder in (paths.masks, paths.inner):
        clear_leftovers_below(folder)
