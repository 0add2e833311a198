"""What hand edits of an image teach: lessons that follow the label layers, and those that the user took away."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
from napari.layers import Labels

from napari_cliptrase.array_types import Floats, Mask
from napari_cliptrase.classes.prompt_class import BACKGROUND
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.learn.lesson import Lesson, LessonAction, class_key, lessons_from_shares
from napari_cliptrase.learn.lesson_memory import ExampleKey, example_key
from napari_cliptrase.learn.spot_examples import spots_of_shares
from napari_cliptrase.learn.spots import spot_grid
from napari_cliptrase.plugin.layers import LabelLayers
from napari_cliptrase.plugin.layers.painted_patches import PaintedPatches, PatchOwner
from napari_cliptrase.plugin.state.results import Encoded
from napari_cliptrase.plugin.state.session import Session


class EditLessons:
    """Keeps the examples of a session in line with the hand edits of the image that is worked on."""

    def __init__(self, session: Session, label_layers: LabelLayers) -> None:
        self._session = session
        self._label_layers = label_layers
        self._patches: PaintedPatches | None = None
        self._patches_of: Encoded | None = None
        self._forgotten: dict[str, dict[PatchOwner, EditShares]] = {}
        """Shares, by the image, whose examples the user took away; only more of them teaches again."""
        self._taught: dict[str, frozenset[ExampleKey]] = {}
        """What hand edits taught here, by the image; examples that came from a file are not theirs to take back."""

    # -- what was painted ---------------------------------------------------------------------------------------------

    @property
    def read(self) -> bool:
        """Whether the hand edits of an image were read, so that only what changes must be read again."""
        return self._patches is not None

    @property
    def stated(self) -> Mask | None:
        """(h, w) pixels of the encoded box that a person stated; None when nothing was read."""
        return None if self._patches is None else self._patches.stated

    def note_rows(self, layer: Labels, plane: tuple[int, ...], rows: slice) -> None:
        """Read some rows of a layer's plane again before the next lesson, if they belong to what was read."""
        patches = self._patches
        if patches is not None and plane == patches.target.plane and patches.target.geometry.fits(layer):
            patches.note_rows(rows)

    def note_all(self) -> None:
        """Read everything again before the next lesson."""
        if self._patches is not None:
            self._patches.note_all()

    def forget_patches(self) -> None:
        """Forget what was read of the image; what was taught stays."""
        self._patches = self._patches_of = None

    # -- what it teaches ----------------------------------------------------------------------------------------------

    def teach(self, encoded: Encoded, model: str) -> bool:
        """Let the hand edits of this image be its examples; return whether that is new."""
        try:
            lessons = self._lessons(encoded)
        except CliptraseError:  # the image has gone or changed
            return False
        examples, image = self._session.examples, encoded.encoding.image_sha256
        memory = examples.memory(model, encoded.encoding.encode_settings)
        keys = frozenset(map(example_key, lessons))
        before = self._taught.get(image, frozenset())
        if _same([lesson for lesson in memory.lessons if example_key(lesson) in before | keys], lessons):
            return False
        self._taught[image] = keys
        examples.teach(memory.retaught(before, lessons))
        return True

    def _lessons(self, encoded: Encoded) -> tuple[Lesson, ...]:
        encoding = encoded.encoding
        if self._patches is None or self._patches_of is not encoded:
            layers = self._label_layers
            self._patches = PaintedPatches(layers.contents, layers.history, encoded.source.target, encoding.grid)
            self._patches_of = encoded
        self._patches.renew()
        forgotten = self._forgotten.get(encoding.image_sha256, {})
        painted, owners = self._patches.shares(), self._owners(encoded)
        if not owners:
            return ()
        shares = [
            share if (before := forgotten.get(owner)) is None else share.without(before)
            for owner, (_, share) in owners.items()
        ]
        of_spots = np.stack([share.spots for share in shares])
        spots = spots_of_shares(encoding.spot_textures(), encoding.features, encoding.grid, of_spots)
        lessons = lessons_from_shares(
            encoding.features,
            np.stack([share.patches for share in shares]),
            [(name, negative) for (_, negative), (name, _) in owners.items()],
            spots=spots,
            image=encoding.image_sha256,
            action=LessonAction.PAINT,
            time=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        scribbled = {name for owner, (name, _) in owners.items() if owner not in painted}
        return tuple(
            replace(lesson, action=LessonAction.SCRIBBLE) if lesson.class_name in scribbled else lesson
            for lesson in lessons
        )

    def _owners(self, encoded: Encoded) -> "dict[PatchOwner, tuple[str, EditShares]]":
        """Return the shares of what was painted and scribbled, with the names under which they teach."""
        encoding = encoded.encoding
        scribbles, image, fine = self._session.scribbles, encoding.image_sha256, spot_grid(encoding.grid)
        shares: dict[PatchOwner, EditShares] = {}
        if self._patches is not None:
            of_spots = self._patches.spot_shares()
            shares = {owner: EditShares(share, of_spots[owner]) for owner, share in self._patches.shares().items()}
        of_spots = {(class_id, False): share for class_id, share in scribbles.shares(image, fine).items()}
        for class_id, share in scribbles.shares(image, encoding.grid).items():
            drawn = EditShares(share, of_spots[class_id, False])
            painted = shares.get((class_id, False))
            shares[class_id, False] = drawn if painted is None else drawn.joined(painted)
        return _named(self._session.prompts, shares)

    # -- what the user takes away -------------------------------------------------------------------------------------

    def forget(self, name: str | None = None) -> None:
        """Forget the examples of a class (None: of all), also those that hand edits of this image would teach again."""
        memory = self._session.memory
        if memory is not None:
            self._keep_from_teaching(lambda class_name, _: name is None or class_key(class_name) == class_key(name))
            forgotten = replace(memory, lessons=()) if name is None else memory.without_class(name)
            self._session.examples.change(forgotten)

    def forget_one(self, lesson: Lesson) -> None:
        """Forget one example."""
        memory, encoded = self._session.memory, self._patches_of
        if memory is None or lesson not in memory.lessons:
            return
        if encoded is not None and lesson.image == encoded.encoding.image_sha256:
            mine = class_key(lesson.class_name), lesson.negative
            self._keep_from_teaching(lambda class_name, negative: (class_key(class_name), negative) == mine)
        self._session.examples.change(memory.without_lesson(memory.lessons.index(lesson)))

    def _keep_from_teaching(self, which: Callable[[str, bool], bool]) -> None:
        """Let the hand edits of this image, as they are now, no longer teach some classes."""
        if self._patches is None or self._patches_of is None:
            return
        image = self._patches_of.encoding.image_sha256
        forgotten, taught = self._forgotten.setdefault(image, {}), self._taught.get(image, frozenset())
        self._taught[image] = frozenset(key for key in taught if not which(key[1], key[2]))
        for owner, (class_name, shares) in self._owners(self._patches_of).items():
            if which(class_name, owner[1]):
                forgotten[owner] = shares


class EditShares(NamedTuple):
    """Which share of each patch (h*w,) and of each spot (spots,) was given to a class."""

    patches: Floats
    spots: Floats

    def joined(self, other: "EditShares") -> "EditShares":
        """Return the larger share of both."""
        return EditShares(np.maximum(self.patches, other.patches), np.maximum(self.spots, other.spots))

    def without(self, other: "EditShares") -> "EditShares":
        """Return what goes beyond another."""
        return EditShares(np.maximum(self.patches - other.patches, 0), np.maximum(self.spots - other.spots, 0))


def _named(prompts: PromptSet, shares: Mapping[PatchOwner, EditShares]) -> dict[PatchOwner, tuple[str, EditShares]]:
    """Return shares with the names under which they teach.

    With background phrases, erased pixels are examples of the background; without, they only say what is not there.
    """
    names = {entry.id: entry.name for entry in prompts}
    found = {owner: (names[owner[0]], share) for owner, share in shares.items() if owner[0] in names}
    if not prompts.background:
        return found
    found = {owner: named for owner, named in found.items() if not owner[1]}
    if (0, False) in shares:
        found[0, False] = BACKGROUND, shares[0, False]
    return found


def _same(before: Iterable[Lesson], now: Iterable[Lesson]) -> bool:
    """Whether lessons of one image teach the same; those of a file have features of half precision."""

    def taught(lesson: Lesson) -> tuple[Any, ...]:
        places = b"" if lesson.spots is None else lesson.spots.place.tobytes()
        return class_key(lesson.class_name), lesson.negative, lesson.weight.tobytes(), places

    return sorted(map(taught, before)) == sorted(map(taught, now))
