import threading
import time
from types import SimpleNamespace

import pytest

import napari_cliptrase.models.load as loading
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.run.refine_task import RefineRunner
from napari_cliptrase.progress import Progress


class Loader:
    """Takes its time to load made-up SAMs, and notes which were closed."""

    def __init__(self):
        self.loaded = []
        self.closed = []

    def __call__(self, name):
        yield Progress(0, 0, f"{name}: reading the weights")
        self.loaded.append(name)
        time.sleep(0.2)
        if name == "broken":
            raise CliptraseError("The weights are damaged.")
        return SimpleNamespace(name=name, image_size=64, mask_size=32, close=lambda: self.closed.append(name))


@pytest.fixture
def loader(monkeypatch):
    loader = Loader()
    monkeypatch.setattr(loading, "load_sam_steps", loader)
    return loader


def brought(workshop, name):
    steps = workshop.embedder_steps(name)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def test_two_workers_that_want_one_sam_share_it(loader):
    workshop, found = RefineRunner(), []
    threads = [threading.Thread(target=lambda: found.append(brought(workshop, "demo"))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loader.loaded == ["demo"]
    assert len(found) == 3
    assert len(set(map(id, found))) == 1


def test_a_sam_that_gives_way_stays_whole_for_whoever_works_with_it(loader):
    workshop = RefineRunner()
    first = brought(workshop, "demo")
    assert brought(workshop, "vit_b") is not first
    assert not loader.closed


def test_a_sam_that_cannot_be_loaded_keeps_nobody_waiting(loader):
    workshop = RefineRunner()
    with pytest.raises(CliptraseError):
        brought(workshop, "broken")
    assert brought(workshop, "demo").sam.name == "demo"


def test_a_worker_that_is_cancelled_while_it_loads_or_waits_keeps_nobody_waiting(loader):
    workshop = RefineRunner()
    one, other = (workshop.embedder_steps("demo") for _ in range(2))
    next(one)
    next(other)
    other.close()
    one.close()
    assert brought(workshop, "demo").sam.name == "demo"


def test_an_image_of_one_window_that_was_clicked_on_counts_as_encoded(loader):
    workshop = RefineRunner()
    brought(workshop, "demo")
    workshop.note_looked_at("demo", "photo", (60, 60))
    workshop.note_looked_at("demo", "panorama", (60, 6000))
    workshop.note_looked_at("vit_b", "photo", (60, 60))
    assert [workshop.has_encoded(*what) for what in (("demo", "photo"), ("demo", "panorama"), ("vit_b", "photo"))] == [
        True, False, False
    ]  # fmt: skip
