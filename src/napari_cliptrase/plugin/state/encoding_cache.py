"""What is kept of earlier runs, so that going back to a plane, an image or a model costs no new encoding."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple

from napari_cliptrase.plugin.state.plane_source import PlaneSource
from napari_cliptrase.plugin.state.results import Encoded, Segmented

MOST_KEPT = 1 << 30
"""Bytes of encodings and pictures that are kept."""


class Key(NamedTuple):
    """What an encoding depends on: the pixels (`PlaneSource.key`), the model choice, the encode side of settings."""

    pixels: Hashable
    choice: Hashable
    encode_settings: str


@dataclass(frozen=True, eq=False)
class Scored:
    """A result, and what had been asked: classes, background and settings."""

    segmented: Segmented
    question: Hashable


class EncodingCache:
    """Encodings, the newest last and as many as there is room for, and the last result of each."""

    def __init__(self) -> None:
        self._encoded: OrderedDict[Key, Encoded] = OrderedDict()
        self._scored: dict[Key, Scored] = {}

    def __len__(self) -> int:
        return len(self._encoded)

    def __contains__(self, key: object) -> bool:
        return key in self._encoded

    def encoded(self, key: Key) -> Encoded | None:
        """Return an encoding."""
        return self._encoded.get(key)

    def scored(self, key: Key) -> Scored | None:
        """Return the last result of an encoding."""
        return self._scored.get(key)

    def keep(self, key: Key, encoded: Encoded) -> None:
        """Keep an encoding as the newest; the oldest go when there are too many."""
        self._encoded[key] = encoded
        self._encoded.move_to_end(key)
        while len(self._encoded) > 1 and sum(map(_size, self._encoded.values())) > MOST_KEPT:
            gone, _ = self._encoded.popitem(last=False)
            self._scored.pop(gone, None)

    def remember(self, key: Key, segmented: Segmented, question: Hashable) -> None:
        """Keep a result together with its encoding."""
        if key in self._encoded:
            self._scored[key] = Scored(segmented, question)

    def newest_of(self, image_id: Any, version: int, choice: Hashable) -> PlaneSource | None:
        """What was encoded last of an image as it is now."""
        for key, encoded in reversed(self._encoded.items()):
            target = encoded.subject.target
            if key.choice == choice and (target.image_id, target.version) == (image_id, version):
                return encoded.subject
        return None

    def nearest(self, key: Key) -> Key:
        """Return the key itself when it is known, otherwise the newest of the same pixels and model."""
        if key in self._encoded:
            return key
        return next((known for known in reversed(self._encoded) if known[:2] == key[:2]), key)

    def clear(self) -> None:
        """Forget everything."""
        self._encoded.clear()
        self._scored.clear()


def _size(encoded: Encoded) -> int:
    return int(encoded.encoding.nbytes + encoded.rgb.nbytes)
