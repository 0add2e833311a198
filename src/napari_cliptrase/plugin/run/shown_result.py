"""The result on the screen: which question it answers, and whether that is still the question of the session."""

from collections.abc import Hashable

from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.plugin.run.navigation import PlaneNavigation
from napari_cliptrase.plugin.run.rescoring import scored_question
from napari_cliptrase.plugin.run.shown_extras import ShownExtras
from napari_cliptrase.plugin.state.encoding_cache import EncodingCache, EncodingKey
from napari_cliptrase.plugin.state.results import Encoded, Segmented
from napari_cliptrase.plugin.state.run_choices import ModelChoice
from napari_cliptrase.plugin.state.session import Session


class ShownResult:
    """Makes encodings and results the session's, and caches them so that navigation finds them again."""

    def __init__(
        self, session: Session, cache: EncodingCache, navigation: PlaneNavigation, extras: ShownExtras
    ) -> None:
        self._session = session
        self._cache = cache
        self._navigation = navigation
        self._extras = extras

    def question(self) -> Hashable:
        """Return what the labels of the session's encoding depend on: classes, settings and examples."""
        return scored_question(self._session.prompts), self._session.settings, self.examples()

    def examples(self) -> LessonMemory | None:
        """Return the examples that count for the session's encoding."""
        return None if self._session.encoded is None else self.examples_for(self._session.encoded)

    def examples_for(self, encoded: Encoded) -> LessonMemory | None:
        """Return the examples that count for an encoding of the session's model."""
        model = self._session.model
        if model is None:
            return None
        return self._session.examples.in_use(model.fingerprint, encoded.encoding.encode_settings)

    @property
    def up_to_date(self) -> bool:
        """Whether the shown result answers the question as it is now; true also where nothing is shown."""
        session = self._session
        if session.encoded is None or session.segmented is None:
            return True
        return self.question() == self._navigation.scored_question

    @property
    def can_be_scored_again(self) -> bool:
        """Whether there is a result whose encoding serves for the settings as they are now."""
        session = self._session
        if session.encoded is None or session.segmented is None:
            return False
        return session.encoded.encoding.encode_settings == session.settings.encode_key()

    def show(self, segmented: Segmented, question: Hashable) -> None:
        """Make a result that answers ``question`` the shown one; the layers hold it, or are left as they are."""
        self._use(segmented, question)
        self._extras.show()

    def take_up(self, choice: ModelChoice, encoded: Encoded, segmented: Segmented, question: Hashable) -> None:
        """Make an encoding and its result, made ahead of time with a model, the shown ones; no layer changes."""
        self._cache.keep(EncodingKey(encoded.source.key, choice, encoded.encoding.encode_settings), encoded)
        self._session.encoded = encoded
        self._use(segmented, question)

    def _use(self, segmented: Segmented, question: Hashable) -> None:
        encoded, choice = self._session.encoded, self._navigation.model_choice
        self._navigation.scored_question = question
        self._session.segmented = segmented
        if encoded is not None and choice is not None:
            key = EncodingKey(encoded.source.key, choice, encoded.encoding.encode_settings)
            self._cache.remember(key, segmented, question)
