import pytest

from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.export_options import ExportOptions


@pytest.mark.parametrize("subset", ["", "../up", "a/b", ".", "a\\b", "\n"])
def test_a_split_is_a_name_and_no_path(subset):
    with pytest.raises(MaskFormatError, match="cannot name a split"):
        ExportOptions(subset=subset)


def test_usual_splits_pass():
    assert [ExportOptions(subset=name).subset for name in ("train", "val-2", "été")] == ["train", "val-2", "été"]
