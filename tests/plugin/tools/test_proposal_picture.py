import numpy as np

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.plugin.tools.proposal_picture import INSIDE_OPACITY, proposal_colors


def test_changed_pixels_have_the_colour_of_their_new_class_and_an_opaque_rim():
    table = ClassTable.from_names("cat", "dog")
    labels = np.full((9, 12), 1)
    labels[:, 6:] = 2
    where = np.zeros(labels.shape, bool)
    where[1:8, 1:11] = True
    picture = proposal_colors(labels, where, table)
    assert not picture[~where].any()
    assert tuple(picture[4, 3]) == (*table.get(1).color, INSIDE_OPACITY)
    assert tuple(picture[4, 8]) == (*table.get(2).color, INSIDE_OPACITY)
    assert picture[1, 3, 3] == picture[4, 1, 3] == 255, "the edge of the change"
    assert picture[4, 5, 3] == picture[4, 6, 3] == 255, "the edge between two classes"


def test_what_becomes_background_is_white():
    picture = proposal_colors(np.zeros((5, 5), int), np.ones((5, 5), bool), ClassTable.from_names("cat"))
    assert tuple(picture[2, 2]) == (255, 255, 255, INSIDE_OPACITY)
