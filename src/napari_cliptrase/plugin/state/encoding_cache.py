"""Encodings and results of earlier runs: going back to a plane, an image or a model needs no new encoding."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple

from napari_cliptrase.plugin.state.plane_source import PlaneSource
from napari_cliptrase.plugin.state.results import Encoded, Segmented

CAPACITY = 1 << 30
"""Bytes of encodings and pictures that the cache holds."""


class EncodingKey(NamedTuple):
    """What an encoding depends on: the pixels (`PlaneSource.key`), the model choice, the encode side of settings."""

    pixels: Hashable
    choice: Hashable
    encode_settings: str


@dataclass(frozen=True, eq=False)
class Scored:
    """A result, and the question that it answers: classes, background and settings."""

    segmented: Segmented
    question: Hashable


class EncodingCache:
    """Holds the newest encodings, up to a number of bytes, and the last result of each.

    The newest encoding stays even where it alone is larger than ``capacity`` bytes.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._encoded: OrderedDict[EncodingKey, Encoded] = OrderedDict()
        self._scored: dict[EncodingKey, Scored] = {}

    def __len__(self) -> int:
        return len(self._encoded)

    def __contains__(self, key: object) -> bool:
        return key in self._encoded

    def encoded(self, key: EncodingKey) -> Encoded | None:
        """Return an encoding."""
        return self._encoded.get(key)

    def scored(self, key: EncodingKey) -> Scored | None:
        """Return the last result of an encoding."""
        return self._scored.get(key)

    def keep(self, key: EncodingKey, encoded: Encoded) -> None:
        """Keep an encoding as the newest; drop the oldest ones that no longer fit."""
        self._encoded[key] = encoded
        self._encoded.move_to_end(key)
        while len(self._encoded) > 1 and sum(map(_size, self._encoded.values())) > self._capacity:
            oldest, _ = self._encoded.popitem(last=False)
            self._scored.pop(oldest, None)

    def remember(self, key: EncodingKey, segmented: Segmented, question: Hashable) -> None:
        """Keep a result beside its encoding; without its encoding it is not kept."""
        if key in self._encoded:
            self._scored[key] = Scored(segmented, question)

    def newest_of(self, image_id: Any, version: int, choice: Hashable) -> PlaneSource | None:
        """Return the newest encoded source of an image in its present version."""
        for key, encoded in reversed(self._encoded.items()):
            target = encoded.source.target
            if key.choice == choice and (target.image_id, target.version) == (image_id, version):
                return encoded.source
        return None

    def nearest(self, key: EncodingKey) -> EncodingKey:
        """Return the key itself when it is cached, otherwise the newest key of the same pixels and model."""
        if key in self._encoded:
            return key
        return next((other for other in reversed(self._encoded) if other[:2] == key[:2]), key)

    def clear(self) -> None:
        """Forget everything."""
        self._encoded.clear()
        self._scored.clear()


def _size(encoded: Encoded) -> int:
    return int(encoded.encoding.nbytes + encoded.rgb.nbytes)
