"""Which numbers the classes get in a folder that may hold masks already."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from napari_cliptrase.atomic import write_text
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.classes.stable_ids import changed_meanings, keep_ids
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import PromptError
from napari_cliptrase.masks.registry import FORMATS
from napari_cliptrase.masks.tables import CLASS_FILE, holds, read_class_file


def number_classes(prompts: PromptSet, folder: Path, *, new_ids: bool) -> tuple[PromptSet, tuple[str, ...]]:
    """Return the prompts with the ids that they have in a folder of masks, and what to say about that.

    A name keeps the id that it has there, so that masks written before stay true. With ``new_ids`` the prompts keep
    their own ids, and classes that no mask holds leave the folder's table; refused when a mask would become untrue.
    """
    path = folder / CLASS_FILE
    if not path.is_file():
        return prompts, ()
    known = read_class_file(path)
    if not new_ids:
        kept = keep_ids(prompts, known)
        return kept, () if kept == prompts else (_ids_note(prompts, kept, folder),)
    used = _in_use(known, folder)
    wrong = changed_meanings(used, prompts.table())
    if wrong:
        raise PromptError(
            f"--new-ids would change the meaning of masks in {folder}: {'; '.join(wrong)}. Move or delete them first, "
            "choose another folder for --out, or leave out --new-ids."
        )
    write_text(path, used.to_json())
    return prompts, ()


def _ids_note(prompts: PromptSet, kept: PromptSet, folder: Path) -> str:
    new = {entry.name: entry.id for entry in kept}
    moved = [f"{entry.name} is {new[entry.name]}" for entry in prompts if new[entry.name] != entry.id]
    shown = ", ".join(moved[:6]) + (f" and {len(moved) - 6} more" if len(moved) > 6 else "")
    return f"Classes keep the ids that they have in {folder}: {shown}. --new-ids numbers them again."


def _in_use(known: ClassTable, folder: Path) -> ClassTable:
    """Return the table with the classes alone that some mask in the folder holds."""
    png, ids = FORMATS["png"], set[int]()
    if holds(folder, png.extensions):
        for mask in png.read(folder):
            ids |= set(np.unique(mask.labels).tolist())
    return replace(known, classes=tuple(entry for entry in known if entry.id in ids))
