import pytest

from napari_cliptrase.masks.units import canonical, metres, symbol


@pytest.mark.parametrize("spelling", ["um", "µm", "μm", "micron", "Micrometer", "micrometre", " micrometer "])
def test_one_unit_has_one_name(spelling):
    assert canonical(spelling) == "micrometer"
    assert symbol(spelling) == "µm"


def test_unknown_units_stay():
    assert canonical("parsec") == "parsec"
    assert symbol("parsec") is None
    assert symbol("pixel") is None


def test_lengths_in_metres():
    assert metres(2.0, "mm") == pytest.approx(0.002)
    assert metres(2.0, "second") is None
    assert metres(0.0, "mm") is None
