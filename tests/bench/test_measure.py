from napari_cliptrase import __version__
from napari_cliptrase.bench.measure import surroundings


def test_figures_come_with_the_machine_and_the_versions():
    on = surroundings()
    assert on["napari-cliptrase"] == __version__
    assert int(on["threads"]) >= 1
    assert int(on["cores"]) >= 1
    assert on["processor"]
