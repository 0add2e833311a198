"""What is known in one viewer: image, prompts, settings, model, encoding, last result, active and locked classes.

    session.image, session.prompts, session.settings, session.active_class      # set them; signals announce each change
    session.model                         # ClipModel or None
    session.encoded                       # Encoded(source, rgb, encoding, model_name) or None
    session.segmented                     # Segmented(source, segmentation, summary) or None

State and signals only: it runs nothing, writes no layer and holds no widget. Docks and tools communicate
through it.
"""

import weakref
from typing import TYPE_CHECKING, Any
from uuid import UUID

from napari.components import ViewerModel
from napari.layers import Image
from psygnal import Signal

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.merge import MergeMode
from napari_cliptrase.plugin.state.results import Encoded, Segmented
from napari_cliptrase.plugin.state.run_choices import ModelChoice, Output
from napari_cliptrase.plugin.state.scribbles import Scribbles
from napari_cliptrase.plugin.state.tags import tag_of
from napari_cliptrase.plugin.state.taught_examples import TaughtExamples

if TYPE_CHECKING:
    from napari_cliptrase.models.loaded_models import ClipModel


class Session:
    """The state that the docks and tools of one viewer share.

    Signals carry the new value: ``image_changed``, ``prompts_changed``, ``settings_changed``, ``active_changed``,
    ``locked_changed``, ``model_changed``, ``encoded_changed``, ``segmented_changed``; ``images_changed()`` when the
    list of images changed; ``data_changed(image)`` when an image got other pixels.
    """

    image_changed = Signal(object)
    images_changed = Signal()
    data_changed = Signal(object)
    prompts_changed = Signal(object)
    settings_changed = Signal(object)
    active_changed = Signal(object)
    locked_changed = Signal(object)
    model_changed = Signal(object)
    encoded_changed = Signal(object)
    segmented_changed = Signal(object)

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = weakref.ref(viewer)
        self._versions: dict[UUID, int] = {}
        self.examples = TaughtExamples()
        self.scribbles = Scribbles()
        self.output = Output.CLASSES
        self.merge_mode = MergeMode.KEEP_EDITS
        self.model_choice: ModelChoice | None = None
        """What was chosen to run with; None until the first dock took it from the preferences."""
        self._image: Image | None = None
        self._prompts = PromptSet()
        self._settings = Settings()
        self._active: int | None = None
        self._locked: frozenset[int] = frozenset()
        self._model: ClipModel | None = None
        self._encoded: Encoded | None = None
        self._segmented: Segmented | None = None
        for layer in viewer.layers:
            self._follow(layer)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)

    @property
    def viewer(self) -> ViewerModel:
        """The viewer; raises when its window was closed."""
        viewer = self._viewer()
        if viewer is None:
            raise CliptraseError("The window was closed.")
        return viewer

    # -- images -------------------------------------------------------------------------------------------------------

    @property
    def images(self) -> tuple[Image, ...]:
        """Image layers that can be segmented: all but our own score, margin and preview layers."""
        return tuple(layer for layer in self.viewer.layers if isinstance(layer, Image) and tag_of(layer) is None)

    @property
    def image(self) -> Image | None:
        """The chosen image layer."""
        return self._image

    @image.setter
    def image(self, image: Image | None) -> None:
        image = getattr(image, "__wrapped__", image)
        if image is not self._image:
            self._image = image
            self.image_changed.emit(image)

    def version_of(self, image: Image) -> int:
        """Counts the changes of an image's data."""
        return self._versions.get(image.unique_id, 0)

    # -- prompts and settings -----------------------------------------------------------------------------------------

    @property
    def prompts(self) -> PromptSet:
        """Classes and background, in the order of the table."""
        return self._prompts

    @prompts.setter
    def prompts(self, prompts: PromptSet) -> None:
        if prompts == self._prompts:
            return
        self._prompts = prompts
        ids = {entry.id for entry in prompts.classes}
        if not self._locked <= ids:
            self.locked = self._locked & ids
        self.prompts_changed.emit(prompts)
        if self._active not in ids:
            self.active_class = prompts.classes[0].id if prompts.classes else None

    @property
    def settings(self) -> Settings:
        """How to encode and score."""
        return self._settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        if settings != self._settings:
            self._settings = settings
            self.settings_changed.emit(settings)

    @property
    def active_class(self) -> int | None:
        """Id of the class that tools give pixels to."""
        return self._active

    @active_class.setter
    def active_class(self, class_id: int | None) -> None:
        if class_id != self._active:
            self.choose_class(class_id)

    def choose_class(self, class_id: int | None) -> None:
        """Make a class the active one and announce it, even if it was active: another layer may be selected now."""
        self._active = class_id
        self.active_changed.emit(class_id)

    @property
    def locked(self) -> frozenset[int]:
        """Ids of classes that no run and no tool may change."""
        return self._locked

    @locked.setter
    def locked(self, locked: frozenset[int]) -> None:
        if locked != self._locked:
            self._locked = frozenset(locked)
            self.locked_changed.emit(self._locked)

    # -- model and results --------------------------------------------------------------------------------------------

    @property
    def model(self) -> "ClipModel | None":
        """The loaded model."""
        return self._model

    @model.setter
    def model(self, model: "ClipModel | None") -> None:
        if model is not self._model:
            self._model = model
            self.model_changed.emit(model)

    @property
    def encoded(self) -> Encoded | None:
        """The last encoding, while its image is there and unchanged."""
        return self._encoded

    @encoded.setter
    def encoded(self, encoded: Encoded | None) -> None:
        if encoded is not self._encoded:
            self._encoded = encoded
            self.encoded_changed.emit(encoded)

    @property
    def segmented(self) -> Segmented | None:
        """The last result, while its image is there and unchanged."""
        return self._segmented

    @segmented.setter
    def segmented(self, segmented: Segmented | None) -> None:
        if segmented is not self._segmented:
            self._segmented = segmented
            self.segmented_changed.emit(segmented)

    @property
    def memory(self) -> LessonMemory | None:
        """What was taught for the session's model and settings, whether or not it counts; None without a model."""
        if self._model is None:
            return None
        return self.examples.memory(self._model.fingerprint, self._settings.encode_key())

    # -- the layer list -----------------------------------------------------------------------------------------------

    def _follow(self, layer: Any) -> None:
        if isinstance(layer, Image):
            self._versions.setdefault(layer.unique_id, 0)
            layer.events.data.connect(self._on_data)

    def _on_inserted(self, event: Any) -> None:
        self._follow(event.value)
        if isinstance(event.value, Image):
            self.images_changed.emit()

    def _on_removed(self, event: Any) -> None:
        layer = event.value
        if not isinstance(layer, Image):
            return
        layer.events.data.disconnect(self._on_data)
        self._drop_results_of(layer)
        if layer is self._image:
            self.image = None
        self.images_changed.emit()

    def _on_data(self, event: Any) -> None:
        layer = event.source
        self._versions[layer.unique_id] = self.version_of(layer) + 1
        self._drop_results_of(layer)
        self.data_changed.emit(layer)

    def _drop_results_of(self, image: Image) -> None:
        if self._encoded is not None and self._encoded.source.target.image_id == image.unique_id:
            self.encoded = None
        if self._segmented is not None and self._segmented.source.target.image_id == image.unique_id:
            self.segmented = None


ATTRIBUTE = "cliptrase_session"
"""Of a viewer's layer list: where the workbench keeps the session."""


def session_of(viewer: ViewerModel) -> Session | None:
    """Return the session of a viewer or of its proxy; None while the plugin was not used in it."""
    viewer = getattr(viewer, "__wrapped__", viewer)
    session: Session | None = getattr(viewer.layers, ATTRIBUTE, None)
    return session
