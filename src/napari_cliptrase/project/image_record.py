"""What is known about one image of a project, and its JSON form."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import product
from typing import Any, Final

from napari_cliptrase.field_values import checked_number, checked_text, checked_whole_number
from napari_cliptrase.project.project_paths import checked_inside

_MOST: Final = 1 << 62
_LONGEST: Final = 1e9  # seconds


class State(StrEnum):
    """The state of the work on an image."""

    NEW = "never opened"
    PRE_ANNOTATED = "pre-annotated"
    IN_PROGRESS = "in progress"
    DONE = "done"
    EMPTY = "truly empty"
    REVIEWED = "reviewed"

    @property
    def finished(self) -> bool:
        """Whether the image needs no more annotation."""
        return self in (State.DONE, State.EMPTY, State.REVIEWED)


@dataclass(frozen=True)
class ImageIdentity:
    """Which picture a mask was drawn on.

    Attributes
    ----------
    sha256, size
        Hash and length of the bytes of the file.
    height, width
        Of a plane, in pixels.
    axes, planes
        Letter and length of each axis that counts planes, such as ``"TZ"`` and ``(4, 10)``; empty for a picture.
    """

    sha256: str
    size: int
    height: int
    width: int
    axes: str = ""
    planes: tuple[int, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of a plane."""
        return self.height, self.width

    def plane_key(self, plane: tuple[int, ...]) -> str:
        """Return the part of a file name that identifies a plane, such as ``t3_z07``; empty for a picture."""
        parts = zip(self.axes, plane, self.planes, strict=True)
        return "_".join(f"{axis.lower()}{at:0{len(str(length - 1))}d}" for axis, at, length in parts)

    def indices(self) -> tuple[tuple[int, ...], ...]:
        """Index of every plane; the empty one for a picture."""
        return tuple(product(*map(range, self.planes)))


@dataclass(frozen=True)
class PlaneRecord:
    """What the files of a plane held when they were saved.

    Attributes
    ----------
    mask, provenance
        CRC-32 of the bytes of the two files.
    pixels
        How many pixels each class has.
    """

    mask: int
    provenance: int
    pixels: Mapping[int, int]


@dataclass(frozen=True)
class ImageRecord:
    """What is known about an image.

    Attributes
    ----------
    name
        Path of the image within the images of the project, with ``/``.
    stem
        Path of its mask within ``masks/``, without suffix.
    state
        How far the work has come.
    flag
        A note on what is odd about the image; None when it is not flagged.
    identity
        The picture that the masks belong to; None before there is a mask.
    planes
        What was saved, by `ImageIdentity.plane_key`.
    seconds
        Time that a person has spent on it.
    uncertainty
        How unsure the model was, 0 to 1; None before a run.
    disagreement
        Share of people's pixels for which the last model run proposed another label; None without such pixels.
    run
        Of the last model run, plain data: from it one can decide whether another run would give the same.
    scores
        Mean probability that the last model run gave to each class it found, 0 to 1, in the pixels of that class.
    """

    name: str
    stem: str
    state: State = State.NEW
    flag: str | None = None
    identity: ImageIdentity | None = None
    planes: Mapping[str, PlaneRecord] = field(default_factory=dict)
    seconds: float = 0.0
    uncertainty: float | None = None
    run: Mapping[str, Any] | None = None
    disagreement: float | None = None
    scores: Mapping[int, float] = field(default_factory=dict)

    @property
    def pixels(self) -> dict[int, int]:
        """How many pixels each class has, over all planes."""
        total: Counter[int] = Counter()
        for plane in self.planes.values():
            total.update(plane.pixels)
        return dict(sorted(total.items()))

    @property
    def saved_empty(self) -> bool:
        """Whether a mask was saved and no pixel of it has a class."""
        return bool(self.planes) and not any(plane.pixels for plane in self.planes.values())

    def to_data(self) -> dict[str, Any]:
        """Return the record as JSON data; equal records give equal text."""
        identity = self.identity
        disagreement = {} if self.disagreement is None else {"disagreement": round(self.disagreement, 6)}
        scores = {str(key): round(score, 4) for key, score in sorted(self.scores.items())}
        return {
            **disagreement,
            **({"scores": scores} if scores else {}),
            "name": self.name,
            "mask": self.stem,
            "state": str(self.state),
            "flag": self.flag,
            "image": None
            if identity is None
            else {
                "sha256": identity.sha256,
                "size": identity.size,
                "height": identity.height,
                "width": identity.width,
                "axes": identity.axes,
                "planes": list(identity.planes),
            },
            "planes": {
                key: {
                    "mask": plane.mask,
                    "provenance": plane.provenance,
                    "pixels": {str(value): count for value, count in sorted(plane.pixels.items())},
                }
                for key, plane in sorted(self.planes.items())
            },
            "seconds": round(self.seconds, 1),
            "uncertainty": None if self.uncertainty is None else round(self.uncertainty, 6),
            "run": self.run,
        }

    def to_json(self) -> str:
        """Return the text of the record's file."""
        return json.dumps(self.to_data(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "ImageRecord":
        """Read what `to_data` made; ValueError, KeyError, TypeError or FieldError when the data are something else."""
        uncertainty, disagreement = data["uncertainty"], data.get("disagreement")
        run, flag = data["run"], data["flag"]
        if run is not None and not isinstance(run, Mapping):
            raise ValueError("its 'run' is not an object")
        return cls(
            checked_inside("name", data["name"]),
            checked_inside("mask", data["mask"]),
            State(data["state"]),
            None if flag is None else checked_text("flag", flag),
            None if data["image"] is None else _identity(data["image"]),
            {str(key): _plane(plane) for key, plane in data["planes"].items()},
            checked_number("seconds", data["seconds"], 0, _LONGEST),
            None if uncertainty is None else checked_number("uncertainty", uncertainty, 0, 1),
            run,
            None if disagreement is None else checked_number("disagreement", disagreement, 0, 1),
            {int(key): checked_number("scores", score, 0, 1) for key, score in data.get("scores", {}).items()},
        )


def _identity(data: Mapping[str, Any]) -> ImageIdentity:
    axes = checked_text("axes", data["axes"])
    planes = tuple(checked_whole_number("planes", length, 1, _MOST) for length in data["planes"])
    if len(axes) != len(planes):
        raise ValueError("its 'axes' and 'planes' do not go together")
    return ImageIdentity(
        checked_text("sha256", data["sha256"]),
        checked_whole_number("size", data["size"], 0, _MOST),
        checked_whole_number("height", data["height"], 1, _MOST),
        checked_whole_number("width", data["width"], 1, _MOST),
        axes,
        planes,
    )


def _plane(data: Mapping[str, Any]) -> PlaneRecord:
    pixels = {int(value): checked_whole_number("pixels", n, 0, _MOST) for value, n in data["pixels"].items()}
    crc = [checked_whole_number(name, data[name], 0, (1 << 32) - 1) for name in ("mask", "provenance")]
    return PlaneRecord(crc[0], crc[1], pixels)
