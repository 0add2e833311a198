"""The counts of each image on disk, line by line: what a stopped evaluation goes on from, and what intervals need."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.evaluate.class_counts import ImageCounts
from napari_cliptrase.json_file import parse_json

SCORE_LOG_SCHEMA: Final = 1
SUFFIX: Final = ".jsonl"


class ScoreLogError(CliptraseError):
    """A log of scores was made in another way, or is damaged."""


@dataclass(frozen=True, eq=False)
class LoggedImage:
    """A line of a log: the counts of an image, or None when the protocol leaves it out."""

    name: str
    counts: ImageCounts | None = field(repr=False)


class ScoreLog:
    """One file: a header that says what was scored and how, then a line for each image.

    A line is on the disk whole or it does not count, so that killed evaluations lose one image.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def header(self) -> dict[str, Any] | None:
        """What was scored and how; None when there is no such file yet."""
        first = next(self._lines(), None)
        if first is None:
            return None
        if first.get("schema") != SCORE_LOG_SCHEMA:
            raise ScoreLogError(
                f"{self.path} is not a log of scores that this version can read; choose another folder."
            )
        return first

    def expect(self, header: Mapping[str, Any]) -> None:
        """Raise when the log holds scores of something else."""
        known = self.header
        if known is None:
            return
        wanted = parse_json(json.dumps(header))
        differing = sorted(key for key in wanted if known.get(key) != wanted[key])
        if differing:
            raise ScoreLogError(
                f"{self.path} holds scores made in another way ({', '.join(differing)} differ); give another --out, or "
                "--again to score all images again."
            )

    def begin(self, header: Mapping[str, Any]) -> None:
        """Write the header of a new log; one that exists is kept, without a line that was cut off."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self.path.exists():
            self._append({"schema": SCORE_LOG_SCHEMA, **header})
            return
        whole = self.path.read_bytes().rfind(b"\n") + 1
        if whole < self.path.stat().st_size:
            os.truncate(self.path, whole)

    def add(self, name: str, counts: ImageCounts | None) -> None:
        """Append an image; None for one that the protocol leaves out."""
        self._append({"image": name, **({"left_out": True} if counts is None else counts.as_json())})

    def images(self) -> Iterator[LoggedImage]:
        """Yield all images that were scored, one at a time."""
        lines = self._lines()
        next(lines, None)
        for line in lines:
            yield LoggedImage(str(line["image"]), None if line.get("left_out") else ImageCounts.from_json(line))

    def _append(self, data: Mapping[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(data, separators=(",", ":"), ensure_ascii=False) + "\n")

    def _lines(self) -> Iterator[dict[str, Any]]:
        if not self.path.exists():
            return
        with self.path.open(encoding="utf-8") as stream:
            for number, text in enumerate(stream, start=1):
                if not text.endswith("\n"):
                    return
                try:
                    line = parse_json(text)
                    if not isinstance(line, dict):
                        raise ValueError("it is not an object")
                except ValueError as error:
                    raise ScoreLogError(
                        f"{self.path}, line {number}, is damaged ({error}); remove the line to score that image again."
                    ) from error
                yield line
