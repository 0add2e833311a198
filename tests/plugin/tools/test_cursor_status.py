from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.state.results import Segmented
from napari_cliptrase.plugin.workbench import workbench_of

STATUS = {"layer_name": "scene", "layer_base": "scene", "source_type": "", "plugin": "", "coordinates": " [1 2]: 0"}


@pytest.fixture
def viewer():
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((4, 6, 3), np.uint8), rgb=True, scale=(2, 2))
    workbench = workbench_of(viewer)
    session = workbench.session
    at = {(1, 2): ((1, "cat", 0.7), (2, "dog", 0.2))}
    segmentation = SimpleNamespace(at=lambda row, column: at[row, column])
    session.segmented = Segmented(plane_source_of(viewer, image, 0), segmentation, ())
    return viewer


def test_class_score_and_runner_up_stand_behind_the_coordinates(viewer):
    viewer.cursor.position = (2, 4)
    viewer.status = STATUS
    assert viewer.status["coordinates"] == " [1 2]: 0   cat 0.70, then dog 0.20"


def test_outside_of_the_image_the_status_is_naparis(viewer):
    viewer.cursor.position = (100, 4)
    viewer.status = STATUS
    assert viewer.status == STATUS


def test_a_plain_text_is_left_alone(viewer):
    viewer.cursor.position = (2, 4)
    viewer.status = "Ready"
    assert viewer.status == "Ready"
