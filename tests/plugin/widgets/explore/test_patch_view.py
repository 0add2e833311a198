from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.run.jobs import Jobs
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.state.results import Encoded
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.widgets.explore import patch_view as module
from napari_cliptrase.plugin.widgets.explore.patch_maps import MEAN_OF_HEADS, PatchMap
from napari_cliptrase.plugin.widgets.explore.patch_view import PatchView

HEADS = 2
PATIENCE = 60_000


class Looking:
    """A view of an image whose attention is made up: head n of layer m of window w says 100 w + 10 m + n."""

    def __init__(self, qtbot, monkeypatch, make_encoding):
        self.qtbot = qtbot
        self.make_encoding = make_encoding
        self.viewer = ViewerModel()
        self.session = Session(self.viewer)
        self.image = self.viewer.add_image(np.zeros((40, 60, 3), np.uint8), rgb=True)
        self.session.model = SimpleNamespace()
        self.jobs = Jobs()
        self.view = PatchView(self.session, self.jobs)
        self.view.layer = 2
        self.changes = []
        self.why = []
        self.view.changed.connect(lambda: self.changes.append(self.view.patch))
        self.view.no_attention.connect(self.why.append)

        def attention_of(_model, _rgb, encoding, _settings, number, layer):
            count = 1 + encoding.plan.size[0] * encoding.plan.size[1]
            return np.stack([np.full((count, count), 100.0 * number + 10 * layer + head) for head in range(HEADS)])

        monkeypatch.setattr(module, "attention_of", attention_of)

    def encoded(self, largest=99):
        encoding = self.make_encoding((40, 60), (4, 6), largest, self.session.settings.encode_key())
        source = plane_source_of(self.viewer, self.image, 0)
        return Encoded(source, np.zeros((40, 60, 3), np.uint8), encoding, "fake")

    def wait(self):
        self.qtbot.waitUntil(lambda: self.jobs.idle, timeout=PATIENCE)

    def attention(self, head=0):
        found = self.view.map_of(PatchMap.ATTENTION, head)
        return None if found is None else float(found[0, 0])


@pytest.fixture
def looking(qtbot, monkeypatch, make_encoding):
    looking = Looking(qtbot, monkeypatch, make_encoding)
    yield looking
    looking.jobs.cancel()
    looking.wait()


def test_it_looks_at_the_middle_first(looking):
    looking.view.take(looking.encoded())
    looking.wait()
    assert looking.view.patch == (2, 3)
    assert looking.changes


def test_it_follows_a_pixel_to_its_patch_and_tells_of_other_patches_only(looking):
    encoded = looking.encoded()
    looking.view.take(encoded)
    looking.wait()
    looking.changes.clear()
    for pixel in [(25, 41), (26, 42), (-5, 0), (2, 2)]:
        looking.view.at_pixel(*pixel)
    assert looking.changes == [(2, 4), (0, 0)]
    correlation = encoded.encoding.windows[0].correlation
    np.testing.assert_array_equal(looking.view.map_of(PatchMap.RECOVERED, 0).ravel(), correlation[1, 1:])


def test_it_follows_a_pixel_to_its_window(looking):
    encoded = looking.encoded(largest=3)
    looking.view.take(encoded)
    looking.wait()
    looking.view.at_pixel(35, 55)
    looking.wait()
    correlation = encoded.encoding.windows[3].correlation
    np.testing.assert_array_equal(looking.view.map_of(PatchMap.CLS, 0).ravel(), correlation[0, 1:])
    assert looking.attention() == 320
    looking.view.at_pixel(2, 2)
    assert looking.view.map_of(PatchMap.CLS, 0) is None  # the window is being opened
    looking.wait()
    assert looking.attention() == 20


def test_layer_and_head_of_the_attention_are_chosen(looking):
    looking.view.take(looking.encoded())
    looking.wait()
    assert [looking.attention(head) for head in (0, 1, MEAN_OF_HEADS)] == [20, 21, 20.5]
    looking.view.at_layer(1)
    assert looking.attention() is None
    looking.wait()
    assert looking.attention() == 10


def test_of_two_layers_asked_for_quickly_the_last_one_is_shown(looking):
    looking.view.take(looking.encoded())
    looking.wait()
    for layer in (1, 0):
        looking.view.at_layer(layer)
    looking.wait()
    assert looking.attention() == 0


def test_another_encoding_takes_the_place_of_one_that_is_still_being_opened(looking):
    first, second = looking.encoded(), looking.encoded(largest=3)
    looking.view.take(first)
    looking.view.take(second)
    looking.wait()
    assert looking.view.encoded is second
    assert looking.view.view.grid == second.encoding.plan.size


def test_without_an_encoding_there_is_no_map(looking):
    looking.view.take(looking.encoded())
    looking.view.take(None)
    looking.wait()
    looking.view.at_pixel(5, 5)
    assert [looking.view.map_of(kind, 0) for kind in PatchMap] == [None] * len(PatchMap)


def test_other_settings_than_those_of_the_encoding_are_reported_instead_of_a_wrong_attention(looking):
    looking.view.take(looking.encoded())
    looking.wait()
    looking.session.settings = looking.session.settings.paper(224)
    looking.view.at_layer(1)
    assert "run again" in looking.why[-1]
    assert looking.attention() is None
    assert looking.view.map_of(PatchMap.RECOVERED, 0) is not None


def test_why_there_is_no_attention_is_reported(looking, monkeypatch):
    def attention_of(*_):
        raise CliptraseError("There is not enough memory.")

    monkeypatch.setattr(module, "attention_of", attention_of)
    looking.view.take(looking.encoded())
    looking.qtbot.waitUntil(lambda: looking.why[-1:] == ["There is not enough memory."], timeout=PATIENCE)
    assert looking.attention() is None
