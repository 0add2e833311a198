"""What is shown when the user goes to another image or another plane: the cached result of it, or none.

`Session.encoded` and `PlaneNavigation.unencoded_source` distinguish three states:

========  ===========  =====================  =======================================================================
state     `encoded`    `unencoded_source`    meaning
========  ===========  =====================  =======================================================================
shown     set          any                    the encoding and the result of the plane on screen are the session's
unencoded None         set                    the plane on screen has no encoding, another plane of its image has one
nothing   None         None                   no plane of the chosen image was encoded as the image is now
========  ===========  =====================  =======================================================================

A run leads to *shown*. Going to another plane leads from *shown* or *unencoded* to *shown* where that plane is in the
cache, and to *unencoded* elsewhere; the unencoded source says which part of the planes, which axes and which contrast
to look up. Choosing an image leads to any of the three. Unloading the model leads to *nothing*.
"""

from collections.abc import Hashable
from typing import Any

from napari_cliptrase.plugin.state.encoding_cache import EncodingCache, EncodingKey
from napari_cliptrase.plugin.state.plane_source import PlaneSource, on_plane_of
from napari_cliptrase.plugin.state.run_choices import ModelChoice
from napari_cliptrase.plugin.state.session import Session


class PlaneNavigation:
    """Follows the viewer's planes and the chosen image, and makes the cached result of each the session's.

    Attributes
    ----------
    model_choice
        The model whose encodings count; None before a model was loaded.
    scored_question
        The classes, background and settings that the session's result answers.
    unencoded_source
        What was shown last of the chosen image, from which another plane of it is found again.
    """

    def __init__(self, session: Session, cache: EncodingCache) -> None:
        self._session = session
        self._cache = cache
        self.model_choice: ModelChoice | None = None
        self.scored_question: Hashable = None
        self.unencoded_source: PlaneSource | None = None
        session.viewer.dims.events.current_step.connect(self.follow_plane)
        session.image_changed.connect(self.follow_image)

    def forget(self) -> None:
        """Show nothing, and forget what was shown: the model was unloaded."""
        self.model_choice = self.unencoded_source = None
        self._show_nothing()

    def follow_image(self, _image: Any = None) -> None:
        """Show the cached result of the chosen image on the viewer's plane, or nothing."""
        session = self._session
        image, source = session.image, None
        if image is not None and self.model_choice is not None:
            source = self._cache.newest_of(image.unique_id, session.version_of(image), self.model_choice)
        self.unencoded_source = source
        if image is None or source is None:
            self._show_nothing()
        else:
            self._show_cached(on_plane_of(session.viewer, image, source))

    def follow_plane(self, _event: Any = None) -> None:
        """Show the cached result of the viewer's plane, or nothing; an image that has changed since is left alone."""
        session = self._session
        last = session.encoded.source if session.encoded is not None else self.unencoded_source
        if last is None or session.image is None:
            return
        target = last.target
        if (target.image_id, target.version) != (session.image.unique_id, session.version_of(session.image)):
            return
        source = on_plane_of(session.viewer, session.image, last)
        if session.encoded is None or source.key != last.key:
            self.unencoded_source = last
            self._show_cached(source)

    def _show_cached(self, source: PlaneSource) -> None:
        session = self._session
        key = self._cache.nearest(EncodingKey(source.key, self.model_choice, session.settings.encode_key()))
        encoded, scored = self._cache.encoded(key), self._cache.scored(key)
        if encoded is None or scored is None:
            self._show_nothing()
            return
        self.scored_question = scored.question
        session.encoded, session.segmented = encoded, scored.segmented

    def _show_nothing(self) -> None:
        self._session.encoded = self._session.segmented = None
