import gc
import weakref

import numpy as np
from napari.components import ViewerModel
from napari.utils._proxies import PublicOnlyProxy

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.layers import Role, Tag
from napari_cliptrase.plugin.state.session import session_of
from napari_cliptrase.plugin.state.tags import set_tag


def test_all_docks_of_a_viewer_share_one_session_also_through_proxies():
    viewer = ViewerModel()
    assert session_of(PublicOnlyProxy(viewer)) is session_of(viewer)
    assert session_of(ViewerModel()) is not session_of(viewer)


def opened_and_forgotten():
    """A viewer with all that a session makes; in a function of its own, since frames keep copies of their variables."""
    viewer = ViewerModel()
    viewer.add_image(np.zeros((4, 4)))
    session = session_of(viewer)
    for name in ("flow", "region_tool", "cursor_status"):  # made at the first use
        assert getattr(session, name) is not None
    return weakref.ref(viewer)


def test_a_session_goes_with_its_viewer(qtbot):
    gone = opened_and_forgotten()
    gc.collect()
    assert gone() is None


def test_changed_data_makes_a_new_version_and_drops_what_was_known():
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((4, 4)))
    session = session_of(viewer)
    version = session.version_of(image)
    image.data = np.ones((4, 4))
    assert session.version_of(image) == version + 1


def test_a_removed_image_is_no_longer_chosen():
    viewer = ViewerModel()
    session = session_of(viewer)
    session.image = viewer.add_image(np.zeros((4, 4)))
    viewer.layers.clear()
    assert session.image is None


def test_our_own_pictures_are_no_images_to_segment():
    viewer = ViewerModel()
    session = session_of(viewer)
    image = viewer.add_image(np.zeros((4, 4)))
    score = viewer.add_image(np.zeros((4, 4)))
    set_tag(score, Tag(Role.SCORE, str(image.unique_id), image.name, str(score.unique_id)))
    assert session.images == (image,)


def test_the_active_class_and_the_locks_follow_the_list_of_classes():
    session = session_of(ViewerModel())
    seen = []
    session.active_changed.connect(seen.append)
    session.prompts = PromptSet.parse("cat\ndog")
    session.active_class = 2
    session.locked = frozenset({1, 2})
    session.prompts = session.prompts.removed(2)
    assert session.active_class == 1
    assert session.locked == {1}
    assert seen == [1, 2, 1]
