from napari_cliptrase import __version__
from napari_cliptrase.bench.measure import surroundings
from napari_cliptrase.models import device


def test_figures_come_with_the_machine_and_the_versions():
    on = surroundings()
    assert on["napari-cliptrase"] == __version__
    assert int(on["threads"]) >= 1
    assert int(on["cores"]) >= 1
    assert on["processor"]


def test_the_processor_is_tried_once_for_the_choice_and_for_the_figure(monkeypatch, tmp_path):
    """The figure is the one that decided what ``auto`` takes, in this run or in an earlier one."""
    monkeypatch.setenv("NAPARI_CLIPTRASE_CACHE", str(tmp_path))
    monkeypatch.delenv(device.PRECISION_VARIABLE, raising=False)
    trials = [0.42, 1.9]
    monkeypatch.setattr(device, "has_bfloat16", lambda: True)
    monkeypatch.setattr(device, "share_of_time", lambda: trials.pop(0))
    for _ in range(2):
        on = surroundings()
        assert "with bf16" in str(on["precision"])
        assert str(on["bf16"]).startswith("0.42")
    assert trials == [1.9]
