"""The model that is loaded, and the segmenter with it that runs use; a new one is made only where something changed."""

from collections.abc import Generator
from typing import TYPE_CHECKING

from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.plugin.run.navigation import PlaneNavigation
from napari_cliptrase.plugin.state.run_choices import ModelChoice
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.progress import Progress

if TYPE_CHECKING:
    from napari_cliptrase.engine.segmenter import Segmenter
    from napari_cliptrase.models.loaded_models import ClipModel


class SegmenterSource:
    """Gives the segmenter of a session; the ``…_steps`` run in a worker, everything else in the thread of the window.

    Attributes
    ----------
    segmenter
        Of the loaded model, with the settings of the last run; None before the first.
    """

    def __init__(self, session: Session, navigation: PlaneNavigation) -> None:
        self._session = session
        self._navigation = navigation
        self.segmenter: Segmenter | None = None

    @property
    def loaded(self) -> ModelChoice | None:
        """The choice that the loaded model came from."""
        return self._navigation.model_choice

    def segmenter_steps(self, choice: ModelChoice) -> "Generator[Progress, None, Segmenter]":
        """Return the steps to a segmenter with a chosen model and the settings that the session has now."""
        session = self._session
        model = session.model if self.loaded == choice else None
        return _segmenter_steps(choice, session.settings, model, self.segmenter)

    def use_model(self, choice: ModelChoice, model: "ClipModel") -> None:
        """Make a model the session's."""
        self._navigation.model_choice, self.segmenter = choice, None
        self._session.model = model

    def use(self, choice: ModelChoice, segmenter: "Segmenter") -> None:
        """Make a segmenter, and with it its model, the session's."""
        self.segmenter, self._navigation.model_choice = segmenter, choice
        self._session.model = segmenter.model

    def unload(self) -> None:
        """Free the memory of the model; nothing is shown any more."""
        model = self._session.model
        self.segmenter = None
        self._navigation.forget()
        self._session.model = None
        if model is not None:
            model.close()


def model_steps(choice: ModelChoice) -> "Generator[Progress, None, ClipModel]":
    """Load a model; download it first if it is not on disk."""
    yield Progress(0, 0, f"Loading model {choice.name}")
    from napari_cliptrase.models.load import load_model_steps

    return (yield from load_model_steps(choice.name, choice.device, choice.precision))


def _segmenter_steps(
    choice: ModelChoice, settings: Settings, loaded: "ClipModel | None", before: "Segmenter | None"
) -> "Generator[Progress, None, Segmenter]":
    from napari_cliptrase.engine.segmenter import Segmenter

    model = loaded or (yield from model_steps(choice))
    if before is None or before.model is not model or before.settings != settings:
        return Segmenter(model, settings)
    return before
