import pytest

from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.images import with_images


def test_masks_get_the_names_of_their_images(golden, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.JPG").write_bytes(b"")
    (tmp_path / "sub/b.tif").write_bytes(b"")
    masks = with_images((golden, golden.renamed("sub/b")), tmp_path)
    assert [mask.image_name for mask in masks] == ["a.JPG", "sub/b.tif"]
    assert with_images((golden,), None) == (golden,)


def test_a_mask_without_an_image_is_named(golden, tmp_path):
    with pytest.raises(MaskFormatError, match="no image called 'a'"):
        with_images((golden,), tmp_path)
    with pytest.raises(MaskFormatError, match="not a folder"):
        with_images((golden,), tmp_path / "missing")
