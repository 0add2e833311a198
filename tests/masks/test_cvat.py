from xml.dom import minidom

import numpy as np
import pytest
from hypothesis import given

from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.cvat import FORMAT

HAND_DRAWN = """<?xml version="1.0" encoding="utf-8"?>
<annotations><version>1.1</version><meta><job><labels><label><name>dog</name><color>#010203</color></label>
<label><name>cat</name><color></color></label></labels></job></meta>
<image id="0" name="x/a.jpg" width="6" height="4">
<box label="cat" xtl="0" ytl="0" xbr="3" ybr="2" z_order="1"></box>
<polygon label="dog" points="0.00,0.00;6.00,0.00;6.00,4.00;0.00,4.00" z_order="0"></polygon>
<points label="dog" points="1,1" z_order="2"></points>
</image></annotations>"""


def masks_in(path):
    return minidom.parse(str(path)).getElementsByTagName("mask")


def test_the_golden_vector(golden, tmp_path):
    FORMAT.write(golden, tmp_path / "a.xml")
    keys = ("label", "rle", "left", "top", "width", "height")
    assert [tuple(mask.getAttribute(key) for key in keys) for mask in masks_in(tmp_path / "a.xml")] == [
        ("cat", "0, 4, 1, 4", "1", "1", "3", "3"),
        ("dog", "0, 2", "5", "1", "1", "2"),
    ]


def test_the_definition_of_the_run_lengths_gives_the_mask_back(planes, new_folder):
    @given(planes(void=False))
    def check(mask):
        path = new_folder() / "a.xml"
        FORMAT.write(mask, path)
        ids = {entry.name: entry.id for entry in mask.classes}
        painted = np.zeros(mask.shape, np.int64)
        for node in masks_in(path):
            left, top, width, height = (int(node.getAttribute(k)) for k in ("left", "top", "width", "height"))
            bits = []
            for number, length in enumerate(node.getAttribute("rle").split(", ")):
                bits += [number % 2] * int(length)
            crop = np.array(bits).reshape(height, width)
            painted[top : top + height, left : left + width][crop == 1] = ids[node.getAttribute("label")]
        np.testing.assert_array_equal(painted, mask.labels)

    check()


def test_shapes_drawn_by_hand_are_filled_in_their_order(tmp_path):
    (tmp_path / "a.xml").write_text(HAND_DRAWN)
    (mask,) = FORMAT.read(tmp_path / "a.xml")
    assert mask.labels.tolist() == [[2, 2, 2, 1, 1, 1]] * 2 + [[1] * 6] * 2
    assert [(e.name, e.id) for e in mask.classes] == [("dog", 1), ("cat", 2)]
    assert mask.classes.get(1).color == (1, 2, 3)
    assert mask.overlapped == 6
    assert "'points'" in mask.notes[0]
    assert mask.image_name == "x/a.jpg"


def test_entities_cannot_reach_files(tmp_path):
    (tmp_path / "a.xml").write_text(
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><annotations><image name="&e;" width="1" height="1"/>'
        "</annotations>"
    )
    with pytest.raises(MaskFormatError, match="cannot be read"):
        FORMAT.read(tmp_path / "a.xml")


def test_tracks_are_refused_or_noted(tmp_path):
    track = '<track id="0" label="c"><mask frame="0" rle="0, 2" left="1" top="1" width="1" height="2"/></track>'
    image = '<image id="0" name="a.png" width="4" height="4"></image>'
    (tmp_path / "a.xml").write_text(f"<annotations>{track}</annotations>")
    with pytest.raises(MaskFormatError, match="tracks of a video"):
        FORMAT.read(tmp_path / "a.xml")
    (tmp_path / "a.xml").write_text(f"<annotations>{image}{track}</annotations>")
    (mask,) = FORMAT.read(tmp_path / "a.xml")
    assert "1 track of a video left out." in mask.notes
