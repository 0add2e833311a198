import threading
from types import SimpleNamespace

import pytest

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.run.refine_task import RefineRunner
from napari_cliptrase.progress import Progress
from napari_cliptrase.refine import embedding


class Loader:
    """Loads made-up SAMs, when it may, and notes which were closed."""

    def __init__(self):
        self.loaded = []
        self.closed = []
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def __call__(self, name, device):
        yield Progress(0, 0, f"{name}: reading the weights")
        self.loaded.append(name)
        assert self.may_go_on.wait(60)
        if name == "broken":
            raise CliptraseError("The weights are damaged.")
        return SimpleNamespace(name=name, image_size=64, mask_size=32, close=lambda: self.closed.append(name))


@pytest.fixture
def loader(monkeypatch):
    loader = Loader()
    monkeypatch.setattr(embedding, "load_sam_steps", loader)
    return loader


def load(runner, name):
    steps = runner.embedder_steps(name)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def test_two_workers_that_want_one_sam_share_it(loader):
    runner, found, at_it = RefineRunner(), [], set()
    loader.may_go_on.clear()

    def work():
        steps = runner.embedder_steps("demo")
        while True:
            try:
                next(steps)
            except StopIteration as end:
                found.append(end.value)
                return
            at_it.add(threading.get_ident())
            if len(at_it) == 3:  # one loads, two wait for it
                loader.may_go_on.set()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loader.loaded == ["demo"]
    assert len(found) == 3
    assert len(set(map(id, found))) == 1


def test_a_sam_that_is_replaced_stays_open_for_workers_that_use_it(loader):
    runner = RefineRunner()
    first = load(runner, "demo")
    assert load(runner, "vit_b") is not first
    assert not loader.closed


def test_a_sam_that_cannot_be_loaded_keeps_no_one_waiting(loader):
    runner = RefineRunner()
    with pytest.raises(CliptraseError):
        load(runner, "broken")
    assert load(runner, "demo").sam.name == "demo"


def test_a_worker_that_is_cancelled_while_it_loads_or_waits_keeps_no_one_waiting(loader):
    runner = RefineRunner()
    one, other = (runner.embedder_steps("demo") for _ in range(2))
    next(one)
    next(other)
    other.close()
    one.close()
    assert load(runner, "demo").sam.name == "demo"


def test_an_image_of_one_window_that_was_clicked_on_counts_as_encoded(loader):
    runner = RefineRunner()
    load(runner, "demo")
    runner.note_window_encoded("demo", "photo", (60, 60))
    runner.note_window_encoded("demo", "panorama", (60, 6000))
    runner.note_window_encoded("vit_b", "photo", (60, 60))
    assert [runner.has_encoded(*what) for what in (("demo", "photo"), ("demo", "panorama"), ("vit_b", "photo"))] == [
        True, False, False
    ]  # fmt: skip
