"""Encode an image once, score it against prompts as often as you like."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from napari_cliptrase.array_types import Rgb
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.cliptrase.options import TemplateSet
from napari_cliptrase.cliptrase.templates import sentences
from napari_cliptrase.cliptrase.text import MemoryCache, TextCache, embed_texts
from napari_cliptrase.engine.absent import Absence
from napari_cliptrase.engine.closer_look import CloserLook
from napari_cliptrase.engine.core_plan import CorePlan, plan_large
from napari_cliptrase.engine.encode import encode_image_steps, with_other_regions
from napari_cliptrase.engine.encoding import Encoding
from napari_cliptrase.engine.notes import (
    absent_note,
    lookalikes,
    no_background_note,
    outdone_note,
    rivals_note,
    silent_note,
    unknown_words,
)
from napari_cliptrase.engine.plan import EncodePlan, plan_encoding
from napari_cliptrase.engine.provenance import provenance, versions
from napari_cliptrase.engine.result import ClassSummary, Segmentation
from napari_cliptrase.engine.score import EmbeddedPhrases, all_phrases, assign, score, to_ids
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.engine.teaching import Taught, teach, teaching_record
from napari_cliptrase.engine.text_cache import TextStore
from napari_cliptrase.errors import CliptraseError, PromptError
from napari_cliptrase.free_memory import free_memory
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.learn.spot_corrections import SpotCorrection
from napari_cliptrase.progress import Progress, run_to_end

if TYPE_CHECKING:
    from napari_cliptrase.models.loaded_models import ClipModel

__all__ = ["ClassSummary", "EncodePlan", "Encoding", "Segmentation", "Segmenter"]


_REMEMBERED = 32
_ANY_WORD = "thing"


@dataclass(frozen=True, eq=False)
class Understood:
    """Prompts as a model understands them.

    Attributes
    ----------
    phrases
        All phrases, corrected by examples where there are some.
    notes
        What the user should know about the prompts.
    scale
        Factor on cosine similarities.
    examples
        The record of the examples; None without any.
    spots
        What spots add to the scores of patches; None where none count.
    """

    phrases: EmbeddedPhrases
    notes: tuple[str, ...]
    scale: float
    examples: dict[str, object] | None
    spots: SpotCorrection | None = None


class Segmenter:
    """A model with settings.

    >>> segmenter = Segmenter(load_model("demo"))
    >>> encoding = segmenter.encode(rgb)  # slow, once per image
    >>> segmenter.segment(encoding, PromptSet.parse("sky, tree")).labels  # fast

    Parameters
    ----------
    model
        What `napari_cliptrase.load_model` returns.
    settings
        See `Settings`; the score side can be changed for each call of `segment`.
    text_caches
        Where embeddings of phrases are remembered, beside this segmenter's own memory; by default in files.
    """

    def __init__(
        self, model: "ClipModel", settings: Settings | None = None, *, text_caches: Sequence[TextCache] | None = None
    ) -> None:
        self.model = model
        self.settings = settings or Settings()
        self._caches: tuple[TextCache, ...] = (
            MemoryCache(),
            *((TextStore.usual(),) if text_caches is None else text_caches),
        )
        self._embedded: dict[tuple[object, ...], tuple[EmbeddedPhrases, tuple[str, ...]]] = {}
        self._taught: tuple[tuple[object, ...], Taught] | None = None
        self._closer_look = CloserLook(model, self.settings.kernel)
        self._versions = versions()

    # ---- images

    def plan(self, shape: tuple[int, int]) -> EncodePlan:
        """Return how an image of (H, W) pixels would be encoded: size, windows, memory."""
        return plan_encoding(shape, self.model.vision, self.settings)

    def plan_large(self, shape: tuple[int, int]) -> CorePlan:
        """Return which windows and cores a plane of (H, W) pixels has; they do not depend on what is asked of it."""
        if self.settings.crop:
            raise CliptraseError("Large images are segmented as a whole; choose settings that do not crop.")
        return plan_large(shape, self.model.vision.patch, self.settings)

    def picture(self, rgb: Rgb) -> Rgb:
        """Return what the labels of an image lie on: the image, or its central square where the settings crop."""
        working = self.plan((rgb.shape[0], rgb.shape[1])).working
        return working.resized(rgb) if working.crop else rgb

    def encode(self, rgb: Rgb) -> Encoding:
        """Encode an image, uint8 (H, W, 3)."""
        return run_to_end(self.encode_steps(rgb))

    def encode_steps(self, rgb: Rgb, *, attention: bool = True) -> Generator[Progress, None, Encoding]:
        """Encode an image, yielding between batches of windows so that a worker can stop there.

        ``attention`` is for absent classes, see `encode_image_steps`.
        """
        return encode_image_steps(self.model, rgb, self.settings, attention=attention)

    def two_fit(self, rgb: Rgb) -> bool:
        """Whether there is memory to encode an image (H, W, 3) while another one of its size gets its labels."""
        free = free_memory()
        return free is None or 2 * self.plan((rgb.shape[0], rgb.shape[1])).peak_bytes < free

    def with_regions(self, encoding: Encoding) -> Encoding:
        """Return an encoding of these settings, from one whose settings differ in what shapes regions alone."""
        if encoding.encode_settings == self.settings.encode_key():
            return encoding
        return with_other_regions(self.model, encoding, self.settings)

    # ---- prompts

    def segment(
        self,
        encoding: Encoding,
        prompts: PromptSet,
        settings: Settings | None = None,
        examples: LessonMemory | None = None,
    ) -> Segmentation:
        """Give every pixel a class; only the score side of ``settings`` counts (default: this segmenter's).

        ``examples`` correct what the text says, class by class; without any the text alone decides.
        """
        return run_to_end(self.segment_steps(encoding, prompts, settings, examples))

    def segment_steps(
        self,
        encoding: Encoding,
        prompts: PromptSet,
        settings: Settings | None = None,
        examples: LessonMemory | None = None,
    ) -> Generator[Progress, None, Segmentation]:
        """As `segment`, yielding while phrases that are new to the model are read."""
        _check_types(encoding, prompts, settings)
        settings = self.settings.with_scoring_of(settings or self.settings)
        meant = yield from self.understand_steps(prompts, settings, examples, encoding.encode_settings)
        phrases = meant.phrases
        fitting = self._closer_look.fitting(encoding, phrases)
        scored = score(encoding, phrases, prompts, settings, meant.scale, fitting, meant.spots)
        return Segmentation(
            labels=to_ids(assign(scored, encoding, settings.vote, settings.protect), phrases.ids),
            classes=prompts.table(),
            provenance=self.record(
                settings,
                prompts,
                image=encoding.image_sha256,
                windows=encoding.plan.record(),
                absent=scored.absent,
                examples=meant.examples,
            ),
            notes=(
                *meant.notes,
                *silent_note(prompts, phrases.silent),
                *absent_note(prompts, scored.absent),
                *outdone_note(prompts, scored.absent),
                *rivals_note(prompts, scored.rivals),
                *no_background_note(prompts, settings.threshold),
            ),
            scored=scored,
            ids=phrases.ids,
        )

    def understand_steps(
        self,
        prompts: PromptSet,
        settings: Settings,
        examples: LessonMemory | None = None,
        encode_settings: str | None = None,
    ) -> Generator[Progress, None, Understood]:
        """Return what prompts and examples mean to the model; nothing of it depends on an image.

        ``encode_settings`` are those of the image that the examples are for (default: this segmenter's).
        """
        if not prompts.classes:
            raise PromptError("There is no class to look for; write at least one name.")
        phrases, notes = yield from self._embed_prompts(prompts, settings)
        scale = settings.scale or self.model.logit_scale
        record: dict[str, object] | None = None
        spots: SpotCorrection | None = None
        if examples is not None and examples.lessons:
            examples.check(self.model.fingerprint, encode_settings or self.settings.encode_key(), self.model.name)
            yield Progress(0, 0, "learning from the examples")
            taught = self._teach(phrases, prompts, examples, scale, texture=settings.texture)
            phrases, spots = taught.phrases, taught.spots
            record = teaching_record(prompts, examples, spots)
        return Understood(phrases, notes, scale, record, spots)

    def record(
        self,
        settings: Settings,
        prompts: PromptSet,
        *,
        image: str,
        windows: Mapping[str, object],
        absent: Mapping[int, Absence] | None = None,
        examples: Mapping[str, object] | None = None,
    ) -> dict[str, Any]:
        """Return the provenance of a result of this segmenter, see `napari_cliptrase.engine.provenance`."""
        return provenance(
            model=self.model.name,
            weights_sha256=self.model.weights_sha256,
            device=str(self.model.device),
            dtype=str(self.model.dtype).removeprefix("torch."),
            settings=settings,
            prompts=prompts,
            image=image,
            libraries=self._versions,
            absent=absent or {},
            windows=windows,
            examples=examples,
        )

    def _embed_prompts(
        self, prompts: PromptSet, settings: Settings
    ) -> Generator[Progress, None, tuple[EmbeddedPhrases, tuple[str, ...]]]:
        """Return embeddings of all phrases and notes about them, cached for the sets used last."""
        key = (prompts, settings.templates, settings.synonym_merge)
        if key not in self._embedded:
            phrases = all_phrases(prompts)
            # one by one: the last bits must not depend on what else was new, and a long list can be cancelled
            for number, phrase in enumerate(phrases):
                yield Progress(number, len(phrases), "reading the prompts")
                self._embed([phrase], settings)
            # without any phrase there still is a width that rows must have
            vectors = self._embed(phrases, settings) if phrases else self._embed([_ANY_WORD], settings)[:0]
            embedded = EmbeddedPhrases.of(prompts, vectors, settings.synonym_merge)
            spoken = ~np.isin(embedded.owner, list(embedded.silent))
            notes = (
                *unknown_words(prompts, self.model.vocabulary, self.model.name, sentences(TemplateSet.FULL)),
                *prompts.doubts(),
                *lookalikes(prompts, embedded.text.numpy()[spoken], embedded.owner[spoken]),
            )
            while len(self._embedded) >= _REMEMBERED:
                self._embedded.pop(next(iter(self._embedded)), None)
            self._embedded[key] = embedded, notes
        return self._embedded[key]

    def _teach(
        self, phrases: EmbeddedPhrases, prompts: PromptSet, examples: LessonMemory, scale: float, *, texture: bool
    ) -> Taught:
        """Correct phrases by examples; the last answer is remembered, since planes and thresholds ask again."""
        key = (phrases, prompts, examples, scale, texture)
        if self._taught is None or self._taught[0] != key:
            self._taught = key, teach(phrases, prompts, examples, scale, texture=texture)
        return self._taught[1]

    def _embed(self, phrases: Sequence[str], settings: Settings) -> Tensor:
        return embed_texts(
            self.model.text,
            phrases,
            settings.templates,
            weights=self.model.fingerprint,
            caches=self._caches,
        )


def _check_types(encoding: object, prompts: object, settings: object) -> None:
    """Raise a sentence when a script passes a wrong type."""
    if not isinstance(encoding, Encoding):
        raise CliptraseError(f"segment needs an Encoding, which encode(rgb) returns, not a {type(encoding).__name__}.")
    if not isinstance(prompts, PromptSet):
        raise PromptError(
            f"segment needs a PromptSet, not a {type(prompts).__name__}; make one with PromptSet.parse('cat; dog')."
        )
    if settings is not None and not isinstance(settings, Settings):
        raise CliptraseError(f"segment needs Settings, not a {type(settings).__name__}; such as Settings(vote='soft').")
