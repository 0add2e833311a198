"""Options that say which classes to look for, the same for every command, and the prompts that they give."""

from pathlib import Path
from typing import Annotated

import typer

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.errors import PromptError

Prompts = Annotated[
    str | None, typer.Option("--prompts", "-p", help='Classes: "cat; dog: puppy, hound; background: wall".')
]
PromptsFile = Annotated[
    Path | None, typer.Option("--prompts-file", help="Classes from a file: text, one per line, or JSON.")
]
Examples = Annotated[
    Path | None, typer.Option("--examples", help="Examples that correct what the names say; see: learn --help")
]


def prompts_if_given(text: str | None, file: Path | None = None) -> PromptSet | None:
    """Return the classes that a command was given, as text or in a file; None without either."""
    if text is not None and file is not None:
        raise PromptError("Give the classes with --prompts or with --prompts-file, not with both.")
    if file is not None:
        prompts = PromptSet.load(file)
    elif text is not None:
        prompts = PromptSet.parse(text)
    else:
        return None
    if not prompts.classes:
        raise PromptError(f"{file or '--prompts'} names no class; write at least one.")
    return prompts


def required_prompts(text: str | None, file: Path | None) -> PromptSet:
    """Return the classes that a command was given, which it cannot do without."""
    prompts = prompts_if_given(text, file)
    if prompts is None:
        raise PromptError('Name the classes to look for, with --prompts "cat; dog" or --prompts-file FILE.')
    return prompts
