"""What people type into the class table, as edits of a prompt set. No Qt."""

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from napari_cliptrase.classes.prompt_class import distinct_phrases
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import PromptError

EMPTY_TABLE: Final = ClassTable()


def added(
    prompts: PromptSet, new: PromptSet, taken: Collection[int], known: ClassTable = EMPTY_TABLE
) -> tuple[PromptSet, tuple[str, ...]]:
    """Add the classes and the background of ``new``; return the new set and the names that were there already.

    A name that ``known`` (the classes of the label layers) has, gets the id that it has there, so that a layer that
    outlived its class is its layer again. ``taken`` are ids that other classes must not get, beyond those in the set.
    """
    names = {entry.name.casefold() for entry in prompts}
    before = {entry.name.casefold(): entry.id for entry in known}
    highest = max((*prompts.ids, *known.ids, *taken, 0))
    doubled = []
    for entry in new:
        name = entry.name.casefold()
        if name in names:
            doubled.append(entry.name)
            continue
        class_id = before.get(name)
        if class_id is None or class_id in prompts.ids:
            class_id = highest = highest + 1
        names.add(name)
        prompts = prompts.added(
            entry.name,
            entry.synonyms,
            threshold=entry.threshold,
            color=entry.color,
            text=entry.text,
            class_id=class_id,
        )
    if new.background:
        prompts = prompts.with_background(*prompts.background, *new.background)
    return prompts, tuple(doubled)


def replaced_by(prompts: PromptSet, new: PromptSet, known: ClassTable) -> PromptSet:
    """Return ``new`` with ids that fit what is there.

    A class keeps the id of the class of the same name in ``prompts`` or ``known`` (the classes of the label layers);
    the others get ids that nothing has. With no class there yet, the ids are taken as they are.
    """
    by_name = {entry.name.casefold(): entry.id for entry in (*known, *prompts)}
    if not by_name:
        return new
    highest = max((*by_name.values(), *known.ids, *prompts.ids))
    classes = []
    for entry in new:
        class_id = by_name.get(entry.name.casefold())
        if class_id is None:
            highest += 1
            class_id = highest
        classes.append(replace(entry, id=class_id))
    return PromptSet(tuple(classes), new.background)


def line_of(prompts: PromptSet, class_id: int) -> str:
    """The line that stands for a class while it is edited: ``dog: puppy, hound``."""
    entry = replace(prompts.get(class_id), id=1, threshold=None, color=None)
    return PromptSet((entry,)).to_text().strip()


def with_line(prompts: PromptSet, class_id: int, line: str) -> PromptSet:
    """Rename a class and set its synonyms from an edited line."""
    new = parsed(line)
    if len(new) != 1 or new.background:
        raise PromptError("Write one name, and synonyms after a colon: dog: puppy, hound")
    entry = new.classes[0]
    return prompts.replaced(class_id, name=entry.name, synonyms=entry.synonyms, text=entry.text)


def with_background_line(prompts: PromptSet, line: str) -> PromptSet:
    """Set the background phrases from a comma list."""
    return prompts.with_background(*distinct_phrases(part for part in line.split(",") if part.strip()))


def parsed(text: str) -> PromptSet:
    """Parse typed or pasted text; the number of the line is of no use when there is only one.

    A comma list or several lines make several classes; ``dog: puppy, hound`` makes one with synonyms; ``background:``
    stands for no class.
    """
    try:
        return PromptSet.parse(text)
    except PromptError as error:
        if "\n" in text.strip():
            raise
        message = str(error).removeprefix("Line 1: ")
        raise PromptError(message[:1].upper() + message[1:]) from error
