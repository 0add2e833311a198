import numpy as np
import pytest

from napari_cliptrase.classes.table import ClassTable, MaskClass
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.mask_search import MaskSearch
from napari_cliptrase.masks.registry import FORMATS

TABLE = ClassTable((MaskClass(1, "cell", (200, 0, 0)), MaskClass(2, "dust", (0, 0, 200))))


def masks():
    for number, stem in enumerate(("a", "sub/b"), start=1):
        yield LabelImage(np.full((4, 5), number, np.uint8), TABLE, stem=stem, image_name=f"{stem}.jpg")


@pytest.mark.parametrize(
    ("key", "target"), [("png", "out"), ("tiff", "out"), ("npz", "out"), ("coco", "out.json"), ("png-per-class", "out")]
)
def test_each_image_finds_its_mask(tmp_path, key, target):
    FORMATS[key].write(list(masks()), tmp_path / target)
    search = MaskSearch(tmp_path / target)
    for wanted in masks():
        found = search.mask_of(wanted.stem)
        assert (found.labels == wanted.labels).all()
        assert [entry.name for entry in found.classes] == ["cell", "dust"]
    with pytest.raises(MaskFormatError, match="holds no mask called 'c'"):
        search.mask_of("c")


def test_a_folder_of_mask_files_is_read_file_by_file(tmp_path):
    FORMATS["png"].write(list(masks()), tmp_path / "out")
    (tmp_path / "out" / "sub" / "b.png").write_bytes(b"damaged")
    assert MaskSearch(tmp_path / "out").mask_of("a").stem == "a"


def test_another_table_gives_other_names(tmp_path):
    FORMATS["png"].write(list(masks()), tmp_path / "out")
    other = ClassTable((MaskClass(1, "nucleus", (200, 0, 0)), MaskClass(2, "debris", (0, 0, 200))))
    assert MaskSearch(tmp_path / "out", other).mask_of("a").classes.get(1).name == "nucleus"


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(MaskFormatError, match="does not exist"):
        MaskSearch(tmp_path / "none")
