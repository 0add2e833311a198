import sys

import pytest

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.optional_packages import check_matplotlib


def test_without_matplotlib_there_is_one_sentence(monkeypatch):
    check_matplotlib("A plot")
    monkeypatch.setattr(sys, "meta_path", [])
    monkeypatch.delitem(sys.modules, "matplotlib", raising=False)
    with pytest.raises(CliptraseError, match=r"^A plot needs matplotlib; .*napari-cliptrase\[explain\]"):
        check_matplotlib("A plot")
