"""The same work on worker processes: equal bytes, also when one of them is killed."""

import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from napari_cliptrase.batch.batch_plan import plan_batch
from napari_cliptrase.batch.dask_runner import dask_client, run_on_dask_steps
from napari_cliptrase.batch.image_work import ImageWorker, RunSetup
from napari_cliptrase.batch.runner import ResultWriter, run_batch_steps
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.project.project import Project

distributed = pytest.importorskip("distributed", reason="workers are an extra: napari-cliptrase[cluster]")
Client = distributed.Client
config = pytest.importorskip("dask").config
CPU_COUNT = pytest.importorskip("dask.system").CPU_COUNT

Pictures = Callable[..., Path]
Files = Callable[[Path], dict[str, bytes]]


@pytest.mark.slow
def test_two_workers_one_of_them_killed_do_what_one_process_does(
    pictures: Pictures, setup: RunSetup, worker: ImageWorker, files: Files
) -> None:
    with Project.create(pictures("serial", 14), setup.prompts) as project:
        names = plan_batch(project, setup.run()).todo
        list(run_batch_steps(ResultWriter(project, setup.run()), worker, names))
    folder = pictures("workers", 14)

    with Project.create(folder, setup.prompts) as project, dask_client(workers=2) as client:
        pids = list(client.run(os.getpid).values())
        outcomes = []
        for outcome in run_on_dask_steps(ResultWriter(project, setup.run()), setup, names, client):
            outcomes.append(outcome)
            if len(outcomes) == 4:
                os.kill(pids[0], signal.SIGKILL)
        assert sorted(outcome.name for outcome in outcomes) == sorted(names)
        assert [outcome.failure for outcome in outcomes if outcome.failure] == []
    assert files(folder) == files(folder.parent / "serial")


def test_workers_read_from_a_url_and_an_image_with_other_bytes_is_refused(
    pictures: Pictures, setup: RunSetup, worker: ImageWorker, files: Files
) -> None:
    with Project.create(pictures("serial", 3), setup.prompts) as project:
        names = plan_batch(project, setup.run()).todo
        list(run_batch_steps(ResultWriter(project, setup.run()), worker, names))
    elsewhere = pictures("elsewhere", 3)
    (elsewhere / names[1]).write_bytes((elsewhere / names[0]).read_bytes())
    folder = pictures("photos", 3)
    with Project.create(folder, setup.prompts) as project, threads_client() as client:
        steps = run_on_dask_steps(
            ResultWriter(project, setup.run()), setup, names, client, images_at=elsewhere.as_uri()
        )
        outcomes = {outcome.name: outcome.failure for outcome in steps}
    assert [name for name, failure in outcomes.items() if failure is not None] == [names[1]]
    assert f"read another image than {folder / names[1]}" in (outcomes[names[1]] or "")
    for name in (names[0], names[2]):
        mask = f"masks/{Path(name).with_suffix('')}.png"
        assert files(folder)[mask] == files(folder.parent / "serial")[mask]


@contextmanager
def threads_client(threads: int = 1) -> Iterator["Client"]:
    """A cluster of one worker in this process."""
    with Client(processes=False, n_workers=1, threads_per_worker=threads, dashboard_address=None) as client:
        yield client


def test_the_threads_of_a_worker_load_the_model_once_and_give_the_same_masks(
    pictures: Pictures, setup: RunSetup, worker: ImageWorker, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Project.create(pictures("serial", 6), setup.prompts) as project:
        names = plan_batch(project, setup.run()).todo
        list(run_batch_steps(ResultWriter(project, setup.run()), worker, names))
    loaded = []
    load = ImageWorker.load_steps

    def counted(asked: RunSetup) -> object:
        loaded.append(asked)
        return load(asked)

    monkeypatch.setattr(ImageWorker, "load_steps", counted)
    folder = pictures("threads", 6)
    with Project.create(folder, setup.prompts) as project, threads_client(4) as client:
        outcomes = list(run_on_dask_steps(ResultWriter(project, setup.run()), setup, names, client))
    assert [outcome.failure for outcome in outcomes if outcome.failure] == []
    assert len(loaded) == 1
    assert files(folder) == files(folder.parent / "serial")


@pytest.mark.slow
def test_workers_share_the_cores_of_the_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.setenv(name, "")  # is put back at the end, since dask sets it here, too
        monkeypatch.delenv(name)
    with dask_client(workers=1) as client:
        (threads,) = client.run(lambda: os.environ["OMP_NUM_THREADS"]).values()
    assert int(threads) == max(1, CPU_COUNT)
    assert config.get("distributed.nanny.pre-spawn-environ")["OMP_NUM_THREADS"] == 1


@pytest.mark.slow
def test_an_interrupt_is_left_to_this_process_and_slow_ends_are_not_reported() -> None:
    heard: list[str] = []
    listener = logging.Handler(logging.WARNING)
    listener.emit = lambda record: heard.append(record.getMessage())
    log = logging.getLogger("distributed.nanny")
    log.addHandler(listener)
    try:
        with dask_client(workers=1) as client:
            (before,) = client.run(os.getpid).values()
            os.kill(before, signal.SIGINT)  # as Ctrl+C does to every process of a terminal
            assert client.submit(abs, -1).result() == 1
            assert list(client.run(os.getpid).values()) == [before]
            log.warning("Worker process still alive after 4.0 seconds, killing")
            log.warning("Worker exceeded 95% memory budget. Restarting...")
    finally:
        log.removeHandler(listener)
    assert heard == ["Worker exceeded 95% memory budget. Restarting..."]
    assert config.get("distributed.worker.preload") == []


def test_a_scheduler_that_does_not_answer_is_a_sentence() -> None:
    with pytest.raises(CliptraseError, match="No dask scheduler answers"), dask_client(scheduler="tcp://127.0.0.1:9"):
        pass
