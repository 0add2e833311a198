import numpy as np
from napari.components import ViewerModel

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.layers import Role, Tag
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.state.tags import set_tag


def test_changed_data_makes_a_new_version_and_drops_what_was_known():
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((4, 4)))
    session = Session(viewer)
    version = session.version_of(image)
    image.data = np.ones((4, 4))
    assert session.version_of(image) == version + 1


def test_a_removed_image_is_no_longer_chosen():
    viewer = ViewerModel()
    session = Session(viewer)
    session.image = viewer.add_image(np.zeros((4, 4)))
    viewer.layers.clear()
    assert session.image is None


def test_our_own_pictures_are_no_images_to_segment():
    viewer = ViewerModel()
    session = Session(viewer)
    image = viewer.add_image(np.zeros((4, 4)))
    score = viewer.add_image(np.zeros((4, 4)))
    set_tag(score, Tag(Role.SCORE, str(image.unique_id), image.name, str(score.unique_id)))
    assert session.images == (image,)


def test_the_active_class_and_the_locks_follow_the_list_of_classes():
    session = Session(ViewerModel())
    seen = []
    session.active_changed.connect(seen.append)
    session.prompts = PromptSet.parse("cat\ndog")
    session.active_class = 2
    session.locked = frozenset({1, 2})
    session.prompts = session.prompts.removed(2)
    assert session.active_class == 1
    assert session.locked == {1}
    assert seen == [1, 2, 1]
