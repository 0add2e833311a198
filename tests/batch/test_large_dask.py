"""A large image on worker processes: equal bytes, also when one of them is killed."""

import os
import signal

import numpy as np
import pytest

from napari_cliptrase import PromptSet, Segmenter, Settings, load_model
from napari_cliptrase.batch.dask_runner import dask_client
from napari_cliptrase.batch.large_dask import LargeSetup, run_large_on_dask_steps, square_tiles
from napari_cliptrase.batch.large_run import prepare_large_run
from napari_cliptrase.demo.panorama import Panorama
from napari_cliptrase.engine.core_plan import plan_large
from napari_cliptrase.engine.pipeline import LargeRequest
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.masks.label_pyramid import PyramidPlace
from napari_cliptrase.pixels.axes import AxisRoles
from napari_cliptrase.pixels.lazy_picture import open_picture
from napari_cliptrase.progress import run_to_end

distributed = pytest.importorskip("distributed", reason="workers are an extra: napari-cliptrase[cluster]")

PROMPTS = PromptSet.parse("grass\nsky: cloud\ntree\nsea\nbackground: road")
SETTINGS = Settings(detail="full", window=128)


@pytest.fixture(scope="module")
def segmenter():
    return Segmenter(load_model("demo", device="cpu"), SETTINGS, text_caches=())


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    path = tmp_path_factory.mktemp("large") / "scan.npy"
    np.save(path, Panorama(5, (2048, 2048))[600:1150, :700])
    return path


def start(segmenter, image, root):
    picture = open_picture(np.load(image, mmap_mode="r"), AxisRoles("YXS"))
    place = PyramidPlace(root, picture.shape, picture.shape)
    return prepare_large_run(segmenter, LargeRequest(picture, PROMPTS), "scan", lambda _key: place).run


def setup_of(image, **changes):
    return LargeSetup(str(image), 0, (), PROMPTS, SETTINGS, "demo", "cpu", **changes)


def arrays(root):
    """Bytes of everything but the record, which says when the run was."""
    files = [path for path in root.rglob("*") if path.is_file() and path.name != "cliptrase-run.json"]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


@pytest.mark.slow
def test_two_workers_one_of_them_killed_do_what_one_process_does(segmenter, image, tmp_path):
    run_to_end(start(segmenter, image, tmp_path / "serial" / "a.zarr").steps())
    run = start(segmenter, image, tmp_path / "workers" / "a.zarr")
    with dask_client(workers=2) as client:
        pids = list(client.run(os.getpid).values())
        steps, killed, reported = run_large_on_dask_steps(run, setup_of(image), client), False, []
        for progress in steps:
            reported.append(progress)
            if progress.done and not killed:
                os.kill(pids[0], signal.SIGKILL)
                killed = True
    assert reported[0].text == "labelling on 2 workers"
    assert any("left" in progress.text for progress in reported)
    assert arrays(tmp_path / "workers") == arrays(tmp_path / "serial")


def test_a_run_that_is_stopped_goes_on_with_the_other_cores(segmenter, image, tmp_path):
    run_to_end(start(segmenter, image, tmp_path / "serial" / "a.zarr").steps())
    root = tmp_path / "workers" / "a.zarr"
    with distributed.Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=None) as client:
        steps = run_large_on_dask_steps(start(segmenter, image, root), setup_of(image), client)
        assert any(progress.done for progress in steps)
        steps.close()
        again = start(segmenter, image, root)
        assert len(again.pyramid.finished) > 0
        first = next(left := run_large_on_dask_steps(again, setup_of(image), client))
        assert first.total < len(segmenter.plan_large(again.request.picture.shape).windows)
        run_to_end(left)
        with pytest.raises(CliptraseError, match="gone"):
            run_to_end(
                run_large_on_dask_steps(
                    start(segmenter, image, tmp_path / "b.zarr"), setup_of(image.with_name("gone.npy")), client
                )
            )
    assert arrays(root.parent) == arrays(tmp_path / "serial")


def test_tiles_are_squares_that_hold_every_core_once():
    plan = plan_large((5000, 7000), 16, Settings(detail="full"))
    cores = plan.cores_in(None, frozenset(range(50)))
    tiles = square_tiles(plan, cores, 2)
    assert sorted(number for tile in tiles for number in tile) == cores
    assert len(tiles) >= 8
    across = len(plan.windows.starts[1])
    for tile in tiles:
        rows, columns = np.divmod(np.asarray(tile), across)
        assert np.ptp(rows) < 16
        assert np.ptp(columns) < 16
    assert len(square_tiles(plan, cores, 40)) > len(tiles)
