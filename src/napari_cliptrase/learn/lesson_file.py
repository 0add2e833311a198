"""Lessons as a file: one NumPy archive with the features as arrays and the rest as JSON. Holds no pixels."""

import json
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

import numpy as np

from napari_cliptrase.atomic import write_bytes
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.learn.lesson import Lesson, LessonAction, LessonError
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.learn.spot_examples import SpotExamples

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
                **({"spots": len(lesson.spots)} if lesson.spots else {}),
            }
            for lesson in memory.lessons
        ],
    }
    features = [lesson.features for lesson in memory.lessons]
    weights = [lesson.weight for lesson in memory.lessons]
    spots = [lesson.spots for lesson in memory.lessons if lesson.spots] or [SpotExamples.none()]
    stream = BytesIO()
    np.savez_compressed(
        stream,
        head=np.frombuffer(json.dumps(head, ensure_ascii=False).encode(), np.uint8),
        features=np.concatenate(features).astype(np.float16) if features else np.zeros((0, 0), np.float16),
        weight=np.concatenate(weights) if weights else np.zeros(0, np.float32),
        # textures keep their precision, since small differences of colour count
        spot_textures=np.concatenate([entry.textures for entry in spots]),
        spot_around=np.concatenate([entry.around for entry in spots]).astype(np.float16),
        spot_place=np.concatenate([entry.place for entry in spots]),
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
            spots = _spots(archive)
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
            str(head["model"]), str(head["settings"]), tuple(_lessons(head["lessons"], features, weight, spots))
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise LessonError(f"{path} is damaged: its table of examples does not go with its features.") from error


def _spots(archive: Any) -> SpotExamples:
    """Return the spots of all lessons together; files of earlier versions have none."""
    if "spot_textures" not in archive:
        return SpotExamples.none()
    try:
        return SpotExamples(archive["spot_textures"], archive["spot_around"].astype(np.float32), archive["spot_place"])
    except CliptraseError as error:
        raise ValueError(str(error)) from error


def _lessons(entries: list[dict[str, Any]], features: Any, weight: Any, spots: SpotExamples) -> list[Lesson]:
    lessons, start, first = [], 0, 0
    for entry in entries:
        stop = start + int(entry["patches"])
        last = first + int(entry.get("spots", 0))
        whole = start <= stop <= len(features) and first <= last <= len(spots) and features.ndim == 2
        if not whole or (start, first) == (stop, last):
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
                spots=spots.part(slice(first, last)) if last > first else None,
            )
        )
        start, first = stop, last
    if start != len(features) or first != len(spots):
        raise ValueError("counts and features differ")
    return lessons
