"""The examples of a project: one file for each model and settings that taught some."""

import hashlib
from collections.abc import Collection
from pathlib import Path

from napari_cliptrase.learn.lesson import LessonError
from napari_cliptrase.learn.lesson_file import read_lessons, write_lessons
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.project.project_paths import ProjectPaths


def taught_file(paths: ProjectPaths, memory: LessonMemory) -> Path:
    """Return the file of a memory, by its model and settings."""
    key = hashlib.sha256(f"{memory.model} {memory.settings}".encode()).hexdigest()
    return paths.examples / f"{key[:16]}.npz"


def read_taught(paths: ProjectPaths) -> tuple[tuple[LessonMemory, ...], tuple[str, ...]]:
    """Return all examples of a project, and a sentence for each file that cannot be used; such a file stays."""
    memories, problems = [], []
    for path in sorted(paths.examples.glob("*.npz")):
        try:
            memories.append(read_lessons(path))
        except LessonError as error:
            problems.append(f"Examples were left out: {error}")
    return tuple(memories), tuple(problems)


def write_taught(paths: ProjectPaths, before: Collection[LessonMemory], now: Collection[LessonMemory]) -> None:
    """Bring the files in line: write what is not among ``before``, remove files of memories that are gone."""
    for memory in now:
        if memory not in before:
            write_lessons(memory, taught_file(paths, memory))
    kept = {taught_file(paths, memory) for memory in now}
    for memory in before:
        if taught_file(paths, memory) not in kept:
            taught_file(paths, memory).unlink(missing_ok=True)
