"""What the docks of one viewer share: image, model, prompts, encoding, last result, active class, layers, jobs.

    session = session_of(viewer)          # the same object for every dock of a viewer; proxies are fine
    session.image, session.prompts, session.settings, session.active_class      # set them; signals tell everybody
    session.model                         # ClipModel or None
    session.encoded                       # Encoded(subject, encoding, model_name) or None
    session.segmented                     # Segmented(subject, segmentation) or None
    session.visibility                    # eyes and solo of the classes
    session.layers                        # the only writer of layers (`napari_cliptrase.plugin.layers`)
    session.jobs                          # workers (`napari_cliptrase.plugin.run.jobs`)

A session lives as long as its viewer. It holds no widget, and widgets speak to each other only through it.
"""

import weakref
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID

from napari.components import ViewerModel
from napari.layers import Image
from psygnal import Signal

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.merge import MergeMode
from napari_cliptrase.plugin.layers import LabelLayers, Visibility
from napari_cliptrase.plugin.run.jobs import Jobs
from napari_cliptrase.plugin.state.results import Encoded, Segmented
from napari_cliptrase.plugin.state.run_choices import ModelChoice, Output
from napari_cliptrase.plugin.state.tags import tag_of

if TYPE_CHECKING:
    from napari_cliptrase.models.load import ClipModel
    from napari_cliptrase.plugin.run.segmentation import SegmentationRunner
    from napari_cliptrase.plugin.tools.class_selection import ClassSelection
    from napari_cliptrase.plugin.tools.cursor_status import CursorStatus
    from napari_cliptrase.plugin.tools.region_tool import RegionTool
    from napari_cliptrase.plugin.tools.review import UncertaintyReview


class Session:
    """The state that the docks of one viewer share.

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
        self.layers = LabelLayers(viewer.layers, self.version_of)
        self.visibility = Visibility(viewer.layers)
        self.jobs = Jobs()
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
        self.layers.written.connect(self._show_classes)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)

    @property
    def viewer(self) -> ViewerModel:
        """The viewer; raises when its window was closed."""
        viewer = self._viewer()
        if viewer is None:
            raise CliptraseError("The window was closed.")
        return viewer

    @cached_property
    def flow(self) -> "SegmentationRunner":
        """What runs and re-scores; one for all docks, so that closing a dock loses nothing."""
        from napari_cliptrase.plugin.run.segmentation import SegmentationRunner

        return SegmentationRunner(self)

    @cached_property
    def region_tool(self) -> "RegionTool":
        """The region tool, of which there can only be one."""
        from napari_cliptrase.plugin.tools.region_tool import RegionTool

        return RegionTool(self)

    @cached_property
    def selection(self) -> "ClassSelection":
        """What keeps the active class and the selected layer in step."""
        from napari_cliptrase.plugin.tools.class_selection import ClassSelection

        return ClassSelection(self)

    @cached_property
    def cursor_status(self) -> "CursorStatus":
        """What is said under the cursor."""
        from napari_cliptrase.plugin.tools.cursor_status import CursorStatus

        return CursorStatus(self)

    @cached_property
    def tour(self) -> "UncertaintyReview":
        """The way from one uncertain place to the next."""
        from napari_cliptrase.plugin.tools.review import UncertaintyReview

        return UncertaintyReview(self)

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
        self.layers.dress(prompts.table())
        self.visibility.apply()
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
        """Make a class the active one and tell everybody, even when it was: another layer may be selected since."""
        self._active = class_id
        self.active_changed.emit(class_id)

    @property
    def locked(self) -> frozenset[int]:
        """Ids of classes that nothing of ours may change."""
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

    def _show_classes(self, _run: Any) -> None:
        self.visibility.apply()

    def _drop_results_of(self, image: Image) -> None:
        if self._encoded is not None and self._encoded.subject.target.image_id == image.unique_id:
            self.encoded = None
        if self._segmented is not None and self._segmented.subject.target.image_id == image.unique_id:
            self.segmented = None


ATTRIBUTE = "cliptrase_session"


def session_of(viewer: ViewerModel) -> Session:
    """Return the session of a viewer, made at the first call; a proxy of a viewer has the session of the viewer.

    It is kept by the viewer's layer list, and so lives exactly as long.
    """
    viewer = getattr(viewer, "__wrapped__", viewer)
    if not hasattr(viewer.layers, ATTRIBUTE):
        setattr(viewer.layers, ATTRIBUTE, Session(viewer))
    session: Session = getattr(viewer.layers, ATTRIBUTE)
    return session
