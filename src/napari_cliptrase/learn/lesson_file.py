"""Lessons as a file: one NumPy archive with the features as arrays and the rest as JSON. Holds no pixels."""

import json
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

import numpy as np

from napari_cliptrase.atomic import write_bytes
from napari_cliptrase.learn.lesson import Lesson, LessonAction, LessonError
from napari_cliptrase.learn.lesson_memory import LessonMemory

LESSON_FORMAT: Final = "napari-cliptrase examples"
LESSON_VERSION: Final = 1
_MOST_BYTES: Final = 1 << 28


def write_lessons(memory: LessonMemory, path: Path) -> None:
    """Write lessons to a file, whole or not at all; half precision, which is what features are good for."""
    head = {
        "format": LESSON_FORMAT,
        "version": LESSON_VERSION,
        "model": memory.model,
        "settings": memory.settings,
        "lessons": [
            {
                "class": lesson.class_name,
                "patches": len(lesson),
                "negative": lesson.negative,
                "image": lesson.image,
                "action": lesson.action.value,
                "time": lesson.time,
            }
            for lesson in memory.lessons
        ],
    }
    features = [lesson.features for lesson in memory.lessons]
    weights = [lesson.weight for lesson in memory.lessons]
    stream = BytesIO()
    np.savez_compressed(
        stream,
        head=np.frombuffer(json.dumps(head, ensure_ascii=False).encode(), np.uint8),
        features=np.concatenate(features).astype(np.float16) if features else np.zeros((0, 0), np.float16),
        weight=np.concatenate(weights) if weights else np.zeros(0, np.float32),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, stream.getvalue())


def read_lessons(path: Path) -> LessonMemory:
    """Read what `write_lessons` wrote."""
    try:
        with ZipFile(path) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > _MOST_BYTES:
                raise LessonError(f"{path} is too large for a file of examples.")
        with np.load(path, allow_pickle=False) as archive:
            head: Any = json.loads(archive["head"].tobytes().decode("utf-8"))
            features, weight = archive["features"].astype(np.float32), archive["weight"].astype(np.float32)
    except OSError as error:
        raise LessonError(f"{path} cannot be read ({error.strerror or error}).") from error
    # a RuntimeError where an entry is encrypted, packed in an unknown way, or nested too deeply
    except (ValueError, KeyError, BadZipFile, RuntimeError, EOFError, MemoryError, zlib.error) as error:
        raise LessonError(f"{path} is not a file of examples, or it is damaged.") from error
    if not isinstance(head, dict) or head.get("format") != LESSON_FORMAT:
        raise LessonError(f"{path} is not a file of examples.")
    if head.get("version") != LESSON_VERSION:
        raise LessonError(f"{path} was written by a newer version of this program; update it to read the examples.")
    try:
        return LessonMemory(
            str(head["model"]), str(head["settings"]), tuple(_lessons(head["lessons"], features, weight))
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise LessonError(f"{path} is damaged: its table of examples does not go with its features.") from error


def _lessons(entries: list[dict[str, Any]], features: Any, weight: Any) -> list[Lesson]:
    lessons, start = [], 0
    for entry in entries:
        stop = start + int(entry["patches"])
        if not start < stop <= len(features) or features.ndim != 2:
            raise ValueError("counts and features differ")
        norm = np.linalg.norm(features[start:stop], axis=1, keepdims=True)
        lessons.append(
            Lesson(
                class_name=str(entry["class"]),
                features=features[start:stop] / np.maximum(norm, 1e-6),
                weight=weight[start:stop],
                negative=bool(entry["negative"]),
                image=str(entry["image"]),
                action=LessonAction(entry["action"]),
                time=str(entry["time"]),
            )
        )
        start = stop
    if start != len(features):
        raise ValueError("counts and features differ")
    return lessons
