import numpy as np

from napari_cliptrase.masks.export_options import ExportOptions, Holes
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.loss_report import Tally
from napari_cliptrase.masks.outlines import outlines

CORNERS = LabelImage(np.array([[1, 0], [0, 1]], np.uint8))


def test_a_class_or_an_object_has_several_parts():
    (whole,) = outlines(CORNERS, ExportOptions(), objects=False)
    (joined,) = outlines(CORNERS, ExportOptions(), objects=True)
    assert (len(whole.polygons), whole.number, whole.area, whole.box) == (2, 0, 2, (0, 0, 2, 2))
    assert (len(joined.polygons), joined.number) == (2, 1)
    assert len(list(outlines(CORNERS, ExportOptions(corners=False), objects=True))) == 2


def test_void_has_no_outline(golden):
    assert [outline.entry.name for outline in outlines(golden, ExportOptions(), objects=False)] == ["cat", "dog"]


def test_seams_are_noted_and_filled_holes_counted(golden):
    cat = next(outlines(golden, ExportOptions(), objects=False))
    tally = Tally()
    assert len(cat.plain_rings(Holes.SEAM, tally)[0]) == 4 + 4 + 3  # the hook on the outline twice, the corner again
    assert not tally.losses()
    assert tally.notes
    assert len(cat.plain_rings(Holes.FILL, tally)[0]) == 4
    assert tally.losses() == ("1 hole filled (1 pixel).",)


def test_filled_holes_count_each_pixel_once_and_only_where_it_gets_another_class():
    size = 41
    y, x = np.indices((size, size))
    rings = (np.maximum(abs(y - size // 2), abs(x - size // 2)) % 2 == 0).astype(np.uint8)  # rings within rings
    mask = LabelImage(rings)
    tally = Tally()
    for outline in outlines(mask, ExportOptions(holes=Holes.FILL, corners=False), objects=True):
        outline.plain_rings(Holes.FILL, tally)
    assert tally.lost["holes"] == size // 4
    # of the pixels in holes all but the innermost belong to another object than the hole
    assert tally.lost["filled"] < rings.size
    assert tally.lost["filled"] == (size - 2) ** 2
