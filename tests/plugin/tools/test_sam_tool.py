import numpy as np
import pytest

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.errors import CliptraseError

PLACES = [{}, {"scale": (2.0, 0.5), "rotate": 30, "translate": (7.0, -3.0)}]


@pytest.mark.parametrize("place", PLACES)
def test_a_click_shows_a_mask_and_enter_gives_it_to_the_class(make_drawing, place):
    drawing = make_drawing(**place)
    drawing.start()
    drawing.click(10, 20)
    layer = drawing.layer()
    assert layer.data.shape == (7, 7, 4)
    np.testing.assert_allclose(drawing.image.world_to_data(layer.data_to_world((0, 0))), (7, 17), atol=1e-6)
    assert "Enter accepts" in drawing.messages[-1]
    drawing.press("Enter")
    np.testing.assert_array_equal(drawing.labels(), drawing.square(10, 20))


def test_escape_drops_the_mask_and_changes_nothing(drawing):
    drawing.start()
    drawing.click(10, 20)
    drawing.press("Escape")
    assert not drawing.layer().data[..., 3].any()
    assert drawing.layer("SAM clicks") is None
    drawing.press("Enter")
    assert not drawing.labels().any()
    assert "no mask" in " ".join(drawing.messages)


def test_backspace_takes_the_last_click_back(drawing):
    drawing.start()
    drawing.click(10, 20)
    drawing.click(30, 50)
    assert len(drawing.layer("SAM clicks").data) == 2
    drawing.press("Backspace")
    assert len(drawing.layer("SAM clicks").data) == 1
    drawing.press("Enter")
    np.testing.assert_array_equal(drawing.labels(), drawing.square(10, 20))


def test_the_class_keeps_its_other_pixels_and_others_lose_theirs(drawing):
    before = np.ones(drawing.shape, np.uint8)
    before[30:] = 2
    drawing.write(before)
    drawing.start()
    drawing.click(10, 20)
    drawing.press("Enter")
    expected = before.copy()
    expected[7:14, 17:24] = 2
    np.testing.assert_array_equal(drawing.labels(), expected)


def test_one_undo_takes_an_accepted_mask_back(drawing):
    before = np.ones(drawing.shape, np.uint8)
    before[30:] = 2
    drawing.write(before)
    drawing.start()
    drawing.click(10, 20)
    drawing.press("Enter")
    drawing.workbench.layers.class_layers(drawing.image)[2].undo()
    np.testing.assert_array_equal(drawing.labels(), before)


def test_locked_classes_keep_their_pixels(drawing):
    drawing.write(np.ones(drawing.shape, np.uint8))
    drawing.session.locked = frozenset({1})
    drawing.start()
    drawing.click(10, 20)
    drawing.press("Enter")
    assert (drawing.labels() == 1).all()


def test_an_impossible_click_is_explained_and_forgotten(drawing):
    drawing.start()
    drawing.click(10, 20, modifiers=("Control",))
    assert "Click into the object first." in drawing.messages
    assert drawing.layer("SAM clicks") is None
    drawing.click(10, 20)
    assert drawing.layer().data[..., 3].any()


def test_looking_closer_starts_a_new_mask(drawing):
    drawing.start()
    drawing.click(10, 20)
    drawing.tool.look_closer()
    drawing.settle()
    drawing.click(30, 50)
    drawing.press("Enter")
    np.testing.assert_array_equal(drawing.labels(), drawing.square(30, 50))


def test_without_a_class_or_an_image_the_reason_is_reported(drawing):
    drawing.session.prompts = PromptSet()
    with pytest.raises(CliptraseError, match="Select a class"):
        drawing.tool.start("demo")
    drawing.viewer.layers.clear()
    with pytest.raises(CliptraseError, match="no image"):
        drawing.tool.start("demo")
    assert not drawing.tool.on


def test_a_model_that_cannot_be_loaded_ends_the_tool_with_its_reason(drawing, monkeypatch):
    def broken(sam):
        raise CliptraseError("The weights are damaged.")
        yield

    monkeypatch.setattr(drawing.runner, "embedder_steps", broken)
    drawing.tool.start("demo")
    drawing.qtbot.waitUntil(lambda: not drawing.tool.on, timeout=60_000)
    assert drawing.messages[-1] == "The weights are damaged."
    assert drawing.layer() is None


@pytest.mark.parametrize("what", ["image", "tool"])
def test_deleting_its_layer_or_image_ends_the_tool(drawing, what):
    drawing.start()
    drawing.click(10, 20)
    drawing.viewer.layers.remove(drawing.image if what == "image" else drawing.layer())
    assert not drawing.tool.on
    assert drawing.layer() is None
    assert drawing.layer("SAM clicks") is None


def test_stopping_leaves_nothing_behind(drawing):
    before = list(drawing.viewer.layers), list(drawing.viewer.mouse_drag_callbacks)
    drawing.start()
    drawing.click(10, 20)
    drawing.tool.stop()
    assert (list(drawing.viewer.layers), list(drawing.viewer.mouse_drag_callbacks)) == before


def test_looking_closer_encodes_what_is_on_the_screen(drawing):
    drawing.start()
    drawing.image.corner_pixels = np.array([[5, 10], [24, 39]])
    drawing.tool.look_closer()
    drawing.settle()
    assert drawing.sams[0].part == (slice(5, 25), slice(10, 40))
    assert drawing.sams[0].prepared[-1] == (15, 25)


def test_the_region_tool_and_this_one_do_not_answer_the_same_click(drawing):
    region = drawing.workbench.region_tool
    given = []
    drawing.workbench.layers.written.connect(given.append)
    drawing.start()
    region.set_on(True)
    drawing.click(10, 20)
    assert not given
    region.set_on(False)


def test_another_plane_starts_again(drawing):
    stack = drawing.viewer.add_image(np.zeros((3, *drawing.shape)), name="stack")
    drawing.session.image = stack
    drawing.start()
    assert len(drawing.sams) == 1
    drawing.viewer.dims.set_point(0, 2)
    drawing.settle()
    assert len(drawing.sams) == 2
    assert drawing.tool.on
