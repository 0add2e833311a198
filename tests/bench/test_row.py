import pytest

from napari_cliptrase.bench.row import Row


@pytest.mark.parametrize(("figure", "at_most", "reached"), [(0.9, True, True), (1.1, True, False), (1.1, False, True)])
def test_verdict(figure, at_most, reached):
    row = Row("encode", 9.0, 10.0, "ms", figure, 1.0, at_most, "")
    assert row.reached is reached
    assert row.as_data()["reached"] is reached
    assert row.as_data()["figure"] == figure
