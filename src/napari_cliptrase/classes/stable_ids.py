"""The numbers of classes in a folder of masks stay with their names."""

from dataclasses import replace

from napari_cliptrase.classes.prompt_class import HIGHEST_CLASS_ID
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import PromptError


def keep_ids(prompts: PromptSet, known: ClassTable) -> PromptSet:
    """Return the prompts with the ids that ``known`` gives to their names; new names get ids that nothing has.

    A class that is new and whose id is free keeps it. Names that differ only in case are equal. The order stays.
    """
    id_of = {entry.name.casefold(): entry.id for entry in reversed(known.classes)}
    taken = {*known.ids, known.void}
    fresh = [entry for entry in prompts if entry.name.casefold() not in id_of]
    for entry in fresh:
        if entry.id not in taken:
            id_of[entry.name.casefold()] = entry.id
            taken.add(entry.id)
    following = max((0, *(i for i in taken if i is not None))) + 1
    for entry in fresh:
        if entry.name.casefold() not in id_of:
            id_of[entry.name.casefold()] = following
            following += 1
    if following - 1 > HIGHEST_CLASS_ID:
        raise PromptError(f"No number up to {HIGHEST_CLASS_ID} is left for a new class; choose another folder.")
    return replace(prompts, classes=tuple(replace(entry, id=id_of[entry.name.casefold()]) for entry in prompts.classes))


def changed_meanings(old: ClassTable, new: ClassTable) -> tuple[str, ...]:
    """Return for each number that means one name in ``old`` and another in ``new`` what it would become."""
    found = []
    for entry in old:
        other = new.get(entry.id)
        if other is not None and other.name.casefold() != entry.name.casefold():
            found.append(f"{entry.id} is {entry.name!r} and would become {other.name!r}")
    return tuple(found)
