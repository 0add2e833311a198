from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_cliptrase.plugin.run.navigation import PlaneNavigation
from napari_cliptrase.plugin.state.encoding_cache import EncodingCache, EncodingKey
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.state.results import Encoded, Segmented
from napari_cliptrase.plugin.state.run_choices import ModelChoice
from napari_cliptrase.plugin.state.session import Session

DEMO = ModelChoice("demo")


class Viewed:
    """A viewer with a film of three moments, and what follows it; encodings are made up."""

    def __init__(self):
        self.viewer = ViewerModel()
        self.session = Session(self.viewer)
        self.cache = EncodingCache()
        self.navigation = PlaneNavigation(self.session, self.cache)
        self.navigation.model_choice = DEMO
        self.film = self.add("film")
        self.session.image = self.film
        self.go_to(0)

    def add(self, name):
        return self.viewer.add_image(np.zeros((3, 8, 8, 3), np.uint8), rgb=True, name=name)

    def go_to(self, plane):
        self.viewer.dims.set_current_step(0, plane)

    def encode(self):
        """Do what a run does for the plane on screen."""
        session = self.session
        source = plane_source_of(self.viewer, session.image, session.version_of(session.image))
        encoded = Encoded(source, np.zeros((8, 8, 3), np.uint8), SimpleNamespace(nbytes=0), "demo")
        key = EncodingKey(source.key, DEMO, session.settings.encode_key())
        self.cache.keep(key, encoded)
        segmented = Segmented(source, None, ())
        self.cache.remember(key, segmented, ("question", source.index))
        session.encoded, session.segmented = encoded, segmented
        return encoded, segmented

    @property
    def shown(self):
        return self.session.encoded, self.session.segmented


@pytest.fixture
def viewed():
    return Viewed()


def test_a_plane_without_an_encoding_shows_none_and_the_way_back_shows_the_first_again(viewed):
    first = viewed.encode()
    viewed.go_to(1)
    assert viewed.shown == (None, None)
    viewed.go_to(2)
    assert viewed.shown == (None, None)
    viewed.go_to(0)
    assert viewed.shown == first


def test_each_plane_shows_its_own_result_and_the_question_that_it_answers(viewed):
    first = viewed.encode()
    viewed.go_to(1)
    second = viewed.encode()
    viewed.go_to(0)
    assert viewed.shown == first
    assert viewed.navigation.scored_question == ("question", (0,))
    viewed.go_to(1)
    assert viewed.shown == second
    assert viewed.navigation.scored_question == ("question", (1,))


def test_an_image_comes_back_with_its_result_on_the_plane_on_screen(viewed):
    first = viewed.encode()
    viewed.session.image = viewed.add("other film")
    assert viewed.shown == (None, None)
    viewed.go_to(1)
    viewed.session.image = viewed.film
    assert viewed.shown == (None, None)
    viewed.go_to(0)
    assert viewed.shown == first


def test_an_image_that_changed_since_shows_nothing(viewed):
    viewed.encode()
    viewed.session.image = other = viewed.add("other film")
    viewed.film.data = np.ones_like(viewed.film.data)
    viewed.session.image = viewed.film
    assert viewed.shown == (None, None)
    assert viewed.session.image is not other


def test_after_forgetting_neither_planes_nor_images_bring_anything_back(viewed):
    viewed.encode()
    viewed.go_to(1)
    viewed.navigation.forget()
    viewed.go_to(0)
    assert viewed.shown == (None, None)
    other = viewed.add("other film")
    viewed.session.image = other
    viewed.session.image = viewed.film
    assert viewed.shown == (None, None)
